#include "org-service/relation_rules.h"

#include <algorithm>

#include "runtime/status.h"

namespace qungong::org {

using v1::Relation;

absl::Status CheckBond(const Bond& bond, bool has_contact) {
  if (bond.from == bond.to) return InvalidField("to_unit", "must be another unit");
  if (bond.kind == Relation::POINT_OF_CONTACT && !has_contact) {
    return InvalidField("contact", "is needed with POINT_OF_CONTACT");
  }
  return absl::OkStatus();
}

absl::Status CheckHelper(const Bond& bond, absl::Span<const Uuid> above) {
  if (bond.kind != Relation::PAIRED_ASSISTANCE ||
      std::find(above.begin(), above.end(), bond.from) == above.end()) {
    return absl::OkStatus();
  }
  return WithChinese(WithReason(absl::FailedPreconditionError(
                                    "the helper stands above the helped, and owes it help anyway"),
                                "HELPER_IS_SUPERIOR"),
                     "帮扶单位是被帮扶单位的上级,请另选单位。");
}

absl::Status CheckAgainstBonds(const Bond& asked, absl::Span<const Bond> others) {
  for (const Bond& other : others) {
    const bool same = other.from == asked.from || asked.kind == Relation::DUAL_MANAGEMENT;
    if (other.kind != asked.kind || other.to != asked.to || !same ||
        !other.days.Overlaps(asked.days)) {
      continue;
    }
    return WithChinese(
        WithReason(absl::FailedPreconditionError(
                       other.from == asked.from
                           ? "the two units stand in this relation on one of these days"
                           : "another unit manages it besides its superior on one of these days"),
                   "RELATION_OVERLAPS"),
        "在此期间已有同样的关系,请先终止原关系。");
  }
  return absl::OkStatus();
}

}  // namespace qungong::org
