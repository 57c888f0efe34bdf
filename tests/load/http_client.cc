#include "tests/load/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/json_util.h"
#include "tests/load/echo_server.h"

namespace qungong::load {
namespace {

// As little as will do: the client shares the machine with what it measures.
class KeptConnection {
 public:
  explicit KeptConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience = {10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    open_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~KeptConnection() { close(fd_); }
  KeptConnection(const KeptConnection&) = delete;
  KeptConnection& operator=(const KeptConnection&) = delete;

  // The whole answer is read. What was wrong with it, or "".
  std::string Exchange(absl::string_view request) {
    if (!open_ || send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
                      static_cast<ssize_t>(request.size())) {
      return "the connection is closed";
    }
    text_.clear();
    size_t head = std::string::npos;
    while ((head = text_.find("\r\n\r\n")) == std::string::npos) {
      if (!More()) return "no answer";
    }
    size_t length = 0;
    const std::string lower = absl::AsciiStrToLower(absl::string_view(text_).substr(0, head));
    const size_t at = lower.find("content-length: ");
    if (at == std::string::npos ||
        !absl::SimpleAtoi(lower.substr(at + 16, lower.find('\r', at) - at - 16), &length)) {
      return "an answer without a length";
    }
    while (text_.size() < head + 4 + length) {
      if (!More()) return "half an answer";
    }
    return text_.compare(0, 12, "HTTP/1.1 200") == 0 ? "" : text_.substr(0, 300);
  }

 private:
  bool More() {
    const size_t size = text_.size();
    text_.resize(size + 16384);
    const ssize_t got = recv(fd_, text_.data() + size, 16384, 0);
    text_.resize(size + (got > 0 ? static_cast<size_t>(got) : 0));
    return got > 0;
  }

  const int fd_;
  bool open_ = false;
  std::string text_;
};

template <typename Make>
class Http : public Client {
 public:
  Http(int port, Make make) : connection_(port), make_(std::move(make)) {}
  std::string Call() override { return connection_.Exchange(make_()); }

 private:
  KeptConnection connection_;
  const Make make_;
};

template <typename Make>
std::unique_ptr<Client> MakeHttp(int port, Make make) {
  return std::make_unique<Http<Make>>(port, std::move(make));
}

std::string Get(const World& world, absl::string_view target) {
  return absl::StrCat("GET ", target,
                      " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Requested-With: qungong\r\n",
                      "Cookie: ", world.cookie, "\r\n\r\n");
}

std::string Post(absl::string_view target, absl::string_view body) {
  return absl::StrCat(
      "POST ", target, " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Requested-With: qungong\r\n",
      "Content-Type: application/json\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

std::string Json(const google::protobuf::Message& message) {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json);
  return json;
}

}  // namespace

std::unique_ptr<Client> HttpSubmit(const World& world) {
  return MakeHttp(world.port, [&world] {
    ticket::v1::SubmitTicketRequest request = NewSubmission(world);
    // Printed by hand: the printer of the protobuf library would cost the client more than the call
    // costs the gateway.
    return Post(
        "/v1/tickets",
        absl::StrCat(R"({"requestId":")", request.request_id(), R"(","trackingHash":")",
                     absl::Base64Escape(request.tracking_hash()),
                     R"(","channel":"MOBILE_APP","divisionCode":")", request.division_code(),
                     R"(","ticketClass":")", request.ticket_class(), R"(","title":")",
                     request.title(), R"(","content":")", request.content(), R"(","placeDetail":")",
                     request.place_detail(), R"(","reporter":{"displayName":")",
                     request.reporter().display_name(), R"(","phone":")",
                     request.reporter().phone(), R"("}})"));
  });
}

std::unique_ptr<Client> HttpGet(const World& world) {
  return MakeHttp(world.port,
                  [&world] { return Get(world, absl::StrCat("/v1/", AnyTicket(world))); });
}

std::unique_ptr<Client> HttpList(const World& world) {
  return MakeHttp(
      world.port,
      [request = Get(world, absl::StrCat("/v1/tickets?pageSize=", ListQuestion().page_size()))] {
        return request;
      });
}

std::unique_ptr<Client> HttpDashboard(const World& world) {
  return MakeHttp(world.port,
                  [request = Get(world, absl::StrCat("/v1/", world.unit, "/statistics?",
                                                     DashboardTarget()))] { return request; });
}

std::unique_ptr<Client> HttpEcho(int port) {
  return MakeHttp(port,
                  [request = Post("/v1/tickets:track", Json(EchoRequest()))] { return request; });
}

}  // namespace qungong::load
