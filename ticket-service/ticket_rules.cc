#include "ticket-service/ticket_rules.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "runtime/status.h"
#include "runtime/transitions.h"
#include "ticket-service/proto_time.h"

namespace qungong::ticket {
namespace {

using T = pb::Ticket;
using A = pb::Assignment;
using TA = TicketAction;
using AA = AssignmentAction;

constexpr StateMachine kTicketMachine(std::array{
    Transition<T::State, TA>{T::REGISTERED, TA::kAccept, T::ACCEPTED},
    Transition<T::State, TA>{T::REGISTERED, TA::kProposeRefusal, T::REGISTERED},
    Transition<T::State, TA>{T::REGISTERED, TA::kConfirmRefusal, T::NOT_ACCEPTED},
    Transition<T::State, TA>{T::REGISTERED, TA::kWithdraw, T::WITHDRAWN},
    Transition<T::State, TA>{T::ACCEPTED, TA::kDispatch, T::IN_PROGRESS},
    Transition<T::State, TA>{T::ACCEPTED, TA::kWithdraw, T::WITHDRAWN},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kDispatch, T::IN_PROGRESS},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kAcknowledge, T::IN_PROGRESS},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kDelegate, T::IN_PROGRESS},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kEscalate, T::IN_PROGRESS},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kAskReturn, T::IN_PROGRESS},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kRuleReturn, T::IN_PROGRESS},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kSubmit, T::UNDER_REVIEW},
    Transition<T::State, TA>{T::IN_PROGRESS, TA::kWithdraw, T::WITHDRAWN},
    Transition<T::State, TA>{T::UNDER_REVIEW, TA::kApprove, T::ANSWERED},
    Transition<T::State, TA>{T::UNDER_REVIEW, TA::kSendBack, T::IN_PROGRESS},
    Transition<T::State, TA>{T::UNDER_REVIEW, TA::kWithdraw, T::WITHDRAWN},
    Transition<T::State, TA>{T::ANSWERED, TA::kCallBack, T::ANSWERED},
    Transition<T::State, TA>{T::ANSWERED, TA::kRateGood, T::CLOSED},
    Transition<T::State, TA>{T::ANSWERED, TA::kRateBad, T::ANSWERED},
    Transition<T::State, TA>{T::ANSWERED, TA::kClose, T::CLOSED},
    Transition<T::State, TA>{T::ANSWERED, TA::kLapse, T::CLOSED},
    Transition<T::State, TA>{T::ANSWERED, TA::kReopen, T::IN_PROGRESS},
    Transition<T::State, TA>{T::ANSWERED, TA::kWithdraw, T::WITHDRAWN},
    Transition<T::State, TA>{T::CLOSED, TA::kRateGood, T::CLOSED},
    Transition<T::State, TA>{T::CLOSED, TA::kRateBad, T::CLOSED},
    Transition<T::State, TA>{T::CLOSED, TA::kReopen, T::IN_PROGRESS},
});

constexpr StateMachine kAssignmentMachine(std::array{
    Transition<A::State, AA>{A::PENDING_ACKNOWLEDGEMENT, AA::kAcknowledge, A::ACKNOWLEDGED},
    Transition<A::State, AA>{A::PENDING_ACKNOWLEDGEMENT, AA::kPassOn, A::DELEGATED},
    Transition<A::State, AA>{A::PENDING_ACKNOWLEDGEMENT, AA::kAskReturn, A::RETURN_ASKED},
    Transition<A::State, AA>{A::PENDING_ACKNOWLEDGEMENT, AA::kRecall, A::RECALLED},
    Transition<A::State, AA>{A::ACKNOWLEDGED, AA::kPassOn, A::DELEGATED},
    Transition<A::State, AA>{A::ACKNOWLEDGED, AA::kDelegate, A::DELEGATED},
    Transition<A::State, AA>{A::ACKNOWLEDGED, AA::kEscalate, A::ESCALATED},
    Transition<A::State, AA>{A::ACKNOWLEDGED, AA::kAskReturn, A::RETURN_ASKED},
    Transition<A::State, AA>{A::ACKNOWLEDGED, AA::kSubmit, A::SUBMITTED},
    Transition<A::State, AA>{A::ACKNOWLEDGED, AA::kRelease, A::RELEASED},
    Transition<A::State, AA>{A::ACKNOWLEDGED, AA::kRecall, A::RECALLED},
    Transition<A::State, AA>{A::REWORK, AA::kPassOn, A::DELEGATED},
    Transition<A::State, AA>{A::REWORK, AA::kDelegate, A::DELEGATED},
    Transition<A::State, AA>{A::REWORK, AA::kEscalate, A::ESCALATED},
    Transition<A::State, AA>{A::REWORK, AA::kSubmit, A::SUBMITTED},
    Transition<A::State, AA>{A::REWORK, AA::kRecall, A::RECALLED},
    Transition<A::State, AA>{A::RETURN_ASKED, AA::kGrantReturn, A::RETURNED},
    Transition<A::State, AA>{A::RETURN_ASKED, AA::kForce, A::ACKNOWLEDGED},
    Transition<A::State, AA>{A::RETURN_ASKED, AA::kRecall, A::RECALLED},
    Transition<A::State, AA>{A::SUBMITTED, AA::kApprove, A::APPROVED},
    Transition<A::State, AA>{A::SUBMITTED, AA::kSendBack, A::REWORK},
    Transition<A::State, AA>{A::SUBMITTED, AA::kRecall, A::RECALLED},
});

