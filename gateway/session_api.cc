#include "gateway/session_api.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "gateway/errors.h"
#include "gateway/json_codec.h"
#include "gateway/json_writer.h"
#include "gateway/scalar_text.h"
#include "runtime/crypto.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

namespace pb = qungong::org::v1;

constexpr char kCookieName[] = "qungong_session";
constexpr size_t kSecretBytes = 32;
constexpr size_t kSecretChars = 43;  // of base64url without padding
constexpr absl::Duration kCallTime = absl::Seconds(10);

absl::Status SessionEnded() {
  return WithReason(absl::UnauthenticatedError("the session has ended"), "SESSION_ENDED");
}

absl::Status SessionMissing() {
  return WithReason(absl::UnauthenticatedError("nobody is signed in"), "SESSION_MISSING");
}

// One asynchronous call of SessionService.
template <typename Request, typename Response>
struct SessionCall {
  explicit SessionCall(const Upstream& upstream) : hold(upstream.Hold()) {}

  const std::shared_ptr<void> hold;
  grpc::ClientContext context;
  Request request;
  Response response;
};

// Parses {"login", "password"}; the hash of the secret is ours to add.
absl::StatusOr<pb::CreateSessionRequest> ParseSignIn(const HttpRequest& http) {
  const std::string type = absl::AsciiStrToLower(http.Header("Content-Type"));
  if (!absl::StartsWith(type, "application/json")) {
    return WithReason(absl::InvalidArgumentError("the body must be application/json in UTF-8"),
                      "UNSUPPORTED_MEDIA_TYPE");
  }
  pb::CreateSessionRequest request;
  RETURN_IF_ERROR(ParseJson(http.body, &request));
  if (!request.secret_hash().empty()) return InvalidField("secretHash", "no such field");
  return request;
}

}  // namespace

absl::StatusOr<std::string> SecretOf(const HttpRequest& request) {
  std::string secret;
  for (absl::string_view part : absl::StrSplit(request.Header("Cookie"), ';')) {
    part = absl::StripAsciiWhitespace(part);
    if (!absl::ConsumePrefix(&part, absl::StrCat(kCookieName, "="))) continue;
    std::string decoded;
    const bool ours = part.size() == kSecretChars && absl::WebSafeBase64Unescape(part, &decoded) &&
                      decoded.size() == kSecretBytes;
    // Two cookies of one name: one of them was planted.
    if (!ours || !secret.empty()) return SessionEnded();
    secret = decoded;
  }
  return secret;
}

absl::Status CheckCsrf(const HttpRequest& request) {
  const bool changes =
      request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
  if (!changes || request.Header("X-Requested-With") == "qungong") return absl::OkStatus();
  return WithReason(
      absl::PermissionDeniedError("with a cookie, X-Requested-With: qungong is required"),
      "CSRF_HEADER_MISSING");
}

SessionApi::SessionApi(const Upstream& upstream, const Clock& clock, const SessionOptions& options)
    : upstream_(upstream),
      stub_(pb::SessionService::NewStub(upstream.Find(kSessionPackage)->channel)),
      options_(options),
      cache_(clock, options.cached_sessions,
             [this](const std::string& secret, SessionDone done) {
               Refresh(secret, std::move(done));
             }),
      limit_(options.sign_ins_per_minute, absl::Minutes(1)) {}

void SessionApi::Handle(std::unique_ptr<Pending> pending) {
  const HttpRequest& http = pending->request();
  const absl::StatusOr<std::string> secret = SecretOf(http);
  const bool has_cookie = !secret.ok() || !secret->empty();
  if (has_cookie) {
    if (const absl::Status csrf = CheckCsrf(http); !csrf.ok()) return pending->Fail(csrf);
  }
  if (!http.query.empty()) return pending->Fail(InvalidField("query", "must be empty"));
  if (http.method == "POST") return SignIn(std::move(pending));
  if (http.method == "DELETE") return SignOut(std::move(pending));
  if (http.method == "GET" || http.method == "HEAD") return Show(std::move(pending));
  pending->Fail(WithReason(absl::UnimplementedError("this path does not have this HTTP method"),
                           "METHOD_NOT_ALLOWED", {{"allow", "DELETE, GET, POST"}}));
}

void SessionApi::SignIn(std::unique_ptr<Pending> pending) {
  const std::string peer = PeerKey(pending->request().peer);
  const absl::Duration wait = limit_.Take(peer, absl::Now());
  if (wait > absl::ZeroDuration()) {
    return pending->Fail(WithRetryAfter(
        WithReason(absl::ResourceExhaustedError("too many attempts to sign in from this address"),
                   "SIGN_IN_TOO_OFTEN"),
        wait));
  }
  absl::StatusOr<pb::CreateSessionRequest> request = ParseSignIn(pending->request());
  if (!request.ok()) return pending->Fail(request.status());
  const std::string secret = RandomBytes(kSecretBytes);
  auto call = std::make_shared<SessionCall<pb::CreateSessionRequest, pb::SessionToken>>(upstream_);
  call->request = *std::move(request);
  call->request.set_secret_hash(Sha256(secret));
  pending->forwarded.deadline = absl::Now() + kCallTime;
  pending->forwarded.Apply(call->context);
  auto shared = std::make_shared<std::unique_ptr<Pending>>(std::move(pending));
  stub_->async()->CreateSession(
      &call->context, &call->request, &call->response,
      [this, call, shared, secret, peer](const grpc::Status& status) {
        Pending& answer = **shared;
        if (!status.ok()) return answer.Fail(answer.Cleaned(status));
        limit_.GiveBack(peer, absl::Now());
        cache_.Put(secret, call->response);
        HttpResponse response = Reply(call->response);
        response.headers.emplace_back(
            "Set-Cookie", Cookie(absl::WebSafeBase64Escape(secret), answer.request().secure));
        answer.principal = call->response.account();
        answer.Respond(std::move(response));
      });
}

