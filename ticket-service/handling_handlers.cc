#include "ticket-service/handling_handlers.h"

#include <utility>

#include "runtime/status.h"
#include "ticket-service/acts.h"
#include "ticket-service/proto_time.h"

namespace qungong::ticket {
namespace {

// Moves the ticket and its live lead together. Where there is a live lead the ticket is in progress
// or under review; the ticket's own state refuses first.
absl::StatusOr<pb::Assignment*> AdvanceLead(TicketAction on_ticket, AssignmentAction on_lead,
                                            TicketRecord& record) {
  RETURN_IF_ERROR(Advance(on_ticket, record.ticket));
  pb::Assignment* lead = LiveLead(record.ticket);
  if (lead == nullptr) return absl::InternalError("a ticket in progress has no live lead");
  RETURN_IF_ERROR(Advance(on_lead, *lead));
  return lead;
}

// Never the asking unit itself, nor one below it.
absl::StatusOr<directory::Node> FindAdjudicator(Read& read, const pb::Assignment& lead) {
  ASSIGN_OR_RETURN(const Uuid asking, ParseResourceName(kUnits, lead.unit()));
  ASSIGN_OR_RETURN(const Uuid dispatching, ParseResourceName(kUnits, lead.dispatching_unit()));
  ASSIGN_OR_RETURN(auto common,
                   directory::NearestCommonSuperior(read.tx(), rpc::v1::ADMINISTRATIVE_TREE, asking,
                                                    dispatching, read.call().today));
  if (common.has_value() && common->id == asking) {
    ASSIGN_OR_RETURN(common, FindSuperior(read, lead.unit()));
  }
  if (!common.has_value()) return NoSuperior();
  return *std::move(common);
}

// A granted return: the matter goes where the ruling says, or back to the unit that dispatched it.
absl::Status HandBack(Mutation& m, const pb::AdjudicateReturnRequest& request,
                      const std::string& adjudicating_unit, TicketRecord& record) {
  pb::Assignment* lead = LiveLead(record.ticket);
  const std::string asking = lead->unit();
  const std::string target_name =
      request.lead_unit().empty() ? lead->dispatching_unit() : request.lead_unit();
  RETURN_IF_ERROR(Advance(AssignmentAction::kGrantReturn, *lead));
  End(NowOf(m), *lead);
  if (target_name == asking) return TargetInvalid("the ticket was just returned by this unit");
  ASSIGN_OR_RETURN(const directory::Node target, FindTarget(m, target_name));
  ASSIGN_OR_RETURN(const bool below, IsAtOrBelow(m, target_name, adjudicating_unit));
  if (!below) return TargetInvalid("the unit is not below the adjudicating unit");
  return AssignLead(m, record, target, adjudicating_unit, request.reason());
}

}  // namespace

absl::StatusOr<pb::Ticket> HandlingHandlers::AcknowledgeTicket(
    Mutation& m, const pb::AcknowledgeTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, LeadUnit));
  ASSIGN_OR_RETURN(pb::Assignment * lead,
                   AdvanceLead(TicketAction::kAcknowledge, AssignmentAction::kAcknowledge, record));
  lead->set_acknowledger(m.call().principal);
  *lead->mutable_acknowledge_time() = ToProto(NowOf(m));
  const std::string unit = lead->unit();
  return CloseAct(m, std::move(record), pb::TicketChange::ACKNOWLEDGED, unit);
}

absl::StatusOr<pb::Ticket> HandlingHandlers::DelegateTicket(
    Mutation& m, const pb::DelegateTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, LeadUnit));
  ASSIGN_OR_RETURN(pb::Assignment * lead,
                   AdvanceLead(TicketAction::kDelegate, AssignmentAction::kDelegate, record));
  End(NowOf(m), *lead);
  const std::string unit = lead->unit();
  ASSIGN_OR_RETURN(const directory::Node target, FindTarget(m, request.lead_unit()));
  ASSIGN_OR_RETURN(const bool below, IsAtOrBelow(m, target.Name(), unit));
  if (!below || target.Name() == unit) return TargetInvalid("the unit is not below the lead unit");
  RETURN_IF_ERROR(AssignLead(m, record, target, unit, request.instruction()));
  return CloseAct(m, std::move(record), pb::TicketChange::DELEGATED, unit);
}

absl::StatusOr<pb::Ticket> HandlingHandlers::EscalateTicket(
    Mutation& m, const pb::EscalateTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, LeadUnit));
  ASSIGN_OR_RETURN(pb::Assignment * lead,
                   AdvanceLead(TicketAction::kEscalate, AssignmentAction::kEscalate, record));
  const absl::Time now = NowOf(m);
  End(now, *lead);
  const pb::Assignment old = *lead;
  ASSIGN_OR_RETURN(const auto superior, FindSuperior(m, old.unit()));
  if (!superior.has_value()) return NoSuperior();
  // Whoever first dispatched the matter goes on reviewing it.
  RETURN_IF_ERROR(AssignLead(m, record, *superior, old.dispatching_unit(), request.reason()));
  pb::Assignment& co_handler = *record.ticket.add_assignments();
  co_handler.set_id(m.NewId().ToString());
  co_handler.set_kind(pb::Assignment::CO_HANDLER);
  co_handler.set_state(pb::Assignment::ACKNOWLEDGED);
  co_handler.set_cycle(record.ticket.cycle());
  co_handler.set_unit(old.unit());
  co_handler.set_unit_display_name(old.unit_display_name());
  co_handler.set_dispatching_unit(superior->Name());
  *co_handler.mutable_create_time() = ToProto(now);
  return CloseAct(m, std::move(record), pb::TicketChange::ESCALATED, old.unit());
}

