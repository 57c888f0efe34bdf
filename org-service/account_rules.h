// What a password must be, and the steps between the states of an account. Pure.
#ifndef QUNGONG_ORG_SERVICE_ACCOUNT_RULES_H_
#define QUNGONG_ORG_SERVICE_ACCOUNT_RULES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "qungong/org/v1/account_service.pb.h"

namespace qungong::org {

// INVALID_ARGUMENT PASSWORD_TOO_WEAK with the rule that is missed: at least 10 characters (a
// service's secret: 32), at least 5 different ones, without the login in it, not one of the common
// ones. No composition rules: they make passwords predictable, length does not.
absl::Status CheckPassword(absl::string_view login, absl::string_view password,
                           v1::Account::Kind kind);

enum class AccountStep { kDisable, kEnable };
// FAILED_PRECONDITION ACCOUNT_NOT_ACTIVE or ACCOUNT_NOT_DISABLED.
absl::StatusOr<v1::Account::State> NextState(v1::Account::State from, AccountStep step);

// Nobody does this to an own account: FAILED_PRECONDITION OWN_ACCOUNT.
absl::Status CheckNotOwn(absl::string_view caller, absl::string_view account);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_ACCOUNT_RULES_H_
