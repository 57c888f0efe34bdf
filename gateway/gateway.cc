#include "gateway/gateway.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "gateway/errors.h"
#include "runtime/status.h"
#include "runtime/trace.h"

namespace qungong::gateway {
namespace {

// HEAD is GET whose answer goes without its body.
absl::string_view RoutedMethod(absl::string_view method) {
  return method == "HEAD" ? "GET" : method;
}

std::string AllowOf(const absl::Status& status) {
  google::rpc::ErrorInfo info;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return "";
  const auto allow = info.metadata().find("allow");
  return allow == info.metadata().end() ? "" : allow->second;
}

void AnswerOptions(Pending& pending, const std::string& allow) {
  HttpResponse response;
  response.status = 204;
  response.content_type = "";
  response.headers.emplace_back("Allow", absl::StrCat(allow, ", OPTIONS"));
  pending.Respond(std::move(response));
}

}  // namespace

Gateway::Gateway(const RouteTable& routes, const Upstream& upstream, const Pages& pages,
                 const Clock& clock, TokenVerifier* tokens, Metrics& metrics,
                 const GatewayOptions& options)
    : routes_(routes),
      upstream_(upstream),
      pages_(pages),
      clock_(clock),
      tokens_(tokens),
      metrics_(metrics),
      options_(options),
      sessions_(upstream, clock, options.sessions) {}

HttpHandler::Body Gateway::BodyOf(const HttpRequest& head) const {
  const absl::StatusOr<Match> match = routes_.Lookup(RoutedMethod(head.method), head.path);
  const bool upload = match.ok() && match->route->kind == Route::Kind::kUpload;
  return upload ? Body::kStreamed : Body::kWhole;
}

HttpResponse Gateway::Refuse(const absl::Status& status) const {
  const std::string request_id = CorrelationIdOrNew("");
  const grpc::Status error = GatewayError(status, request_id);
  HttpResponse response = ErrorResponse(error);
  response.headers.emplace_back("X-Request-Id", request_id);
  metrics_.CountCall("refused", absl::StrCat(response.status), absl::ZeroDuration(),
                     absl::ZeroDuration());
  return response;
}

void Gateway::Handle(std::shared_ptr<HttpExchange> exchange) {
  auto pending = std::make_unique<Pending>(std::move(exchange), metrics_);
  const HttpRequest& http = pending->request();
  if (http.path == "*") {  // the server as a whole, of which only OPTIONS can ask
    pending->route = http.path;
    return AnswerOptions(*pending, "DELETE, GET, HEAD, PATCH, POST");
  }
  if (const Page* page = pages_.Find(http.path); page != nullptr) {
    pending->route = http.path;
    if (http.method == "OPTIONS") return AnswerOptions(*pending, "GET, HEAD");
    return AnswerPage(*page, *pending);
  }
  if (http.path == kSessionPath) {
    pending->route = kSessionPath;
    if (http.method == "OPTIONS") return AnswerOptions(*pending, "DELETE, GET, HEAD, POST");
    return sessions_.Handle(std::move(pending));
  }
  Dispatch(std::move(pending));
}

void Gateway::Dispatch(std::unique_ptr<Pending> pending) {
  const HttpRequest& http = pending->request();
  absl::StatusOr<Match> match = routes_.Lookup(RoutedMethod(http.method), http.path);
  if (!match.ok()) {
    pending->route = "unmatched";
    const std::string allow = AllowOf(match.status());
    if (http.method == "OPTIONS" && !allow.empty()) return AnswerOptions(*pending, allow);
    return pending->Fail(match.status());
  }
  if (http.method == "HEAD" && match->route->kind == Route::Kind::kServerStream) {
    return pending->Fail(WithReason(absl::UnimplementedError("a stream has no HEAD"),
                                    "METHOD_NOT_ALLOWED", {{"allow", "GET"}}));
  }
  if (const absl::Status status = Prepare(*match, *pending); !status.ok()) {
    return pending->Fail(status);
  }
  if (pending->unlinkable || !pending->forwarded.authorization.empty()) {
    return Call(std::move(pending), *std::move(match));
  }
  sessions_.Authenticate(std::move(pending),
                         [this, match = *std::move(match)](std::unique_ptr<Pending> known) mutable {
                           Call(std::move(known), std::move(match));
                         });
}

// Fills in what the call carries and how long it may take.
absl::Status Gateway::Prepare(const Match& match, Pending& pending) {
  const Route& route = *match.route;
  const HttpRequest& http = pending.request();
  const auto header = [&](absl::string_view name) { return http.Header(name); };
  pending.route = route.pattern;
  pending.rpc = absl::StrCat(route.method->service()->name(), "/", route.method->name());
  pending.unlinkable = route.access.unlinkable();
  absl::Duration usual = options_.default_time;
  absl::Duration most = options_.longest_time;
  if (route.kind != Route::Kind::kUnary) {
    most = route.kind == Route::Kind::kUpload ? options_.upload_time : options_.stream_time;
    usual = most;
  }
  ASSIGN_OR_RETURN(const absl::Duration time,
                   ParseTimeout(http.Header("Grpc-Timeout"), usual, most));
  // Nothing that could tell one caller from another goes with an unlinkable call.
  if (pending.unlinkable) {
    pending.forwarded = {};
  } else {
    RETURN_IF_ERROR(AddCallerHeaders(header, &pending.forwarded));
    RETURN_IF_ERROR(VerifyBearer(pending));
  }
  pending.forwarded.deadline = absl::Now() + time;
  return absl::OkStatus();
}

// Services verify for themselves; a forged or expired token need not get so far.
absl::Status Gateway::VerifyBearer(Pending& pending) const {
  absl::string_view token = pending.forwarded.authorization;
  if (token.empty()) return absl::OkStatus();
  if (!absl::ConsumePrefix(&token, "Bearer ")) {
    return WithReason(absl::UnauthenticatedError("authorization must be a Bearer token"),
                      "TOKEN_INVALID");
  }
  if (tokens_ == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const TokenClaims claims, tokens_->Verify(token, clock_.Now()));
  pending.principal = claims.subject;
  return absl::OkStatus();
}

void Gateway::Call(std::unique_ptr<Pending> pending, Match match) {
  const Route& route = *match.route;
  Backend* backend = upstream_.Find(route.method->file()->package());
  MatchedCall call{upstream_.Hold(), std::move(pending), std::move(match), backend};
  switch (route.kind) {
    case Route::Kind::kUnary:
      return StartUnaryCall(std::move(call));
    case Route::Kind::kServerStream:
      return StartEventStream(std::move(call));
    case Route::Kind::kUpload:
      return StartUpload(std::move(call));
  }
}

}  // namespace qungong::gateway
