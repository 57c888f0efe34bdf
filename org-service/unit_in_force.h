// The days on which a unit exists, and who looks after what it keeps.
#ifndef QUNGONG_ORG_SERVICE_UNIT_IN_FORCE_H_
#define QUNGONG_ORG_SERVICE_UNIT_IN_FORCE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "org-service/dates.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"

namespace qungong::org {

// The days of a post or a right in a unit: those asked for, or up to the unit's end if none was
// asked for. FAILED_PRECONDITION UNIT_NOT_IN_FORCE unless the unit exists on all of them.
absl::StatusOr<Days> WithinUnit(mysql::Tx& tx, const Uuid& unit, Days days, bool has_end);

// OK if the caller may act on the unit; if it does not exist today, on one that stands above it on
// the nearest day on which it does. So what a unit kept is not left to nobody. DeniedOrAbsent
// otherwise. One statement, whatever there is: whoever found no resource passes the nil id, so that
// the work does not tell what is absent from what is another's.
absl::Status AuthorizeKeeper(Read& read, const Uuid& unit, absl::string_view resource);
// The same of at least one of the units: one statement for each.
absl::Status AuthorizeKeeperOfAny(Read& read, absl::Span<const Uuid> units,
                                  absl::string_view resource);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_UNIT_IN_FORCE_H_
