// After the storm: everything comes to rest, what is unknown is asked again, and the databases are
// read.
#ifndef QUNGONG_TESTS_NEMESIS_SETTLE_H_
#define QUNGONG_TESTS_NEMESIS_SETTLE_H_

#include "absl/time/time.h"
#include "tests/nemesis/history.h"
#include "tests/nemesis/snapshot.h"
#include "tests/nemesis/suite.h"
#include "tests/nemesis/wire.h"

namespace qungong::nemesis {

// Whether, within `patience`, every event has a number, ticket-service knows all of org-service's,
// and the statistics count all of its own; and nothing comes due within `ahead`, in whole seconds.
bool AwaitPositions(Suite& suite, absl::Duration patience,
                    absl::Duration ahead = absl::ZeroDuration());

// When no client runs any more: gets an answer to every write, the same from both replicas, ends
// the services and reads what they left. What goes wrong meanwhile is reported. `reader`: an
// account that may read every ticket.
Snapshot Settle(Suite& suite, Wire& wire, History& history, const std::string& reader);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_SETTLE_H_
