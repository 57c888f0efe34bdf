// Use cases of accounts.
#ifndef QUNGONG_ORG_SERVICE_ACCOUNT_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_ACCOUNT_HANDLERS_H_

#include "absl/status/statusor.h"
#include "org-service/account_rules.h"
#include "org-service/account_store.h"
#include "org-service/session_sign_in.h"
#include "qungong/org/v1/account_service.pb.h"
#include "runtime/keys.h"
#include "runtime/operation.h"

namespace qungong::org {

// The event of an account's change; the image is the account as it now stands.
Event AccountEvent(const StoredAccount& account, const char* kind);

// Thread-safe.
class AccountHandlers {
 public:
  AccountHandlers(const KeyRing& keys, const SignIn& sign_in) : keys_(keys), sign_in_(sign_in) {}

  absl::StatusOr<v1::Account> CreateAccount(Mutation& m, const v1::CreateAccountRequest& request);
  absl::StatusOr<v1::Account> GetAccount(Read& read, const v1::GetAccountRequest& request);
  absl::StatusOr<v1::Account> GetOwnAccount(Read& read, const v1::GetOwnAccountRequest& request);
  absl::StatusOr<v1::ListAccountsResponse> ListAccounts(Read& read,
                                                        const v1::ListAccountsRequest& request);
  absl::StatusOr<v1::Account> DisableAccount(Mutation& m, const v1::DisableAccountRequest& request);
  absl::StatusOr<v1::Account> EnableAccount(Mutation& m, const v1::EnableAccountRequest& request);
  absl::StatusOr<v1::Account> ResetPassword(Mutation& m, const v1::ResetPasswordRequest& request);
  // Verifies the old password between transactions and counts a failure, so it opens its own.
  // Harmless to repeat: the account remembers the request that set its password.
  absl::StatusOr<v1::Account> ChangePassword(const Call& call, mysql::Session& database,
                                             const v1::ChangePasswordRequest& request);

 private:
  absl::StatusOr<StoredAccount> Load(Read& read, const std::string& name, RowLock lock);
  absl::StatusOr<v1::Account> Step(Mutation& m, const std::string& name, const std::string& etag,
                                   AccountStep step);

  const KeyRing& keys_;
  const SignIn& sign_in_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_ACCOUNT_HANDLERS_H_
