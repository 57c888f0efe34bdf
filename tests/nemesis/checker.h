// Holds what clients were told against what the databases hold. Pure.
#ifndef QUNGONG_TESTS_NEMESIS_CHECKER_H_
#define QUNGONG_TESTS_NEMESIS_CHECKER_H_

#include <deque>
#include <string>
#include <vector>

#include "tests/nemesis/history.h"
#include "tests/nemesis/snapshot.h"

namespace qungong::nemesis {

using Findings = std::vector<Finding>;

// Every write that was acknowledged took effect once, with the reply that was given; one that is
// unknown at most once; one that was refused never; and nothing happened that nobody asked for.
// Found by idempotency keys, and again, without them, by the markers in what was written.
void CheckWrites(const std::deque<Write>& writes, const Snapshot& snapshot, Findings& findings);

// Numbers of feeds have no gap, versions of each resource follow one another, and each row is at
// the version of its last event.
void CheckEvents(const Snapshot& snapshot, Findings& findings);

// Each ticket is what its events make of it: state, facts, parts, scope, what is due; and no number
// was given twice.
void CheckTickets(const Snapshot& snapshot, Findings& findings);

// What is derived from events: the directory of ticket-service is that of org-service, and the
// statistics are what counting again gives.
void CheckCopies(const Snapshot& snapshot, Findings& findings);

Findings Check(const std::deque<Write>& writes, const Snapshot& snapshot);

// Doctors copies of a history and a snapshot in which nothing was found, one way after another, as
// a broken system would have left them; the names of those ways that Check did not find.
std::vector<std::string> MissedByCheck(const std::deque<Write>& writes, const Snapshot& snapshot,
                                       int* planted);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_CHECKER_H_
