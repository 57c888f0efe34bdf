// Who can be what, besides whom. Pure.
#ifndef QUNGONG_ORG_SERVICE_APPOINTMENT_RULES_H_
#define QUNGONG_ORG_SERVICE_APPOINTMENT_RULES_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "org-service/dates.h"
#include "qungong/org/v1/appointment_service.pb.h"
#include "runtime/ids.h"

namespace qungong::org {

// A person in a post of a unit for some days.
struct Term {
  Uuid person;
  v1::Appointment::Post post = v1::Appointment::POST_UNSPECIFIED;
  Uuid unit;
  Days days;
};

// INVALID_FIELD unless a seconded person, and only such a one, is sent by another unit, and a first
// secretary is seconded.
absl::Status CheckBasis(v1::Appointment::Post post, v1::Appointment::Basis basis, const Uuid& unit,
                        const std::optional<Uuid>& sending_unit);

// Against the terms of the same unit: FAILED_PRECONDITION SECRETARY_OVERLAPS if there would be two
// secretaries on one day, APPOINTMENT_OVERLAPS if the person would hold the same post twice. A
// first secretary is additional.
absl::Status CheckAgainstTerms(const Term& asked, absl::Span<const Term> others);

// The days that are left when a term ends on `end`; FAILED_PRECONDITION APPOINTMENT_ENDED if it
// does not reach that far, INVALID_FIELD before its first day.
absl::StatusOr<Days> EndOn(const Days& days, absl::CivilDay end);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_APPOINTMENT_RULES_H_
