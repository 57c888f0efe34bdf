// Who sees which tickets: lists, counts, pages, and what a neighbour can infer (nothing).
#include <atomic>
#include <set>

#include "absl/strings/str_replace.h"
#include "tests/support/ticket/ticket_fixture.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class TicketScopeTest : public TicketServiceTest {
 protected:
  std::vector<std::string> NumbersOf(const std::string& login,
                                     const pb::ListTicketsRequest& request = {}) {
    std::vector<std::string> numbers;
    const pb::ListTicketsResponse response = Get(List(login, request));
    EXPECT_EQ(response.total_size(), response.tickets_size());
    for (const pb::Ticket& ticket : response.tickets()) numbers.push_back(ticket.number());
    return numbers;
  }
  pb::Ticket SubmitAt(const std::string& code,
                      const std::string& ticket_class = "ticketClasses/0101",
                      pb::Ticket::Channel channel = pb::Ticket::MOBILE_APP) {
    Advance(absl::Minutes(1));
    pb::SubmitTicketRequest request = Lamp();
    request.set_division_code(code);
    request.set_ticket_class(ticket_class);
    request.set_channel(channel);
    return Submit(request);
  }
  // 建新社区 belongs to 双龙湖街道 of the other district, or to another unit, from a day on.
  static TreeBuilder Moved(int32_t day, const std::string& to = "双龙湖街道") {
    TreeBuilder all = City();
    TreeBuilder moved;
    for (rpc::v1::NodeRecord& node : *all.mutable_change()->mutable_nodes()) {
      if (node.name() != UnitOf("建新社区")) continue;
      rpc::v1::NodeRecord& record = *moved.mutable_change()->add_nodes();
      record = node;
      record.mutable_edges(0)->mutable_valid()->set_to_day(day);
      TreeBuilder::AddEdge(record, rpc::v1::ADMINISTRATIVE_TREE, UnitOf(to), day);
    }
    return moved;
  }
};

