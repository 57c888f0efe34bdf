#include "org-service/unit_in_force.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "org-service/node_rules.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {

absl::Status CheckUnitInForce(mysql::Tx& tx, const Uuid& unit, const Days& days) {
  ASSIGN_OR_RETURN(const std::vector<NodeRecord> records, directory::LoadRecords(tx, {unit}));
  if (!records.empty() && records.front().kind() == rpc::v1::UNIT_NODE &&
      ToInterval(records.front().valid()).Contains({DayNumber(days.from), DayNumber(days.to)})) {
    return absl::OkStatus();
  }
  const std::string name = ResourceName("units", unit);
  return WithChinese(
      WithReason(absl::FailedPreconditionError(absl::StrCat(
                     name, " does not exist on all days from ", absl::FormatCivilTime(days.from))),
                 "UNIT_NOT_IN_FORCE", {{"resource", name}}),
      "该单位在所填期间并非一直存续。");
}

absl::Status AuthorizeKeeper(Read& read, const Uuid& unit, absl::string_view resource) {
  ASSIGN_OR_RETURN(const std::vector<NodeRecord> records,
                   directory::LoadRecords(read.tx(), {unit}));
  if (records.empty()) return DeniedOrAbsent(resource);
  const int32_t today = read.call().today;
  const int32_t day = NearestDay(records.front(), today);
  if (day == today) return read.Authorize({unit}, resource);
  ASSIGN_OR_RETURN(const std::vector<Uuid> above,
                   directory::AncestorIds(read.tx(), rpc::v1::ADMINISTRATIVE_TREE, unit, day));
  return read.Authorize(above, resource);
}

}  // namespace qungong::org
