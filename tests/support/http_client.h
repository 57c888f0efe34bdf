// A small HTTP/1.1 client for tests: says exactly what it is told, also what no proper client would
// say.
#ifndef QUNGONG_TESTS_SUPPORT_HTTP_CLIENT_H_
#define QUNGONG_TESTS_SUPPORT_HTTP_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace qungong::testing {

using HttpHeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpReply {
  int status = 0;  // 0: the connection ended without one
  HttpHeaderList headers;
  std::string body;

  std::string Header(absl::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (absl::EqualsIgnoreCase(key, name)) return value;
    }
    return "";
  }
};

// One connection to 127.0.0.1, with TLS if a context for it is given. Reads give up after ten
// seconds.
class HttpClient {
 public:
  explicit HttpClient(int port, SSL_CTX* tls = nullptr)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience = {10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (tls == nullptr) return;
    ssl_.reset(SSL_new(tls));
    SSL_set_fd(ssl_.get(), socket_);
    connected_ = connected_ && SSL_connect(ssl_.get()) == 1;
  }
  ~HttpClient() { Close(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  HttpReply Call(absl::string_view method, absl::string_view target,
                 const HttpHeaderList& headers = {}, absl::string_view body = "") {
    std::string head = absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: test\r\n");
    for (const auto& [name, value] : headers) absl::StrAppend(&head, name, ": ", value, "\r\n");
    if (!body.empty()) absl::StrAppend(&head, "Content-Length: ", body.size(), "\r\n");
    Send(absl::StrCat(head, "\r\n", body));
    return ReadReply(/*head_only=*/method == "HEAD");
  }
  HttpReply Get(absl::string_view target, const HttpHeaderList& headers = {}) {
    return Call("GET", target, headers);
  }
  HttpReply PostJson(absl::string_view target, absl::string_view body,
                     HttpHeaderList headers = {}) {
    headers.emplace_back("Content-Type", "application/json");
    return Call("POST", target, headers, body);
  }

  bool connected() const { return connected_; }
  SSL* ssl() { return ssl_.get(); }

  // False once the peer takes no more.
  bool Send(absl::string_view text) {
    while (connected_ && !text.empty()) {
      const ssize_t sent = ssl_ != nullptr
                               ? SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()))
                               : ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return connected_;
  }

  HttpReply ReadReply(bool head_only = false) {
    HttpReply reply;
    std::string head = ReadHead();
    while (absl::StartsWith(head, "HTTP/1.1 100")) head = ReadHead();
    if (head.size() < 12) return reply;
    reply.status = std::atoi(head.c_str() + 9);
    const std::vector<std::string> lines = absl::StrSplit(head, "\r\n", absl::SkipEmpty());
    for (size_t i = 1; i < lines.size(); ++i) {
      const std::pair<std::string, std::string> pair =
          absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
      reply.headers.push_back(pair);
    }
    if (head_only || reply.status == 204 || reply.status == 304) return reply;
    if (reply.Header("Transfer-Encoding") == "chunked") {
      for (std::string chunk = ReadChunk(); !chunk.empty(); chunk = ReadChunk())
        reply.body += chunk;
    } else {
      size_t length = 0;
      if (absl::SimpleAtoi(reply.Header("Content-Length"), &length)) reply.body = ReadBytes(length);
    }
    return reply;
  }

  // Up to and with the empty line; "" at the end of the connection.
  std::string ReadHead() { return ReadUntil("\r\n\r\n"); }
  // One chunk of a chunked body; "" at its end.
  std::string ReadChunk() {
    const std::string size_line = ReadUntil("\r\n");
    const size_t size = std::strtoul(size_line.c_str(), nullptr, 16);
    std::string chunk = ReadBytes(size);
    ReadBytes(2);
    return chunk;
  }
  // Whether the peer closes within the patience, whatever it may still say.
  bool ReadsToEnd() {
    while (Fill()) {
    }
    return ended_;
  }
  void Close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

 private:
  std::string ReadUntil(absl::string_view end) {
    size_t at = std::string::npos;
    while ((at = buffer_.find(end.data(), 0, end.size())) == std::string::npos) {
      if (!Fill()) return "";
    }
    return Take(at + end.size());
  }
  std::string ReadBytes(size_t size) {
    while (buffer_.size() < size && Fill()) {
    }
    return Take(std::min(size, buffer_.size()));
  }
  std::string Take(size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }
  bool Fill() {
    char part[16384];
    errno = 0;
    const ssize_t size = ssl_ != nullptr ? SSL_read(ssl_.get(), part, sizeof part)
                                         : ::recv(socket_, part, sizeof part, 0);
    if (size == 0 || (size < 0 && errno != EAGAIN)) ended_ = true;
    if (size <= 0) return false;
    buffer_.append(part, static_cast<size_t>(size));
    return true;
  }

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  int socket_;
  std::unique_ptr<SSL, Free> ssl_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_HTTP_CLIENT_H_
