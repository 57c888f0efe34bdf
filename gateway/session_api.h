// /v1/session: signing in and out with a cookie, and the cookie's exchange for an access token.
#ifndef QUNGONG_GATEWAY_SESSION_API_H_
#define QUNGONG_GATEWAY_SESSION_API_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "gateway/pending.h"
#include "gateway/rate_limit.h"
#include "gateway/session_cache.h"
#include "qungong/org/v1/session_service.grpc.pb.h"
#include "runtime/clock.h"

namespace qungong::gateway {

struct SessionOptions {
  bool secure_cookies = false;   // also on a plain listener: TLS ends in front of it
  int sign_ins_per_minute = 60;  // failed ones, per peer
  size_t cached_sessions = 10'000;
};

inline constexpr char kSessionPackage[] = "qungong.org.v1";
inline constexpr char kSessionPath[] = "/v1/session";

// The secret in the request's cookie: "" without a cookie, SESSION_ENDED for one that cannot
// be ours.
absl::StatusOr<std::string> SecretOf(const HttpRequest& request);

// A request that a foreign page could make a browser send is refused: with a cookie, whatever
// changes something must carry X-Requested-With: qungong. PERMISSION_DENIED CSRF_HEADER_MISSING.
absl::Status CheckCsrf(const HttpRequest& request);

// Thread-safe.
class SessionApi {
 public:
  // `upstream` has a backend for kSessionPackage.
  SessionApi(const Upstream& upstream, const Clock& clock, const SessionOptions& options);

  // POST {"login", "password"} signs in, GET tells who is signed in, DELETE signs out.
  void Handle(std::unique_ptr<Pending> pending);

  // Puts the access token of the request's cookie, if it has one, into `pending`, and calls `next`;
  // or fails it.
  void Authenticate(std::unique_ptr<Pending> pending,
                    absl::AnyInvocable<void(std::unique_ptr<Pending>)> next);

 private:
  void SignIn(std::unique_ptr<Pending> pending);
  void Show(std::unique_ptr<Pending> pending);
  void SignOut(std::unique_ptr<Pending> pending);
  void Refresh(const std::string& secret, SessionDone done);
  std::string Cookie(const std::string& value, bool secure) const;
  HttpResponse Reply(const org::v1::SessionToken& token) const;
  // SESSION_ENDED also takes the dead cookie away.
  void FailSession(Pending& pending, const grpc::Status& status) const;

  const Upstream& upstream_;
  const std::unique_ptr<org::v1::SessionService::Stub> stub_;
  const SessionOptions options_;
  SessionCache cache_;
  RateLimit limit_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_SESSION_API_H_
