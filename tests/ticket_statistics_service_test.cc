// The figures as callers see them: who sees which, what they mean, and the rows behind them.
#include "qungong/ticket/v1/statistics_service.grpc.pb.h"
#include "tests/ticket_statistics_fixture.h"

namespace qungong::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TicketStatisticsServiceTest : public TicketStatisticsTest {
 protected:
  void SetUp() override {
    TicketStatisticsTest::SetUp();
    stub_ = v1::StatisticsService::NewStub(service_->channel());
    LiveOn(400);
    CountAll();
    for (const TicketLife& life : lives_) {
      if (life.born()) Store(life);
    }
  }

  // The ticket's own row, for lists to show.
  void Store(const TicketLife& life) {
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      TicketRecord record;
      ASSIGN_OR_RETURN(record.id, ParseResourceName(kTickets, life.name()));
      record.facts.line = life.line();
      v1::Ticket& t = record.ticket;
      t.set_name(life.name());
      t.set_number(life.number());
      t.set_state(v1::Ticket::REGISTERED);
      t.set_ticket_class(absl::StrCat("ticketClasses/", life.class_code()));
      t.set_channel(life.channel());
      t.set_urgency(v1::Ticket::NORMAL);
      t.set_secrecy(v1::Ticket::ANONYMOUS);
      t.set_division(directory_.jianxin.division);
      t.set_intake_unit(directory_.jianxin.unit);
      t.set_rating(v1::UNRATED);
      t.set_cycle(1);
      Submission submission;
      submission.original.set_title(absl::StrCat("title of ", life.number()));
      submission.tracking_hash = life.name();
      ASSIGN_OR_RETURN(const ScopePlan scopes,
                       PlanScopes(tx, DayNumber(qungong::testing::TestNow()), record));
      return InsertTicket(tx, service_->chassis().keys, scopes, submission, record);
    });
  }

  static v1::GetStatisticsRequest Ask(const std::string& node) {
    v1::GetStatisticsRequest request;
    request.set_node(node);
    *request.mutable_from_date() = ToDate(kEver.from);
    *request.mutable_to_date() = ToDate(kEver.to);
    return request;
  }
  static v1::ListStatisticTicketsRequest AskRows(const std::string& node, Figure figure) {
    v1::ListStatisticTicketsRequest request;
    request.set_node(node);
    request.set_figure(figure);
    *request.mutable_from_date() = ToDate(kEver.from);
    *request.mutable_to_date() = ToDate(kEver.to);
    return request;
  }
  absl::StatusOr<Statistics> Get(const std::string& principal,
                                 const v1::GetStatisticsRequest& request) {
    return service_->Call(*stub_, &v1::StatisticsService::Stub::GetStatistics, principal, request);
  }
  absl::StatusOr<v1::ListStatisticTicketsResponse> List(
      const std::string& principal, const v1::ListStatisticTicketsRequest& request) {
    return service_->Call(*stub_, &v1::StatisticsService::Stub::ListStatisticTickets, principal,
                          request);
  }
  std::vector<std::string> AllNumbers(const std::string& principal,
                                      v1::ListStatisticTicketsRequest request) {
    std::vector<std::string> numbers;
    do {
      const auto page = List(principal, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const v1::Ticket& t : page->tickets()) {
        EXPECT_EQ(t.original().title(), absl::StrCat("title of ", t.number()));
        numbers.push_back(t.number());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return numbers;
  }
  static std::string LeaderOf(const std::string& unit) {
    return FakeDirectory::AccountOf(unit, rpc::v1::LEADER);
  }

  std::unique_ptr<v1::StatisticsService::Stub> stub_;
};

TEST_F(TicketStatisticsServiceTest, ShowsVolumesAndRatesWithWhatTheyMean) {
  const std::string node = directory_.jiangbei.unit;
  const auto shown = Get(LeaderOf(node), Ask(node));
  ASSERT_THAT(shown, IsOk());
  EXPECT_EQ(shown->node(), node);
  EXPECT_EQ(shown->node_display_name(), "江北区(单位)");
  EXPECT_EQ(shown->sequence(), events_);
  EXPECT_THAT(shown->lines(), IsEmpty());
  EXPECT_THAT(shown->volumes(), SizeIs(9));
  for (const v1::Volume& volume : shown->volumes()) {
    EXPECT_EQ(volume.count(), Recount(node, volume.figure(), {}).size());
    EXPECT_EQ(volume.definition(), DefinitionOf(volume.figure()));
  }
  for (const v1::Rate& rate :
       {shown->closure_rate(), shown->on_time_closure_rate(), shown->response_rate(),
        shown->resolution_rate(), shown->satisfaction_rate()}) {
    EXPECT_EQ(rate.numerator(), Recount(node, rate.numerator_figure(), {}).size());
    EXPECT_EQ(rate.denominator(), Recount(node, rate.denominator_figure(), {}).size());
    EXPECT_EQ(rate.denominator_figure(), rate.numerator_figure() + 1);
    EXPECT_EQ(rate.from_date().year(), 2015);
    EXPECT_EQ(rate.to_date().year(), 2020);
    EXPECT_NE(rate.definition(), "");
  }
}

TEST_F(TicketStatisticsServiceTest, EveryFigureOpensToItsTicketsPageByPage) {
  for (const std::string& node : {directory_.municipality.unit, directory_.guanyinqiao.unit,
                                  directory_.yanghe.unit, directory_.urban_management}) {
    for (size_t i = 0; i < kFigures; ++i) {
      auto request = AskRows(node, FigureAt(i));
      request.set_page_size(4);
      EXPECT_EQ(AllNumbers(LeaderOf(node), request), Recount(node, FigureAt(i), {}));
    }
  }
}

TEST_F(TicketStatisticsServiceTest, AUnitOfOthersAndOneThatDoesNotExistAreTheSame) {
  const std::string neighbour = LeaderOf(directory_.yubei.unit);
  const std::string nowhere = ResourceName(kUnits, NewUuidV7(kBirth));
  for (const std::string& node :
       {directory_.jiangbei.unit, directory_.jianxin.unit, directory_.municipality.unit, nowhere}) {
    EXPECT_THAT(Get(neighbour, Ask(node)),
                StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
    EXPECT_THAT(List(neighbour, AskRows(node, Statistics::SUBMITTED)),
                StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
  }
  EXPECT_THAT(Get(neighbour, Ask(directory_.longxi.unit)), IsOk());
}

TEST_F(TicketStatisticsServiceTest, ARightOnOneLineShowsThatLineOnly) {
  const Filters line = {.lines = {"urban_management"}};
  for (const std::string& node :
       {directory_.jiangbei.unit, directory_.guanyinqiao.unit, directory_.yanghe.unit}) {
    const auto shown = Get(kLineLeader, Ask(node));
    ASSERT_THAT(shown, IsOk());
    EXPECT_THAT(shown->lines(), ElementsAre("urban_management"));
    for (const v1::Volume& volume : shown->volumes()) {
      const std::vector<std::string> expected = Recount(node, volume.figure(), line);
      EXPECT_EQ(volume.count(), expected.size());
      EXPECT_EQ(AllNumbers(kLineLeader, AskRows(node, volume.figure())), expected);
    }
  }
  EXPECT_LT(Recount(directory_.jiangbei.unit, Statistics::SUBMITTED, line).size(),
            Recount(directory_.jiangbei.unit, Statistics::SUBMITTED, {}).size());
}

TEST_F(TicketStatisticsServiceTest, BadQuestionsAreRefused) {
  const std::string node = directory_.jiangbei.unit;
  const std::string leader = LeaderOf(node);
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"));
  auto backwards = Ask(node);
  std::swap(*backwards.mutable_from_date(), *backwards.mutable_to_date());
  EXPECT_THAT(Get(leader, backwards), invalid);
  auto no_day = Ask(node);
  no_day.mutable_from_date()->set_month(2);
  no_day.mutable_from_date()->set_day(30);
  EXPECT_THAT(Get(leader, no_day), invalid);
  auto too_long = Ask(node);
  too_long.mutable_to_date()->set_year(2025);
  too_long.mutable_to_date()->set_day(2);
  EXPECT_THAT(Get(leader, too_long), invalid);
  auto without = Ask(node);
  without.clear_to_date();
  EXPECT_THAT(Get(leader, without), invalid);
  auto bad_class = Ask(node);
  bad_class.set_ticket_class("ticketClasses/01%");
  EXPECT_THAT(Get(leader, bad_class), invalid);
  EXPECT_THAT(List(leader, AskRows(node, Statistics::FIGURE_UNSPECIFIED)), invalid);
  EXPECT_THAT(List(leader, AskRows(node, static_cast<Figure>(20))), invalid);

  auto first = AskRows(node, Statistics::SUBMITTED);
  first.set_page_size(1);
  const auto page = List(leader, first);
  ASSERT_THAT(page, IsOk());
  auto other = AskRows(node, Statistics::ACCEPTED);
  other.set_page_token(page->next_page_token());
  EXPECT_THAT(List(leader, other),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID")));
}

}  // namespace
}  // namespace qungong::ticket
