#include "ticket-service/ticket_rules.h"

#include <set>
#include <tuple>

#include "gtest/gtest.h"
#include "tests/support/matchers.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_change.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using T = pb::Ticket;
using A = pb::Assignment;
using TA = TicketAction;
using AA = AssignmentAction;

// The machine's table, written down a second time.
const std::set<std::tuple<T::State, TA, T::State>> kTicketSteps = {
    {T::REGISTERED, TA::kAccept, T::ACCEPTED},
    {T::REGISTERED, TA::kProposeRefusal, T::REGISTERED},
    {T::REGISTERED, TA::kConfirmRefusal, T::NOT_ACCEPTED},
    {T::ACCEPTED, TA::kDispatch, T::IN_PROGRESS},
    {T::IN_PROGRESS, TA::kDispatch, T::IN_PROGRESS},
    {T::IN_PROGRESS, TA::kAcknowledge, T::IN_PROGRESS},
    {T::IN_PROGRESS, TA::kDelegate, T::IN_PROGRESS},
    {T::IN_PROGRESS, TA::kEscalate, T::IN_PROGRESS},
    {T::IN_PROGRESS, TA::kAskReturn, T::IN_PROGRESS},
    {T::IN_PROGRESS, TA::kRuleReturn, T::IN_PROGRESS},
    {T::IN_PROGRESS, TA::kSubmit, T::UNDER_REVIEW},
    {T::UNDER_REVIEW, TA::kSendBack, T::IN_PROGRESS},
    {T::UNDER_REVIEW, TA::kApprove, T::ANSWERED},
    {T::ANSWERED, TA::kCallBack, T::ANSWERED},
    {T::ANSWERED, TA::kRateBad, T::ANSWERED},
    {T::ANSWERED, TA::kRateGood, T::CLOSED},
    {T::ANSWERED, TA::kClose, T::CLOSED},
    {T::ANSWERED, TA::kLapse, T::CLOSED},
    {T::ANSWERED, TA::kReopen, T::IN_PROGRESS},
    {T::CLOSED, TA::kReopen, T::IN_PROGRESS},
    {T::CLOSED, TA::kRateGood, T::CLOSED},
    {T::CLOSED, TA::kRateBad, T::CLOSED},
    // Any open ticket can be withdrawn.
    {T::REGISTERED, TA::kWithdraw, T::WITHDRAWN},
    {T::ACCEPTED, TA::kWithdraw, T::WITHDRAWN},
    {T::IN_PROGRESS, TA::kWithdraw, T::WITHDRAWN},
    {T::UNDER_REVIEW, TA::kWithdraw, T::WITHDRAWN},
    {T::ANSWERED, TA::kWithdraw, T::WITHDRAWN},
};

const std::set<std::tuple<A::State, AA, A::State>> kAssignmentSteps = {
    {A::PENDING_ACKNOWLEDGEMENT, AA::kAcknowledge, A::ACKNOWLEDGED},
    {A::PENDING_ACKNOWLEDGEMENT, AA::kPassOn, A::DELEGATED},
    {A::PENDING_ACKNOWLEDGEMENT, AA::kAskReturn, A::RETURN_ASKED},
    {A::ACKNOWLEDGED, AA::kPassOn, A::DELEGATED},
    {A::ACKNOWLEDGED, AA::kDelegate, A::DELEGATED},
    {A::ACKNOWLEDGED, AA::kEscalate, A::ESCALATED},
    {A::ACKNOWLEDGED, AA::kAskReturn, A::RETURN_ASKED},
    {A::ACKNOWLEDGED, AA::kSubmit, A::SUBMITTED},
    {A::ACKNOWLEDGED, AA::kRelease, A::RELEASED},
    {A::REWORK, AA::kPassOn, A::DELEGATED},
    {A::REWORK, AA::kDelegate, A::DELEGATED},
    {A::REWORK, AA::kEscalate, A::ESCALATED},
    {A::REWORK, AA::kSubmit, A::SUBMITTED},
    {A::RETURN_ASKED, AA::kGrantReturn, A::RETURNED},
    {A::RETURN_ASKED, AA::kForce, A::ACKNOWLEDGED},
    {A::SUBMITTED, AA::kApprove, A::APPROVED},
    {A::SUBMITTED, AA::kSendBack, A::REWORK},
    // What is live can be recalled.
    {A::PENDING_ACKNOWLEDGEMENT, AA::kRecall, A::RECALLED},
    {A::ACKNOWLEDGED, AA::kRecall, A::RECALLED},
    {A::REWORK, AA::kRecall, A::RECALLED},
    {A::RETURN_ASKED, AA::kRecall, A::RECALLED},
    {A::SUBMITTED, AA::kRecall, A::RECALLED},
};

