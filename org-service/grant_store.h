// Rows of grants, and what the directory is told of them.
#ifndef QUNGONG_ORG_SERVICE_GRANT_STORE_H_
#define QUNGONG_ORG_SERVICE_GRANT_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "org-service/dates.h"
#include "org-service/grant_rules.h"
#include "org-service/listing.h"
#include "qungong/org/v1/grant_service.pb.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"

namespace qungong::org {

struct StoredGrant {
  Uuid id;
  HeldRole held;
  std::optional<Uuid> appointment;
  absl::Time created;
  int64_t version = 1;

  std::string Name() const { return ResourceName("grants", id); }
  v1::Grant ToProto() const;
  Event MakeEvent(const char* kind) const;
};

absl::StatusOr<std::optional<StoredGrant>> FindGrant(mysql::Tx& tx, const Uuid& id, RowLock lock);
// All that these accounts were ever given.
absl::StatusOr<std::vector<StoredGrant>> GrantsOfAccounts(mysql::Tx& tx,
                                                          absl::Span<const Uuid> accounts);
// Locks them.
absl::StatusOr<std::vector<StoredGrant>> GrantsOfAppointment(mysql::Tx& tx,
                                                             const Uuid& appointment);
// Oldest first.
absl::StatusOr<std::vector<StoredGrant>> ListGrantRows(mysql::Tx& tx, const Conditions& conditions,
                                                       int limit);
absl::Status InsertGrant(mysql::Tx& tx, const StoredGrant& grant);
// Writes the end as version + 1.
absl::Status EndGrant(mysql::Tx& tx, StoredGrant& grant, absl::CivilDay end);
// Whether somebody holds a right on a unit on or after a day.
absl::StatusOr<bool> HasGrants(mysql::Tx& tx, const Uuid& node, absl::CivilDay day);

// What the directory is told: grants of a disabled account end today for as long as it is disabled.
// Brings the own directory up to date and returns the payload that does the same in the other
// services.
absl::StatusOr<rpc::v1::DirectoryChange> TellDirectory(mysql::Tx& tx,
                                                       absl::Span<const StoredGrant> grants,
                                                       bool account_active, absl::CivilDay today);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_GRANT_STORE_H_
