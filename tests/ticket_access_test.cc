// Who may do what in ticket-service, method by method, as the reviewed table says.
#include "gmock/gmock.h"
#include "qungong/ticket/v1/statistics_service.pb.h"
#include "qungong/ticket/v1/ticket_class_service.pb.h"
#include "tests/support/access/expect_access.h"
#include "tests/support/contracts.h"
#include "tests/support/ticket/ticket_fixture.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::About;
using ::qungong::testing::AccessScenarios;
using ::qungong::testing::Attempt;
using ::qungong::testing::Scene;
using ::qungong::testing::Surroundings;

constexpr char kWrongCode[] = "FEDCBA9876543210";

// Two subdistricts of one district, each with a community: what happens at the one is not the
// other's. The district's staff play the parts that come before the call.
class TicketAccessTest : public TicketServiceTest {
 protected:
  struct Spot {
    std::string town;
    std::string town_code;
    std::string community;
    std::string community_code;
  };

  void SetUp() override {
    TicketServiceTest::SetUp();
    using namespace rpc::v1;  // NOLINT(google-build-using-namespace): the roles of a small table
    TreeBuilder more;
    more.Place("华新街街道", "500105007", TOWNSHIP_LEVEL, "江北区");
    more.Place("嘉陵社区", "500105007001", VILLAGE_LEVEL, "华新街街道");
    more.Grant("intake", CLERK, "江北区").Grant("second", CLERK, "江北区");
    more.Grant("giver", DISPATCHER, "江北区").Grant("doer", HANDLER, "江北区");
    more.Grant("judge", DISPATCHER, "江北区");
    Learn(more);
  }

  static Spot At(Scene scene) {
    if (scene == Scene::kHere) return {"观音桥街道", "500105006", "建新社区", "500105006001"};
    return {"华新街街道", "500105007", "嘉陵社区", "500105007001"};
  }
  static Surroundings Around(Scene scene) {
    const Spot here = At(scene);
    const Spot there = At(scene == Scene::kHere ? Scene::kThere : Scene::kHere);
    return {UnitOf(here.town), UnitOf("江北区"), UnitOf(there.town), UnitOf(there.community),
            UnitOf(here.community)};
  }

  // Steps that bring a ticket where a call finds it.
  pb::Ticket SubmitAt(const std::string& code) {
    pb::SubmitTicketRequest request = Lamp();
    request.set_division_code(code);
    return TicketServiceTest::Submit(request);
  }
  pb::Ticket AcceptedAt(const std::string& code) {
    return Get(Act("intake", &Stub::AcceptTicket, SubmitAt(code)));
  }
  // The town leads; the matter came up from its community, which it concerns, too.
  pb::Ticket LedByTown(Scene scene) {
    return Dispatch("giver", AcceptedAt(At(scene).community_code), At(scene).town);
  }
  // The town keeps to itself what was reported there.
  pb::Ticket KeptByTown(Scene scene) {
    return Dispatch("giver", AcceptedAt(At(scene).town_code), At(scene).town);
  }
  // The town gave it to its community, which works on it.
  pb::Ticket LedByCommunity(Scene scene) {
    return Acknowledge("doer",
                       Dispatch("giver", AcceptedAt(At(scene).town_code), At(scene).community));
  }
  pb::Ticket InReview(Scene scene) { return SubmitResult("doer", LedByCommunity(scene)); }
  pb::Ticket AnsweredOf(Scene scene) { return Review("judge", InReview(scene)); }

  template <typename Request>
  static Attempt On(Scene scene, const pb::Ticket& ticket, Request request = Request()) {
    request.set_name(ticket.name());
    request.set_request_id(NewRequestId());
    return About(Around(scene), std::move(request));
  }
  template <typename Request>
  static Attempt OfNumber(const pb::Ticket& ticket, Request request = Request()) {
    request.set_number(ticket.number());
    request.set_tracking_code(kCode);
    Attempt attempt = About(Around(Scene::kHere), std::move(request));
    attempt.wrong_secret = {"tracking_code", kWrongCode};
    // Of another day: nothing was reported then.
    TicketNumber other = ParseTicketNumber(ticket.number()).value();
    other.day -= 1;
    attempt.absent["number"] = FormatTicketNumber(other).value();
    return attempt;
  }