// An action added to an enum, and not to its count and its names here, does not compile.
static_assert(kTicketMachine.actions() == kTicketActions);
static_assert(kAssignmentMachine.actions() == kAssignmentActions);

absl::string_view NameOf(TA action) {
  constexpr absl::string_view kNames[] = {
      "accept",   "propose refusal", "confirm refusal", "dispatch",       "acknowledge",
      "delegate", "escalate",        "ask return",      "rule on return", "submit for review",
      "approve",  "send back",       "call back",       "rate",           "rate",
      "close",    "lapse",           "reopen",          "withdraw"};
  static_assert(std::size(kNames) == kTicketActions);
  return kNames[static_cast<size_t>(action)];
}

absl::string_view NameOf(AA action) {
  constexpr absl::string_view kNames[] = {"acknowledge", "pass on",      "delegate", "escalate",
                                          "ask return",  "grant return", "force",    "submit",
                                          "approve",     "send back",    "release",  "recall"};
  static_assert(std::size(kNames) == kAssignmentActions);
  return kNames[static_cast<size_t>(action)];
}

absl::Status Refused(absl::Status status, pb::ErrorReason reason, absl::string_view chinese) {
  return WithChinese(WithReason(std::move(status), pb::ErrorReason_Name(reason)), chinese);
}

}  // namespace

absl::Status Advance(TicketAction action, pb::Ticket& ticket) {
  absl::StatusOr<T::State> next =
      kTicketMachine.Next(ticket.state(), action, T::State_Name(ticket.state()), NameOf(action),
                          pb::ErrorReason_Name(pb::TICKET_STATE));
  if (!next.ok()) return WithChinese(next.status(), "事项当前状态不允许此操作,请刷新后查看。");
  ticket.set_state(*next);
  return absl::OkStatus();
}

absl::Status Advance(AssignmentAction action, pb::Assignment& assignment) {
  absl::StatusOr<A::State> next =
      kAssignmentMachine.Next(assignment.state(), action, A::State_Name(assignment.state()),
                              NameOf(action), pb::ErrorReason_Name(pb::ASSIGNMENT_STATE));
  if (!next.ok())
    return WithChinese(next.status(), "承办单位当前的办理状态不允许此操作,请刷新后查看。");
  assignment.set_state(*next);
  return absl::OkStatus();
}

bool IsOpen(pb::Ticket::State state) {
  return state != T::NOT_ACCEPTED && state != T::CLOSED && state != T::WITHDRAWN &&
         state != T::STATE_UNSPECIFIED;
}

bool IsLive(pb::Assignment::State state) {
  return state == A::PENDING_ACKNOWLEDGEMENT || state == A::ACKNOWLEDGED || state == A::SUBMITTED ||
         state == A::REWORK || state == A::RETURN_ASKED;
}

pb::Assignment* LiveLead(pb::Ticket& ticket) {
  return const_cast<pb::Assignment*>(LiveLead(const_cast<const pb::Ticket&>(ticket)));
}

const pb::Assignment* LiveLead(const pb::Ticket& ticket) {
  for (const pb::Assignment& assignment : ticket.assignments()) {
    if (assignment.kind() == A::LEAD && IsLive(assignment.state())) return &assignment;
  }
  return nullptr;
}

const pb::Assignment* LastLead(const pb::Ticket& ticket) {
  for (int i = ticket.assignments_size() - 1; i >= 0; --i) {
    if (ticket.assignments(i).kind() == A::LEAD) return &ticket.assignments(i);
  }
  return nullptr;
}

pb::ReturnRequest* PendingReturn(pb::Ticket& ticket) {
  for (pb::ReturnRequest& request : *ticket.mutable_return_requests()) {
    if (request.ruling() == pb::ReturnRequest::RULING_UNSPECIFIED) return &request;
  }
  return nullptr;
}

