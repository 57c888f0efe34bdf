// What goes wrong, and when: made from a seed, so that a run can be repeated.
#ifndef QUNGONG_TESTS_NEMESIS_SCHEDULE_H_
#define QUNGONG_TESTS_NEMESIS_SCHEDULE_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/nemesis/suite.h"

namespace qungong::nemesis {

struct Act {
  enum Kind {
    kKillService,      // kill -9, and start after a while
    kPauseService,     // SIGSTOP, and SIGCONT after a while
    kKillDatabase,     // kill -9, and start after a while
    kPauseDatabase,    // SIGSTOP, and SIGCONT after a while
    kCutBeforeCommit,  // the next COMMITs of a service
    kCutAtCommit,
    kCutAfterCommit,
    kCutDatabase,     // all connections between a service and the database
    kRefuseDatabase,  // the same, and no new ones for a while
    kStallDatabase,   // nothing passes there for a while
    kCutClients,      // all connections between clients and a service
    kStallClients,
    kLoseReplies,  // what a service says does not reach its clients for a while
    kCutFeed,      // between the ticket-services and org-service
    kStallFeed,
  };
  static constexpr int kKinds = kStallFeed + 1;

  absl::Duration at;
  Kind kind = kKillService;
  int service = kOrg;
  absl::Duration lasts;
  int commits = 0;
};

// "3.20 s: kill -9 ticket-a for 0.45 s"
std::string Describe(const Act& act);
const char* NameOf(Act::Kind kind);

// Acts of a run in order of time; everything is mended again before its end. Each kind comes up
// about as often as its weight says, in any 25 or so acts.
std::vector<Act> MakeSchedule(uint64_t seed, absl::Duration length);

// Does to the suite what the schedule says, until `start` + `length`; what died by itself
// meanwhile. Says in `held_up` while a ticket-service can neither go on nor end. To be called on
// the main thread.
std::vector<std::string> Perform(Suite& suite, const std::vector<Act>& schedule, absl::Time start,
                                 absl::Duration length, std::atomic<bool>& held_up);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_SCHEDULE_H_
