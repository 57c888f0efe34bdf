#include "org-service/appointment_rules.h"

#include "runtime/status.h"

namespace qungong::org {

using v1::Appointment;

absl::Status CheckBasis(Appointment::Post post, Appointment::Basis basis, const Uuid& unit,
                        const std::optional<Uuid>& sending_unit) {
  const bool seconded = basis == Appointment::SECONDED;
  if (post == Appointment::FIRST_SECRETARY && !seconded) {
    return InvalidField("basis", "must be SECONDED for a first secretary");
  }
  if (seconded && !sending_unit.has_value())
    return InvalidField("sending_unit", "is needed with SECONDED");
  if (!seconded && sending_unit.has_value())
    return InvalidField("sending_unit", "goes only with SECONDED");
  if (seconded && *sending_unit == unit)
    return InvalidField("sending_unit", "must be another unit");
  return absl::OkStatus();
}

absl::Status CheckAgainstTerms(const Term& asked, absl::Span<const Term> others) {
  for (const Term& other : others) {
    if (other.unit != asked.unit || other.post != asked.post || !other.days.Overlaps(asked.days))
      continue;
    if (other.person == asked.person) {
      return WithChinese(WithReason(absl::FailedPreconditionError(
                                        "the person holds this very post on one of these days"),
                                    "APPOINTMENT_OVERLAPS"),
                         "该人员在此期间已担任该职务。");
    }
    if (asked.post == Appointment::SECRETARY) {
      return WithChinese(WithReason(absl::FailedPreconditionError(
                                        "the unit has another secretary on one of these days"),
                                    "SECRETARY_OVERLAPS"),
                         "该单位在此期间已有书记,请先办理免职。");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Days> EndOn(const Days& days, absl::CivilDay end) {
  if (end < days.from) return InvalidField("effective_date", "lies before the first day in office");
  if (end >= days.to) {
    return WithChinese(
        WithReason(absl::FailedPreconditionError("the appointment has ended by that day"),
                   "APPOINTMENT_ENDED"),
        "该任职在此日期之前已经结束。");
  }
  return Days{days.from, end};
}

}  // namespace qungong::org
