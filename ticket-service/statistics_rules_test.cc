#include "ticket-service/statistics_rules.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "runtime/civil.h"
#include "tests/support/matchers.h"
#include "tests/support/ticket_lives.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::qungong::testing::TicketLife;
using v1::Statistics;

// 2015-07-30 in Chongqing begins at this second; the days of a case are counted from it.
constexpr int64_t kBegin = 1438185600;
const int32_t kDay = DayNumber(absl::CivilDay(2015, 7, 30));

// The change of a text whose times are written as days and hours: "@2:18" is 18:00 on the second
// day after. [submitted], [accepted] and [due] stand for how far the ticket came.
v1::TicketChange ChangeFrom(absl::string_view written) {
  const std::string text = absl::StrReplaceAll(
      written, {{"[due]", "submit_time: @0:1 accept_time: @1:1 finish_due_time: @5:18"},
                {"[accepted]", "submit_time: @0:1 accept_time: @1:1"},
                {"[submitted]", "submit_time: @0:1"}});
  std::string full;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '@') {
      full.push_back(text[i]);
      continue;
    }
    int day = 0;
    int hour = 0;
    int length = 0;
    sscanf(text.data() + i + 1, "%d:%d%n", &day, &hour, &length);
    absl::StrAppend(&full, "{ seconds: ",
                    kBegin + absl::ToInt64Seconds(day * absl::Hours(24) + absl::Hours(hour)), " }");
    i += static_cast<size_t>(length);
  }
  v1::TicketChange change;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(full, &change)) << full;
  return change;
}

struct FigureCase {
  const char* name;
  Figure figure;
  std::vector<const char*> changes;
  std::optional<int32_t> day;  // after kDay
};

class FigureTest : public ::testing::TestWithParam<FigureCase> {};

