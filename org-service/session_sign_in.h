// Signing in with a password: checked slowly, counted exactly, told evenly.
#ifndef QUNGONG_ORG_SERVICE_SESSION_SIGN_IN_H_
#define QUNGONG_ORG_SERVICE_SESSION_SIGN_IN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "org-service/account_store.h"
#include "runtime/call.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"

namespace qungong::org {

// An unknown login, a wrong password, a disabled account and a locked login all cost one Argon2id
// and cannot be told apart; only a lock is said, and unknown logins are locked like others. The
// hash is computed between two short transactions, so that no lock waits for it. Thread-safe.
class SignIn {
 public:
  // `keys` must outlive it.
  explicit SignIn(const KeyRing& keys) : keys_(keys) {}

  // Runs `enter` in the transaction that finds the password right and the login not locked, with
  // the account locked. UNAUTHENTICATED SIGN_IN_FAILED, RESOURCE_EXHAUSTED SIGN_IN_LOCKED; failures
  // are counted and stay, but for that of a `change` of the password (its request_id) that took
  // effect meanwhile.
  absl::Status Check(const Call& call, mysql::Session& session, absl::string_view login,
                     absl::string_view password,
                     absl::FunctionRef<absl::Status(mysql::Tx&, StoredAccount&)> enter,
                     const std::optional<Uuid>& change = std::nullopt) const;

  // The same for the secret of a service account. It has at least 32 characters and cannot be
  // guessed, so it is not counted and never locked: nobody can stop a service by failing in its
  // name.
  absl::StatusOr<StoredAccount> CheckService(const Call& call, mysql::Session& session,
                                             absl::string_view login,
                                             absl::string_view secret) const;

  // Lifts the lock of a login.
  absl::Status Unlock(mysql::Tx& tx, absl::string_view login) const;

 private:
  std::string LoginKey(absl::string_view login) const;
  absl::Status CountFailure(const Call& call, mysql::Tx& tx, absl::string_view login_key,
                            std::vector<absl::Time> failures,
                            const std::optional<StoredAccount>& account) const;

  const KeyRing& keys_;
};

absl::Status SignInFailed();

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SESSION_SIGN_IN_H_
