#include "ticket-service/clock_rules.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "tests/support/calendars.h"

namespace qungong::ticket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr LimitUnit kWall = LimitUnit::kWallMinutes;
constexpr LimitUnit kHours = LimitUnit::kWorkingMinutes;
constexpr LimitUnit kDays = LimitUnit::kWorkingDays;

const WorkingCalendar& Calendar() {
  static const auto* calendar =
      new WorkingCalendar(WorkingCalendar::Create(testing::CalendarRecords()).value());
  return *calendar;
}

// "2015-09-01 10:00" in Shanghai; "-" is the end of time.
absl::Time At(absl::string_view text) {
  if (text == "-") return absl::InfiniteFuture();
  absl::Time t;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M", text, Shanghai(), &t, &error)) << text << error;
  return t;
}

std::string Text(absl::Time t) {
  return t == absl::InfiniteFuture() ? "-" : absl::FormatTime("%Y-%m-%d %H:%M", t, Shanghai());
}

struct Case {
  const char* name;
  const char* start;
  LimitUnit unit;
  int amount;
  const char* pauses;  // "2015-07-08 09:00 to 2015-07-08 17:00; ..."
  const char* cap;
  const char* due;
  const char* yellow;
  bool provisional = false;
};

ClockLedger LedgerOf(const Case& c) {
  ClockLedger ledger{At(c.start), {c.unit, c.amount}, {}, {}, At(c.cap)};
  for (absl::string_view span : absl::StrSplit(c.pauses, "; ", absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(span, " to ");
    ledger.pauses.push_back({At(ends.first), At(ends.second)});
  }
  return ledger;
}

class DeadlineTest : public ::testing::TestWithParam<Case> {};

TEST_P(DeadlineTest, IsWhereTheRulePutsIt) {
  const Case& c = GetParam();
  const auto deadline = ComputeDeadline(LedgerOf(c), ClockPolicy(), Calendar());
  ASSERT_TRUE(deadline.ok()) << deadline.status();
  EXPECT_EQ(Text(deadline->due), c.due);
  EXPECT_EQ(Text(deadline->yellow), c.yellow);
  EXPECT_EQ(deadline->provisional, c.provisional);
  EXPECT_EQ(deadline->suspended(), std::string(c.due) == "-");
}

std::string NameOf(const ::testing::TestParamInfo<Case>& test) { return test.param.name; }

// A deadline at midnight is the end of the day before.
INSTANTIATE_TEST_SUITE_P(
    WorkingDays, DeadlineTest,
    ::testing::Values(Case{"VictoryDay", "2015-09-01 10:00", kDays, 5, "", "-", "2015-09-10 00:00",
                           "2015-09-09 00:00"},
                      Case{"SpringFestival", "2015-02-13 17:59", kDays, 5, "", "-",
                           "2015-02-27 00:00", "2015-02-26 00:00"},
                      Case{"NationalDay", "2015-09-30 00:00", kDays, 5, "", "-", "2015-10-14 00:00",
                           "2015-10-13 00:00"},
                      Case{"Summer", "2015-07-30 23:59", kDays, 15, "", "-", "2015-08-21 00:00",
                           "2015-08-14 00:00"},
                      Case{"OneDayIsYellowFromTheStart", "2015-09-01 10:00", kDays, 1, "", "-",
                           "2015-09-03 00:00", "2015-09-01 10:00"},
                      Case{"TheStartMayBeADayOff", "2015-09-03 10:00", kDays, 1, "", "-",
                           "2015-09-07 00:00", "2015-09-03 10:00"},
                      Case{"OverTheYearEnd", "2018-12-28 09:00", kDays, 2, "", "-",
                           "2019-01-03 00:00", "2018-12-30 00:00"},
                      Case{"ExtendedHoliday2020", "2020-01-22 09:00", kDays, 3, "", "-",
                           "2020-02-05 00:00", "2020-02-04 00:00"},
                      Case{"IntoAnUnpublishedYear", "2026-12-29 09:00", kDays, 5, "", "-",
                           "2027-01-06 00:00", "2027-01-05 00:00", true},
                      Case{"UpToThePublishedYearEnd", "2026-12-29 09:00", kDays, 2, "", "-",
                           "2027-01-01 00:00", "2026-12-31 00:00"},
                      Case{"BeforeThePublishedYears", "2014-12-29 09:00", kDays, 3, "", "-",
                           "2015-01-05 00:00", "2015-01-01 00:00", true}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    PausedDays, DeadlineTest,
    ::testing::Values(
        // Without a pause the 5 days from Monday 07-06 end with Monday 07-13.
        Case{"WithinOneDayCostsNothing", "2015-07-06 10:00", kDays, 5,
             "2015-07-08 09:00 to 2015-07-08 17:00", "-", "2015-07-14 00:00", "2015-07-11 00:00"},
        Case{"OverOneNightAddsADay", "2015-07-06 10:00", kDays, 5,
             "2015-07-08 17:00 to 2015-07-09 09:00", "-", "2015-07-15 00:00", "2015-07-14 00:00"},
        Case{"OverTheWeekendAddsADay", "2015-07-06 10:00", kDays, 5,
             "2015-07-10 17:00 to 2015-07-13 09:00", "-", "2015-07-15 00:00", "2015-07-14 00:00"},
        Case{"OnAWeekendCostsNothing", "2015-07-06 10:00", kDays, 5,
             "2015-07-11 00:00 to 2015-07-13 00:00", "-", "2015-07-14 00:00", "2015-07-11 00:00"},
        Case{"OverlappingPausesCountOnce", "2015-07-06 10:00", kDays, 5,
             "2015-07-08 12:00 to 2015-07-09 12:00; 2015-07-07 12:00 to 2015-07-09 08:00", "-",
             "2015-07-16 00:00", "2015-07-15 00:00"},
        Case{"OnTheLastDayMovesTheDue", "2015-07-06 10:00", kDays, 5,
             "2015-07-13 10:00 to 2015-07-16 10:00", "-", "2015-07-17 00:00", "2015-07-11 00:00"},
        Case{"AfterTheDueChangesNothing", "2015-07-06 10:00", kDays, 5,
             "2015-07-14 00:00 to 2015-08-01 00:00", "-", "2015-07-14 00:00", "2015-07-11 00:00"},
        Case{"FromBeforeTheStart", "2015-07-06 10:00", kDays, 1,
             "2015-07-01 10:00 to 2015-07-08 10:00", "-", "2015-07-09 00:00", "2015-07-06 10:00"},
        Case{"Lasting", "2015-07-06 10:00", kDays, 5, "2015-07-08 10:00 to -", "-", "-", "-"},
        Case{"LastingAfterTheLightTurned", "2015-07-06 10:00", kDays, 5, "2015-07-13 10:00 to -",
             "-", "-", "2015-07-11 00:00"},
        Case{"LastingFromTheDueOn", "2015-07-06 10:00", kDays, 5, "2015-07-14 00:00 to -", "-",
             "2015-07-14 00:00", "2015-07-11 00:00"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Minutes, DeadlineTest,
    ::testing::Values(
        Case{"TwoHoursOnAHoliday", "2015-10-01 23:30", kWall, 120, "", "-", "2015-10-02 01:30",
             "2015-10-02 00:50"},
        Case{"SevenDays", "2015-09-01 10:00", kWall, 7 * 1440, "", "-", "2015-09-08 10:00",
             "2015-09-06 02:00"},
        Case{"WallNeverAsksTheCalendar", "2026-12-31 12:00", kWall, 2880, "", "-",
             "2027-01-02 12:00", "2027-01-01 20:00"},
        Case{"WallPaused", "2015-09-01 10:00", kWall, 120, "2015-09-01 11:00 to 2015-09-02 11:00",
             "-", "2015-09-02 12:00", "2015-09-02 11:20"},
        Case{"WallDueAsThePauseBegins", "2015-09-01 10:00", kWall, 60, "2015-09-01 11:00 to -", "-",
             "2015-09-01 11:00", "2015-09-01 10:40"},
        Case{"WorkingHoursOverLunch", "2015-09-01 11:00", kHours, 120, "", "-", "2015-09-01 15:00",
             "2015-09-01 14:20"},
        Case{"WorkingHoursEndWithTheDay", "2015-09-01 14:00", kHours, 240, "", "-",
             "2015-09-01 18:00", "2015-09-01 16:40"},
        Case{"WorkingHoursOverTheHoliday", "2015-09-02 17:00", kHours, 120, "", "-",
             "2015-09-06 10:00", "2015-09-06 09:20"},
        Case{"WorkingHoursFromTheEvening", "2015-09-01 20:00", kHours, 60, "", "-",
             "2015-09-02 10:00", "2015-09-02 09:40"},
        Case{"WorkingHoursPausedOverLunchOnly", "2015-09-01 11:00", kHours, 120,
             "2015-09-01 12:00 to 2015-09-01 14:00", "-", "2015-09-01 15:00", "2015-09-01 14:20"},
        Case{"WorkingHoursPaused", "2015-09-01 11:00", kHours, 120,
             "2015-09-01 11:30 to 2015-09-01 14:30", "-", "2015-09-01 16:00", "2015-09-01 15:20"},
        Case{"WorkingHoursProvisional", "2026-12-31 17:00", kHours, 120, "", "-",
             "2027-01-01 10:00", "2027-01-01 09:20", true}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Caps, DeadlineTest,
    ::testing::Values(Case{"LaterThanTheDueChangesNothing", "2015-07-06 10:00", kDays, 5, "",
                           "2015-07-14 00:00", "2015-07-14 00:00", "2015-07-11 00:00"},
                      Case{"BringsDueAndYellowForward", "2015-07-06 10:00", kDays, 15, "",
                           "2015-07-14 00:00", "2015-07-14 00:00", "2015-07-11 00:00"},
                      Case{"WithinADay", "2015-07-06 10:00", kWall, 1440, "", "2015-07-06 13:00",
                           "2015-07-06 13:00", "2015-07-06 12:00"},
                      Case{"HoldsOverALastingPause", "2015-07-06 10:00", kDays, 5,
                           "2015-07-07 10:00 to -", "2015-07-14 00:00", "2015-07-14 00:00",
                           "2015-07-06 10:00"},
                      Case{"BeforeTheStart", "2015-07-06 10:00", kDays, 5, "", "2015-07-01 00:00",
                           "2015-07-01 00:00", "2015-07-01 00:00"}),
    NameOf);

TEST(ComputeDeadline, ExtensionsAddToTheLimit) {
  const auto ends = [](Limit limit, std::vector<int32_t> extensions) {
    const ClockLedger ledger{At("2015-09-01 10:00"), limit, std::move(extensions), {}};
    const auto deadline = ComputeDeadline(ledger, ClockPolicy(), Calendar());
    return absl::StrCat(Text(deadline->yellow), ", ", Text(deadline->due));
  };
  EXPECT_EQ(ends({kDays, 5}, {3, 2}), "2015-09-12 00:00, 2015-09-17 00:00");
  EXPECT_EQ(ends({kDays, 10}, {}), "2015-09-12 00:00, 2015-09-17 00:00");
  EXPECT_EQ(ends({kWall, 120}, {60}), "2015-09-01 12:00, 2015-09-01 13:00");
  EXPECT_EQ(ends({kHours, 120}, {60, 60}), "2015-09-01 14:40, 2015-09-01 16:00");
}

TEST(ComputeDeadline, ACalendarPublishedOrChangedLaterMovesTheDeadline) {
  auto records = testing::CalendarRecords();
  // 2020 as first published: 01-31 worked as the Friday it was, 02-01 a Saturday worked by notice.
  auto& first = records[5];
  ASSERT_EQ(first.year(), 2020);
  std::vector<int> holidays(first.holidays().begin(), first.holidays().end());
  std::erase(holidays, 31);
  first.mutable_holidays()->Assign(holidays.begin(), holidays.end());
  first.add_workdays(32);
  const WorkingCalendar before = WorkingCalendar::Create(records).value();
  const ClockLedger ledger{At("2020-01-22 09:00"), {kDays, 3}, {}, {}};
  EXPECT_EQ(Text(ComputeDeadline(ledger, ClockPolicy(), before)->due), "2020-02-02 00:00");
  EXPECT_EQ(Text(ComputeDeadline(ledger, ClockPolicy(), Calendar())->due), "2020-02-05 00:00");
}

TEST(ComputeDeadline, ExplainsItself) {
  const ClockLedger ledger{
      At("2015-09-01 10:00"), {kDays, 5}, {2}, {{At("2015-09-08 16:00"), At("2015-09-09 09:00")}}};
  const auto deadline = ComputeDeadline(ledger, ClockPolicy(), Calendar());
  std::vector<std::string> texts;
  for (const Step& step : deadline->steps) texts.push_back(DescribeStep(step));
  EXPECT_THAT(
      texts,
      ElementsAre("2015-09-01 10:00 起算", "时限 5个工作日", "批准延期 2个工作日",
                  "2015-09-01 为起算日，不计", "2015-09-02 计 1个工作日，累计 1个工作日",
                  "2015-09-03 至 2015-09-05 放假，不计",
                  "2015-09-06 至 2015-09-07 计 2个工作日，累计 3个工作日", "2015-09-08 暂停，不计",
                  "2015-09-09 至 2015-09-11 计 3个工作日，累计 6个工作日",
                  "2015-09-12 至 2015-09-13 放假，不计", "2015-09-14 计 1个工作日，累计 7个工作日",
                  "2015-09-14 24:00 到期"));
  EXPECT_EQ(deadline->LastDay(), absl::CivilDay(2015, 9, 14));
}

TEST(ComputeDeadline, ExplainsMinutesPausesCapsAndYearsToCome) {
  const auto texts = [](const ClockLedger& ledger) {
    const auto deadline = ComputeDeadline(ledger, ClockPolicy(), Calendar());
    std::vector<std::string> all;
    for (const Step& step : deadline->steps) all.push_back(DescribeStep(step));
    return all;
  };
  EXPECT_THAT(texts({At("2015-09-01 10:00"),
                     {kWall, 120},
                     {},
                     {{At("2015-09-01 11:00"), At("2015-09-02 11:00")}}}),
              ElementsAre("2015-09-01 10:00 起算", "时限 120分钟",
                          "2015-09-01 10:00 至 2015-09-01 11:00 计 60分钟，累计 60分钟",
                          "2015-09-01 11:00 至 2015-09-02 11:00 暂停，不计",
                          "2015-09-02 11:00 至 2015-09-02 12:00 计 60分钟，累计 120分钟",
                          "2015-09-02 12:00 到期"));
  EXPECT_THAT(
      texts({At("2015-09-02 20:00"), {kHours, 60}, {}, {}}),
      ElementsAre("2015-09-02 20:00 起算", "时限 60分钟工作时间",
                  "2015-09-03 至 2015-09-05 放假，不计",
                  "2015-09-06 00:00 至 2015-09-06 10:00 计 60分钟工作时间，累计 60分钟工作时间",
                  "2015-09-06 10:00 到期"));
  EXPECT_THAT(texts({At("2026-12-31 10:00"), {kDays, 1}, {}, {}}),
              ElementsAre("2026-12-31 10:00 起算", "时限 1个工作日", "2026-12-31 为起算日，不计",
                          "2027年放假安排尚未公布，暂按周末休息推算，公布后重算",
                          "2027-01-01 计 1个工作日，累计 1个工作日", "2027-01-01 24:00 到期"));
  EXPECT_THAT(
      texts({At("2015-07-06 10:00"), {kDays, 2}, {}, {{At("2015-07-07 10:00"), At("-")}}}),
      ElementsAre("2015-07-06 10:00 起算", "时限 2个工作日", "2015-07-06 为起算日，不计",
                  "2015-07-07 暂停，不计", "2015-07-07 10:00 起暂停至今，恢复后再定到期时间"));
  EXPECT_THAT(texts({At("2015-07-06 10:00"), {kDays, 9}, {}, {}, At("2015-07-08 00:00")}).back(),
              "不得晚于上一级时限 2015-07-07 24:00");
}

TEST(LightAt, TurnsAtTheThresholds) {
  const ClockLedger ledger{At("2015-09-01 10:00"), {kDays, 5}, {}, {}};
  const Deadline deadline = ComputeDeadline(ledger, ClockPolicy(), Calendar()).value();
  EXPECT_EQ(LightAt(deadline, At("2015-09-01 10:00")), Light::kGreen);
  EXPECT_EQ(LightAt(deadline, At("2015-09-08 23:59")), Light::kGreen);
  EXPECT_EQ(LightAt(deadline, At("2015-09-09 00:00")), Light::kYellow);
  EXPECT_EQ(LightAt(deadline, At("2015-09-09 23:59")), Light::kYellow);
  EXPECT_EQ(LightAt(deadline, At("2015-09-10 00:00")), Light::kRed);
}

TEST(LightAt, FollowsThePolicy) {
  ClockPolicy policy;
  policy.thresholds = {.used_numerator = 1, .used_denominator = 2, .working_days_left = 0};
  const auto yellow = [&](Limit limit) {
    return Text(
        ComputeDeadline({At("2015-07-06 10:00"), limit, {}, {}}, policy, Calendar())->yellow);
  };
  EXPECT_EQ(yellow({kWall, 120}), "2015-07-06 11:00");
  EXPECT_EQ(yellow({kDays, 4}), "2015-07-09 00:00");
  EXPECT_EQ(yellow({kDays, 5}), "2015-07-10 00:00");  // half of 5 days is used when 3 are
  policy.thresholds = {.used_numerator = 1, .used_denominator = 1, .working_days_left = 3};
  EXPECT_EQ(yellow({kDays, 5}), "2015-07-09 00:00");
  EXPECT_EQ(yellow({kDays, 2}), "2015-07-06 10:00");
  EXPECT_EQ(yellow({kWall, 120}), "2015-07-06 12:00");  // never yellow: red at once
}

TEST(ComputeDeadline, RefusesALedgerThatCannotBe) {
  const absl::Time start = At("2015-07-06 10:00");
  const absl::Time far = absl::FromCivil(absl::CivilDay(12000, 1, 1), Shanghai());
  const std::vector<ClockLedger> bad = {
      {start, {kDays, 0}, {}, {}},
      {start, {kDays, -1}, {}, {}},
      {start, {kDays, 3661}, {}, {}},
      {start, {kDays, 3660}, {1}, {}},
      {start, {kDays, 5}, {0}, {}},
      {start, {kDays, 5}, {2147483647, 2147483647}, {}},
      {start, {kWall, 3660 * 1440 + 1}, {}, {}},
      {far, {kDays, 5}, {}, {}},
      {absl::InfinitePast(), {kDays, 5}, {}, {}},
      {start, {kDays, 5}, {}, {{At("2015-07-08 10:00"), At("2015-07-08 09:59")}}},
      {start, {kDays, 5}, {}, {{absl::InfinitePast(), start}}},
      {start, {kDays, 5}, {}, {{start, far}}}};
  for (std::size_t i = 0; i < bad.size(); ++i) {
    EXPECT_EQ(ComputeDeadline(bad[i], ClockPolicy(), Calendar()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << i;
  }
  ClockPolicy closed;
  closed.business_hours.clear();
  EXPECT_EQ(ComputeDeadline({start, {kHours, 5}, {}, {}}, closed, Calendar()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(ComputeDeadline({start, {kDays, 5}, {}, {}}, closed, Calendar()).ok());
  EXPECT_EQ(ComputeDeadline({At("9999-12-30 10:00"), {kDays, 5}, {}, {}}, ClockPolicy(), Calendar())
                .status()
                .code(),
            absl::StatusCode::kOutOfRange);
}

TEST(CheckPolicy, NamesEveryFieldThatCannotBe) {
  EXPECT_TRUE(CheckPolicy(ClockPolicy()).ok());
  ClockPolicy policy;
  policy.accept = {kWall, 15};
  policy.finish = {kDays, 15};
  EXPECT_TRUE(CheckPolicy(policy).ok());
  const std::vector<std::vector<MinuteRange>> bad_hours = {{},
                                                           {{540, 540}},
                                                           {{600, 540}},
                                                           {{-1, 60}},
                                                           {{1000, 1441}},
                                                           {{540, 720}, {700, 800}},
                                                           {{840, 1080}, {540, 720}}};
  for (const auto& hours : bad_hours) {
    ClockPolicy wrong = policy;
    wrong.business_hours = hours;
    EXPECT_THAT(std::string(CheckPolicy(wrong).message()), HasSubstr("business_hours"));
  }
  const std::vector<LightThresholds> bad_thresholds = {{0, 3, 1},   {4, 3, 1},     {2, 0, 1},
                                                       {-1, -1, 1}, {1, 20000, 1}, {2, 3, -1}};
  for (const LightThresholds& thresholds : bad_thresholds) {
    ClockPolicy wrong = policy;
    wrong.thresholds = thresholds;
    EXPECT_THAT(std::string(CheckPolicy(wrong).message()), HasSubstr("thresholds"));
  }
  policy.accept = {kWall, 0};
  policy.acknowledge = {kDays, 4000};
  policy.dispatch = {kHours, -5};
  const std::string message(CheckPolicy(policy).message());
  EXPECT_THAT(message, HasSubstr("accept.amount"));
  EXPECT_THAT(message, HasSubstr("acknowledge.amount"));
  EXPECT_THAT(message, HasSubstr("dispatch.amount"));
}

}  // namespace
}  // namespace qungong::ticket
