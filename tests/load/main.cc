// load: the bench's client. `./qungong bench` starts a suite for it and runs it; it measures each
// operation by each path in short slices that take turns, so that a ratio is of one state of the
// machine, and prints what it found.
#include <arpa/inet.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "runtime/probe.h"
#include "runtime/status.h"
#include "tests/demo/api.h"
#include "tests/load/echo_server.h"
#include "tests/load/floor.h"
#include "tests/load/grpc_client.h"
#include "tests/load/http_client.h"
#include "tests/load/report.h"
#include "tests/load/slice.h"
#include "tests/load/world.h"
#include "tests/support/spawn.h"

ABSL_FLAG(int, port, 8080, "port of the gateway of the suite");
ABSL_FLAG(std::string, run_dir, ".run", "directory of the suite");
ABSL_FLAG(double, seconds, 2, "length of a slice");
ABSL_FLAG(int, rounds, 3, "slices of each path");
ABSL_FLAG(int, tickets, 2000, "tickets to begin with");
ABSL_FLAG(std::vector<std::string>, clients, std::vector<std::string>({"1", "16", "64"}),
          "how many clients");
ABSL_FLAG(std::vector<std::string>, operations,
          std::vector<std::string>({"submit", "get", "list", "dashboard", "echo"}),
          "what is measured");
ABSL_FLAG(std::string, json, "", "file for every figure");
ABSL_FLAG(bool, record, false, "print the statements that the service sends, and end");
ABSL_FLAG(int, serve_echo, 0, "be the echo server on that port");

