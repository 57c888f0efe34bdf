// Sessions, accounts, grants, people and appointments, put together.
#ifndef QUNGONG_ORG_SERVICE_PEOPLE_WIRING_H_
#define QUNGONG_ORG_SERVICE_PEOPLE_WIRING_H_

#include <string>

#include "absl/status/status.h"
#include "org-service/session_rules.h"
#include "runtime/chassis.h"
#include "runtime/server.h"

namespace qungong::org {

// Adds the services and the loop that forgets old sessions.
absl::Status WirePeople(Chassis& chassis, const std::string& token_signing_key_file,
                        const SessionLimits& limits, Wiring& wiring);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_PEOPLE_WIRING_H_
