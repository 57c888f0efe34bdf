// What units can be to one another, besides what. Pure.
#ifndef QUNGONG_ORG_SERVICE_RELATION_RULES_H_
#define QUNGONG_ORG_SERVICE_RELATION_RULES_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "org-service/dates.h"
#include "qungong/org/v1/relation_service.pb.h"
#include "runtime/ids.h"

namespace qungong::org {

// What one unit is to another for some days.
struct Bond {
  v1::Relation::Kind kind = v1::Relation::KIND_UNSPECIFIED;
  Uuid from;
  Uuid to;
  Days days;
};

// INVALID_FIELD unless there are two units, and a contact where the kind needs one.
absl::Status CheckBond(const Bond& bond, bool has_contact);

// FAILED_PRECONDITION HELPER_IS_SUPERIOR if a unit would help what stands below it. `above` are the
// units at and above the one that is helped, on the first day.
absl::Status CheckHelper(const Bond& bond, absl::Span<const Uuid> above);

// FAILED_PRECONDITION RELATION_OVERLAPS if the very relation holds on one of these days among
// `others`, or if a unit would have two managers beside its superior.
absl::Status CheckAgainstBonds(const Bond& asked, absl::Span<const Bond> others);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_RELATION_RULES_H_
