#include "org-service/unit_in_force.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {

absl::Status CheckUnitInForce(mysql::Tx& tx, const Uuid& unit, absl::CivilDay day) {
  ASSIGN_OR_RETURN(const std::optional<directory::Node> node,
                   directory::FindNode(tx, unit, DayNumber(day)));
  if (node.has_value() && node->kind == rpc::v1::UNIT_NODE) return absl::OkStatus();
  const std::string name = ResourceName("units", unit);
  return WithChinese(WithReason(absl::FailedPreconditionError(absl::StrCat(
                                    name, " does not exist on ", absl::FormatCivilTime(day))),
                                "UNIT_NOT_IN_FORCE", {{"resource", name}}),
                     "该单位在所填日期不存在。");
}

}  // namespace qungong::org
