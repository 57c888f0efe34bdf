// Which role goes with which account, and which roles exclude one another. Pure.
#ifndef QUNGONG_ORG_SERVICE_GRANT_RULES_H_
#define QUNGONG_ORG_SERVICE_GRANT_RULES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "org-service/dates.h"
#include "qungong/org/v1/account_service.pb.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/ids.h"

namespace qungong::org {

// A role on a node for some days; held, or asked for.
struct HeldRole {
  rpc::v1::Role role = rpc::v1::ROLE_UNSPECIFIED;
  Uuid account;
  Uuid node;
  std::string line;
  Days days;
};

// System, security or audit administrator.
bool IsAdministrator(rpc::v1::Role role);

// FAILED_PRECONDITION ROLE_NOT_FOR_ACCOUNT: SERVICE, and only SERVICE, is for service accounts.
absl::Status CheckRoleForAccount(rpc::v1::Role role, v1::Account::Kind kind);

// Against all that the accounts of one person hold: FAILED_PRECONDITION
// SEPARATION_OF_ADMINISTRATORS if another of the three administrators holds on one of the days,
// whatever the node; GRANT_OVERLAPS if the very same right does.
absl::Status CheckAgainstHeld(const HeldRole& asked, absl::Span<const HeldRole> held);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_GRANT_RULES_H_
