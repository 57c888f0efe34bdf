// nemesis --seed=N --seconds=S [--runs=K]: mixed clients on the suite while its processes are
// killed and paused and its connections cut; afterwards every acknowledged write is there once, and
// everything that is derived from writes agrees with them.
//
// What goes wrong and when comes from the seed and is printed; the same seed gives the same
// schedule. The exit code is 0 if nothing was found.
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/nemesis/checker.h"
#include "tests/nemesis/clients.h"
#include "tests/nemesis/schedule.h"
#include "tests/nemesis/settle.h"
#include "tests/support/spawn.h"

ABSL_FLAG(uint64_t, seed, 1, "what the schedule and the clients are made from");
ABSL_FLAG(int, seconds, 20, "length of a run");
ABSL_FLAG(int, runs, 1, "so many runs, each with the next seed; ends after the first that fails");
ABSL_FLAG(int, clients, 10, "clients around tickets; there are two more around the registry");
ABSL_FLAG(std::string, plant, "",
          "a fault that must be found: forget-request-id (clients retry with a new one), "
          "lying-commit (some COMMITs are answered and not done), lazy-database (commits are not "
          "on disk before the database is killed)");

namespace qungong::nemesis {
namespace {

namespace fs = std::filesystem;

constexpr int kMostShown = 12;  // findings of each check

void Print(const Findings& findings) {
  std::map<std::string, int> shown;
  for (const Finding& finding : findings) {
    const int n = ++shown[finding.check];
    if (n <= kMostShown) std::printf("FOUND %s: %s\n", finding.check.c_str(), finding.text.c_str());
  }
  for (const auto& [check, n] : shown) {
    if (n > kMostShown) std::printf("FOUND %s: and %d more\n", check.c_str(), n - kMostShown);
  }
}

// How long nothing was acknowledged, and the last thing that was done to the suite before.
std::string LongestOutage(const std::vector<absl::Time>& acknowledged,
                          const std::vector<Act>& schedule, absl::Time start) {
  absl::Duration longest;
  absl::Duration began;
  absl::Time last = start;
  for (const absl::Time t : acknowledged) {
    if (t < start) continue;
    if (t - last > longest) {
      longest = t - last;
      began = last - start;
    }
    last = t;
  }
  std::string after = "nothing";
  for (const Act& act : schedule) {
    if (act.at <= began + absl::Milliseconds(50)) after = Describe(act);
  }
  return absl::StrFormat("%.2f s from %.2f s on, after [%s]", absl::ToDoubleSeconds(longest),
                         absl::ToDoubleSeconds(began), after);
}

void Summarize(const World& world, const std::vector<Act>& schedule, absl::Time start) {
  int64_t done = 0;
  int64_t refused = 0;
  int64_t unknown = 0;
  int64_t retries = 0;
  std::map<std::string, int> answers;
  for (const Write& write : world.history.writes()) {
    done += write.outcome == Outcome::kDone ? 1 : 0;
    refused += write.outcome == Outcome::kRefused ? 1 : 0;
    unknown += write.attempts.front().outcome == Outcome::kUnknown ? 1 : 0;
    retries += static_cast<int64_t>(write.attempts.size()) - 1;
    for (const Attempt& attempt : write.attempts)
      ++answers[std::string(absl::StatusCodeToString(attempt.status.code()))];
  }
  std::printf(
      "writes: %lld acknowledged, %lld refused; %lld first unknown, %lld sent again; "
      "%lld reads\n",
      static_cast<long long>(done), static_cast<long long>(refused),
      static_cast<long long>(unknown), static_cast<long long>(retries),
      static_cast<long long>(world.reads.load()));
  std::string text;
  for (const auto& [answer, n] : answers) absl::StrAppend(&text, " ", answer, " ", n);
  std::printf("answers to writes:%s\n", text.c_str());
  std::map<Act::Kind, int> acts;
  for (const Act& act : schedule) ++acts[act.kind];
  text.clear();
  for (const auto& [kind, n] : acts)
    absl::StrAppend(&text, text.empty() ? " " : ", ", NameOf(kind), " ", n);
  std::printf("done to the suite:%s\n", text.c_str());
  std::printf("longest outage: %s\n",
              LongestOutage(world.history.acknowledged(), schedule, start).c_str());
}

// Plants what is to be found when all else is over, so that nothing comes after it. Clients still
// run.
void Plant(const std::string& plant, Suite& suite) {
  if (plant == "lying-commit") suite.database_link(kTicketA).CutCommits(CommitCut::kLie, 5);
  if (plant == "lazy-database")
    suite.database().Query("SET GLOBAL innodb_flush_log_at_trx_commit = 0");
  if (!plant.empty()) absl::SleepFor(absl::Milliseconds(1500));
  if (plant == "lazy-database") {
    suite.KillDatabase();
    suite.StartDatabase();
  }
}

// One run; what was found.
Findings Run(const std::string& directory, uint64_t seed, absl::Duration length) {
  const std::string plant = absl::GetFlag(FLAGS_plant);
  Suite suite(directory);
  History history(directory + "/history");
  Wire wire(suite.client_link(kOrg).address(), suite.client_link(kTicketA).address(),
            suite.client_link(kTicketB).address());
  World world(MakeCity(suite, wire, history), wire, history);
  world.forget_request_id = plant == "forget-request-id";
  world.tree_moves = seed % 2 == 0;
  if (!AwaitPositions(suite, absl::Seconds(20)))
    history.Report("settling", "the city is not known");

  const std::vector<Act> schedule = MakeSchedule(seed, length);
  for (const Act& act : schedule) std::printf("  %s\n", Describe(act).c_str());
  std::fflush(stdout);
  std::vector<std::unique_ptr<Client>> clients;
  const int around_tickets = absl::GetFlag(FLAGS_clients);
  for (int i = 0; i < around_tickets; ++i)
    clients.push_back(
        std::make_unique<TicketClient>(world, seed * 1000 + static_cast<uint64_t>(i)));
  for (uint64_t i = 0; i < 2; ++i)
    clients.push_back(std::make_unique<OrgClient>(world, seed * 1000 + 500 + i, i == 0));
  const absl::Time start = absl::Now();
  std::vector<std::thread> threads;
  for (const auto& client : clients) threads.emplace_back([&client] { client->Run(); });
  const std::vector<std::string> died = Perform(suite, schedule, start, length, world.held_up);
  Plant(plant, suite);
  for (const std::string& how : died) history.Report("processes", how);
  world.stop = true;
  for (std::thread& thread : threads) thread.join();

  Snapshot snapshot = Settle(suite, wire, history);
  snapshot.tree_moved = world.tree_moves;
  Summarize(world, schedule, start);
  Findings findings = history.findings();
  for (Finding& finding : Check(history.writes(), snapshot)) findings.push_back(std::move(finding));
  if (!findings.empty()) return findings;
  int planted = 0;
  for (const std::string& name : MissedByCheck(history.writes(), snapshot, &planted))
    findings.push_back({"checker", "it does not notice that " + name});
  std::printf("%d faults planted in copies of what was found, %d noticed\n", planted,
              planted - static_cast<int>(findings.size()));
  return findings;
}

int RunOnce() {
  const uint64_t seed = absl::GetFlag(FLAGS_seed);
  const int seconds = absl::GetFlag(FLAGS_seconds);
  const std::string again = absl::StrCat("--seed=", seed, " --seconds=", seconds);
  const fs::path directory = fs::temp_directory_path() / absl::StrCat("qungong-nemesis-", getpid());
  fs::create_directories(directory);
  std::printf("nemesis %s\n", again.c_str());
  const Findings findings = Run(directory, seed, absl::Seconds(seconds));
  Print(findings);
  if (findings.empty() || !absl::GetFlag(FLAGS_plant).empty()) {
    std::error_code error;
    fs::remove_all(directory, error);
  }
  if (findings.empty()) {
    std::puts("nothing found");
    return 0;
  }
  std::printf("again: nemesis %s; logs and history are in %s\n", again.c_str(), directory.c_str());
  return 1;
}

// Each run in a process of its own.
int RunMany(const char* program) {
  for (int run = 0; run < absl::GetFlag(FLAGS_runs); ++run) {
    const pid_t pid = testing::Spawn(
        {program, absl::StrCat("--seed=", absl::GetFlag(FLAGS_seed) + static_cast<uint64_t>(run)),
         absl::StrCat("--seconds=", absl::GetFlag(FLAGS_seconds)),
         absl::StrCat("--clients=", absl::GetFlag(FLAGS_clients)),
         "--plant=" + absl::GetFlag(FLAGS_plant)},
        "/dev/stdout");
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace qungong::nemesis

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return absl::GetFlag(FLAGS_runs) > 1 ? qungong::nemesis::RunMany(argv[0])
                                       : qungong::nemesis::RunOnce();
}