void SessionApi::Show(std::unique_ptr<Pending> pending) {
  const absl::StatusOr<std::string> secret = SecretOf(pending->request());
  if (!secret.ok()) return FailSession(*pending, pending->ToError(secret.status()));
  if (secret->empty()) return pending->Fail(SessionMissing());
  cache_.Get(*secret, [this, pending = std::move(pending)](const SessionResult& result) {
    if (!result.status.ok()) return FailSession(*pending, pending->Cleaned(result.status));
    pending->principal = result.token.account();
    pending->Respond(Reply(result.token));
  });
}

void SessionApi::SignOut(std::unique_ptr<Pending> pending) {
  const absl::StatusOr<std::string> secret = SecretOf(pending->request());
  HttpResponse gone;
  gone.status = 204;
  gone.content_type = "";
  gone.headers.emplace_back("Set-Cookie", Cookie("", pending->request().secure));
  if (!secret.ok() || secret->empty()) return pending->Respond(std::move(gone));
  auto call =
      std::make_shared<SessionCall<pb::DeleteSessionRequest, google::protobuf::Empty>>(upstream_);
  call->request.set_secret(*secret);
  pending->forwarded.deadline = absl::Now() + kCallTime;
  pending->forwarded.Apply(call->context);
  auto shared = std::make_shared<std::unique_ptr<Pending>>(std::move(pending));
  stub_->async()->DeleteSession(&call->context, &call->request, &call->response,
                                [this, call, shared, gone](const grpc::Status& status) {
                                  Pending& answer = **shared;
                                  // Not before: until then a request can still bring a token.
                                  cache_.Remove(call->request.secret());
                                  // A session that lives on must not look as if it had ended.
                                  if (!status.ok()) return answer.Fail(answer.Cleaned(status));
                                  answer.Respond(gone);
                                });
}

void SessionApi::Authenticate(std::unique_ptr<Pending> pending,
                              absl::AnyInvocable<void(std::unique_ptr<Pending>)> next) {
  const absl::StatusOr<std::string> secret = SecretOf(pending->request());
  if (!secret.ok()) return FailSession(*pending, pending->ToError(secret.status()));
  if (secret->empty()) return next(std::move(pending));
  if (const absl::Status csrf = CheckCsrf(pending->request()); !csrf.ok()) {
    return pending->Fail(csrf);
  }
  cache_.Get(*secret, [this, pending = std::move(pending),
                       next = std::move(next)](const SessionResult& result) mutable {
    if (!result.status.ok()) return FailSession(*pending, pending->Cleaned(result.status));
    pending->principal = result.token.account();
    pending->forwarded.authorization = absl::StrCat("Bearer ", result.token.access_token());
    next(std::move(pending));
  });
}

void SessionApi::Refresh(const std::string& secret, SessionDone done) {
  auto call = std::make_shared<SessionCall<pb::RefreshSessionRequest, pb::SessionToken>>(upstream_);
  call->request.set_secret(secret);
  call->context.set_deadline(absl::ToChronoTime(absl::Now() + kCallTime));
  auto shared = std::make_shared<SessionDone>(std::move(done));
  stub_->async()->RefreshSession(&call->context, &call->request, &call->response,
                                 [call, shared](const grpc::Status& status) {
                                   (*shared)(SessionResult{status, call->response});
                                 });
}

std::string SessionApi::Cookie(const std::string& value, bool secure) const {
  return absl::StrCat(
      kCookieName, "=", absl::StripSuffix(value, "="), "; Path=/; HttpOnly; SameSite=Strict",
      secure || options_.secure_cookies ? "; Secure" : "", value.empty() ? "; Max-Age=0" : "");
}

HttpResponse SessionApi::Reply(const pb::SessionToken& token) const {
  JsonWriter json;
  json.BeginObject()
      .Field("account", token.account())
      .Field("displayName", token.display_name())
      .Field("expireTime", WellKnownText(token.session_expire_time()))
      .EndObject();
  HttpResponse response;
  response.body = json.Take();
  return response;
}

void SessionApi::FailSession(Pending& pending, const grpc::Status& status) const {
  if (ReasonOfError(status) != "SESSION_ENDED") return pending.Fail(status);
  pending.Fail(status, {{"Set-Cookie", Cookie("", pending.request().secure)}});
}

}  // namespace qungong::gateway
