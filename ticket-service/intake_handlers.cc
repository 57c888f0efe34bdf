#include "ticket-service/intake_handlers.h"

#include <utility>

#include "runtime/status.h"
#include "ticket-service/acts.h"
#include "ticket-service/class_store.h"
#include "ticket-service/deadline_store.h"
#include "ticket-service/proto_time.h"

namespace qungong::ticket {
namespace {

// The clerk's better class or urgency.
absl::Status Reclassify(Mutation& m, const pb::AcceptTicketRequest& request, TicketRecord& record) {
  if (request.urgency() != pb::Ticket::URGENCY_UNSPECIFIED)
    record.ticket.set_urgency(request.urgency());
  if (request.ticket_class().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const pb::TicketClass found,
                   LoadAssignableClass(m.tx(), request.ticket_class(), m.call().today));
  record.ticket.set_ticket_class(found.name());
  record.ticket.set_ticket_class_display_name(found.display_name());
  record.facts.line = found.line();
  return absl::OkStatus();
}

// From whoever holds the ticket: to itself, to a unit below, or, first of all, to its superior.
absl::Status CheckTarget(Mutation& m, const std::string& holder, const directory::Node& target,
                         bool first) {
  ASSIGN_OR_RETURN(const bool below, IsAtOrBelow(m, target.Name(), holder));
  if (below && (first || target.Name() != holder)) return absl::OkStatus();
  if (first) {
    ASSIGN_OR_RETURN(const auto superior, FindSuperior(m, holder));
    if (superior.has_value() && superior->id == target.id) return absl::OkStatus();
  }
  return TargetInvalid("the unit is neither below the holding unit nor its superior");
}

}  // namespace

absl::StatusOr<pb::Ticket> IntakeHandlers::AcceptTicket(Mutation& m,
                                                        const pb::AcceptTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, IntakeUnit));
  RETURN_IF_ERROR(Advance(TicketAction::kAccept, record.ticket));
  RETURN_IF_ERROR(Reclassify(m, request, record));
  const absl::Time now = NowOf(m);
  record.ticket.clear_refusal();
  *record.ticket.mutable_accept_time() = ToProto(now);
  RETURN_IF_ERROR(StartClock(m.tx(), m.ids(), pb::Deadline::DISPATCH, now, now, record));
  const std::string unit = record.ticket.intake_unit();
  return CloseAct(m, std::move(record), pb::TicketChange::ACCEPTED, unit);
}

absl::StatusOr<pb::Ticket> IntakeHandlers::RefuseTicket(Mutation& m,
                                                        const pb::RefuseTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, IntakeUnit));
  RETURN_IF_ERROR(Advance(TicketAction::kProposeRefusal, record.ticket));
  pb::Refusal refusal;
  refusal.set_reason(request.reason());
  refusal.set_explanation(request.explanation());
  refusal.set_other_route(request.other_route());
  refusal.set_proposer(m.call().principal);
  *refusal.mutable_propose_time() = ToProto(NowOf(m));
  *record.ticket.mutable_refusal() = refusal;
  const std::string unit = record.ticket.intake_unit();
  return CloseAct(m, std::move(record), pb::TicketChange::REFUSAL_PROPOSED, unit);
}

absl::StatusOr<pb::Ticket> IntakeHandlers::ConfirmRefusal(
    Mutation& m, const pb::ConfirmRefusalRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, IntakeUnit));
  RETURN_IF_ERROR(Advance(TicketAction::kConfirmRefusal, record.ticket));
  if (!record.ticket.has_refusal()) {
    return WithChinese(WithReason(absl::FailedPreconditionError("no refusal has been proposed"),
                                  pb::ErrorReason_Name(pb::REFUSAL_NOT_PROPOSED)),
                       "尚无人提出不予受理。");
  }
  pb::Refusal& refusal = *record.ticket.mutable_refusal();
  RETURN_IF_ERROR(CheckSecondAccount(refusal.proposer(), m.call().principal));
  const auto now = ToProto(NowOf(m));
  refusal.set_confirmer(m.call().principal);
  *refusal.mutable_confirm_time() = now;
  *record.ticket.mutable_close_time() = now;
  record.ticket.clear_expected_date();
  RETURN_IF_ERROR(StopClock(m.tx(), record));
  const std::string unit = record.ticket.intake_unit();
  return CloseAct(m, std::move(record), pb::TicketChange::REFUSED, unit);
}

absl::StatusOr<pb::Ticket> IntakeHandlers::DispatchTicket(
    Mutation& m, const pb::DispatchTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, HoldingUnit));
  const bool first = record.ticket.state() == pb::Ticket::ACCEPTED;
  const std::string holder = HoldingUnit(record.ticket);
  RETURN_IF_ERROR(Advance(TicketAction::kDispatch, record.ticket));
  const absl::Time now = NowOf(m);
  if (pb::Assignment* lead = LiveLead(record.ticket); lead != nullptr) {
    RETURN_IF_ERROR(Advance(AssignmentAction::kPassOn, *lead));
    End(now, *lead);
  }
  ASSIGN_OR_RETURN(const directory::Node target, FindTarget(m, request.lead_unit()));
  RETURN_IF_ERROR(CheckTarget(m, holder, target, first));
  if (first) {
    *record.ticket.mutable_dispatch_time() = ToProto(now);
    record.facts.cycle_start = now;
    RETURN_IF_ERROR(StartClock(m.tx(), m.ids(), pb::Deadline::FINISH, now, now, record));
  }
  RETURN_IF_ERROR(AssignLead(m, record, target, holder, request.instruction()));
  return CloseAct(m, std::move(record), pb::TicketChange::DISPATCHED, holder);
}

}  // namespace qungong::ticket
