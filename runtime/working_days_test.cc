#include "runtime/working_days.h"

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "runtime/status.h"
#include "tests/support/calendars.h"

namespace qungong {
namespace {

using absl::CivilDay;
using rpc::v1::CalendarRecord;

WorkingCalendar Published() { return WorkingCalendar::Create(testing::CalendarRecords()).value(); }

// Today's answer from the rows of the file and the C library, with nothing of the class under test.
bool NaiveIsWorkingDay(const std::map<std::string, std::string>& rows, CivilDay day) {
  const std::tm tm = testing::TmOf(static_cast<int>(day.year()), day.month(), day.day());
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d", &tm);
  const auto it = rows.find(date);
  if (it != rows.end()) return it->second == "WORKDAY";
  return tm.tm_wday >= 1 && tm.tm_wday <= 5;
}

struct AddCase {
  const char* name;
  const char* from;
  int n;
  const char* want;
};

CivilDay Day(absl::string_view text) {
  CivilDay day;
  EXPECT_TRUE(absl::ParseCivilTime(text, &day)) << text;
  return day;
}

class AddWorkingDaysTest : public ::testing::TestWithParam<AddCase> {};

TEST_P(AddWorkingDaysTest, FindsTheDay) {
  const AddCase& c = GetParam();
  const WorkingCalendar under_test = Published();
  EXPECT_EQ(under_test.AddWorkingDays(Day(c.from), c.n).value(), Day(c.want));
  const auto provisional = under_test.ProvisionalAddWorkingDays(Day(c.from), c.n).value();
  EXPECT_EQ(provisional.value, Day(c.want));
  EXPECT_FALSE(provisional.provisional);
}

INSTANTIATE_TEST_SUITE_P(
    Vectors, AddWorkingDaysTest,
    ::testing::Values(AddCase{"VictoryDay2015", "2015-09-01", 5, "2015-09-09"},
                      AddCase{"SpringFestival2015", "2015-02-13", 5, "2015-02-26"},
                      AddCase{"NationalDay2015", "2015-09-30", 5, "2015-10-13"},
                      AddCase{"SummerWithoutHolidays", "2015-07-30", 15, "2015-08-20"},
                      AddCase{"NoneIsTheDayItself", "2015-09-03", 0, "2015-09-03"},
                      AddCase{"FromADayOff", "2015-09-03", 1, "2015-09-06"},
                      AddCase{"YearEndWorkedSaturday", "2018-12-28", 1, "2018-12-29"},
                      AddCase{"YearEndMovedMonday", "2018-12-29", 1, "2019-01-02"},
                      AddCase{"Extended2020", "2020-01-23", 1, "2020-02-03"},
                      AddCase{"LeapDay", "2024-02-28", 1, "2024-02-29"},
                      AddCase{"LastPublishedDay", "2026-12-30", 1, "2026-12-31"}),
    [](const auto& test) { return test.param.name; });

TEST(WorkingCalendar, CountsTheWorkingDaysOfEachYear) {
  const std::map<int, int> want = {{2015, 249}, {2016, 250}, {2017, 249}, {2018, 250},
                                   {2019, 250}, {2020, 249}, {2021, 250}, {2022, 249},
                                   {2023, 249}, {2024, 251}, {2025, 248}, {2026, 248}};
  const WorkingCalendar under_test = Published();
  for (const auto& [year, count] : want) {
    EXPECT_EQ(under_test.CountWorkingDays(CivilDay(year, 1, 1), CivilDay(year + 1, 1, 1)).value(),
              count)
        << year;
  }
}

TEST(WorkingCalendar, AgreesWithTheRowsOnEveryDay) {
  const WorkingCalendar under_test = Published();
  const auto rows = testing::CalendarRows();
  ASSERT_EQ(rows.size(), 289u);
  for (CivilDay day(2015, 1, 1); day.year() <= 2026; ++day) {
    EXPECT_EQ(under_test.IsWorkingDay(day).value(), NaiveIsWorkingDay(rows, day)) << day;
  }
}

TEST(WorkingCalendar, AgreesWithANaiveCountOnRandomSpans) {
  const WorkingCalendar under_test = Published();
  const auto rows = testing::CalendarRows();
  std::mt19937 random(20150730);
  std::uniform_int_distribution<int> any_start(0, 4000);
  std::uniform_int_distribution<int> any_count(0, 120);
  for (int i = 0; i < 2000; ++i) {
    const CivilDay from = CivilDay(2015, 1, 1) + any_start(random);
    const int n = any_count(random);
    CivilDay want = from;
    for (int left = n; left > 0;) left -= NaiveIsWorkingDay(rows, ++want) ? 1 : 0;
    EXPECT_EQ(under_test.AddWorkingDays(from, n).value(), want) << from << " + " << n;
    EXPECT_EQ(under_test.CountWorkingDays(from + 1, want + 1).value(), n) << from << " + " << n;
  }
}

TEST(WorkingCalendar, AnUnpublishedYearIsAnErrorAndNeverWithoutHolidays) {
  const WorkingCalendar under_test = Published();
  EXPECT_FALSE(under_test.IsPublished(2027));
  const std::vector<absl::Status> errors = {
      under_test.IsWorkingDay(CivilDay(2027, 1, 1)).status(),
      under_test.IsWorkingDay(CivilDay(2014, 12, 31)).status(),
      under_test.AddWorkingDays(CivilDay(2026, 12, 31), 1).status(),
      under_test.CountWorkingDays(CivilDay(2026, 12, 31), CivilDay(2027, 1, 2)).status(),
      WorkingCalendar().IsWorkingDay(CivilDay(2015, 1, 1)).status()};
  for (const absl::Status& error : errors) {
    EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(error), "CALENDAR_NOT_PUBLISHED");
  }
  EXPECT_TRUE(under_test.CountWorkingDays(CivilDay(2026, 12, 31), CivilDay(2027, 1, 1)).ok());
}

TEST(WorkingCalendar, TheProvisionalAnswerTakesWeekendsOnlyAndSaysSo) {
  const WorkingCalendar under_test = Published();
  const auto new_year = under_test.ProvisionalIsWorkingDay(CivilDay(2027, 1, 1));  // a Friday
  EXPECT_TRUE(new_year.value);
  EXPECT_TRUE(new_year.provisional);
  EXPECT_FALSE(under_test.ProvisionalIsWorkingDay(CivilDay(2027, 1, 2)).value);
  const auto due = under_test.ProvisionalAddWorkingDays(CivilDay(2026, 12, 30), 3).value();
  EXPECT_EQ(due.value, CivilDay(2027, 1, 4));
  EXPECT_TRUE(due.provisional);
  // Out of an unpublished year, into a published one.
  const auto into = under_test.ProvisionalAddWorkingDays(CivilDay(2014, 12, 30), 2).value();
  EXPECT_EQ(into.value, CivilDay(2015, 1, 4));
  EXPECT_TRUE(into.provisional);
  const auto count =
      under_test.ProvisionalCountWorkingDays(CivilDay(2026, 12, 30), CivilDay(2027, 1, 5));
  EXPECT_EQ(count.value, 4);
  EXPECT_TRUE(count.provisional);
}

TEST(WorkingCalendar, DaysAreCountedForwardOnly) {
  const WorkingCalendar under_test = Published();
  EXPECT_EQ(under_test.AddWorkingDays(CivilDay(2015, 9, 1), -1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(under_test.ProvisionalAddWorkingDays(CivilDay(2015, 9, 1), -1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(under_test.CountWorkingDays(CivilDay(2015, 9, 2), CivilDay(2015, 9, 1)).value(), 0);
}

CalendarRecord Record(int year, std::vector<int> holidays, std::vector<int> workdays) {
  CalendarRecord record;
  record.set_year(year);
  record.mutable_holidays()->Assign(holidays.begin(), holidays.end());
  record.mutable_workdays()->Assign(workdays.begin(), workdays.end());
  return record;
}

TEST(WorkingCalendar, RefusesRecordsThatCannotBe) {
  // 2015-01-01 was a Thursday, 2015-01-03 a Saturday.
  const std::vector<std::vector<CalendarRecord>> bad = {
      {Record(2015, {INT32_MIN}, {})}, {Record(2015, {}, {INT32_MAX})},
      {Record(2015, {0}, {})},         {Record(2015, {366}, {})},
      {Record(2015, {-4}, {})},        {Record(2015, {3}, {})},
      {Record(2015, {}, {1})},         {Record(2015, {1, 1}, {})},
      {Record(2015, {}, {3, 3})},      {Record(0, {}, {})},
      {Record(10000, {}, {})},         {Record(2015, {1}, {}), Record(2015, {}, {})}};
  for (const auto& records : bad) {
    const absl::Status status = WorkingCalendar::Create(records).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << records[0].DebugString();
    EXPECT_EQ(ReasonOf(status), "CALENDAR_INVALID");
  }
  EXPECT_TRUE(WorkingCalendar::Create({Record(2016, {}, {366})}).ok());  // a leap year's Saturday
}

}  // namespace
}  // namespace qungong
