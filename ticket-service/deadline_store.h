// The clock of a ticket: started, stopped, computed again, and its light switched by the schedule.
#ifndef QUNGONG_TICKET_SERVICE_DEADLINE_STORE_H_
#define QUNGONG_TICKET_SERVICE_DEADLINE_STORE_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "qungong/ticket/v1/ticket_class_service.pb.h"
#include "runtime/directory.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "ticket-service/clock_rules.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {

// Kinds of due rows.
inline constexpr char kLightDue[] = "ticket.light";  // the light of a ticket may have to change
inline constexpr char kSilenceDue[] =
    "ticket.silence";  // an answered ticket has been silent long enough

// A deadline as the rules compute it, and the policy it comes from.
struct ComputedClock {
  v1::DeadlinePolicy policy;
  Deadline deadline;
};
// nullopt if the policy in force on the day of `start` sets no such limit.
// `hold`: whether the calendars stay as they are until the transaction ends; for what is kept.
absl::StatusOr<std::optional<ComputedClock>> ComputeClock(
    mysql::Tx& tx, const v1::Ticket& ticket, v1::Deadline::Kind kind, absl::Time start,
    directory::Hold hold = directory::Hold::kNo);
// What a clock that starts on a certain day is computed from: for several clocks of one ticket.
struct ClockBasis {
  v1::DeadlinePolicy policy;
  WorkingCalendar calendar;
};
// The calendars stay as they are until the transaction ends.
absl::StatusOr<ClockBasis> HoldClockBasis(mysql::Tx& tx, v1::DeadlinePolicy policy,
                                          absl::Time start);
absl::StatusOr<std::optional<ComputedClock>> ComputeClockFrom(const ClockBasis& basis,
                                                              v1::Deadline::Kind kind,
                                                              absl::Time start);
// When an assignment given at `start` must be acknowledged; InfiniteFuture if there is no limit.
absl::StatusOr<absl::Time> ComputeAcknowledgeDue(mysql::Tx& tx, const v1::Ticket& ticket,
                                                 absl::Time start);

// The ticket's clock runs from `start` on; whatever ran before does not. Sets the expected date and
// the due row.
absl::Status StartClock(mysql::Tx& tx, IdSource& ids, v1::Deadline::Kind kind, absl::Time start,
                        absl::Time now, TicketRecord& record);
absl::Status StartClockFrom(mysql::Tx& tx, IdSource& ids, const ClockBasis& basis,
                            v1::Deadline::Kind kind, absl::Time start, absl::Time now,
                            TicketRecord& record);
absl::Status StopClock(mysql::Tx& tx, TicketRecord& record);

// Computes the running clock again and switches the light; says whether the due instant or the
// light is another now.
struct Refreshed {
  bool due = false;
  bool light = false;
};
absl::StatusOr<Refreshed> RefreshClock(mysql::Tx& tx, IdSource& ids, absl::Time now,
                                       TicketRecord& record);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_DEADLINE_STORE_H_
