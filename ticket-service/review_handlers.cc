#include "ticket-service/review_handlers.h"

#include <utility>

#include "runtime/civil.h"
#include "runtime/loops.h"
#include "runtime/status.h"
#include "ticket-service/acts.h"
#include "ticket-service/class_store.h"
#include "ticket-service/deadline_store.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_class.h"

namespace qungong::ticket {
namespace {

absl::StatusOr<pb::DeadlinePolicy> PolicyNow(Mutation& m, const pb::Ticket& ticket) {
  return LoadPolicy(m.tx(), ClassCode(ticket.ticket_class()), ticket.urgency(), m.call().today);
}

// The reply goes to the reporter, who has some days to say what they think of it.
absl::Status Deliver(Mutation& m, const std::string& reply, TicketRecord& record) {
  const absl::Time now = NowOf(m);
  pb::Assignment* lead = LiveLead(record.ticket);
  RETURN_IF_ERROR(Advance(AssignmentAction::kApprove, *lead));
  End(now, *lead);
  pb::Answer& answer = *record.ticket.add_answers();
  answer.set_cycle(record.ticket.cycle());
  answer.set_unit(lead->unit());
  answer.set_unit_display_name(lead->unit_display_name());
  answer.set_reply(reply.empty() ? lead->reply() : reply);
  *answer.mutable_deliver_time() = ToProto(now);
  *record.ticket.mutable_answer_time() = ToProto(now);
  RETURN_IF_ERROR(StopClock(m.tx(), record));
  ASSIGN_OR_RETURN(const pb::DeadlinePolicy policy, PolicyNow(m, record.ticket));
  return Schedule(m.tx(), m.NewId(), kSilenceDue, record.id,
                  now + absl::Hours(24) * policy.silence_days());
}

// The unit that takes the matter up again: the last lead, or the one above it the second time.
absl::StatusOr<directory::Node> FindNextLead(Mutation& m, const pb::Ticket& ticket) {
  const std::string last = LastLead(ticket)->unit();
  if (ReopensOneLevelUp(ticket)) {
    ASSIGN_OR_RETURN(auto superior, FindSuperior(m, last));
    if (superior.has_value()) return *std::move(superior);
  }
  return FindTarget(m, last);
}

void BeginCycle(absl::Time now, TicketRecord& record) {
  pb::Ticket& ticket = record.ticket;
  ticket.set_cycle(ticket.cycle() + 1);
  ticket.clear_close_time();
  ticket.clear_close_reason();
  ticket.clear_close_explanation();
  ticket.set_rating(pb::UNRATED);
  ticket.clear_rating_comment();
  record.facts.rated = absl::InfiniteFuture();
  record.facts.cycle_start = now;
}

}  // namespace

absl::StatusOr<pb::Ticket> ReviewHandlers::ReviewTicket(Mutation& m,
                                                        const pb::ReviewTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, DispatchingUnit));
  RETURN_IF_ERROR(CheckMayJudge(m, record));
  const bool approved = request.decision() == pb::Review::APPROVE;
  RETURN_IF_ERROR(
      Advance(approved ? TicketAction::kApprove : TicketAction::kSendBack, record.ticket));
  if (!approved && request.reason().empty())
    return InvalidField("reason", "is required to send a result back");
  pb::Review& review = *record.ticket.add_reviews();
  review.set_id(m.NewId().ToString());
  review.set_cycle(record.ticket.cycle());
  review.set_decision(request.decision());
  review.set_reason(request.reason());
  review.set_reviewer(m.call().principal);
  *review.mutable_review_time() = ToProto(NowOf(m));
  const std::string unit = record.ticket.dispatching_unit();
  if (approved) {
    RETURN_IF_ERROR(Deliver(m, request.reply(), record));
    return CloseAct(m, std::move(record), pb::TicketChange::ANSWERED, unit);
  }
  RETURN_IF_ERROR(Advance(AssignmentAction::kSendBack, *LiveLead(record.ticket)));
  return CloseAct(m, std::move(record), pb::TicketChange::SENT_BACK, unit);
}

absl::StatusOr<pb::Ticket> ReviewHandlers::RecordCallback(
    Mutation& m, const pb::RecordCallbackRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, DispatchingUnit));
  RETURN_IF_ERROR(CheckMayJudge(m, record));
  RETURN_IF_ERROR(Advance(TicketAction::kCallBack, record.ticket));
  pb::Callback& callback = *record.ticket.add_callbacks();
  callback.set_id(m.NewId().ToString());
  callback.set_cycle(record.ticket.cycle());
  callback.set_responded(request.responded());
  callback.set_resolved(request.resolved());
  callback.set_satisfaction(request.satisfaction());
  callback.set_note(request.note());
  callback.set_caller(m.call().principal);
  *callback.mutable_call_time() = ToProto(NowOf(m));
  const std::string unit = record.ticket.dispatching_unit();
  return CloseAct(m, std::move(record), pb::TicketChange::CALLED_BACK, unit);
}

absl::StatusOr<pb::Ticket> ReviewHandlers::CloseTicket(Mutation& m,
                                                       const pb::CloseTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, DispatchingUnit));
  RETURN_IF_ERROR(CheckMayJudge(m, record));
  RETURN_IF_ERROR(Advance(TicketAction::kClose, record.ticket));
  RETURN_IF_ERROR(CheckMayClose(record.ticket, request.explanation()));
  *record.ticket.mutable_close_time() = ToProto(NowOf(m));
  record.ticket.set_close_reason(pb::Ticket::EVALUATED);
  record.ticket.set_close_explanation(request.explanation());
  RETURN_IF_ERROR(Unschedule(m.tx(), kSilenceDue, record.id));
  const std::string unit = record.ticket.dispatching_unit();
  return CloseAct(m, std::move(record), pb::TicketChange::CLOSED, unit);
}

absl::StatusOr<pb::Ticket> ReviewHandlers::ReopenTicket(Mutation& m,
                                                        const pb::ReopenTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenAct(m, request, DispatchingUnit));
  RETURN_IF_ERROR(CheckMayJudge(m, record));
  const absl::Time now = NowOf(m);
  RETURN_IF_ERROR(Advance(TicketAction::kReopen, record.ticket));
  ASSIGN_OR_RETURN(const pb::DeadlinePolicy policy, PolicyNow(m, record.ticket));
  RETURN_IF_ERROR(CheckWindow(record.ticket, absl::Hours(24) * policy.window_days(), now));
  const std::string acting = record.ticket.dispatching_unit();
  ASSIGN_OR_RETURN(const directory::Node lead, FindNextLead(m, record.ticket));
  // Gone up to the dispatching unit itself, the matter is reviewed from above it.
  std::string dispatching = acting;
  if (dispatching == lead.Name()) {
    ASSIGN_OR_RETURN(const auto superior, FindSuperior(m, lead.Name()));
    if (superior.has_value()) dispatching = superior->Name();
  }
  BeginCycle(now, record);
  RETURN_IF_ERROR(StartClock(m.tx(), m.ids(), pb::Deadline::FINISH, now, now, record));
  RETURN_IF_ERROR(Unschedule(m.tx(), kSilenceDue, record.id));
  RETURN_IF_ERROR(AssignLead(m, record, lead, dispatching, request.reason()));
  return CloseAct(m, std::move(record), pb::TicketChange::REOPENED, acting);
}

}  // namespace qungong::ticket
