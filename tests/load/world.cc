#include "tests/load/world.h"

#include <cstdio>
#include <utility>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "qungong/org/v1/account_service.pb.h"
#include "qungong/org/v1/division_service.pb.h"
#include "qungong/org/v1/grant_service.pb.h"
#include "qungong/org/v1/unit_service.pb.h"
#include "runtime/civil.h"
#include "runtime/crypto.h"
#include "runtime/status.h"
#include "runtime/token.h"
#include "tests/demo/api.h"
#include "tests/demo/cast.h"
#include "tests/load/grpc_client.h"
#include "tests/load/slice.h"

namespace qungong::load {
namespace {

namespace pb = org::v1;
namespace v1 = rpc::v1;
using demo::Api;

constexpr char kDistrict[] = "500103";  // 渝中区
constexpr char kLogin[] = "bench";

absl::Status Unless(const demo::Reply& reply, absl::string_view what) {
  if (reply.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(what, ": ", reply.Outcome(), " ", reply.chinese));
}

absl::Status SignIn(Api& api, const demo::Stage& stage, const std::string& login) {
  return Unless(api.SignIn(login, demo::AdministratorPassword(stage, login)),
                absl::StrCat(login, " signs in"));
}

// Codes of what lies directly in a division, and its name.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Below(Api& api,
                                                                       const std::string& name) {
  pb::ListDivisionsResponse found;
  RETURN_IF_ERROR(Unless(api.Get(absl::StrCat("/v1/divisions?pageSize=500&parent=", name), &found),
                         "listing divisions"));
  std::vector<std::pair<std::string, std::string>> all;
  for (const pb::Division& division : found.divisions())
    all.emplace_back(division.code(), division.name());
  return all;
}

absl::Status FindPlaces(Api& api, World& world) {
  pb::ListDivisionsResponse district;
  RETURN_IF_ERROR(Unless(api.Get(absl::StrCat("/v1/divisions?code=", kDistrict), &district),
                         "looking for the district"));
  if (district.divisions_size() != 1) return absl::NotFoundError("there is no district 500103");
  pb::ListUnitsResponse unit;
  RETURN_IF_ERROR(
      Unless(api.Get(absl::StrCat("/v1/units?division=", district.divisions(0).name()), &unit),
             "looking for its unit"));
  if (unit.units_size() != 1) return absl::NotFoundError("no one unit governs the district");
  world.unit = unit.units(0).name();
  ASSIGN_OR_RETURN(const auto townships, Below(api, district.divisions(0).name()));
  for (const auto& [code, township] : townships) {
    ASSIGN_OR_RETURN(const auto villages, Below(api, township));
    for (const auto& [village, name] : villages) world.villages.push_back(village);
  }
  return world.villages.empty() ? absl::NotFoundError("the district has no villages")
                                : absl::OkStatus();
}

absl::Status MakeAccount(const demo::Stage& stage, World& world) {
  Api system(stage.host, stage.port);
  Api security(stage.host, stage.port);
  RETURN_IF_ERROR(SignIn(system, stage, "system-admin"));
  RETURN_IF_ERROR(SignIn(security, stage, "security-admin"));
  pb::CreateAccountRequest request;
  request.set_request_id(demo::NewRequestId());
  request.set_login(absl::StrCat(kLogin, "-", absl::ToUnixMillis(absl::Now())));
  request.set_display_name("压测");
  request.set_kind(pb::Account::PERSON);
  request.set_unit(world.unit);
  request.set_password(demo::DemoPassword(stage));
  pb::Account created;
  RETURN_IF_ERROR(Unless(system.Post("/v1/accounts", request, &created), "creating the account"));
  world.account = created.name();
  for (const v1::Role role : {v1::CLERK, v1::LEADER}) {
    pb::CreateGrantRequest grant;
    grant.set_request_id(demo::NewRequestId());
    grant.set_account(created.name());
    grant.set_role(role);
    grant.set_node(world.unit);
    RETURN_IF_ERROR(Unless(security.Post("/v1/grants", grant), "granting a role"));
  }
  Api own(stage.host, stage.port);
  RETURN_IF_ERROR(Unless(own.SignIn(request.login(), request.password()), "signing in"));
  world.cookie = own.cookie();
  ASSIGN_OR_RETURN(const auto signer,
                   TokenSigner::FromFile(stage.run_dir + "/secrets/token-signing-key.json"));
  const absl::Time now = absl::Now();
  ASSIGN_OR_RETURN(world.token, signer->Sign({world.account, "", now, now + absl::Minutes(60)}));
  return absl::OkStatus();
}

// Until what was submitted can be listed and is counted.
absl::Status AwaitTickets(World& world, int wanted) {
  Api api("127.0.0.1", world.port);
  api.UseCookie(world.cookie);
  const absl::Time last = absl::Now() + absl::Seconds(60);
  while (true) {
    ticket::v1::Statistics statistics;
    const demo::Reply reply =
        api.Get(absl::StrCat("/v1/", world.unit, "/statistics?", DashboardTarget()), &statistics);
    if (reply.ok() && statistics.volumes_size() > 0 && statistics.volumes(0).count() >= wanted)
      return absl::OkStatus();
    if (absl::Now() > last) {
      return absl::DeadlineExceededError(
          absl::StrCat("the dashboard does not show the tickets: ", reply.Outcome()));
    }
    absl::SleepFor(absl::Milliseconds(100));
  }
}

absl::Status ListAll(World& world, int wanted) {
  Api api("127.0.0.1", world.port);
  api.UseCookie(world.cookie);
  std::string page;
  while (static_cast<int>(world.tickets.size()) < wanted) {
    ticket::v1::ListTicketsResponse found;
    RETURN_IF_ERROR(Unless(
        api.Get(absl::StrCat("/v1/tickets?pageSize=500&pageToken=", page), &found), "listing"));
    for (const auto& ticket : found.tickets()) world.tickets.push_back(ticket.name());
    page = found.next_page_token();
    if (page.empty()) break;
  }
  return absl::OkStatus();
}

absl::BitGen& Random() {
  thread_local absl::BitGen random;
  return random;
}

}  // namespace

