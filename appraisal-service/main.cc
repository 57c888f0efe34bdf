// appraisal-service: starts, migrates, follows the directory and serves health, reflection and its
// feed. Its domain (cycles, reports, meetings, ballots, lists) is not built yet.
#include "runtime/server.h"

namespace qungong {

absl::Span<const Migration> AppraisalMigrations();

namespace {

absl::StatusOr<Wiring> Wire(Chassis& chassis) {
  Wiring wiring;
  const absl::Status followed = FollowDirectory(chassis, wiring);
  if (!followed.ok()) return followed;
  return wiring;
}

}  // namespace
}  // namespace qungong

int main(int argc, char** argv) {
  return qungong::ServiceMain(argc, argv,
                              {.name = "appraisal-service",
                               .migrations = qungong::AppraisalMigrations(),
                               .wire = qungong::Wire,
                               .command = {}});
}
