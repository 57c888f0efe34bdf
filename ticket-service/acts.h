// What all acts on a ticket share: lock, authorize, check the etag; assign a lead; save and tell.
#ifndef QUNGONG_TICKET_SERVICE_ACTS_H_
#define QUNGONG_TICKET_SERVICE_ACTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/directory.h"
#include "runtime/operation.h"
#include "ticket-service/scope_store.h"
#include "ticket-service/ticket_rules.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {

// The instant of a call, at the database's precision.
absl::Time NowOf(const Read& read);

// The unit at or above which a caller must hold a role to act; "" if there is none yet.
using ActingUnit = std::string (*)(const pb::Ticket&);
std::string IntakeUnit(const pb::Ticket& ticket);
std::string LeadUnit(const pb::Ticket& ticket);
std::string DispatchingUnit(const pb::Ticket& ticket);
// The unit that holds the ticket: the lead, or the intake unit before the first dispatch.
std::string HoldingUnit(const pb::Ticket& ticket);

// Locks the named ticket and lets the caller through: scope first, then etag. Where no unit is
// concerned yet, whoever may see the ticket gets as far as the rules, which refuse the act.
absl::StatusOr<TicketRecord> OpenAct(Mutation& m, const std::string& name, const std::string& etag,
                                     ActingUnit unit);
template <typename Request>
absl::StatusOr<TicketRecord> OpenAct(Mutation& m, const Request& request, ActingUnit unit) {
  return OpenAct(m, request.name(), request.etag(), unit);
}

// PERMISSION_DENIED HANDLER_NOT_INDEPENDENT unless the caller may judge the lead unit's work.
absl::Status CheckMayJudge(Mutation& m, const TicketRecord& record);

// A unit that exists today; FAILED_PRECONDITION TARGET_UNIT_INVALID otherwise.
absl::StatusOr<directory::Node> FindTarget(Read& read, const std::string& unit);
// Whether `unit` is `top` or below it today.
absl::StatusOr<bool> IsAtOrBelow(Read& read, const std::string& unit, const std::string& top);
// The unit directly above, today; nullopt at the top.
absl::StatusOr<std::optional<directory::Node>> FindSuperior(Read& read, const std::string& unit);
absl::Status TargetInvalid(absl::string_view message);
absl::Status NoSuperior();

// Makes `unit` the lead, on behalf of `dispatching_unit`.
absl::Status AssignLead(Mutation& m, TicketRecord& record, const directory::Node& unit,
                        const std::string& dispatching_unit, const std::string& instruction);
// Ends an assignment that has just reached an end state.
void End(absl::Time now, pb::Assignment& assignment);

// Saves the ticket, emits the event and gives the reply.
absl::StatusOr<pb::Ticket> CloseAct(Mutation& m, TicketRecord record, pb::TicketChange::Kind kind,
                                    absl::string_view acting_unit);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_ACTS_H_