absl::StatusOr<pb::Ticket> HandlingHandlers::RequestReturn(
    Mutation& m, const pb::RequestReturnRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, LeadUnit));
  ASSIGN_OR_RETURN(pb::Assignment * lead,
                   AdvanceLead(TicketAction::kAskReturn, AssignmentAction::kAskReturn, record));
  const std::string unit = lead->unit();
  RETURN_IF_ERROR(CheckMayAskReturn(record.ticket, unit));
  ASSIGN_OR_RETURN(const directory::Node adjudicator, FindAdjudicator(m, *lead));
  pb::ReturnRequest& asked = *record.ticket.add_return_requests();
  asked.set_id(m.NewId().ToString());
  asked.set_cycle(record.ticket.cycle());
  asked.set_unit(unit);
  asked.set_basis(request.basis());
  asked.set_asker(m.call().principal);
  *asked.mutable_ask_time() = ToProto(NowOf(m));
  asked.set_adjudicating_unit(adjudicator.Name());
  return CloseAct(m, std::move(record), pb::TicketChange::RETURN_ASKED, unit);
}

absl::StatusOr<pb::Ticket> HandlingHandlers::AdjudicateReturn(
    Mutation& m, const pb::AdjudicateReturnRequest& request) {
  const auto adjudicating_unit = [](const pb::Ticket& ticket) {
    for (const pb::ReturnRequest& asked : ticket.return_requests()) {
      if (asked.ruling() == pb::ReturnRequest::RULING_UNSPECIFIED) return asked.adjudicating_unit();
    }
    return std::string();
  };
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, adjudicating_unit));
  RETURN_IF_ERROR(Advance(TicketAction::kRuleReturn, record.ticket));
  pb::ReturnRequest* asked = PendingReturn(record.ticket);
  if (asked == nullptr) {
    return WithChinese(
        WithReason(absl::FailedPreconditionError("no return request waits for a ruling"),
                   pb::ErrorReason_Name(pb::RETURN_NOT_ASKED)),
        "没有待裁决的退回申请。");
  }
  RETURN_IF_ERROR(CheckSecondAccount(asked->asker(), m.call().principal));
  const auto now = ToProto(NowOf(m));
  asked->set_ruling(request.ruling());
  asked->set_ruling_reason(request.reason());
  asked->set_adjudicator(m.call().principal);
  *asked->mutable_rule_time() = now;
  const std::string unit = asked->adjudicating_unit();
  if (request.ruling() == pb::ReturnRequest::GRANTED) {
    RETURN_IF_ERROR(HandBack(m, request, unit, record));
    return CloseAct(m, std::move(record), pb::TicketChange::RETURN_GRANTED, unit);
  }
  pb::Assignment* lead = LiveLead(record.ticket);
  RETURN_IF_ERROR(Advance(AssignmentAction::kForce, *lead));
  // The ruling is receipt enough.
  if (!lead->has_acknowledge_time()) *lead->mutable_acknowledge_time() = now;
  return CloseAct(m, std::move(record), pb::TicketChange::RETURN_FORCED, unit);
}

absl::StatusOr<pb::Ticket> HandlingHandlers::SubmitForReview(
    Mutation& m, const pb::SubmitForReviewRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, LeadUnit));
  const absl::Time now = NowOf(m);
  ASSIGN_OR_RETURN(pb::Assignment * lead,
                   AdvanceLead(TicketAction::kSubmit, AssignmentAction::kSubmit, record));
  RETURN_IF_ERROR(CheckContact(record.ticket, record.has_phone,
                               request.has_contact_time() ? &request.contact_time() : nullptr,
                               now));
  lead->set_result(request.result());
  lead->set_reply(request.reply());
  lead->set_submitter(m.call().principal);
  *lead->mutable_submit_time() = ToProto(now);
  if (request.has_contact_time())
    *lead->mutable_contact_time() = ToProto(FromProto(request.contact_time()));
  const std::string unit = lead->unit();
  for (pb::Assignment& assignment : *record.ticket.mutable_assignments()) {
    if (assignment.kind() != pb::Assignment::CO_HANDLER || !IsLive(assignment.state())) continue;
    RETURN_IF_ERROR(Advance(AssignmentAction::kRelease, assignment));
    End(now, assignment);
  }
  return CloseAct(m, std::move(record), pb::TicketChange::SUBMITTED_FOR_REVIEW, unit);
}

}  // namespace qungong::ticket
