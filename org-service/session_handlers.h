// Sessions: signing in and out, and the tokens that say who is signed in.
#ifndef QUNGONG_ORG_SERVICE_SESSION_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_SESSION_HANDLERS_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "google/protobuf/empty.pb.h"
#include "org-service/account_store.h"
#include "org-service/session_rules.h"
#include "org-service/session_sign_in.h"
#include "org-service/session_store.h"
#include "qungong/org/v1/session_service.pb.h"
#include "runtime/call.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"
#include "runtime/token.h"

namespace qungong::org {

// All of these may be repeated without harm, so none takes an idempotency key: the same secret
// opens the same session, a session that has ended stays ended, and a token can always be made
// again. Thread-safe.
class SessionHandlers {
 public:
  SessionHandlers(const KeyRing& keys, const SignIn& sign_in, std::unique_ptr<TokenSigner> signer,
                  SessionLimits limits)
      : keys_(keys), sign_in_(sign_in), signer_(std::move(signer)), limits_(limits) {}

  absl::StatusOr<v1::SessionToken> CreateSession(const Call& call, mysql::Session& database,
                                                 const v1::CreateSessionRequest& request);
  absl::StatusOr<v1::SessionToken> RefreshSession(const Call& call, mysql::Session& database,
                                                  const v1::RefreshSessionRequest& request);
  absl::StatusOr<google::protobuf::Empty> DeleteSession(const Call& call, mysql::Session& database,
                                                        const v1::DeleteSessionRequest& request);
  absl::StatusOr<v1::SessionToken> CreateServiceToken(const Call& call, mysql::Session& database,
                                                      const v1::CreateServiceTokenRequest& request);

 private:
  absl::StatusOr<StoredSession> Open(const Call& call, mysql::Tx& tx, IdSource& ids,
                                     const StoredAccount& account, const std::string& secret_hash);
  absl::StatusOr<v1::SessionToken> MakeToken(const Call& call, const StoredAccount& account,
                                             const std::optional<StoredSession>& session) const;

  const KeyRing& keys_;
  const SignIn& sign_in_;
  const std::unique_ptr<TokenSigner> signer_;
  const SessionLimits limits_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SESSION_HANDLERS_H_
