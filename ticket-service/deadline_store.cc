#include "ticket-service/deadline_store.h"

#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/loops.h"
#include "runtime/status.h"
#include "ticket-service/class_store.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_class.h"

namespace qungong::ticket {
namespace {

const v1::Limit& LimitOf(const v1::DeadlinePolicy& policy, v1::Deadline::Kind kind) {
  switch (kind) {
    case v1::Deadline::ACCEPT:
      return policy.accept();
    case v1::Deadline::DISPATCH:
      return policy.dispatch();
    default:
      return policy.finish();
  }
}

absl::StatusOr<WorkingCalendar> LoadCalendar(mysql::Tx& tx, absl::Time start,
                                             directory::Hold hold) {
  const auto year = static_cast<int>(DayOf(start).year());
  ASSIGN_OR_RETURN(const auto records, directory::LoadCalendars(tx, year, year + 2, hold));
  return WorkingCalendar::Create(records);
}

absl::StatusOr<Deadline> ComputeWith(const WorkingCalendar& calendar,
                                     const v1::DeadlinePolicy& policy, const v1::Limit& limit,
                                     absl::Time start) {
  ClockLedger ledger;
  ledger.start = start;
  ledger.limit = {
      limit.clock() == v1::Limit::WALL ? LimitUnit::kWallMinutes : LimitUnit::kWorkingDays,
      limit.amount()};
  ClockPolicy rules;
  // A limit of no more days than the warning would be yellow from the start.
  const int32_t warning =
      limit.amount() > policy.yellow_working_days() ? policy.yellow_working_days() : 0;
  rules.thresholds = {policy.yellow_numerator(), policy.yellow_denominator(), warning};
  return ComputeDeadline(ledger, rules, calendar);
}

absl::StatusOr<Deadline> Compute(mysql::Tx& tx, const v1::DeadlinePolicy& policy,
                                 const v1::Limit& limit, absl::Time start, directory::Hold hold) {
  ASSIGN_OR_RETURN(const WorkingCalendar calendar, LoadCalendar(tx, start, hold));
  return ComputeWith(calendar, policy, limit, start);
}

v1::Deadline::Light LightOf(Light light) {
  switch (light) {
    case Light::kGreen:
      return v1::Deadline::GREEN;
    case Light::kYellow:
      return v1::Deadline::YELLOW;
    case Light::kRed:
      break;
  }
  return v1::Deadline::RED;
}

// Shows the computed deadline, and schedules the next change of its light.
absl::Status Show(mysql::Tx& tx, IdSource& ids, const Deadline& computed, absl::Time now,
                  TicketRecord& record) {
  v1::Deadline& shown = *record.ticket.mutable_deadline();
  *shown.mutable_due_time() = ToProto(computed.due);
  shown.set_provisional(computed.provisional);
  const Light light = LightAt(computed, now);
  shown.set_light(LightOf(light));
  if (shown.kind() == v1::Deadline::ACCEPT) record.facts.accept_due = computed.due;
  if (shown.kind() == v1::Deadline::FINISH) {
    record.facts.finish_due = computed.due;
    *record.ticket.mutable_expected_date() = ToDate(computed.LastDay());
    record.ticket.set_expected_date_provisional(computed.provisional);
  }
  const Uuid id = ids.Next();  // always, so that every attempt of a call makes the same ids
  if (light == Light::kRed) return Unschedule(tx, kLightDue, record.id);
  return Schedule(tx, id, kLightDue, record.id,
                  light == Light::kGreen ? computed.yellow : computed.due);
}

absl::Status Start(mysql::Tx& tx, IdSource& ids, const std::optional<ComputedClock>& clock,
                   v1::Deadline::Kind kind, absl::Time start, absl::Time now,
                   TicketRecord& record) {
  if (!clock.has_value()) return StopClock(tx, record);
  v1::Deadline& deadline = *record.ticket.mutable_deadline();
  deadline.set_kind(kind);
  *deadline.mutable_start_time() = ToProto(start);
  return Show(tx, ids, clock->deadline, now, record);
}

}  // namespace

absl::StatusOr<std::optional<ComputedClock>> ComputeClock(mysql::Tx& tx, const v1::Ticket& ticket,
                                                          v1::Deadline::Kind kind, absl::Time start,
                                                          directory::Hold hold) {
  ComputedClock clock;
  ASSIGN_OR_RETURN(clock.policy, LoadPolicy(tx, ClassCode(ticket.ticket_class()), ticket.urgency(),
                                            DayNumber(start)));
  const v1::Limit& limit = LimitOf(clock.policy, kind);
  if (limit.clock() == v1::Limit::CLOCK_UNSPECIFIED) return std::optional<ComputedClock>();
  ASSIGN_OR_RETURN(clock.deadline, Compute(tx, clock.policy, limit, start, hold));
  return std::optional<ComputedClock>(std::move(clock));
}

absl::StatusOr<ClockBasis> HoldClockBasis(mysql::Tx& tx, v1::DeadlinePolicy policy,
                                          absl::Time start) {
  ASSIGN_OR_RETURN(WorkingCalendar calendar,
                   LoadCalendar(tx, start, directory::Hold::kUntilCommit));
  return ClockBasis{std::move(policy), std::move(calendar)};
}

absl::StatusOr<std::optional<ComputedClock>> ComputeClockFrom(const ClockBasis& basis,
                                                              v1::Deadline::Kind kind,
                                                              absl::Time start) {
  const v1::Limit& limit = LimitOf(basis.policy, kind);
  if (limit.clock() == v1::Limit::CLOCK_UNSPECIFIED) return std::optional<ComputedClock>();
  ComputedClock clock;
  clock.policy = basis.policy;
  ASSIGN_OR_RETURN(clock.deadline, ComputeWith(basis.calendar, basis.policy, limit, start));
  return std::optional<ComputedClock>(std::move(clock));
}

absl::StatusOr<absl::Time> ComputeAcknowledgeDue(mysql::Tx& tx, const v1::Ticket& ticket,
                                                 absl::Time start) {
  ASSIGN_OR_RETURN(const v1::DeadlinePolicy policy, LoadPolicy(tx, ClassCode(ticket.ticket_class()),
                                                               ticket.urgency(), DayNumber(start)));
  if (policy.acknowledge().clock() == v1::Limit::CLOCK_UNSPECIFIED) return absl::InfiniteFuture();
  ASSIGN_OR_RETURN(const Deadline deadline,
                   Compute(tx, policy, policy.acknowledge(), start, directory::Hold::kNo));
  return deadline.due;
}

absl::Status StartClock(mysql::Tx& tx, IdSource& ids, v1::Deadline::Kind kind, absl::Time start,
                        absl::Time now, TicketRecord& record) {
  ASSIGN_OR_RETURN(const auto clock,
                   ComputeClock(tx, record.ticket, kind, start, directory::Hold::kUntilCommit));
  return Start(tx, ids, clock, kind, start, now, record);
}

absl::Status StartClockFrom(mysql::Tx& tx, IdSource& ids, const ClockBasis& basis,
                            v1::Deadline::Kind kind, absl::Time start, absl::Time now,
                            TicketRecord& record) {
  ASSIGN_OR_RETURN(const auto clock, ComputeClockFrom(basis, kind, start));
  return Start(tx, ids, clock, kind, start, now, record);
}

absl::Status StopClock(mysql::Tx& tx, TicketRecord& record) {
  record.ticket.clear_deadline();
  return Unschedule(tx, kLightDue, record.id);
}

absl::StatusOr<Refreshed> RefreshClock(mysql::Tx& tx, IdSource& ids, absl::Time now,
                                       TicketRecord& record) {
  Refreshed refreshed;
  if (!record.ticket.has_deadline()) return refreshed;
  const v1::Deadline before = record.ticket.deadline();
  RETURN_IF_ERROR(StartClock(tx, ids, before.kind(), FromProto(before.start_time()), now, record));
  const v1::Deadline& after = record.ticket.deadline();
  refreshed.due = FromProto(after.due_time()) != FromProto(before.due_time()) ||
                  after.provisional() != before.provisional();
  refreshed.light = after.light() != before.light();
  return refreshed;
}

}  // namespace qungong::ticket