namespace qungong::load {
namespace {

using Paths = std::vector<std::pair<std::string, MakeClient>>;

// An operation of the service: its RPC in the service's metrics, and the ways to it.
struct Operation {
  std::string name;
  std::string rpc;
  MakeClient grpc;
  MakeClient gateway;
};

std::vector<Operation> Operations(const World& world) {
  return {{"submit", "TicketService/SubmitTicket", [&] { return GrpcSubmit(world); },
           [&] { return HttpSubmit(world); }},
          {"get", "TicketService/GetTicket", [&] { return GrpcGet(world); },
           [&] { return HttpGet(world); }},
          {"list", "TicketService/ListTickets", [&] { return GrpcList(world); },
           [&] { return HttpList(world); }},
          {"dashboard", "StatisticsService/GetStatistics", [&] { return GrpcDashboard(world); },
           [&] { return HttpDashboard(world); }}};
}

bool Wanted(const std::string& operation) {
  for (const std::string& name : absl::GetFlag(FLAGS_operations)) {
    if (name == operation) return true;
  }
  return false;
}

// A counter of ticket-service's /metrics, for one method.
double Counter(const World& world, const std::string& name, const std::string& rpc) {
  demo::Api admin("127.0.0.1", world.ticket_service_admin_port());
  const std::string text = admin.Get("/metrics").body;
  double sum = 0;
  for (size_t at = text.find("\n" + name + "{"); at != std::string::npos;
       at = text.find("\n" + name + "{", at + 1)) {
    const std::string line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    double value = 0;
    if (line.find(rpc) != std::string::npos &&
        absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value))
      sum += value;
  }
  return sum;
}

Processes SuiteProcesses(const std::string& run_dir) {
  Processes processes = {{"driver", getpid()}};
  for (const char* name : {"mariadb", "org-service", "ticket-service", "gateway"}) {
    std::ifstream in(absl::StrCat(run_dir, "/pids/", name, ".pid"));
    pid_t pid = 0;
    if (in >> pid) processes[name] = pid;
  }
  return processes;
}

// The paths take turns.
std::vector<Cell> Measure(const std::string& operation, int clients, const Paths& paths,
                          const Processes& processes) {
  std::vector<Cell> cells;
  std::vector<std::vector<std::unique_ptr<Client>>> all(paths.size());
  for (size_t i = 0; i < paths.size(); ++i) {
    cells.push_back({operation, clients, paths[i].first, {}, 0});
    for (int k = 0; k < clients; ++k) all[i].push_back(paths[i].second());
    RunCalls(all[i], 4 * clients);  // connections are open, statements prepared
  }
  for (int round = 0; round < absl::GetFlag(FLAGS_rounds); ++round) {
    for (size_t i = 0; i < paths.size(); ++i) {
      cells[i].slices.push_back(
          RunFor(all[i], absl::Seconds(absl::GetFlag(FLAGS_seconds)), processes));
    }
  }
  for (const Cell& cell : cells) {
    std::printf("    %-10s %2d clients  %-8s %8.0f a second\n", operation.c_str(), clients,
                cell.path.c_str(), cell.rate());
  }
  std::fflush(stdout);
  return cells;
}

absl::Status MeasureOperation(const Operation& operation, int clients, const World& world,
                              const Floor& floor, Report& report) {
  const Paths paths = {{"floor", [&] { return floor.NewClient(operation.name); }},
                       {"grpc", operation.grpc},
                       {"gateway", operation.gateway}};
  const auto count = [&](const char* name) { return Counter(world, name, operation.rpc); };
  const double calls = count("qungong_calls_total");
  const double trips = count("qungong_call_statements_total");
  std::vector<Cell> cells = Measure(operation.name, clients, paths, SuiteProcesses(world.run_dir));
  const double each = (count("qungong_call_statements_total") - trips) /
                      std::max(1.0, count("qungong_calls_total") - calls);
  const auto frozen = static_cast<double>(floor.round_trips(operation.name));
  if (std::abs(each - frozen) > 0.5) {
    return absl::FailedPreconditionError(absl::StrCat("floor.sql has ", frozen, " round trips for ",
                                                      operation.name, ", the service makes ", each,
                                                      ": record it again (see there)"));
  }
  for (Cell& cell : cells) {
    cell.round_trips = cell.path == "floor" ? frozen : each;
    report.Add(std::move(cell));
  }
  return absl::OkStatus();
}

// The echo server and a gateway in front of it. Started before gRPC is used here, because it forks.
struct Echo {
  int port = 0;
  int gateway_port = 0;
  Processes processes;
};

bool AwaitPort(int port) {
  for (int i = 0; i < 200; ++i) {
    if (ProbeListener("127.0.0.1", port).ok()) return true;
    absl::SleepFor(absl::Milliseconds(50));
  }
  return false;
}

Echo StartEcho(const char* self) {
  Echo echo;
  echo.port = testing::FreePort();
  echo.gateway_port = testing::FreePort();
  const std::string logs = absl::GetFlag(FLAGS_run_dir) + "/logs/";
  const std::string target = absl::StrCat("127.0.0.1:", echo.port);
  echo.processes["driver"] = getpid();
  echo.processes["echo"] =
      testing::Spawn({self, absl::StrCat("--serve_echo=", echo.port)}, logs + "echo.log");
  echo.processes["gateway"] =
      testing::Spawn({GATEWAY, absl::StrCat("--listen=127.0.0.1:", echo.gateway_port),
                      absl::StrCat("--backends=qungong.ticket.v1=", target,
                                   ",qungong.org.v1=", target, ",qungong.appraisal.v1=", target)},
                     logs + "echo-gateway.log");
  return echo;
}

absl::Status Run(const char* self) {
  const std::string run_dir = absl::GetFlag(FLAGS_run_dir);
  Echo echo;
  if (Wanted("echo")) {
    echo = StartEcho(self);
    if (!AwaitPort(echo.port) || !AwaitPort(echo.gateway_port))
      return absl::UnavailableError("the echo server or its gateway does not come up");
  }
  std::puts("==> Submitting the tickets to begin with");
  ASSIGN_OR_RETURN(const World world,
                   MakeWorld(run_dir, absl::GetFlag(FLAGS_port), absl::GetFlag(FLAGS_tickets)));
  ASSIGN_OR_RETURN(const auto floor, Floor::Make(FLOOR_SQL, world));
  std::map<std::string, MakeClient> frozen;
  for (const Operation& operation : Operations(world)) {
    if (!Wanted(operation.name)) continue;
    frozen[operation.name] = operation.grpc;
    if (!absl::GetFlag(FLAGS_record)) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> sent, floor->Record(operation.grpc));
    std::printf("-- == %s\n%s;\n\n", operation.name.c_str(), absl::StrJoin(sent, ";\n").c_str());
  }
  if (absl::GetFlag(FLAGS_record)) return absl::OkStatus();
  RETURN_IF_ERROR(floor->CheckFrozen(frozen));
  std::puts("==> Measuring");
  Report report;
  for (const std::string& text : absl::GetFlag(FLAGS_clients)) {
    int clients = 0;
    if (!absl::SimpleAtoi(text, &clients) || clients < 1)
      return absl::InvalidArgumentError("--clients is a list of numbers");
    for (const Operation& operation : Operations(world)) {
      if (!Wanted(operation.name)) continue;
      RETURN_IF_ERROR(MeasureOperation(operation, clients, world, *floor, report));
    }
    if (!Wanted("echo") || clients > 16) continue;
    for (Cell& cell : Measure("echo", clients,
                              {{"grpc", [&] { return GrpcEcho(echo.port); }},
                               {"gateway", [&] { return HttpEcho(echo.gateway_port); }}},
                              echo.processes))
      report.Add(std::move(cell));
  }
  std::printf("\n%s\n%s", report.Table().c_str(), report.Targets().c_str());
  if (!absl::GetFlag(FLAGS_json).empty()) {
    std::ofstream out(absl::GetFlag(FLAGS_json), std::ios::trunc);
    out << report.Json() << "\n";
    if (!out.flush()) return absl::UnavailableError("the JSON file cannot be written");
  }
  if (!report.Missing().empty())
    return absl::InternalError(absl::StrCat("no call succeeded: ", report.Missing()));
  if (report.errors() > 0)
    return absl::InternalError(
        absl::StrCat(report.errors(), " calls failed; ", report.first_error()));
  return absl::OkStatus();
}

}  // namespace
}  // namespace qungong::load

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  if (absl::GetFlag(FLAGS_serve_echo) != 0)
    return qungong::load::ServeEcho(absl::GetFlag(FLAGS_serve_echo));
  const absl::Status status = qungong::load::Run("/proc/self/exe");
  std::fflush(stdout);
  if (!status.ok()) std::fprintf(stderr, "load: %s\n", std::string(status.message()).c_str());
  _exit(status.ok() ? 0 : 1);  // nothing that is left has anything to add
}