  static void Put(AccessScenarios& all, const std::string& method, testing::Scenario scenario) {
    all["qungong.ticket.v1." + method] = std::move(scenario);
  }
  void AddCitizens(AccessScenarios& all);
  void AddReading(AccessScenarios& all);
  void AddIntake(AccessScenarios& all);
  void AddHandling(AccessScenarios& all);
  void AddJudging(AccessScenarios& all);
  void AddStatistics(AccessScenarios& all);
};

void TicketAccessTest::AddCitizens(AccessScenarios& all) {
  Put(all, "TicketService/SubmitTicket", [](Scene scene) { return About(Around(scene), Lamp()); });
  Put(all, "TicketService/TrackTicket",
      [this](Scene) { return OfNumber<pb::TrackTicketRequest>(TicketServiceTest::Submit()); });
  Put(all, "TicketService/RateTicket", [this](Scene scene) {
    pb::RateTicketRequest request;
    request.set_request_id(NewRequestId());
    request.set_rating(pb::SATISFIED);
    return OfNumber(AnsweredOf(scene), request);
  });
  Put(all, "TicketService/WithdrawTicket", [this](Scene) {
    pb::WithdrawTicketRequest request;
    request.set_request_id(NewRequestId());
    return OfNumber(TicketServiceTest::Submit(), request);
  });
  Put(all, "TicketClassService/ListTicketClasses",
      [](Scene scene) { return About(Around(scene), pb::ListTicketClassesRequest()); });
  Put(all, "TicketClassService/ListDeadlinePolicies",
      [](Scene scene) { return About(Around(scene), pb::ListDeadlinePoliciesRequest()); });
}

void TicketAccessTest::AddReading(AccessScenarios& all) {
  Put(all, "TicketService/GetTicket", [this](Scene scene) {
    pb::GetTicketRequest request;
    request.set_name(KeptByTown(scene).name());
    return About(Around(scene), request);
  });
  Put(all, "TicketService/ListTicketEvents", [this](Scene scene) {
    pb::ListTicketEventsRequest request;
    request.set_parent(KeptByTown(scene).name());
    return About(Around(scene), request);
  });
  Put(all, "TicketService/ExplainDeadline", [this](Scene scene) {
    pb::ExplainDeadlineRequest request;
    request.set_name(KeptByTown(scene).name());
    return About(Around(scene), request);
  });
  Put(all, "TicketService/ListTickets", [this](Scene scene) {
    const pb::Ticket ticket = KeptByTown(scene);
    pb::ListTicketsRequest request;
    request.set_division(ticket.division());
    request.set_lead_unit(ticket.lead_unit());
    request.set_with_total_size(true);
    Attempt attempt = About(Around(scene), request);
    attempt.may_name["node"] = attempt.at.own;
    attempt.shown = ticket.name();
    return attempt;
  });
}

void TicketAccessTest::AddIntake(AccessScenarios& all) {
  Put(all, "TicketService/AcceptTicket", [this](Scene scene) {
    return On<pb::AcceptTicketRequest>(scene, SubmitAt(At(scene).town_code));
  });
  const auto refusing = [] {
    pb::RefuseTicketRequest request;
    request.set_reason(pb::Refusal::LITIGATION_OR_PETITION);
    request.set_explanation("此事正在法院审理。");
    request.set_other_route("请等待法院判决。");
    return request;
  };
  Put(all, "TicketService/RefuseTicket", [this, refusing](Scene scene) {
    return On(scene, SubmitAt(At(scene).town_code), refusing());
  });
  Put(all, "TicketService/ConfirmRefusal", [this, refusing](Scene scene) {
    return On<pb::ConfirmRefusalRequest>(
        scene, Get(Act("second", &Stub::RefuseTicket, SubmitAt(At(scene).town_code), refusing())));
  });
  Put(all, "TicketService/DispatchTicket", [this](Scene scene) {
    pb::DispatchTicketRequest request;
    request.set_lead_unit(UnitOf(At(scene).community));
    return On(scene, LedByTown(scene), request);
  });
}

