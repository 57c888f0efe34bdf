#include "tests/nemesis/settle.h"

#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "qungong/ticket/v1/ticket_service.pb.h"

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

// Some tickets are read: they are what the newest acknowledged reply showed.
void ReadAgain(Wire& wire, History& history, const std::string& reader) {
  std::map<std::string, const Write*> newest;  // by ticket
  for (const Write& write : history.writes()) {
    if (write.outcome != Outcome::kDone || !absl::StartsWith(write.name, "tickets/")) continue;
    const Write*& known = newest[write.name];
    if (known == nullptr || VersionOf(known->etag) < VersionOf(write.etag)) known = &write;
  }
  size_t left = kMostRepeated;
  for (const auto& [name, write] : newest) {
    if (left-- == 0) return;
    ticket::v1::GetTicketRequest request;
    request.set_name(name);
    const auto reply =
        wire.Get<ticket::v1::Ticket>("TicketService/GetTicket", reader, request, absl::Seconds(5));
    if (!reply.ok()) {
      history.Report("reads", absl::StrCat(name, " cannot be read: ", reply.status().ToString()));
    } else if (reply->etag() == write->etag && Canonical(*reply) != write->reply) {
      history.Report("reads", absl::StrCat(name, " ", reply->etag(),
                                           " is not what its last writer was shown"));
    }
  }
}

KeyRing Keys(Suite& suite) {
  auto keys = KeyRing::FromFile(suite.master_key_file());
  if (keys.ok()) return *std::move(keys);
  std::fprintf(stderr, "nemesis: %s\n", keys.status().ToString().c_str());
  std::exit(2);
}

}  // namespace

bool AwaitPositions(Suite& suite, absl::Duration patience, absl::Duration ahead) {
  const std::string behind = absl::StrCat(R"sql(
SELECT (SELECT COUNT(*) FROM qungong_org.events WHERE sequence IS NULL) +
  (SELECT COUNT(*) FROM qungong_ticket.events WHERE sequence IS NULL) +
  (SELECT h.sequence - p.sequence FROM qungong_org.feed_head h, qungong_ticket.feed_positions p) +
  (SELECT h.sequence - p.sequence FROM qungong_ticket.feed_head h, qungong_ticket.projections p) +
  (SELECT COUNT(*) FROM qungong_ticket.due_rows WHERE due_at < NOW(6) + INTERVAL )sql",
                                          absl::ToInt64Seconds(ahead), " SECOND)");
  const absl::Time until = absl::Now() + patience;
  while (suite.database().Query(behind).at(0).Int64(0) != 0) {
    if (absl::Now() > until) return false;
    absl::SleepFor(absl::Milliseconds(50));
  }
  return true;
}

Snapshot Settle(Suite& suite, Wire& wire, History& history, const std::string& reader) {
  if (!suite.AwaitReady(kPatience)) history.Report("settling", "the services are not ready again");
  AskAgain(wire, history, absl::Now() + kPatience);
  Repeat(wire, history);
  ReadAgain(wire, history, reader);
  // Best with nothing due while the services stop, which would make events that nobody counts any
  // more.
  if (!AwaitPositions(suite, kPatience / 3, absl::Seconds(1)) && !AwaitPositions(suite, kPatience))
    history.Report("settling", "numbers, feeds or statistics stay behind");
  for (const std::string& wrong : suite.Stop()) history.Report("processes", wrong);
  for (const std::string& wrong : suite.VerifyChains()) history.Report("chain", wrong);
  for (int service = 0; service < kServices; ++service) {
    for (const std::string& line : suite.program(service).LogLines(R"("severity":"ERROR")"))
      history.Report("logs", absl::StrCat(suite.program(service).name(), " ", line));
  }
  return TakeSnapshot(suite.database(), Keys(suite));
}

}  // namespace qungong::nemesis
