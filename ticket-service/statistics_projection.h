// Applies the changes of tickets to the statistics, exactly once: what a ticket counted for before
// is taken back, what it counts for now is added, at every node at or above the units concerned as
// the tree stood on the day of the change. The rows depend on the events and the dated tree only,
// never on how the events were cut into batches.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_PROJECTION_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_PROJECTION_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/chassis.h"
#include "runtime/feed.h"
#include "runtime/mysql.h"

namespace qungong::ticket {

// Applies events that follow those applied before. Other events than changes of tickets count
// nothing. UNAVAILABLE while the directory does not know a unit concerned.
absl::Status ProjectStatistics(mysql::Tx& tx, absl::Span<const StoredEvent> events);

// Adds the loop that counts. Any number of replicas may run it.
void RunStatistics(Chassis& chassis);
// One pass of that loop; whether there is probably more.
absl::StatusOr<bool> StatisticsPass(mysql::Session& session, int batch = 512);

// Forgets everything, in one transaction: the next passes count again from the first event, with
// the tree as the directory knows it now.
absl::Status ForgetStatistics(mysql::Session& session);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_PROJECTION_H_
