// What the bench works on: a running suite, an account with rights in one district, and its
// tickets.
#ifndef QUNGONG_TESTS_LOAD_WORLD_H_
#define QUNGONG_TESTS_LOAD_WORLD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/statistics_service.pb.h"
#include "qungong/ticket/v1/ticket_service.pb.h"

namespace qungong::load {

struct World {
  int port = 0;  // the gateway's; the others lie beside it, as `./qungong up` has it
  std::string run_dir;
  std::string account;                // accounts/{uuid}
  std::string token;                  // its access token
  std::string cookie;                 // its session at the gateway
  std::string unit;                   // units/{uuid}: the district in which it has its rights
  std::vector<std::string> villages;  // codes of the divisions that tickets are about
  std::vector<std::string> tickets;   // tickets/{uuid}

  int ticket_service_port() const { return port + 3; }
  int ticket_service_admin_port() const { return port + 13; }
};

// Makes the account, if it is not there, and submits `tickets` tickets; shows progress.
absl::StatusOr<World> MakeWorld(const std::string& run_dir, int port, int tickets);

// A citizen's report about some village: another one each time.
ticket::v1::SubmitTicketRequest NewSubmission(const World& world);
ticket::v1::ListTicketsRequest ListQuestion();
ticket::v1::GetStatisticsRequest DashboardQuestion(const World& world);
// The same as the query of a URL.
std::string DashboardTarget();
// One of its tickets, at random.
const std::string& AnyTicket(const World& world);

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_WORLD_H_
