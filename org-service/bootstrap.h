// `org-service --bootstrap=FILE`: the first accounts of an installation, before anybody can sign
// in.
#ifndef QUNGONG_ORG_SERVICE_BOOTSTRAP_H_
#define QUNGONG_ORG_SERVICE_BOOTSTRAP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "qungong/org/v1/bootstrap.pb.h"
#include "runtime/chassis.h"

namespace qungong::org {

// The file's JSON, strictly, with its field rules checked.
absl::StatusOr<v1::BootstrapFile> ParseBootstrapFile(const std::string& json);

// Makes what is missing of the municipality, the accounts and their grants, all or nothing, and
// says what it made in the log. Running it again changes nothing, except for accounts marked
// reset_password.
absl::Status Bootstrap(Chassis& chassis, const std::string& path);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_BOOTSTRAP_H_
