// Every database fault at every statement of every mutating method of ticket-service; and the end
// of the process, at every statement of two methods and of the schedule, and at some of the
// others'.
#include <set>

#include "gmock/gmock.h"
#include "tests/support/faults/exit_enumeration.h"
#include "tests/support/faults/fault_enumeration.h"
#include "tests/support/ticket/ticket_fixture.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::ExitEnumeration;
using ::qungong::testing::FaultEnumeration;
using ::qungong::testing::MutatingMethods;
using ::qungong::testing::Scenarios;
using ::qungong::testing::Send;
using ::qungong::testing::Sending;

constexpr char kPackage[] = "qungong.ticket.v1";

// What must hold of all tickets at any time.
const std::vector<std::string> kInvariants = {
    // A ticket's version counts its events.
    "tickets t WHERE version <> (SELECT COUNT(*) FROM events e WHERE e.aggregate_id = t.id AND"
    " e.collection = 'tickets' AND e.version > 0)",
    "(SELECT aggregate_id FROM events GROUP BY aggregate_id, version HAVING COUNT(*) > 1) twice",
    // Scope rows say what the ticket says, and the whole municipality sees every ticket.
    "ticket_scopes s JOIN tickets t ON t.id = s.ticket_id WHERE s.state <> t.state OR"
    " s.number <> t.number OR s.class_code <> t.class_code OR s.light <> t.light",
    "tickets t WHERE NOT EXISTS (SELECT 1 FROM ticket_scopes s WHERE s.ticket_id = t.id)",
    "(SELECT number FROM tickets GROUP BY number HAVING COUNT(*) > 1) twice",
};

class TicketFaultTest : public TicketServiceTest,
                        public ::testing::WithParamInterface<std::string> {
 protected:
  static void SetUpTestSuite() {
    testing::Nursery::Begin(
        {{"ticket-service", testing::Serving("ticket", Wire)}, {"schedule", RunSchedule}});
    TicketServiceTest::SetUpTestSuite();
  }
  // A life: what is due then.
  static absl::Status RunSchedule(testing::Self& self) {
    Clock clock;
    clock.Stand(self.now());
    mysql::Options options = self.Database("ticket_app");
    options.clock = &clock;
    mysql::Session session(options);
    return SchedulePass(session, KeyRing::ForTest()).status();
  }

  template <typename Request>
  Send As(const std::string& login, const std::string& method, Request request) {
    if (request.request_id().empty()) request.set_request_id(NewRequestId());
    return Sending(*service_, absl::StrCat(kPackage, ".TicketService/", method),
                   login.empty() ? "" : AccountOf(login), request);
  }
  template <typename Request>
  Send On(const pb::Ticket& ticket, const std::string& login, const std::string& method,
          Request request = Request()) {
    request.set_name(ticket.name());
    return As(login, method, std::move(request));
  }

  pb::Ticket WithTown() { return Dispatch("clerk", Accept(Submit()), "观音桥街道"); }
  static pb::RefuseTicketRequest Refusing() {
    pb::RefuseTicketRequest request;
    request.set_reason(pb::Refusal::LITIGATION_OR_PETITION);
    request.set_explanation("此事正在法院审理。");
    request.set_other_route("请等待法院判决。");
    return request;
  }
  static pb::RequestReturnRequest AskingReturn() {
    pb::RequestReturnRequest request;
    request.set_basis("《城市照明管理规定》第三条");
    return request;
  }
  static pb::RecordCallbackRequest Unsolved() {
    pb::RecordCallbackRequest request;
    request.set_responded(pb::Callback::YES);
    request.set_resolved(pb::Callback::NO);
    request.set_satisfaction(pb::DISSATISFIED);
    return request;
  }
  pb::Ticket ReturnAsked() {
    return Get(Act("lighting", &Stub::RequestReturn, AtLighting(), AskingReturn()));
  }

  static Scenarios All(TicketFaultTest& t);
  static Scenarios CitizensOwn(TicketFaultTest& t);
};

Scenarios TicketFaultTest::CitizensOwn(TicketFaultTest& t) {
  return {
      {"SubmitTicket",
       [&t] {
         Advance(absl::Hours(24));  // of the first number of a day, the block is claimed too
         return t.As("", "SubmitTicket", Lamp());
       }},
      {"RateTicket",
       [&t] {
         pb::RateTicketRequest request;
         request.set_number(t.Answered().number());
         request.set_tracking_code(kCode);
         request.set_rating(pb::SATISFIED);
         request.set_comment("很快");
         return t.As("", "RateTicket", request);
       }},
      {"WithdrawTicket",
       [&t] {
         pb::WithdrawTicketRequest request;
         request.set_number(t.WithTown().number());
         request.set_tracking_code(kCode);
         return t.As("", "WithdrawTicket", request);
       }},
  };
}

