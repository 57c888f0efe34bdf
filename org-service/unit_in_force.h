// Whether a unit exists on a day, from the directory.
#ifndef QUNGONG_ORG_SERVICE_UNIT_IN_FORCE_H_
#define QUNGONG_ORG_SERVICE_UNIT_IN_FORCE_H_

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

// FAILED_PRECONDITION UNIT_NOT_IN_FORCE.
absl::Status CheckUnitInForce(mysql::Tx& tx, const Uuid& unit, absl::CivilDay day);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_UNIT_IN_FORCE_H_
