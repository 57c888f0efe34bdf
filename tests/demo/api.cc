// Boost 1.74's asio uses std::exchange without including it.
#include "tests/demo/api.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "runtime/ids.h"

namespace qungong::demo {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = boost::asio::ip::tcp;

// Details of an error: {"error":{"details":[{"@type":…,"reason":…},{"@type":…,"message":…}]}}
void ReadError(const std::string& body, Reply& reply) {
  google::protobuf::Struct json;
  if (!google::protobuf::util::JsonStringToMessage(body, &json).ok()) return;
  const auto error = json.fields().find("error");
  if (error == json.fields().end()) return;
  const auto& fields = error->second.struct_value().fields();
  const auto details = fields.find("details");
  if (details == fields.end()) return;
  for (const auto& detail : details->second.list_value().values()) {
    const auto& detail_fields = detail.struct_value().fields();
    if (const auto it = detail_fields.find("reason"); it != detail_fields.end()) {
      reply.reason = it->second.string_value();
    }
    if (detail_fields.contains("locale"))
      reply.chinese = detail_fields.at("message").string_value();
  }
}

}  // namespace

std::string Reply::Outcome() const {
  return reason.empty() ? absl::StrCat(http_status) : absl::StrCat(http_status, " ", reason);
}

class Api::Impl {
 public:
  Impl(std::string to_host, int to_port) : host(std::move(to_host)), port(to_port), stream(io) {}

  std::string host;
  int port;
  std::string cookie;
  std::string authorization;
  boost::asio::io_context io;
  beast::tcp_stream stream;
  bool connected = false;

  void Connect() {
    tcp::resolver resolver(io);
    stream.expires_after(std::chrono::seconds(60));
    stream.connect(resolver.resolve(host, absl::StrCat(port)));
    connected = true;
  }
};

Api::Api(std::string host, int port) : impl_(std::make_unique<Impl>(std::move(host), port)) {}
Api::~Api() = default;
Api::Api(Api&&) noexcept = default;

Reply Api::Send(const std::string& verb, const std::string& target, const std::string& body,
                const std::string& content_type) {
  http::request<http::string_body> request{http::string_to_verb(verb), target, 11};
  request.set(http::field::host, impl_->host);
  request.set("X-Requested-With", "qungong");
  if (!impl_->cookie.empty()) request.set(http::field::cookie, impl_->cookie);
  if (!impl_->authorization.empty()) request.set(http::field::authorization, impl_->authorization);
  if (!content_type.empty()) request.set(http::field::content_type, content_type);
  request.body() = body;
  request.prepare_payload();
  const absl::Time began = absl::Now();
  // A kept connection may have been closed meanwhile: once more on a new one. Every mutation has
  // its request_id.
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      if (!impl_->connected) impl_->Connect();
      impl_->stream.expires_after(std::chrono::seconds(60));
      http::write(impl_->stream, request);
      beast::flat_buffer buffer;
      http::response_parser<http::string_body> parser;
      parser.body_limit(64u << 20);
      http::read(impl_->stream, buffer, parser);
      const auto& response = parser.get();
      Reply reply;
      reply.http_status = static_cast<int>(response.result_int());
      reply.body = response.body();
      reply.seconds = absl::ToDoubleSeconds(absl::Now() - began);
      if (!reply.ok()) ReadError(reply.body, reply);
      const auto set_cookie = response[http::field::set_cookie];
      if (!set_cookie.empty())
        impl_->cookie = std::string(set_cookie.substr(0, set_cookie.find(';')));
      if (!response.keep_alive()) {
        impl_->stream.close();
        impl_->connected = false;
      }
      return reply;
    } catch (const std::exception&) {
      impl_->stream.close();
      impl_->connected = false;
    }
  }
  return Reply{};
}

void Api::UseCookie(const std::string& cookie) { impl_->cookie = cookie; }
void Api::UseToken(const std::string& bearer) { impl_->authorization = "Bearer " + bearer; }
std::string Api::cookie() const { return impl_->cookie; }

Reply Api::SignIn(const std::string& login, const std::string& password) {
  google::protobuf::Struct body;
  (*body.mutable_fields())["login"].set_string_value(login);
  (*body.mutable_fields())["password"].set_string_value(password);
  return Post("/v1/session", body);
}

Reply Api::Get(const std::string& target, google::protobuf::Message* reply) {
  Reply result = Send("GET", target, "", "");
  if (result.ok() && reply != nullptr &&
      !google::protobuf::util::JsonStringToMessage(result.body, reply).ok()) {
    result.http_status = 0;
    result.reason = "REPLY_UNREADABLE";
  }
  return result;
}

Reply Api::Post(const std::string& target, const google::protobuf::Message& request,
                google::protobuf::Message* reply) {
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(request, &json);
  Reply result = Send("POST", target, json, "application/json");
  if (result.ok() && reply != nullptr &&
      !google::protobuf::util::JsonStringToMessage(result.body, reply).ok()) {
    result.http_status = 0;
    result.reason = "REPLY_UNREADABLE";
  }
  return result;
}

Reply Api::PostText(const std::string& target, const std::string& body,
                    const std::string& content_type) {
  return Send("POST", target, body, content_type);
}

std::string NewRequestId() { return NewUuidV7(absl::Now()).ToString(); }

}  // namespace qungong::demo