TEST(TicketRules, EveryPairOfTicketStateAndActionIsAsInTheTable) {
  std::set<std::tuple<T::State, TA, T::State>> found;
  for (int s = 0; s <= T::State_MAX; ++s) {
    if (!T::State_IsValid(s)) continue;
    for (int a = 0; a < kTicketActions; ++a) {
      T ticket;
      ticket.set_state(static_cast<T::State>(s));
      const absl::Status status = Advance(static_cast<TA>(a), ticket);
      if (status.ok()) {
        found.emplace(static_cast<T::State>(s), static_cast<TA>(a), ticket.state());
      } else {
        EXPECT_THAT(status,
                    StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("TICKET_STATE")));
        EXPECT_EQ(ticket.state(), s);
      }
    }
  }
  EXPECT_EQ(found, kTicketSteps);
}

TEST(TicketRules, EveryPairOfAssignmentStateAndActionIsAsInTheTable) {
  std::set<std::tuple<A::State, AA, A::State>> found;
  for (int s = 0; s <= A::State_MAX; ++s) {
    for (int a = 0; a < kAssignmentActions; ++a) {
      A assignment;
      assignment.set_state(static_cast<A::State>(s));
      const absl::Status status = Advance(static_cast<AA>(a), assignment);
      if (status.ok()) {
        found.emplace(static_cast<A::State>(s), static_cast<AA>(a), assignment.state());
      } else {
        EXPECT_THAT(status,
                    StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("ASSIGNMENT_STATE")));
        EXPECT_EQ(assignment.state(), s);
      }
    }
  }
  EXPECT_EQ(found, kAssignmentSteps);
}

TEST(TicketRules, OnlyWhatIsLiveCanBeRecalledAndOnlyWhatIsOpenWithdrawn) {
  for (int s = 0; s <= A::State_MAX; ++s) {
    A assignment;
    assignment.set_state(static_cast<A::State>(s));
    EXPECT_EQ(Advance(AA::kRecall, assignment).ok(), IsLive(static_cast<A::State>(s))) << s;
  }
  for (int s = 0; s <= T::State_MAX; ++s) {
    if (!T::State_IsValid(s)) continue;
    T ticket;
    ticket.set_state(static_cast<T::State>(s));
    EXPECT_EQ(Advance(TA::kWithdraw, ticket).ok(), IsOpen(static_cast<T::State>(s))) << s;
  }
}

constexpr char kCity[] = "units/city";
constexpr char kDistrict[] = "units/district";
constexpr char kTown[] = "units/town";

T InProgress() {
  T ticket;
  ticket.set_name("tickets/1");
  ticket.set_state(T::IN_PROGRESS);
  ticket.set_cycle(1);
  ticket.set_rating(pb::UNRATED);
  ticket.set_intake_unit(kTown);
  *ticket.mutable_dispatch_time() = ToProto(absl::FromUnixSeconds(1000));
  return ticket;
}

