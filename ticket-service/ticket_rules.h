// What may happen to a ticket and who is independent enough to do it: pure decisions on the
// resource as it stands, 群众反映事项 and 派单 as state machines. No I/O, no clock.
#ifndef QUNGONG_TICKET_SERVICE_TICKET_RULES_H_
#define QUNGONG_TICKET_SERVICE_TICKET_RULES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "qungong/ticket/v1/errors.pb.h"
#include "qungong/ticket/v1/ticket.pb.h"

namespace qungong::ticket {

namespace pb = ::qungong::ticket::v1;

// What can be done to a ticket.
enum class TicketAction {
  kAccept,
  kProposeRefusal,
  kConfirmRefusal,
  kDispatch,
  kAcknowledge,
  kDelegate,
  kEscalate,
  kAskReturn,
  kRuleReturn,
  kSubmit,
  kApprove,
  kSendBack,
  kCallBack,
  kRateGood,
  kRateBad,
  kClose,
  kLapse,  // silence for as long as the policy says
  kReopen,
  kWithdraw,
};
inline constexpr int kTicketActions = static_cast<int>(TicketAction::kWithdraw) + 1;

// What can be done to an assignment.
enum class AssignmentAction {
  kAcknowledge,
  kPassOn,  // the unit's own center dispatches it to a unit below
  kDelegate,
  kEscalate,
  kAskReturn,
  kGrantReturn,
  kForce,
  kSubmit,
  kApprove,
  kSendBack,
  kRelease,
  kRecall,
};
inline constexpr int kAssignmentActions = static_cast<int>(AssignmentAction::kRecall) + 1;

// Moves the state; FAILED_PRECONDITION TICKET_STATE / ASSIGNMENT_STATE if the action leads nowhere
// from it.
absl::Status Advance(TicketAction action, pb::Ticket& ticket);
absl::Status Advance(AssignmentAction action, pb::Assignment& assignment);

// Whether the reporter still waits for something.
bool IsOpen(pb::Ticket::State state);
// Whether a unit still has a part to play.
bool IsLive(pb::Assignment::State state);

// The one live lead assignment; null if there is none.
pb::Assignment* LiveLead(pb::Ticket& ticket);
const pb::Assignment* LiveLead(const pb::Ticket& ticket);
// The latest lead assignment, live or not; null before the first dispatch.
const pb::Assignment* LastLead(const pb::Ticket& ticket);
// The return request that waits for a ruling; null if none does.
pb::ReturnRequest* PendingReturn(pb::Ticket& ticket);

// Adds a live lead assignment and names its unit responsible. INTERNAL if there is a live lead: two
// are a bug.
absl::StatusOr<pb::Assignment*> AddLead(pb::Ticket& ticket, absl::string_view id,
                                        absl::string_view unit, absl::string_view unit_display_name,
                                        absl::string_view dispatching_unit, absl::Time now);

// Whether the account acknowledged or handed in anything in this ticket, or asked to hand it back.
bool HasHandled(const pb::Ticket& ticket, absl::string_view account);
// PERMISSION_DENIED HANDLER_NOT_INDEPENDENT if it has.
absl::Status CheckIndependent(const pb::Ticket& ticket, absl::string_view account);
// Of the units where a caller's grants lie, all at or above the dispatching unit, whether one lets
// it judge the lead unit's work: any but the lead unit itself.
absl::Status CheckJudgesFrom(const std::vector<std::string>& granted_units,
                             absl::string_view lead_unit);

// FAILED_PRECONDITION SECOND_ACCOUNT_NEEDED if both are the same account.
absl::Status CheckSecondAccount(absl::string_view first, absl::string_view second);
// FAILED_PRECONDITION RETURN_ALREADY_ASKED if the unit asked in this cycle.
absl::Status CheckMayAskReturn(const pb::Ticket& ticket, absl::string_view unit);
// FAILED_PRECONDITION CONTACT_MISSING, or INVALID_ARGUMENT for a contact outside [first dispatch,
// now].
absl::Status CheckContact(const pb::Ticket& ticket, bool has_phone,
                          const google::protobuf::Timestamp* contact, absl::Time now);
// FAILED_PRECONDITION EVALUATION_MISSING without callback or rating in this cycle,
// EXPLANATION_NEEDED when the latest callback says "not solved" and nothing is said about it.
absl::Status CheckMayClose(const pb::Ticket& ticket, absl::string_view explanation);
// FAILED_PRECONDITION WINDOW_CLOSED if the ticket was closed longer ago than `window`.
absl::Status CheckWindow(const pb::Ticket& ticket, absl::Duration window, absl::Time now);

// 第二次重办上提一级: whether the next reopening goes to the superior of the last lead unit.
bool ReopensOneLevelUp(const pb::Ticket& ticket);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TICKET_RULES_H_
