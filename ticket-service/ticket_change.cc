#include "ticket-service/ticket_change.h"

#include <algorithm>

#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_rules.h"

namespace qungong::ticket {
namespace {

void AddOnce(std::vector<std::string>& units, const std::string& unit) {
  if (unit.empty() || std::find(units.begin(), units.end(), unit) != units.end()) return;
  units.push_back(unit);
}

void SetIfFinite(absl::Time t, google::protobuf::Timestamp* field(pb::TicketChange&),
                 pb::TicketChange& change) {
  if (t != absl::InfiniteFuture()) *field(change) = ToProto(t);
}

// What staff were told in a callback counts more than what the reporter entered, unless the rating
// is about a newer answer: reopening clears it.
void SetSatisfaction(const pb::Ticket& ticket, const TicketFacts& facts, pb::TicketChange& change) {
  const int callbacks = ticket.callbacks_size();
  const bool rated = ticket.rating() != pb::UNRATED && ticket.rating() != pb::RATING_UNSPECIFIED;
  change.set_satisfaction(rated ? ticket.rating() : pb::UNRATED);
  if (rated && facts.rated != absl::InfiniteFuture())
    *change.mutable_satisfaction_time() = ToProto(facts.rated);
  if (callbacks == 0) return;
  const pb::Callback& latest = ticket.callbacks(callbacks - 1);
  if (latest.satisfaction() == pb::UNRATED || (rated && latest.cycle() < ticket.cycle())) return;
  change.set_satisfaction(latest.satisfaction());
  *change.mutable_satisfaction_time() = latest.call_time();
}

}  // namespace

std::vector<std::string> ConcernedUnits(const pb::Ticket& ticket) {
  std::vector<std::string> units;
  AddOnce(units, ticket.intake_unit());
  for (const pb::Assignment& assignment : ticket.assignments()) {
    AddOnce(units, assignment.dispatching_unit());
    AddOnce(units, assignment.unit());
  }
  return units;
}

pb::TicketChange ChangeOf(const pb::Ticket& ticket, const TicketFacts& facts,
                          pb::TicketChange::Kind kind, pb::Ticket::State before,
                          absl::string_view acting_unit) {
  pb::TicketChange change;
  change.set_kind(kind);
  change.set_ticket(ticket.name());
  change.set_number(ticket.number());
  change.set_state_before(before);
  change.set_state(ticket.state());
  change.set_ticket_class(ticket.ticket_class());
  change.set_line(facts.line);
  change.set_channel(ticket.channel());
  change.set_urgency(ticket.urgency());
  change.set_division(ticket.division());
  change.set_intake_unit(ticket.intake_unit());
  change.set_lead_unit(ticket.lead_unit());
  change.set_dispatching_unit(ticket.dispatching_unit());
  for (std::string& unit : ConcernedUnits(ticket)) *change.add_concerned_units() = std::move(unit);
  change.set_acting_unit(std::string(acting_unit));
  change.set_cycle(ticket.cycle());
  *change.mutable_submit_time() = ticket.submit_time();
  if (ticket.has_accept_time()) *change.mutable_accept_time() = ticket.accept_time();
  if (ticket.has_dispatch_time()) *change.mutable_dispatch_time() = ticket.dispatch_time();
  if (const pb::Assignment* lead = LastLead(ticket);
      lead != nullptr && lead->has_acknowledge_time()) {
    *change.mutable_acknowledge_time() = lead->acknowledge_time();
  }
  const int answers = ticket.answers_size();
  if (answers > 0 && ticket.answers(answers - 1).cycle() == ticket.cycle()) {
    *change.mutable_answer_time() = ticket.answers(answers - 1).deliver_time();
  }
  if (ticket.has_close_time()) *change.mutable_close_time() = ticket.close_time();
  change.set_close_reason(ticket.close_reason());
  SetIfFinite(
      facts.cycle_start, [](pb::TicketChange& c) { return c.mutable_cycle_start_time(); }, change);
  SetIfFinite(
      facts.accept_due, [](pb::TicketChange& c) { return c.mutable_accept_due_time(); }, change);
  SetIfFinite(
      facts.finish_due, [](pb::TicketChange& c) { return c.mutable_finish_due_time(); }, change);
  SetIfFinite(
      facts.rated, [](pb::TicketChange& c) { return c.mutable_rate_time(); }, change);
  change.set_light(ticket.deadline().light());
  change.set_provisional(ticket.deadline().provisional());
  if (ticket.callbacks_size() > 0) {
    const pb::Callback& latest = ticket.callbacks(ticket.callbacks_size() - 1);
    change.set_responded(latest.responded());
    change.set_resolved(latest.resolved());
    *change.mutable_callback_time() = latest.call_time();
  }
  SetSatisfaction(ticket, facts, change);
  change.set_refusal_reason(ticket.refusal().reason());
  for (const pb::Assignment& assignment : ticket.assignments()) {
    if (assignment.state() == pb::Assignment::ESCALATED)
      change.set_escalations(change.escalations() + 1);
  }
  change.set_return_requests(ticket.return_requests_size());
  if (kind == pb::TicketChange::SUBMITTED) change.set_original_digest(ticket.original_digest());
  return change;
}

}  // namespace qungong::ticket