TEST_F(TicketScopeTest, TheNeighbourGetsTheAnswerOfTheAbsentWhateverIsAsked) {
  const pb::Ticket real = Answered();
  pb::Ticket absent;
  absent.set_name(ResourceName("tickets", IdOf("absent")));
  const auto answers = [&](const pb::Ticket& ticket) {
    std::vector<std::string> all;
    std::atomic<int> statements = 0;
    service_->SetFault([&](absl::string_view, bool after) {
      if (!after) ++statements;
      return absl::OkStatus();
    });
    const auto add = [&](const absl::Status& status) {
      all.push_back(absl::StrCat(status.code(), " ", ReasonOf(status), " ", statements.exchange(0),
                                 " statements ",
                                 absl::StrReplaceAll(status.message(), {{ticket.name(), "X"}})));
    };
    pb::GetTicketRequest get;
    get.set_name(ticket.name());
    add(Call("neighbour", &Stub::GetTicket, get).status());
    pb::ListTicketEventsRequest events;
    events.set_parent(ticket.name());
    add(Call("neighbour", &Stub::ListTicketEvents, events).status());
    pb::ExplainDeadlineRequest explain;
    explain.set_name(ticket.name());
    add(Call("neighbour", &Stub::ExplainDeadline, explain).status());
    add(Act("neighbour", &Stub::AcceptTicket, ticket).status());
    add(Act("neighbour", &Stub::AcknowledgeTicket, ticket).status());
    pb::AcceptTicketRequest stale;  // scope comes before the etag
    stale.set_etag("\"999\"");
    add(Act("neighbour", &Stub::AcceptTicket, ticket, stale).status());
    pb::DispatchTicketRequest dispatch;
    dispatch.set_lead_unit(UnitOf("渝北区"));
    add(Act("neighbour", &Stub::DispatchTicket, ticket, dispatch).status());
    pb::ReviewTicketRequest review;
    review.set_decision(pb::Review::APPROVE);
    add(Act("neighbour", &Stub::ReviewTicket, ticket, review).status());
    pb::AdjudicateReturnRequest rule;
    rule.set_ruling(pb::ReturnRequest::FORCED);
    rule.set_reason("x");
    add(Act("neighbour", &Stub::AdjudicateReturn, ticket, rule).status());
    pb::RecordCallbackRequest callback;
    callback.set_responded(pb::Callback::YES);
    callback.set_resolved(pb::Callback::YES);
    callback.set_satisfaction(pb::SATISFIED);
    add(Act("neighbour", &Stub::RecordCallback, ticket, callback).status());
    add(Act("neighbour", &Stub::CloseTicket, ticket).status());
    pb::ReopenTicketRequest reopen;
    reopen.set_reason("x");
    add(Act("neighbour", &Stub::ReopenTicket, ticket, reopen).status());
    service_->SetFault(nullptr);
    return all;
  };
  const std::vector<std::string> of_real = answers(real);
  EXPECT_EQ(of_real, answers(absent));
  for (const std::string& answer : of_real) EXPECT_THAT(answer, ::testing::StartsWith("7 "));

  EXPECT_THAT(NumbersOf("neighbour"), IsEmpty());
  pb::ListTicketsRequest by_number;
  by_number.set_number(real.number());
  EXPECT_THAT(NumbersOf("neighbour", by_number), IsEmpty());
  pb::ListTicketsRequest by_place;
  by_place.set_division(DivisionOf("江北区"));
  EXPECT_THAT(NumbersOf("neighbour", by_place), IsEmpty());
  pb::ListTicketsRequest elsewhere;
  elsewhere.set_node(UnitOf("江北区"));
  const absl::Status foreign = List("neighbour", elsewhere).status();
  elsewhere.set_node(UnitOf("nowhere"));
  const absl::Status nowhere = List("neighbour", elsewhere).status();
  EXPECT_THAT(foreign, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(ReasonOf(foreign), ReasonOf(nowhere));
  EXPECT_EQ(foreign.code(), nowhere.code());
}

TEST_F(TicketScopeTest, EveryLevelSeesExactlyWhatConcernsItsSubtree) {
  const pb::Ticket jianxin = SubmitAt("500105006001");
  const pb::Ticket yanghe = SubmitAt("500105006002");
  const pb::Ticket yubei = SubmitAt("500112001");
  const std::string& a = jianxin.number();
  const std::string& b = yanghe.number();
  const std::string& c = yubei.number();
  EXPECT_THAT(NumbersOf("mayor"), ElementsAre(c, b, a));
  EXPECT_THAT(NumbersOf("district"), ElementsAre(b, a));
  EXPECT_THAT(NumbersOf("town"), ElementsAre(b, a));
  EXPECT_THAT(NumbersOf("clerk"), ElementsAre(a));
  EXPECT_THAT(NumbersOf("neighbour"), ElementsAre(c));
  EXPECT_THAT(NumbersOf("lighting"), IsEmpty());
  pb::ListTicketsRequest node;
  node.set_node(UnitOf("洋河社区"));
  EXPECT_THAT(NumbersOf("district", node), ElementsAre(b));
  // The department sees the matter once it concerns it, and goes on seeing it after the matter has
  // gone on.
  Accept(jianxin);
  pb::Ticket ticket = Dispatch("clerk", jianxin, "观音桥街道");
  pb::EscalateTicketRequest escalate;
  escalate.set_reason("x");
  ticket = Get(Act("town", &Stub::EscalateTicket, Acknowledge("town", ticket), escalate));
  Dispatch("district", ticket, "江北区市政局");
  EXPECT_THAT(NumbersOf("lighting"), ElementsAre(a));
  EXPECT_THAT(NumbersOf("clerk"), ElementsAre(a));
  EXPECT_THAT(NumbersOf("neighbour"), ElementsAre(c));
}

TEST_F(TicketScopeTest, AGrantForALineShowsThatLineOnly) {
  const pb::Ticket lamp = SubmitAt("500105006001");
  const pb::Ticket clinic = SubmitAt("500105006001", "ticketClasses/0901");
  EXPECT_THAT(NumbersOf("urban"), ElementsAre(lamp.number()));
  EXPECT_THAT(NumbersOf("health"), ElementsAre(clinic.number()));
  pb::GetTicketRequest get;
  get.set_name(lamp.name());
  EXPECT_THAT(Call("urban", &Stub::GetTicket, get), IsOk());
  EXPECT_THAT(Call("health", &Stub::GetTicket, get), StatusIs(absl::StatusCode::kPermissionDenied));
  // Two lines of one node, or the same ticket from two nodes: each ticket once.
  TreeBuilder more;
  more.Grant("both", rpc::v1::LEADER, "重庆市", "health").Grant("both", rpc::v1::LEADER, "江北区");
  more.Grant("both", rpc::v1::SUPERVISOR, "观音桥街道", "urban_management");
  Learn(more);
  EXPECT_THAT(NumbersOf("both"), ElementsAre(clinic.number(), lamp.number()));
}

TEST_F(TicketScopeTest, FiltersLetThroughWhatTheySayAndCountExactly) {
  const pb::Ticket lamp = SubmitAt("500105006001");
  const pb::Ticket noise = SubmitAt("500105006002", "ticketClasses/0501", pb::Ticket::WEB);
  const absl::Time between = Now() + absl::Seconds(30);
  const pb::Ticket garden = SubmitAt("500105006", "ticketClasses/0105");
  Accept(lamp);
  Dispatch("clerk", lamp, "观音桥街道");
  const std::string& l = lamp.number();
  const std::string& n = noise.number();
  const std::string& g = garden.number();
  using R = pb::ListTicketsRequest;
  const auto filtered = [&](const std::function<void(R&)>& set) {
    R request;
    set(request);
    return NumbersOf("district", request);
  };
  EXPECT_THAT(filtered([](R& r) { r.add_states(pb::Ticket::IN_PROGRESS); }), ElementsAre(l));
  EXPECT_THAT(filtered([](R& r) {
                r.add_states(pb::Ticket::IN_PROGRESS);
                r.add_states(pb::Ticket::REGISTERED);
              }),
              ElementsAre(g, n, l));
  EXPECT_THAT(filtered([](R& r) { r.set_ticket_class("ticketClasses/01"); }), ElementsAre(g, l));
  EXPECT_THAT(filtered([](R& r) { r.set_ticket_class("ticketClasses/0501"); }), ElementsAre(n));
  EXPECT_THAT(filtered([](R& r) { r.set_division(DivisionOf("观音桥街道")); }),
              ElementsAre(g, n, l));
  EXPECT_THAT(filtered([](R& r) { r.set_division(DivisionOf("洋河社区")); }), ElementsAre(n));
  EXPECT_THAT(filtered([](R& r) { r.set_channel(pb::Ticket::WEB); }), ElementsAre(n));
  EXPECT_THAT(filtered([](R& r) { r.set_lead_unit(UnitOf("观音桥街道")); }), ElementsAre(l));
  EXPECT_THAT(filtered([&](R& r) { r.set_number(n); }), ElementsAre(n));
  EXPECT_THAT(filtered([&](R& r) { r.set_number("20150730 500105"); }), ElementsAre(g, n, l));
  EXPECT_THAT(filtered([&](R& r) { r.set_number("%"); }), IsEmpty());
  EXPECT_THAT(filtered([&](R& r) {
                r.mutable_submit_time_from()->set_seconds(absl::ToUnixSeconds(between));
              }),
              ElementsAre(g));
  EXPECT_THAT(filtered([&](R& r) {
                r.mutable_submit_time_to()->set_seconds(absl::ToUnixSeconds(between));
              }),
              ElementsAre(n, l));
  EXPECT_THAT(filtered([](R& r) { r.set_order(R::OLDEST_FIRST); }), ElementsAre(l, n, g));
  EXPECT_THAT(filtered([](R& r) { r.set_order(R::DUE_FIRST); }), UnorderedElementsAre(n, g, l));
  EXPECT_EQ(filtered([](R& r) { r.set_order(R::DUE_FIRST); }).back(), l);  // due in three weeks
  SetNow(At(2015, 8, 1, 0));
  RunDue();
  EXPECT_THAT(filtered([](R& r) { r.set_light(pb::Deadline::RED); }), ElementsAre(g, n));
  EXPECT_THAT(filtered([](R& r) { r.set_light(pb::Deadline::GREEN); }), ElementsAre(l));
}

TEST_F(TicketScopeTest, PagesShowEveryTicketOnceInOrderAndTheirTokensCannotBeForged) {
  for (int i = 0; i < 7; ++i) Submit();  // at the same instant: the id decides
  using R = pb::ListTicketsRequest;
  for (const R::Order order : {R::NEWEST_FIRST, R::OLDEST_FIRST, R::DUE_FIRST}) {
    R request;
    request.set_order(order);
    request.set_page_size(3);
    std::vector<std::string> seen;
    int pages = 0;
    do {
      const pb::ListTicketsResponse page = Get(List("district", request));
      EXPECT_EQ(page.total_size(), 7);
      for (const pb::Ticket& ticket : page.tickets()) {
        seen.push_back(ticket.name());
        EXPECT_EQ(ticket.original().title(), Lamp().title());
        EXPECT_EQ(ticket.original().content(), "");
        EXPECT_FALSE(ticket.has_reporter());
      }
      request.set_page_token(page.next_page_token());
      ++pages;
    } while (!request.page_token().empty() && pages < 10);
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(seen.size(), 7u);
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 7u);
  }
  R request;
  request.set_page_size(3);
  const std::string token = Get(List("district", request)).next_page_token();
  request.set_page_token(token);
  EXPECT_THAT(List("town", request),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID")));
  request.set_channel(pb::Ticket::WEB);
  EXPECT_THAT(List("district", request),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID")));
}

TEST_F(TicketScopeTest, WhenTheTreeMovesTicketsGoWithTheirUnits) {
  const pb::Ticket ticket = Submit();
  Follow(Moved(DayNumber(Now())).change());
  RunDue();
  EXPECT_THAT(NumbersOf("neighbour"), ElementsAre(ticket.number()));
  EXPECT_THAT(NumbersOf("district"), IsEmpty());
  EXPECT_THAT(NumbersOf("mayor"), ElementsAre(ticket.number()));
}

// The tree moves, and the tickets of the unit with it, between the moment when a ticket's
// transaction has read the tree and the moment when it has written who may see the ticket.
TEST_F(TicketScopeTest, ATicketThatIsWrittenWhileTheTreeMovesGoesWithItsUnit) {
  Submit();
  const auto move = [](mysql::Session& session) {
    Follow(Moved(DayNumber(Now())).change(), session);
  };
  for (const char* statement : {"INSERT INTO tickets", "INSERT INTO ticket_scopes", "COMMIT"}) {
    SCOPED_TRACE(statement);
    const pb::Ticket ticket = Meanwhile(statement, move, [] { return Submit(); });
    RunDue();
    EXPECT_THAT(NumbersOf("neighbour"), Contains(ticket.number()));
    EXPECT_THAT(NumbersOf("district"), Not(Contains(ticket.number())));
    Follow(City().change());  // and back
    RunDue();
  }
}

// The same for an act that changes what the scope rows repeat of the ticket; 洋河社区 is below the
// old superior, so that no scope row goes and one comes.
TEST_F(TicketScopeTest, ATicketThatChangesWhileTheTreeMovesIsShownAsItIs) {
  for (const char* to : {"双龙湖街道", "洋河社区"}) {
    for (const char* statement : {"FROM tickets WHERE id = ? FOR UPDATE", "UPDATE tickets",
                                  "UPDATE ticket_scopes", "COMMIT"}) {
      SCOPED_TRACE(absl::StrCat(to, " ", statement));
      const pb::Ticket submitted = Submit();
      const pb::Ticket ticket = Meanwhile(
          statement,
          [to](mysql::Session& session) { Follow(Moved(DayNumber(Now()), to).change(), session); },
          [&] { return Get(Act("mayor-clerk", &Stub::AcceptTicket, submitted)); });
      RunDue();
      EXPECT_EQ(ticket.state(), pb::Ticket::ACCEPTED);
      EXPECT_EQ(
          Count("ticket_scopes s JOIN tickets t ON t.id = s.ticket_id WHERE s.state <> t.state"),
          0);
      Follow(City().change());  // and back
      RunDue();
    }
  }
}

TEST_F(TicketScopeTest, AMoveWithALaterDateTakesEffectAtItsMidnight) {
  Follow(Moved(DayNumber(At(2015, 8, 5, 0))).change());  // known before there was a ticket
  const pb::Ticket ticket = Submit();
  RunDue();
  EXPECT_THAT(NumbersOf("district"), ElementsAre(ticket.number()));
  SetNow(At(2015, 8, 4, 23, 59));
  RunDue();
  EXPECT_THAT(NumbersOf("neighbour"), IsEmpty());
  SetNow(At(2015, 8, 5, 0));
  RunDue();
  EXPECT_THAT(NumbersOf("neighbour"), ElementsAre(ticket.number()));
  EXPECT_THAT(NumbersOf("district"), IsEmpty());
}

TEST_F(TicketScopeTest, EveryMoveOfAKnownFutureTakesEffectWheneverItBecameKnown) {
  // Learned when all of it was past already, as on a clock that a demonstration sets back.
  TreeBuilder there_and_back = Moved(DayNumber(At(2015, 8, 5, 0)));
  rpc::v1::NodeRecord& unit = *there_and_back.mutable_change()->mutable_nodes(0);
  const int32_t back = DayNumber(At(2015, 8, 20, 0));
  unit.mutable_edges(1)->mutable_valid()->set_to_day(back);
  TreeBuilder::AddEdge(unit, rpc::v1::ADMINISTRATIVE_TREE, unit.edges(0).parent(), back);
  SetNow(At(2016, 1, 1, 9));
  Follow(there_and_back.change());
  SetNow(At(2015, 7, 30, 9, 30));
  const pb::Ticket ticket = Submit();
  EXPECT_THAT(NumbersOf("district"), ElementsAre(ticket.number()));
  SetNow(At(2015, 8, 5, 0));
  RunDue();
  EXPECT_THAT(NumbersOf("neighbour"), ElementsAre(ticket.number()));
  EXPECT_THAT(NumbersOf("district"), IsEmpty());
  SetNow(At(2015, 8, 20, 0));
  RunDue();
  EXPECT_THAT(NumbersOf("district"), ElementsAre(ticket.number()));
  EXPECT_THAT(NumbersOf("neighbour"), IsEmpty());
}

}  // namespace
}  // namespace qungong::ticket
