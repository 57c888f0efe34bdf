#include "ticket-service/progress.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/feed.h"
#include "runtime/status.h"
#include "ticket-service/class_store.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_class.h"
#include "ticket-service/ticket_rules.h"

namespace qungong::ticket {
namespace {

constexpr int kLongestHistory = 500;

using Names = std::map<std::string, std::string>;

// What units are called today; what a unit that is no more was called when it was given the matter.
absl::StatusOr<Names> UnitNames(mysql::Tx& tx, const pb::Ticket& ticket, int32_t today) {
  Names names;
  std::vector<Uuid> ids;
  for (const std::string& unit : ConcernedUnits(ticket)) {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, unit));
    ids.push_back(id);
  }
  for (const pb::ReturnRequest& request : ticket.return_requests()) {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, request.adjudicating_unit()));
    ids.push_back(id);
  }
  for (const pb::Assignment& assignment : ticket.assignments())
    names[assignment.unit()] = assignment.unit_display_name();
  ASSIGN_OR_RETURN(const std::vector<directory::Node> nodes, directory::FindNodes(tx, ids, today));
  for (const directory::Node& node : nodes) names[node.Name()] = node.display_name;
  return names;
}

std::string NameOf(const Names& names, const std::string& unit) {
  const auto found = names.find(unit);
  return found == names.end() ? "" : found->second;
}

void AddStep(const Names& names, const pb::TicketChange& change, absl::Time time,
             pb::TicketProgress& progress) {
  // What nobody did is not a step of the matter.
  if (change.kind() == pb::TicketChange::LIGHT_CHANGED ||
      change.kind() == pb::TicketChange::REFUSAL_PROPOSED)
    return;
  pb::TicketProgress::Step& step = *progress.add_steps();
  step.set_kind(change.kind());
  *step.mutable_time() = ToProto(time);
  step.set_state(change.state());
  step.set_unit_display_name(NameOf(names, change.acting_unit()));
  step.set_lead_unit_display_name(NameOf(names, change.lead_unit()));
}

absl::StatusOr<bool> CanRate(mysql::Tx& tx, const pb::Ticket& ticket, int32_t today,
                             absl::Time now) {
  if (ticket.state() == pb::Ticket::ANSWERED) return true;
  if (ticket.state() != pb::Ticket::CLOSED) return false;
  ASSIGN_OR_RETURN(const pb::DeadlinePolicy policy,
                   LoadPolicy(tx, ClassCode(ticket.ticket_class()), ticket.urgency(), today));
  return CheckWindow(ticket, absl::Hours(24) * policy.window_days(), now).ok();
}

}  // namespace

absl::StatusOr<std::vector<PastChange>> LoadChanges(mysql::Tx& tx, const KeyRing& keys,
                                                    const Uuid& ticket, int64_t after_version,
                                                    int limit) {
  ASSIGN_OR_RETURN(const std::vector<StoredEvent> events,
                   LoadHistory(tx, keys, kTickets, ticket, after_version, limit));
  std::vector<PastChange> changes;
  for (const StoredEvent& event : events) {
    PastChange& past = changes.emplace_back();
    past.version = event.version;
    past.occurred = event.occurred;
    past.actor = event.actor;
    if (!past.change.ParseFromString(event.payload))
      return absl::DataLossError("an event's payload cannot be read");
  }
  return changes;
}

absl::StatusOr<pb::TicketProgress> ProgressOf(mysql::Tx& tx, const KeyRing& keys,
                                              const TicketRecord& record, int32_t today,
                                              absl::Time now, const pb::TicketChange* latest) {
  const pb::Ticket& ticket = record.ticket;
  pb::TicketProgress progress;
  progress.set_number(ticket.number());
  progress.set_state(ticket.state());
  progress.set_ticket_class_display_name(ticket.ticket_class_display_name());
  progress.set_division_display_name(ticket.division_display_name());
  progress.set_title(ticket.original().title());
  *progress.mutable_submit_time() = ticket.submit_time();
  if (ticket.has_expected_date()) *progress.mutable_expected_date() = ticket.expected_date();
  progress.set_expected_date_provisional(ticket.expected_date_provisional());
  ASSIGN_OR_RETURN(const Names names, UnitNames(tx, ticket, today));
  progress.set_unit_display_name(
      NameOf(names, ticket.lead_unit().empty() ? ticket.intake_unit() : ticket.lead_unit()));
  ASSIGN_OR_RETURN(const auto changes, LoadChanges(tx, keys, record.id, 0, kLongestHistory));
  for (const PastChange& past : changes) AddStep(names, past.change, past.occurred, progress);
  if (latest != nullptr) AddStep(names, *latest, now, progress);
  *progress.mutable_answers() = ticket.answers();
  for (pb::Answer& answer : *progress.mutable_answers()) answer.clear_unit();
  if (ticket.state() == pb::Ticket::NOT_ACCEPTED) {
    *progress.mutable_refusal() = ticket.refusal();
    progress.mutable_refusal()->clear_proposer();
    progress.mutable_refusal()->clear_confirmer();
  }
  progress.set_rating(ticket.rating());
  ASSIGN_OR_RETURN(const bool can_rate, CanRate(tx, ticket, today, now));
  progress.set_can_rate(can_rate);
  progress.set_can_withdraw(IsOpen(ticket.state()));
  return progress;
}

}  // namespace qungong::ticket
