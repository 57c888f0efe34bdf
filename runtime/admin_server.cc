// The admin listener: one thread, a handful of short connections, three answers. prometheus-cpp's
// own server cannot answer the probes, and needs two seconds to stop.
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <list>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "prometheus/text_serializer.h"
#include "runtime/log.h"
#include "runtime/metrics.h"

namespace qungong {
namespace {

constexpr size_t kMaxConnections = 16;
constexpr size_t kMaxRequestBytes = 4096;
constexpr absl::Duration kPatience = absl::Seconds(5);  // with one connection, from first to last

struct Connection {
  int fd = -1;
  absl::Time deadline;
  std::string request;
  std::string reply;
  size_t sent = 0;

  bool answered() const { return !reply.empty() && sent == reply.size(); }
};

std::string Reply(absl::string_view status, absl::string_view body) {
  return absl::StrCat("HTTP/1.1 ", status,
                      "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                      "Content-Length: ", body.size(), "\r\nConnection: close\r\n\r\n", body);
}

std::string ReplyOf(const absl::Status& status) {
  if (status.ok()) return Reply("200 OK", "ok\n");
  return Reply("503 Service Unavailable", absl::StrCat(status.message(), "\n"));
}

[[noreturn]] void CannotListen(const std::string& address, absl::string_view cause) {
  log::Line(log::Severity::kError, "cannot listen")
      .Set("admin_listen", address)
      .Set("cause", cause);
  std::_Exit(1);
}

int Listen(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) CannotListen(address, "not HOST:PORT");
  absl::string_view host = absl::string_view(address).substr(0, colon);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.empty() ? nullptr : std::string(host).c_str(),
                                address.c_str() + colon + 1, &hints, &found);
  if (error != 0) CannotListen(address, gai_strerror(error));
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  const bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                  bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
                  listen(fd, kMaxConnections) == 0;
  if (!ok) CannotListen(address, strerror(errno));
  freeaddrinfo(found);
  return fd;
}

}  // namespace

class AdminServer::Impl {
 public:
  Impl(const std::string& address, Metrics& metrics, Check live, Check ready,
       std::function<std::string()> checkpoint)
      : metrics_(metrics),
        live_(std::move(live)),
        ready_(std::move(ready)),
        checkpoint_(std::move(checkpoint)),
        listener_(Listen(address)),
        stop_(eventfd(0, EFD_CLOEXEC)),
        thread_([this] { Run(); }) {}

  ~Impl() {
    eventfd_write(stop_, 1);
    thread_.join();
    for (const Connection& connection : connections_) close(connection.fd);
    close(listener_);
    close(stop_);
  }

  int port() const {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    const bool v6 = address.ss_family == AF_INET6;
    return ntohs(v6 ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                    : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }

 private:
  void Run() {
    while (true) {
      std::vector<pollfd> polled = {{stop_, POLLIN, 0}, {listener_, POLLIN, 0}};
      for (const Connection& connection : connections_) {
        const bool writes = connection.sent < connection.reply.size();
        polled.push_back({connection.fd, static_cast<int16_t>(writes ? POLLOUT : POLLIN), 0});
      }
      const int patience =
          connections_.empty() ? -1 : static_cast<int>(kPatience / absl::Milliseconds(1));
      if (poll(polled.data(), polled.size(), patience) < 0 && errno != EINTR) return;
      if (polled[0].revents != 0) return;
      auto connection = connections_.begin();
      for (size_t i = 2; i < polled.size(); ++i) {
        const bool goes_on =
            (polled[i].revents == 0 || Serve(*connection)) && absl::Now() < connection->deadline;
        if (!goes_on) close(connection->fd);
        connection = goes_on ? std::next(connection) : connections_.erase(connection);
      }
      if (polled[1].revents != 0) Accept();
    }
  }

  // The newcomer is served: of too many connections the oldest is cut off, so that nobody can keep
  // probes out.
  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) absl::SleepFor(absl::Milliseconds(100));
    if (fd < 0) return;
    if (connections_.size() >= kMaxConnections) {
      close(connections_.front().fd);
      connections_.pop_front();
    }
    connections_.emplace_back();
    connections_.back().fd = fd;
    connections_.back().deadline = absl::Now() + kPatience;
  }

  // False when the connection is over.
  bool Serve(Connection& connection) {
    if (connection.sent < connection.reply.size()) return Send(connection);
    char buffer[kMaxRequestBytes];
    const ssize_t size = recv(connection.fd, buffer, sizeof(buffer), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    if (connection.answered())
      return true;  // what comes after the answer is read, or a reset would overtake it
    connection.request.append(buffer, static_cast<size_t>(size));
    if (absl::StrContains(connection.request, "\r\n\r\n")) {
      connection.reply = Answer(connection.request);
    } else if (connection.request.size() > kMaxRequestBytes) {
      connection.reply = Reply("431 Request Header Fields Too Large", "too large\n");
    }
    return connection.reply.empty() || Send(connection);
  }

  static bool Send(Connection& connection) {
    const ssize_t size = send(connection.fd, connection.reply.data() + connection.sent,
                              connection.reply.size() - connection.sent, MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    connection.sent += static_cast<size_t>(size);
    if (connection.answered()) shutdown(connection.fd, SHUT_WR);
    return true;
  }

  std::string Answer(absl::string_view request) {
    absl::string_view line = request.substr(0, request.find("\r\n"));
    if (!absl::ConsumeSuffix(&line, " HTTP/1.1") && !absl::ConsumeSuffix(&line, " HTTP/1.0")) {
      return Reply("400 Bad Request", "not HTTP/1.1\n");
    }
    if (!absl::ConsumePrefix(&line, "GET ")) return Reply("405 Method Not Allowed", "only GET\n");
    const absl::string_view path = line.substr(0, line.find('?'));
    if (path == "/livez") return ReplyOf(live_());
    if (path == "/readyz") return ReplyOf(ready_());
    if (path == "/checkpoint" && checkpoint_) {
      const std::string newest = checkpoint_();
      return newest.empty() ? Reply("404 Not Found", "none yet\n") : Reply("200 OK", newest + "\n");
    }
    if (path != "/metrics") return Reply("404 Not Found", "/metrics, /livez or /readyz\n");
    return Reply("200 OK", prometheus::TextSerializer().Serialize(metrics_.registry().Collect()));
  }

  Metrics& metrics_;
  const Check live_;
  const Check ready_;
  const std::function<std::string()> checkpoint_;
  const int listener_;
  const int stop_;
  std::list<Connection> connections_;  // of thread_
  std::thread thread_;
};

AdminServer::AdminServer(const std::string& address, Metrics& metrics, Check live, Check ready,
                         std::function<std::string()> checkpoint)
    : impl_(std::make_unique<Impl>(address, metrics, std::move(live), std::move(ready),
                                   std::move(checkpoint))) {}

AdminServer::~AdminServer() = default;

int AdminServer::port() const { return impl_->port(); }

}  // namespace qungong