void TicketAccessTest::AddHandling(AccessScenarios& all) {
  Put(all, "TicketService/AcknowledgeTicket",
      [this](Scene scene) { return On<pb::AcknowledgeTicketRequest>(scene, LedByTown(scene)); });
  Put(all, "TicketService/DelegateTicket", [this](Scene scene) {
    pb::DelegateTicketRequest request;
    request.set_lead_unit(UnitOf(At(scene).community));
    return On(scene, Acknowledge("doer", LedByTown(scene)), request);
  });
  Put(all, "TicketService/EscalateTicket", [this](Scene scene) {
    pb::EscalateTicketRequest request;
    request.set_reason("街道无权处理");
    return On(scene, Acknowledge("doer", LedByTown(scene)), request);
  });
  const auto asking = [] {
    pb::RequestReturnRequest request;
    request.set_basis("《城市照明管理规定》第三条");
    return request;
  };
  Put(all, "TicketService/RequestReturn", [this, asking](Scene scene) {
    return On(scene, Acknowledge("doer", LedByTown(scene)), asking());
  });
  Put(all, "TicketService/AdjudicateReturn", [this, asking](Scene scene) {
    pb::AdjudicateReturnRequest request;
    request.set_ruling(pb::ReturnRequest::FORCED);
    request.set_reason("由社区负责");
    return On(scene, Get(Act("doer", &Stub::RequestReturn, LedByCommunity(scene), asking())),
              request);
  });
  Put(all, "TicketService/SubmitForReview", [this](Scene scene) {
    pb::SubmitForReviewRequest request;
    request.set_result("已更换灯泡。");
    request.set_reply("路灯已修复。");
    request.mutable_contact_time()->set_seconds(absl::ToUnixSeconds(Now()));
    return On(scene, Acknowledge("doer", LedByTown(scene)), request);
  });
}

void TicketAccessTest::AddJudging(AccessScenarios& all) {
  Put(all, "TicketService/ReviewTicket", [this](Scene scene) {
    pb::ReviewTicketRequest request;
    request.set_decision(pb::Review::APPROVE);
    return On(scene, InReview(scene), request);
  });
  const auto solved = [] {
    pb::RecordCallbackRequest request;
    request.set_responded(pb::Callback::YES);
    request.set_resolved(pb::Callback::YES);
    request.set_satisfaction(pb::SATISFIED);
    return request;
  };
  Put(all, "TicketService/RecordCallback",
      [this, solved](Scene scene) { return On(scene, AnsweredOf(scene), solved()); });
  Put(all, "TicketService/CloseTicket", [this, solved](Scene scene) {
    return On<pb::CloseTicketRequest>(
        scene, Get(Act("caller", &Stub::RecordCallback, AnsweredOf(scene), solved())));
  });
  Put(all, "TicketService/ReopenTicket", [this](Scene scene) {
    pb::ReopenTicketRequest request;
    request.set_reason("路灯又坏了");
    return On(scene, AnsweredOf(scene), request);
  });
}

void TicketAccessTest::AddStatistics(AccessScenarios& all) {
  const auto ask = [](Scene scene, auto request) {
    request.set_node(UnitOf(At(scene).town));
    *request.mutable_from_date() = ToDate(absl::CivilDay(2015, 7, 1));
    *request.mutable_to_date() = ToDate(absl::CivilDay(2015, 8, 1));
    return About(Around(scene), request);
  };
  Put(all, "StatisticsService/GetStatistics",
      [ask](Scene scene) { return ask(scene, pb::GetStatisticsRequest()); });
  Put(all, "StatisticsService/ListStatisticTickets", [ask](Scene scene) {
    pb::ListStatisticTicketsRequest request;
    request.set_figure(pb::Statistics::SUBMITTED);
    return ask(scene, request);
  });
}

TEST_F(TicketAccessTest, IsAsReviewedForEveryMethodRoleAndPlace) {
  AccessScenarios all;
  AddCitizens(all);
  AddReading(all);
  AddIntake(all);
  AddHandling(all);
  AddJudging(all);
  AddStatistics(all);
  testing::ExpectAccessAsReviewed(*service_, testing::MethodsOf("qungong.ticket.v1"), all);
}

}  // namespace
}  // namespace qungong::ticket
