// Rows of relations.
#ifndef QUNGONG_ORG_SERVICE_RELATION_STORE_H_
#define QUNGONG_ORG_SERVICE_RELATION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "org-service/listing.h"
#include "org-service/relation_rules.h"
#include "qungong/org/v1/relation_service.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"

namespace qungong::org {

struct StoredRelation {
  Uuid id;
  Bond bond;
  std::optional<Uuid> contact;
  std::string measures;
  std::string document;
  std::string result;
  absl::Time created;
  int64_t version = 1;

  std::string Name() const { return ResourceName("relations", id); }
  v1::Relation ToProto() const;
  Event MakeEvent(absl::string_view kind) const;
};

absl::StatusOr<std::optional<StoredRelation>> FindRelation(mysql::Tx& tx, const Uuid& id,
                                                           RowLock lock);
// Oldest first. The table is `r`.
absl::StatusOr<std::vector<StoredRelation>> ListRelationRows(mysql::Tx& tx,
                                                             const Conditions& conditions,
                                                             int limit);
// All of one kind to a unit.
absl::StatusOr<std::vector<Bond>> BondsTo(mysql::Tx& tx, const Uuid& unit, v1::Relation::Kind kind);
// Those for which an appointment answers, locked.
absl::StatusOr<std::vector<StoredRelation>> RelationsOfContact(mysql::Tx& tx,
                                                               const Uuid& appointment);
absl::Status InsertRelation(mysql::Tx& tx, const StoredRelation& relation);
// Writes last day and result as version + 1.
absl::Status EndRelationRow(mysql::Tx& tx, StoredRelation& relation, absl::CivilDay end,
                            const std::string& result);
// Whether a unit stands in a relation on or after a day.
absl::StatusOr<bool> HasRelations(mysql::Tx& tx, const Uuid& unit, absl::CivilDay day);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_RELATION_STORE_H_
