// ticket-service: takes in, routes, times and closes what citizens report.
#include "absl/flags/flag.h"
#include "runtime/server.h"
#include "runtime/status.h"
#include "ticket-service/schedule.h"
#include "ticket-service/statistics_projection.h"
#include "ticket-service/wire.h"

ABSL_FLAG(bool, recount_statistics, false,
          "forget the statistics, so that running services count again from the first event, and "
          "exit");

namespace qungong {

absl::Span<const Migration> TicketMigrations();

namespace {

absl::StatusOr<Wiring> Wire(Chassis& chassis) {
  Wiring wiring;
  RETURN_IF_ERROR(FollowDirectory(chassis, wiring, ticket::OnDirectoryChange));
  ticket::WireTickets(chassis, wiring);
  ticket::RunSchedule(chassis);
  ticket::RunStatistics(chassis);
  return wiring;
}

absl::StatusOr<bool> Command(Chassis& chassis) {
  if (!absl::GetFlag(FLAGS_recount_statistics)) return false;
  mysql::Session session(chassis.database);
  RETURN_IF_ERROR(ticket::ForgetStatistics(session));
  return true;
}

}  // namespace
}  // namespace qungong

int main(int argc, char** argv) {
  return qungong::ServiceMain(argc, argv,
                              {.name = "ticket-service",
                               .migrations = qungong::TicketMigrations(),
                               .wire = qungong::Wire,
                               .command = qungong::Command});
}
