// org-service: knows who is where, since when, and what they may do.
#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "org-service/bootstrap.h"
#include "org-service/people_wiring.h"
#include "org-service/tree_wiring.h"
#include "runtime/server.h"
#include "runtime/status.h"

ABSL_FLAG(std::string, token_signing_key_file, "", "private EC P-256 JWK that signs access tokens");
ABSL_FLAG(absl::Duration, token_life, absl::Minutes(15), "how long an access token holds");
ABSL_FLAG(absl::Duration, session_idle, absl::Minutes(30), "when a session that is not used ends");
ABSL_FLAG(absl::Duration, session_life, absl::Hours(12), "when every session ends");
ABSL_FLAG(std::string, bootstrap, "",
          "create the first accounts of this file (JSON, qungong.org.v1.BootstrapFile) and exit");

namespace qungong {

absl::Span<const Migration> OrgMigrations();

namespace {

absl::StatusOr<Wiring> Wire(Chassis& chassis) {
  Wiring wiring;
  const org::SessionLimits limits{.token = absl::GetFlag(FLAGS_token_life),
                                  .idle = absl::GetFlag(FLAGS_session_idle),
                                  .absolute = absl::GetFlag(FLAGS_session_life)};
  RETURN_IF_ERROR(
      org::WirePeople(chassis, absl::GetFlag(FLAGS_token_signing_key_file), limits, wiring));
  org::WireTree(chassis, wiring);
  return wiring;
}

absl::StatusOr<bool> RunCommand(Chassis& chassis) {
  const std::string file = absl::GetFlag(FLAGS_bootstrap);
  if (file.empty()) return false;
  RETURN_IF_ERROR(org::Bootstrap(chassis, file));
  return true;
}

}  // namespace
}  // namespace qungong

int main(int argc, char** argv) {
  return qungong::ServiceMain(argc, argv,
                              {.name = "org-service",
                               .migrations = qungong::OrgMigrations(),
                               .wire = qungong::Wire,
                               .command = qungong::RunCommand});
}