Scenarios TicketFaultTest::All(TicketFaultTest& t) {
  Scenarios all = CitizensOwn(t);
  all.merge(Scenarios{
      {"AcceptTicket",
       [&t] { return t.On<pb::AcceptTicketRequest>(t.Submit(), "clerk", "AcceptTicket"); }},
      {"RefuseTicket", [&t] { return t.On(t.Submit(), "clerk", "RefuseTicket", Refusing()); }},
      {"ConfirmRefusal",
       [&t] {
         const pb::Ticket ticket = Get(t.Act("clerk", &Stub::RefuseTicket, t.Submit(), Refusing()));
         return t.On<pb::ConfirmRefusalRequest>(ticket, "clerk2", "ConfirmRefusal");
       }},
      {"DispatchTicket",
       [&t] {
         pb::DispatchTicketRequest request;
         request.set_lead_unit(UnitOf("观音桥街道"));
         return t.On(t.Accept(t.Submit()), "clerk", "DispatchTicket", request);
       }},
      {"AcknowledgeTicket",
       [&t] {
         return t.On<pb::AcknowledgeTicketRequest>(t.WithTown(), "town", "AcknowledgeTicket");
       }},
      {"DelegateTicket",
       [&t] {
         pb::DelegateTicketRequest request;
         request.set_lead_unit(UnitOf("洋河社区"));
         return t.On(t.Acknowledge("town", t.WithTown()), "town", "DelegateTicket", request);
       }},
      {"EscalateTicket",
       [&t] {
         pb::EscalateTicketRequest request;
         request.set_reason("街道无权处理");
         return t.On(t.Acknowledge("town", t.WithTown()), "town", "EscalateTicket", request);
       }},
      {"RequestReturn",
       [&t] { return t.On(t.AtLighting(), "lighting", "RequestReturn", AskingReturn()); }},
      {"AdjudicateReturn",
       [&t] {
         pb::AdjudicateReturnRequest request;
         request.set_ruling(pb::ReturnRequest::FORCED);
         request.set_reason("照明由市政局负责");
         return t.On(t.ReturnAsked(), "district", "AdjudicateReturn", request);
       }},
      {"SubmitForReview",
       [&t] {
         pb::SubmitForReviewRequest request;
         request.set_result("已更换灯泡。");
         request.set_reply("路灯已修复。");
         request.mutable_contact_time()->set_seconds(absl::ToUnixSeconds(Now()));
         return t.On(t.AtLighting(), "lighting", "SubmitForReview", request);
       }},
      {"ReviewTicket",
       [&t] {
         pb::ReviewTicketRequest request;
         request.set_decision(pb::Review::APPROVE);
         return t.On(t.SubmitResult("lighting", t.AtLighting()), "district", "ReviewTicket",
                     request);
       }},
      {"RecordCallback",
       [&t] { return t.On(t.Answered(), "caller", "RecordCallback", Unsolved()); }},
      {"CloseTicket",
       [&t] {
         pb::CloseTicketRequest request;
         request.set_explanation("多次联系不上。");
         const pb::Ticket ticket =
             Get(t.Act("caller", &Stub::RecordCallback, t.Answered(), Unsolved()));
         return t.On(ticket, "caller", "CloseTicket", request);
       }},
      {"ReopenTicket",
       [&t] {
         pb::ReopenTicketRequest request;
         request.set_reason("路灯又坏了");
         return t.On(t.Answered(), "caller", "ReopenTicket", request);
       }},
  });
  return all;
}

TEST_P(TicketFaultTest, LeavesExactlyOneEffectWhateverFailsAtWhichStatement) {
  const Scenarios scenarios = All(*this);
  const std::string& method = GetParam();
  const auto scenario = scenarios.find(method.substr(method.find('/') + 1));
  ASSERT_NE(scenario, scenarios.end()) << method << " has no scenario";
  FaultEnumeration enumeration(*service_, "ticket", kInvariants, {"feed_head"});
  EXPECT_THAT(enumeration.Run(method, scenario->second), ::testing::IsEmpty());
  std::printf("%d faults planted\n", enumeration.planted());
}

// A ticket is made, with its key and its number; and one is changed, with its scopes and its
// clocks.
const std::set<std::string> kAtEveryStatement = {"SubmitTicket", "DispatchTicket"};

class TicketExitTest : public TicketFaultTest {
 protected:
  static void SetUpTestSuite() {
    TicketFaultTest::SetUpTestSuite();
    service_->chassis().loops.Stop();  // what the schedule does by itself is nobody's effect here
  }
  ExitEnumeration enumeration_{service_->clock(), "ticket", kInvariants};
};

TEST_P(TicketExitTest, LeavesExactlyOneEffectWhereverItsProcessEnds) {
  const Scenarios scenarios = All(*this);
  const std::string& method = GetParam();
  const auto scenario = scenarios.find(method.substr(method.find('/') + 1));
  ASSERT_NE(scenario, scenarios.end()) << method << " has no scenario";
  const bool everywhere = kAtEveryStatement.count(scenario->first) != 0;
  EXPECT_THAT(everywhere ? enumeration_.Run("ticket-service", method, scenario->second)
                         : enumeration_.Sample("ticket-service", method, scenario->second,
                                               testing::ExitSeed(), testing::ExitCases(5)),
              ::testing::IsEmpty());
  std::printf("%d processes ended\n", enumeration_.exits());
}

// The third shape: nobody asks, and nobody asks again, but the next pass of the schedule.
TEST_F(TicketExitTest, WhatIsDueHappensOnceWhereverTheProcessEnds) {
  const auto world = [&] {
    service_->Reset();
    SetNow(At(2015, 7, 30, 9));
    Learn(City());
    AtLighting();
  };
  EXPECT_THAT(enumeration_.RunPass("schedule", world, At(2016, 1, 1, 9)), ::testing::IsEmpty());
  std::printf("%d processes ended\n", enumeration_.exits());
  EXPECT_GE(Count("events WHERE kind = 'Ticket.LIGHT_CHANGED'"), 1);
}

INSTANTIATE_TEST_SUITE_P(, TicketExitTest, ::testing::ValuesIn(MutatingMethods(kPackage)),
                         [](const auto& test) {
                           return test.param.substr(test.param.find('/') + 1);
                         });

INSTANTIATE_TEST_SUITE_P(, TicketFaultTest, ::testing::ValuesIn(MutatingMethods(kPackage)),
                         [](const auto& test) {
                           return test.param.substr(test.param.find('/') + 1);
                         });

}  // namespace
}  // namespace qungong::ticket
