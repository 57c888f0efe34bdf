#include "org-service/unit_in_force.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "org-service/node_rules.h"
#include "org-service/node_store.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {

absl::StatusOr<Days> WithinUnit(mysql::Tx& tx, const Uuid& unit, Days days, bool has_end) {
  ASSIGN_OR_RETURN(const std::vector<NodeRecord> records, directory::LoadRecords(tx, {unit}));
  if (!records.empty() && records.front().kind() == rpc::v1::UNIT_NODE) {
    const DayInterval valid = ToInterval(records.front().valid());
    if (!has_end) days.to = std::min(days.to, FromDayNumber(valid.to));
    if (valid.Contains(DayNumber(days.from)) && DayNumber(days.to) <= valid.to) return days;
  }
  const std::string name = ResourceName("units", unit);
  return WithChinese(
      WithReason(absl::FailedPreconditionError(absl::StrCat(
                     name, " does not exist on all days from ", absl::FormatCivilTime(days.from))),
                 "UNIT_NOT_IN_FORCE", {{"resource", name}}),
      "该单位在所填期间并非一直存续。");
}

absl::Status AuthorizeKeeper(Read& read, const Uuid& unit, absl::string_view resource) {
  return AuthorizeKeeperOfAny(read, {unit}, resource);
}

absl::Status AuthorizeKeeperOfAny(Read& read, absl::Span<const Uuid> units,
                                  absl::string_view resource) {
  bool may = false;
  for (const Uuid& unit : units) {
    ASSIGN_OR_RETURN(const std::vector<directory::WayUp> ways,
                     WaysUpFromKeepers(read.tx(), unit, read.call().today));
    may |= std::any_of(ways.begin(), ways.end(),
                       [&read](const directory::WayUp& way) { return read.HoldsOn(way); });
  }
  return may ? absl::OkStatus() : DeniedOrAbsent(resource);
}

}  // namespace qungong::org
