// What rests on units that are to end.
#ifndef QUNGONG_ORG_SERVICE_REHOMING_STORE_H_
#define QUNGONG_ORG_SERVICE_REHOMING_STORE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "qungong/org/v1/reorganization_service.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

// Resource names in order, by kind.
using Resting =
    std::map<v1::PreviewReorganizationResponse::Rehoming::Kind, std::vector<std::string>>;
using RestingByUnit = absl::flat_hash_map<Uuid, Resting>;

// Posts in the units, relations of them and rights on them on or after a day: what keeps a unit
// from ending.
absl::StatusOr<RestingByUnit> LoadRightsOn(mysql::Tx& tx, absl::Span<const Uuid> units,
                                           absl::CivilDay day);
// Adds the accounts and people that they keep.
absl::Status AddKept(mysql::Tx& tx, absl::Span<const Uuid> units, RestingByUnit& resting);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_REHOMING_STORE_H_
