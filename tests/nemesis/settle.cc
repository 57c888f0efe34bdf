#include "tests/nemesis/settle.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace qungong::nemesis {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr size_t kMostRepeated = 200;  // acknowledged writes that are sent once more

// Until each write has an answer: when all is quiet, a definite no is one for good.
void AskAgain(Wire& wire, History& history, absl::Time until) {
  for (Write& write : history.writes()) {
    const bool asked_before = write.attempts.size() > 1;
    if (write.outcome == Outcome::kDone && !asked_before) continue;
    if (write.outcome == Outcome::kRefused && !asked_before) continue;
    // One answer for all attempts, whichever replica is asked.
    for (const Route route : {kReplicaA, kReplicaB}) {
      do {
        if (absl::Now() > until) {
          history.Report("settling", absl::StrCat("write ", write.id, " ", write.method,
                                                  " still has no answer: ",
                                                  write.attempts.back().status.ToString()));
          return;
        }
        wire.Send(history, &write, write.attempts.front().request_id, absl::Seconds(5), route,
                  /*quiet=*/true);
      } while (write.attempts.back().outcome == Outcome::kUnknown);
      if (write.outcome == Outcome::kDone && write.attempts.back().outcome != Outcome::kDone)
        history.Report("replies", absl::StrCat("write ", write.id, " ", write.method,
                                               " was acknowledged, and refused when asked again: ",
                                               write.attempts.back().status.ToString()));
      if (write.outcome == Outcome::kRefused) break;
    }
  }
}

// Some that were acknowledged are sent once more.
void Repeat(Wire& wire, History& history) {
  const size_t all = history.writes().size();
  size_t n = 0;
  for (size_t i = 0; i < all; i += all / kMostRepeated + 1) {
    Write& write = history.writes()[i];
    if (write.outcome != Outcome::kDone || write.attempts.size() > 1) continue;
    wire.Send(history, &write, write.attempts.front().request_id, absl::Seconds(5),
              ++n % 2 == 0 ? kReplicaA : kReplicaB, /*quiet=*/true);
    if (write.attempts.back().outcome != Outcome::kDone)
      history.Report("replies", absl::StrCat("write ", write.id, " ", write.method,
                                             " was acknowledged, and sent again got ",
                                             write.attempts.back().status.ToString()));
  }
}

KeyRing Keys(Suite& suite) {
  auto keys = KeyRing::FromFile(suite.master_key_file());
  if (keys.ok()) return *std::move(keys);
  std::fprintf(stderr, "nemesis: %s\n", keys.status().ToString().c_str());
  std::exit(2);
}

}  // namespace

bool AwaitPositions(Suite& suite, absl::Duration patience) {
  constexpr char kBehind[] = R"sql(
SELECT (SELECT COUNT(*) FROM qungong_org.events WHERE sequence IS NULL) +
  (SELECT COUNT(*) FROM qungong_ticket.events WHERE sequence IS NULL) +
  (SELECT h.sequence - p.sequence FROM qungong_org.feed_head h, qungong_ticket.feed_positions p) +
  (SELECT h.sequence - p.sequence FROM qungong_ticket.feed_head h, qungong_ticket.projections p) +
  (SELECT COUNT(*) FROM qungong_ticket.due_rows WHERE due_at < NOW(6)))sql";
  const absl::Time until = absl::Now() + patience;
  while (suite.database().Query(kBehind).at(0).Int64(0) != 0) {
    if (absl::Now() > until) return false;
    absl::SleepFor(absl::Milliseconds(50));
  }
  return true;
}

Snapshot Settle(Suite& suite, Wire& wire, History& history) {
  if (!suite.AwaitReady(kPatience)) history.Report("settling", "the services are not ready again");
  AskAgain(wire, history, absl::Now() + kPatience);
  Repeat(wire, history);
  if (!AwaitPositions(suite, kPatience))
    history.Report("settling", "numbers, feeds or statistics stay behind");
  for (const std::string& wrong : suite.Stop()) history.Report("processes", wrong);
  for (const std::string& wrong : suite.VerifyChains()) history.Report("chain", wrong);
  for (int service = 0; service < kServices; ++service) {
    for (const std::string& line : suite.program(service).LogLines("\"severity\":\"ERROR\""))
      history.Report("logs", absl::StrCat(suite.program(service).name(), " ", line));
  }
  return TakeSnapshot(suite.database(), Keys(suite));
}

}  // namespace qungong::nemesis