TEST(TicketRules, ThereIsNeverASecondLiveLead) {
  T ticket = InProgress();
  ASSERT_THAT(AddLead(ticket, "a", kDistrict, "区", kTown, absl::FromUnixSeconds(1000)), IsOk());
  EXPECT_THAT(AddLead(ticket, "b", kCity, "市", kTown, absl::FromUnixSeconds(1000)),
              StatusIs(absl::StatusCode::kInternal));
  ASSERT_THAT(Advance(AA::kPassOn, *LiveLead(ticket)), IsOk());
  EXPECT_EQ(LiveLead(ticket), nullptr);
  EXPECT_EQ(LastLead(ticket)->unit(), kDistrict);
  EXPECT_THAT(AddLead(ticket, "b", kCity, "市", kDistrict, absl::FromUnixSeconds(1000)), IsOk());
  EXPECT_EQ(ticket.lead_unit(), kCity);
  EXPECT_EQ(ticket.dispatching_unit(), kDistrict);
}

TEST(TicketRules, WhoeverActedForTheHandlingUnitIsNotIndependent) {
  T ticket = InProgress();
  A& lead = *ticket.add_assignments();
  lead.set_acknowledger("accounts/1");
  lead.set_submitter("accounts/2");
  ticket.add_return_requests()->set_asker("accounts/3");
  for (const char* account : {"accounts/1", "accounts/2", "accounts/3"}) {
    EXPECT_THAT(CheckIndependent(ticket, account), StatusIs(absl::StatusCode::kPermissionDenied,
                                                            HasReason("HANDLER_NOT_INDEPENDENT")));
  }
  EXPECT_THAT(CheckIndependent(ticket, "accounts/4"), IsOk());
}

TEST(TicketRules, AGrantAtTheHandlingUnitAloneDoesNotLetOneJudgeItsWork) {
  EXPECT_THAT(CheckJudgesFrom({kDistrict}, kDistrict),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("HANDLER_NOT_INDEPENDENT")));
  EXPECT_THAT(CheckJudgesFrom({kDistrict, kCity}, kDistrict), IsOk());
  EXPECT_THAT(CheckJudgesFrom({kTown}, kDistrict), IsOk());
}

TEST(TicketRules, AUnitAsksToReturnOncePerCycle) {
  T ticket = InProgress();
  pb::ReturnRequest& asked = *ticket.add_return_requests();
  asked.set_cycle(1);
  asked.set_unit(kDistrict);
  EXPECT_THAT(CheckMayAskReturn(ticket, kDistrict),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("RETURN_ALREADY_ASKED")));
  EXPECT_THAT(CheckMayAskReturn(ticket, kTown), IsOk());
  ticket.set_cycle(2);
  EXPECT_THAT(CheckMayAskReturn(ticket, kDistrict), IsOk());
}

TEST(TicketRules, ContactIsNeededWhereAPhoneWasLeftAndLiesAfterTheDispatch) {
  const T ticket = InProgress();
  const absl::Time now = absl::FromUnixSeconds(2000);
  EXPECT_THAT(CheckContact(ticket, true, nullptr, now),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("CONTACT_MISSING")));
  EXPECT_THAT(CheckContact(ticket, false, nullptr, now), IsOk());
  for (const auto& [seconds, good] :
       {std::pair{999, false}, {1000, true}, {2000, true}, {2001, false}}) {
    const auto contact = ToProto(absl::FromUnixSeconds(seconds));
    EXPECT_EQ(CheckContact(ticket, true, &contact, now).ok(), good) << seconds;
  }
}