absl::StatusOr<pb::Assignment*> AddLead(pb::Ticket& ticket, absl::string_view id,
                                        absl::string_view unit, absl::string_view unit_display_name,
                                        absl::string_view dispatching_unit, absl::Time now) {
  if (LiveLead(ticket) != nullptr)
    return absl::InternalError(absl::StrCat(ticket.name(), " has a live lead already"));
  pb::Assignment& lead = *ticket.add_assignments();
  lead.set_id(std::string(id));
  lead.set_kind(A::LEAD);
  lead.set_state(A::PENDING_ACKNOWLEDGEMENT);
  lead.set_cycle(ticket.cycle());
  lead.set_unit(std::string(unit));
  lead.set_unit_display_name(std::string(unit_display_name));
  lead.set_dispatching_unit(std::string(dispatching_unit));
  *lead.mutable_create_time() = ToProto(now);
  ticket.set_lead_unit(std::string(unit));
  ticket.set_dispatching_unit(std::string(dispatching_unit));
  return &lead;
}

bool HasHandled(const pb::Ticket& ticket, absl::string_view account) {
  for (const pb::Assignment& assignment : ticket.assignments()) {
    if (assignment.acknowledger() == account || assignment.submitter() == account) return true;
  }
  return std::any_of(ticket.return_requests().begin(), ticket.return_requests().end(),
                     [&](const pb::ReturnRequest& request) { return request.asker() == account; });
}

absl::Status CheckIndependent(const pb::Ticket& ticket, absl::string_view account) {
  if (!HasHandled(ticket, account)) return absl::OkStatus();
  return Refused(
      absl::PermissionDeniedError("whoever handled a ticket cannot review it or call back"),
      pb::HANDLER_NOT_INDEPENDENT, "承办人不得审核、回访自己经办的事项。");
}

absl::Status CheckJudgesFrom(const std::vector<std::string>& granted_units,
                             absl::string_view lead_unit) {
  for (const std::string& unit : granted_units) {
    if (unit != lead_unit) return absl::OkStatus();
  }
  return Refused(
      absl::PermissionDeniedError("the handling unit's own people cannot judge its work"),
      pb::HANDLER_NOT_INDEPENDENT, "承办单位的人员不得审核、回访本单位承办的事项。");
}

absl::Status CheckSecondAccount(absl::string_view first, absl::string_view second) {
  if (first != second) return absl::OkStatus();
  return Refused(absl::FailedPreconditionError("a second account must do this"),
                 pb::SECOND_ACCOUNT_NEEDED, "须由另一名工作人员办理此步骤。");
}

absl::Status CheckMayAskReturn(const pb::Ticket& ticket, absl::string_view unit) {
  for (const pb::ReturnRequest& request : ticket.return_requests()) {
    if (request.cycle() == ticket.cycle() && request.unit() == unit) {
      return Refused(
          absl::FailedPreconditionError("the unit has asked to return this ticket already"),
          pb::RETURN_ALREADY_ASKED, "每个单位在一个办理周期内只能申请退回一次。");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckContact(const pb::Ticket& ticket, bool has_phone,
                          const google::protobuf::Timestamp* contact, absl::Time now) {
  if (contact == nullptr) {
    if (!has_phone) return absl::OkStatus();
    return Refused(absl::FailedPreconditionError(
                       "the reporter left a phone number; record when they were contacted"),
                   pb::CONTACT_MISSING, "反映人留有电话,提交前须先联系并登记联系时间。");
  }
  const absl::Time time = FromProto(*contact);
  if (time >= FromProto(ticket.dispatch_time()) && time <= now) return absl::OkStatus();
  return InvalidField("contact_time", "must lie between the first dispatch and now");
}

absl::Status CheckMayClose(const pb::Ticket& ticket, absl::string_view explanation) {
  const pb::Callback* latest = nullptr;
  for (const pb::Callback& callback : ticket.callbacks()) {
    if (callback.cycle() == ticket.cycle()) latest = &callback;
  }
  if (latest == nullptr && ticket.rating() == pb::UNRATED) {
    return Refused(absl::FailedPreconditionError("neither a callback nor a rating is on record"),
                   pb::EVALUATION_MISSING, "尚无回访或评价记录,不能办结。");
  }
  const bool unsolved = latest != nullptr ? latest->resolved() == pb::Callback::NO
                                          : ticket.rating() == pb::DISSATISFIED;
  if (unsolved && explanation.empty()) {
    return Refused(absl::FailedPreconditionError(
                       "the reporter says that it is not solved; explain why it may close"),
                   pb::EXPLANATION_NEEDED, "反映人表示未解决,办结须说明理由,否则应当重办。");
  }
  return absl::OkStatus();
}

absl::Status CheckWindow(const pb::Ticket& ticket, absl::Duration window, absl::Time now) {
  if (!ticket.has_close_time() || now < FromProto(ticket.close_time()) + window)
    return absl::OkStatus();
  return Refused(absl::FailedPreconditionError("the time to rate or reopen the ticket has passed"),
                 pb::WINDOW_CLOSED, "已超过评价和重办的期限。");
}

bool ReopensOneLevelUp(const pb::Ticket& ticket) { return ticket.cycle() >= 2; }

}  // namespace qungong::ticket