absl::StatusOr<World> MakeWorld(const std::string& run_dir, int port, int tickets) {
  World world;
  world.port = port;
  world.run_dir = run_dir;
  demo::Stage stage;
  stage.port = port;
  stage.run_dir = run_dir;
  Api registrar(stage.host, port);
  RETURN_IF_ERROR(SignIn(registrar, stage, "registrar"));
  RETURN_IF_ERROR(FindPlaces(registrar, world));
  RETURN_IF_ERROR(MakeAccount(stage, world));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(GrpcSubmit(world));
  const Slice seeded = RunCalls(clients, tickets);
  if (seeded.errors > 0) {
    return absl::InternalError(
        absl::StrCat(seeded.errors, " of the first tickets failed: ", seeded.error));
  }
  RETURN_IF_ERROR(AwaitTickets(world, tickets));
  RETURN_IF_ERROR(ListAll(world, tickets));
  return world;
}

ticket::v1::SubmitTicketRequest NewSubmission(const World& world) {
  ticket::v1::SubmitTicketRequest request;
  request.set_request_id(demo::NewRequestId());
  request.set_tracking_hash(RandomBytes(32));
  request.set_channel(ticket::v1::Ticket::MOBILE_APP);
  request.set_division_code(
      world.villages[absl::Uniform<size_t>(Random(), 0, world.villages.size())]);
  request.set_ticket_class("ticketClasses/0101");
  request.set_title("小区门口路灯坏了");
  request.set_content("小区门口的路灯坏了三天,晚上很黑,老人出门不安全,请尽快修复。");
  request.set_place_detail("12 号门口");
  request.mutable_reporter()->set_display_name("张三");
  request.mutable_reporter()->set_phone("13812345678");
  return request;
}

ticket::v1::ListTicketsRequest ListQuestion() {
  ticket::v1::ListTicketsRequest request;
  request.set_page_size(20);
  return request;
}

ticket::v1::GetStatisticsRequest DashboardQuestion(const World& world) {
  ticket::v1::GetStatisticsRequest request;
  request.set_node(world.unit);
  const absl::CivilDay today = DayOf(absl::Now());
  *request.mutable_from_date() = ToDate(absl::CivilDay(today.year(), 1, 1));
  *request.mutable_to_date() = ToDate(today + 1);
  return request;
}

std::string DashboardTarget() {
  const absl::CivilDay from(DayOf(absl::Now()).year(), 1, 1);
  const absl::CivilDay to = DayOf(absl::Now()) + 1;
  return absl::StrCat("fromDate.year=", from.year(), "&fromDate.month=", from.month(),
                      "&fromDate.day=", from.day(), "&toDate.year=", to.year(),
                      "&toDate.month=", to.month(), "&toDate.day=", to.day());
}

const std::string& AnyTicket(const World& world) {
  return world.tickets[absl::Uniform<size_t>(Random(), 0, world.tickets.size())];
}

}  // namespace qungong::load
