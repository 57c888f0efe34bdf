// Runs imports: one at a time in each replica, claimed by a lease, each in one transaction.
#ifndef QUNGONG_ORG_SERVICE_IMPORT_RUNNER_H_
#define QUNGONG_ORG_SERVICE_IMPORT_RUNNER_H_

#include "absl/status/statusor.h"
#include "runtime/chassis.h"
#include "runtime/mysql.h"

namespace qungong::org {

// Runs the next import, if there is one; true if there was. A pass of a background loop.
//
// While a file is applied, other changes of the trees wait for it. A runner that dies leaves
// nothing behind but its claim; another begins anew when the lease is over, at most three times.
absl::StatusOr<bool> RunNextImport(Chassis& chassis, mysql::Session& session);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_IMPORT_RUNNER_H_