TEST(TicketRules, ClosingNeedsAnEvaluationOfThisCycleAndAnExplanationWhereItIsNotSolved) {
  T ticket = InProgress();
  ticket.set_state(T::ANSWERED);
  EXPECT_THAT(CheckMayClose(ticket, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("EVALUATION_MISSING")));
  pb::Callback& callback = *ticket.add_callbacks();
  callback.set_cycle(1);
  callback.set_resolved(pb::Callback::NO);
  EXPECT_THAT(CheckMayClose(ticket, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("EXPLANATION_NEEDED")));
  EXPECT_THAT(CheckMayClose(ticket, "诉求超出法定职责"), IsOk());
  callback.set_resolved(pb::Callback::YES);
  EXPECT_THAT(CheckMayClose(ticket, ""), IsOk());
  ticket.set_cycle(2);
  EXPECT_THAT(CheckMayClose(ticket, "x"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("EVALUATION_MISSING")));
  ticket.set_rating(pb::DISSATISFIED);
  EXPECT_THAT(CheckMayClose(ticket, ""),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("EXPLANATION_NEEDED")));
  ticket.set_rating(pb::MOSTLY_SATISFIED);
  EXPECT_THAT(CheckMayClose(ticket, ""), IsOk());
}

TEST(TicketRules, TheWindowEndsExactlyItsLengthAfterClosing) {
  T ticket = InProgress();
  const absl::Time closed = absl::FromUnixSeconds(5000);
  EXPECT_THAT(CheckWindow(ticket, absl::Hours(1), closed), IsOk());
  *ticket.mutable_close_time() = ToProto(closed);
  EXPECT_THAT(CheckWindow(ticket, absl::Hours(1), closed + absl::Hours(1) - absl::Microseconds(1)),
              IsOk());
  EXPECT_THAT(CheckWindow(ticket, absl::Hours(1), closed + absl::Hours(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("WINDOW_CLOSED")));
}

TEST(TicketRules, TheSecondReopeningGoesOneLevelUp) {
  T ticket = InProgress();
  EXPECT_FALSE(ReopensOneLevelUp(ticket));
  ticket.set_cycle(2);
  EXPECT_TRUE(ReopensOneLevelUp(ticket));
}

TEST(TicketChange, ShowsTheTicketAfterTheChangeAndNothingPersonal) {
  T ticket = InProgress();
  ticket.mutable_original()->set_content("内容");
  ticket.mutable_reporter()->set_phone("13812345678");
  ticket.set_original_digest("digest");
  ASSERT_THAT(AddLead(ticket, "a", kDistrict, "区", kTown, absl::FromUnixSeconds(1000)), IsOk());
  LiveLead(ticket)->set_state(A::ESCALATED);
  ASSERT_THAT(AddLead(ticket, "b", kCity, "市", kTown, absl::FromUnixSeconds(1001)), IsOk());
  pb::Callback& callback = *ticket.add_callbacks();
  callback.set_note("不方便透露");
  callback.set_resolved(pb::Callback::UNREACHED);
  callback.set_satisfaction(pb::UNRATED);
  ticket.set_rating(pb::SATISFIED);
  TicketFacts facts;
  facts.line = "urban_management";
  facts.finish_due = absl::FromUnixSeconds(9000);
  const pb::TicketChange change =
      ChangeOf(ticket, facts, pb::TicketChange::ESCALATED, T::IN_PROGRESS, kDistrict);
  EXPECT_THAT(
      std::vector<std::string>(change.concerned_units().begin(), change.concerned_units().end()),
      ::testing::ElementsAre(kTown, kDistrict, kCity));
  EXPECT_EQ(change.escalations(), 1);
  EXPECT_EQ(change.satisfaction(), pb::SATISFIED);  // a callback that reached nobody says nothing
  EXPECT_EQ(change.finish_due_time().seconds(), 9000);
  EXPECT_FALSE(change.has_accept_due_time());
  EXPECT_TRUE(change.original_digest().empty());
  const std::string bytes = change.SerializeAsString();
  for (const char* secret : {"内容", "13812345678", "不方便透露"}) {
    EXPECT_EQ(bytes.find(secret), std::string::npos) << secret;
  }
  EXPECT_EQ(ChangeOf(ticket, facts, pb::TicketChange::SUBMITTED, T::STATE_UNSPECIFIED, "")
                .original_digest(),
            "digest");
}

}  // namespace
}  // namespace qungong::ticket
