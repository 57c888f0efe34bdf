// What happens to tickets without a caller: lights, silence, calendars that come late, trees that
// move.
#ifndef QUNGONG_TICKET_SERVICE_SCHEDULE_H_
#define QUNGONG_TICKET_SERVICE_SCHEDULE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "qungong/rpc/v1/feed_service.pb.h"
#include "runtime/chassis.h"
#include "runtime/loops.h"
#include "runtime/mysql.h"

namespace qungong::ticket {

// Adds the loop that runs what is due. Any number of replicas may run it: each effect is claimed in
// its own transaction.
void RunSchedule(Chassis& chassis);
// One pass of that loop; whether anything was done.
absl::StatusOr<bool> SchedulePass(mysql::Session& session, const KeyRing& keys);

// Called in the transaction that applies a change of the directory: what the change means for
// tickets becomes due, now or on the day on which a dated change takes effect.
absl::Status OnDirectoryChange(mysql::Tx& tx, absl::Span<const rpc::v1::FeedEvent> events);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_SCHEDULE_H_