TEST_P(FigureTest, CountsOnItsDay) {
  Contribution contribution;
  for (const char* text : GetParam().changes)
    contribution = Contribute(ChangeFrom(text), contribution);
  std::optional<int32_t> expected = GetParam().day;
  if (expected.has_value()) *expected += kDay;
  EXPECT_EQ(contribution.DayOf(GetParam().figure), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Figures, FigureTest,
    ::testing::ValuesIn(std::vector<FigureCase>{
        {"SubmittedJustAfterMidnight", Statistics::SUBMITTED, {"submit_time: @0:0"}, 0},
        {"SubmittedJustBeforeMidnight", Statistics::SUBMITTED, {"submit_time: @0:23"}, 0},
        {"SubmittedThoughWithdrawn",
         Statistics::SUBMITTED,
         {"[submitted] state: WITHDRAWN close_time: @3:0"},
         0},
        {"NotAcceptedYet", Statistics::ACCEPTED, {"[submitted] state: REGISTERED"}, std::nullopt},
        {"Accepted", Statistics::ACCEPTED, {"[accepted] state: ACCEPTED"}, 1},
        {"AcceptedThoughWithdrawn",
         Statistics::ACCEPTED,
         {"[accepted] state: WITHDRAWN close_time: @3:0"},
         1},
        {"Refused",
         Statistics::NOT_ACCEPTED,
         {"[submitted] state: NOT_ACCEPTED close_time: @2:9"},
         2},
        {"RefusalOnlyProposed",
         Statistics::NOT_ACCEPTED,
         {"[submitted] state: REGISTERED"},
         std::nullopt},
        {"ClosedIsNotRefused",
         Statistics::NOT_ACCEPTED,
         {"[accepted] state: CLOSED close_time: @2:9"},
         std::nullopt},
        {"Answered", Statistics::ANSWERED, {"[due] state: ANSWERED answer_time: @3:9"}, 3},
        {"AnsweredBeforeItWasReopened",
         Statistics::ANSWERED,
         {"[due] state: ANSWERED answer_time: @3:9", "[due] state: IN_PROGRESS cycle: 2"},
         3},
        {"AnsweredAgain",
         Statistics::ANSWERED,
         {"[due] state: ANSWERED answer_time: @3:9", "[due] state: IN_PROGRESS cycle: 2",
          "[due] state: ANSWERED cycle: 2 answer_time: @8:9"},
         8},
        {"Closed", Statistics::CLOSED, {"[due] state: CLOSED close_time: @4:9"}, 4},
        {"ReopenedIsNotClosed",
         Statistics::CLOSED,
         {"[due] state: CLOSED close_time: @4:9", "[due] state: IN_PROGRESS cycle: 2"},
         std::nullopt},
        {"ClosedAgain",
         Statistics::CLOSED,
         {"[due] state: CLOSED close_time: @4:9", "[due] state: IN_PROGRESS cycle: 2",
          "[due] state: CLOSED cycle: 2 close_time: @9:9"},
         9},
        {"Withdrawn", Statistics::WITHDRAWN, {"[accepted] state: WITHDRAWN close_time: @3:0"}, 3},
        {"RefusedIsNotWithdrawn",
         Statistics::WITHDRAWN,
         {"[submitted] state: NOT_ACCEPTED close_time: @2:9"},
         std::nullopt},
        {"FirstCycleIsNotReopened",
         Statistics::REOPENED,
         {"[due] state: IN_PROGRESS"},
         std::nullopt},
        {"ReopenedCountsWhenItWasAccepted",
         Statistics::REOPENED,
         {"[due] state: IN_PROGRESS cycle: 2"},
         1},
        {"ReopenedStaysReopenedWhenClosed",
         Statistics::REOPENED,
         {"[due] state: CLOSED cycle: 3 close_time: @9:9"},
         1},
        {"ClosureCountsWhenItWasAccepted",
         Statistics::CLOSURE,
         {"[due] state: CLOSED close_time: @4:9"},
         1},
        {"AnsweredIsNoClosure",
         Statistics::CLOSURE,
         {"[due] state: ANSWERED answer_time: @3:9"},
         std::nullopt},
        {"ReopenedIsNoClosure",
         Statistics::CLOSURE,
         {"[due] state: CLOSED close_time: @4:9", "[due] state: IN_PROGRESS cycle: 2"},
         std::nullopt},
        {"ClosureBase", Statistics::CLOSURE_BASE, {"[accepted] state: ACCEPTED"}, 1},
        {"ClosureBaseWithoutRefused",
         Statistics::CLOSURE_BASE,
         {"[submitted] state: NOT_ACCEPTED close_time: @2:9"},
         std::nullopt},
        {"ClosureBaseWithoutWithdrawn",
         Statistics::CLOSURE_BASE,
         {"[accepted] state: ACCEPTED", "[accepted] state: WITHDRAWN close_time: @3:0"},
         std::nullopt},
        {"OnTimeAtTheVeryInstant",
         Statistics::ON_TIME_CLOSURE,
         {"[due] state: CLOSED answer_time: @5:18 close_time: @9:9"},
         5},
        {"LateByAnHour",
         Statistics::ON_TIME_CLOSURE,
         {"[due] state: CLOSED answer_time: @5:19 close_time: @9:9"},
         std::nullopt},
        {"AnsweredInTimeButNotClosed",
         Statistics::ON_TIME_CLOSURE,
         {"[due] state: ANSWERED answer_time: @3:9"},
         std::nullopt},
        {"TheFinalAnswerDecides",
         Statistics::ON_TIME_CLOSURE,
         {"[due] state: CLOSED answer_time: @3:9 close_time: @4:9",
          "[accepted] finish_due_time: @9:18 state: CLOSED cycle: 2 answer_time: @9:19 close_time: "
          "@10:0"},
         std::nullopt},
        {"OnTimeAgainCountsOnTheNewDueDay",
         Statistics::ON_TIME_CLOSURE,
         {"[due] state: CLOSED answer_time: @5:19 close_time: @6:9",
          "[accepted] finish_due_time: @9:18 state: CLOSED cycle: 2 answer_time: @9:17 close_time: "
          "@10:0"},
         9},
        {"DueThoughNotAnswered", Statistics::ON_TIME_CLOSURE_BASE, {"[due] state: IN_PROGRESS"}, 5},
        {"NeverDispatchedIsNeverDue",
         Statistics::ON_TIME_CLOSURE_BASE,
         {"[accepted] state: ACCEPTED"},
         std::nullopt},
        {"DueWithoutWithdrawn",
         Statistics::ON_TIME_CLOSURE_BASE,
         {"[due] state: WITHDRAWN close_time: @3:0"},
         std::nullopt},
        {"DueMovesWithTheCalendar",
         Statistics::ON_TIME_CLOSURE_BASE,
         {"[due] state: IN_PROGRESS", "[accepted] finish_due_time: @6:18 state: IN_PROGRESS"},
         6},
        {"Responded", Statistics::RESPONSE, {"[due] responded: YES callback_time: @4:9"}, 4},
        {"NotResponded",
         Statistics::RESPONSE,
         {"[due] responded: NO callback_time: @4:9"},
         std::nullopt},
        {"LatestCallbackWins",
         Statistics::RESPONSE,
         {"[due] responded: YES callback_time: @4:9", "[due] responded: NO callback_time: @6:9"},
         std::nullopt},
        {"LatestCallbackMovesTheDay",
         Statistics::RESPONSE,
         {"[due] responded: YES callback_time: @4:9", "[due] responded: YES callback_time: @6:9"},
         6},
        {"NoIsAnAnswer", Statistics::RESPONSE_BASE, {"[due] responded: NO callback_time: @4:9"}, 4},
        {"UnreachedIsNone",
         Statistics::RESPONSE_BASE,
         {"[due] responded: UNREACHED callback_time: @4:9"},
         std::nullopt},
        {"UnreachedAfterYesIsNone",
         Statistics::RESPONSE_BASE,
         {"[due] responded: YES callback_time: @4:9",
          "[due] responded: UNREACHED callback_time: @6:9"},
         std::nullopt},
        {"Resolved", Statistics::RESOLUTION, {"[due] resolved: YES callback_time: @4:9"}, 4},
        {"NotResolved",
         Statistics::RESOLUTION,
         {"[due] resolved: NO responded: YES callback_time: @4:9"},
         std::nullopt},
        {"NotResolvedIsAnAnswer",
         Statistics::RESOLUTION_BASE,
         {"[due] resolved: NO callback_time: @4:9"},
         4},
        {"EachQuestionHasItsOwnBase",
         Statistics::RESOLUTION_BASE,
         {"[due] resolved: UNREACHED responded: YES callback_time: @4:9"},
         std::nullopt},
        {"Satisfied",
         Statistics::SATISFACTION,
         {"[due] satisfaction: SATISFIED satisfaction_time: @4:9"},
         4},
        {"MostlySatisfied",
         Statistics::SATISFACTION,
         {"[due] satisfaction: MOSTLY_SATISFIED satisfaction_time: @4:9"},
         4},
        {"Dissatisfied",
         Statistics::SATISFACTION,
         {"[due] satisfaction: DISSATISFIED satisfaction_time: @4:9"},
         std::nullopt},
        {"DissatisfiedIsAValidRating",
         Statistics::SATISFACTION_BASE,
         {"[due] satisfaction: DISSATISFIED satisfaction_time: @4:9"},
         4},
        {"UnratedIsNotValid",
         Statistics::SATISFACTION_BASE,
         {"[due] satisfaction: UNRATED callback_time: @4:9"},
         std::nullopt},
        {"RatingCountsOnItsDayNotTheCallbacks",
         Statistics::SATISFACTION_BASE,
         {"[due] satisfaction: SATISFIED satisfaction_time: @3:9 callback_time: @4:9"},
         3},
        {"SatisfiedOnly",
         Statistics::SATISFIED_ONLY,
         {"[due] satisfaction: SATISFIED satisfaction_time: @4:9"},
         4},
        {"SatisfiedOnlyIsNotMostly",
         Statistics::SATISFIED_ONLY,
         {"[due] satisfaction: MOSTLY_SATISFIED satisfaction_time: @4:9"},
         std::nullopt},
        {"MostlySatisfiedOnly",
         Statistics::MOSTLY_SATISFIED_ONLY,
         {"[due] satisfaction: MOSTLY_SATISFIED satisfaction_time: @4:9"},
         4},
        {"MostlySatisfiedOnlyIsNotSatisfied",
         Statistics::MOSTLY_SATISFIED_ONLY,
         {"[due] satisfaction: SATISFIED satisfaction_time: @4:9"},
         std::nullopt},
    }),
    [](const auto& tested) { return tested.param.name; });

TEST(StatisticsRulesTest, EveryFigureHasADefinitionOfItsOwn) {
  std::set<absl::string_view> definitions;
  for (size_t i = 0; i < kFigures; ++i) definitions.insert(DefinitionOf(FigureAt(i)));
  EXPECT_EQ(definitions.size(), kFigures);
  EXPECT_EQ(static_cast<size_t>(Statistics::Figure_descriptor()->value_count()), kFigures + 1);
}

TEST(StatisticsRulesTest, AfterEveryStepOfRandomLivesEachFigureIsWhatTheFactsSay) {
  std::mt19937 random(20150730);
  std::set<int> seen;
  for (int serial = 0; serial < 2000; ++serial) {
    TicketLife life("tickets/x", serial, absl::FromUnixSeconds(kBegin + serial),
                    {"units/a", "units/b"});
    Contribution contribution;
    for (int step = 0; step < 30; ++step) {
      const auto change = life.Step(random);
      if (!change.has_value()) break;
      contribution = Contribute(*change, contribution);
      for (size_t i = 0; i < kFigures; ++i) {
        const Figure figure = FigureAt(i);
        ASSERT_EQ(contribution.DayOf(figure), life.DayFor(figure))
            << Statistics::Figure_Name(figure) << " after " << change->DebugString();
        if (contribution.Has(figure)) seen.insert(figure);
      }
    }
  }
  EXPECT_EQ(seen.size(), kFigures);
}

TEST(StatisticsRulesTest, NumeratorsAreWithinTheirDenominators) {
  std::mt19937 random(7);
  for (int serial = 0; serial < 500; ++serial) {
    TicketLife life("tickets/x", serial, absl::FromUnixSeconds(kBegin), {"units/a"});
    Contribution contribution;
    while (const auto change = life.Step(random)) {
      contribution = Contribute(*change, contribution);
      for (const RateRule& rate :
           {kClosureRate, kOnTimeClosureRate, kResponseRate, kResolutionRate, kSatisfactionRate}) {
        if (!contribution.Has(rate.numerator)) continue;
        ASSERT_EQ(contribution.DayOf(rate.numerator), contribution.DayOf(rate.denominator));
      }
      if (change->cycle() > 5) break;
    }
  }
}

TEST(StatisticsRulesTest, GrainFollowsTheLevel) {
  EXPECT_EQ(GrainOf(rpc::v1::MUNICIPALITY_LEVEL), Grain::kDetails);
  EXPECT_EQ(GrainOf(rpc::v1::DISTRICT_LEVEL), Grain::kDetails);
  EXPECT_EQ(GrainOf(rpc::v1::TOWNSHIP_LEVEL), Grain::kDays);
  EXPECT_EQ(GrainOf(rpc::v1::VILLAGE_LEVEL), Grain::kTickets);
  EXPECT_EQ(GrainOf(rpc::v1::LEVEL_UNSPECIFIED), Grain::kTickets);
}

google::type::Date Date(int year, int month, int day) {
  google::type::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

TEST(StatisticsRulesTest, AWindowIsTwoRealDaysInOrderAtMostTenYearsApart) {
  struct Case {
    google::type::Date from, to;
    bool ok;
  };
  const Case cases[] = {
      {Date(2015, 7, 30), Date(2015, 7, 31), true},  {Date(2015, 7, 30), Date(2015, 7, 30), false},
      {Date(2015, 7, 30), Date(2015, 7, 29), false}, {Date(2015, 1, 1), Date(2025, 1, 1), true},
      {Date(2015, 1, 1), Date(2025, 1, 2), false},   {Date(2012, 2, 29), Date(2022, 3, 1), true},
      {Date(2012, 2, 29), Date(2022, 3, 2), false},  {Date(2015, 2, 29), Date(2015, 3, 5), false},
      {Date(2015, 2, 28), Date(2015, 2, 30), false}, {Date(2015, 0, 1), Date(2015, 2, 3), false},
      {Date(2015, 1, 0), Date(2015, 2, 3), false},   {Date(2015, 13, 1), Date(2016, 2, 3), false},
      {Date(0, 1, 1), Date(1, 1, 1), false},         {Date(9995, 1, 1), Date(10000, 1, 1), false},
      {Date(-2015, 1, 1), Date(2015, 1, 1), false},
  };
  for (const Case& c : cases) {
    const auto window = ParseWindow(c.from, c.to);
    if (c.ok) {
      EXPECT_THAT(window, IsOk()) << c.from.DebugString() << c.to.DebugString();
    } else {
      EXPECT_THAT(window, StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")))
          << c.from.DebugString() << c.to.DebugString();
    }
  }
}

}  // namespace
}  // namespace qungong::ticket
