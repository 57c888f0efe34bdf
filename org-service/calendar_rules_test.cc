// The calendars that ship with the project: what the file says, read by the project's reader,
// against a reading that shares no code with it, and against the notices' own figures.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/calendar_file.h"
#include "runtime/status.h"
#include "runtime/working_days.h"
#include "tests/support/calendars.h"

namespace qungong::org {
namespace {

using ::testing::HasSubstr;

std::string FileText() {
  std::ifstream file(QUNGONG_SOURCE_DIR "/org-service/data/calendars.csv");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Holidays and make-up days that fall on the other part of the week, counted by hand in the
// notices' texts.
struct YearFigures {
  int year;
  int holidays;
  int workdays;
  int working_days;
};

TEST(CalendarFile, HoldsTheFiguresOfEachNotice) {
  const std::vector<YearFigures> want = {
      {2015, 17, 5, 249}, {2016, 17, 6, 250}, {2017, 16, 5, 249}, {2018, 18, 7, 250},
      {2019, 17, 6, 250}, {2020, 19, 6, 249}, {2021, 18, 7, 250}, {2022, 18, 7, 249},
      {2023, 18, 7, 249}, {2024, 19, 8, 251}, {2025, 18, 5, 248}, {2026, 19, 6, 248}};
  const auto records = ParseCalendars(FileText());
  ASSERT_TRUE(records.ok()) << records.status();
  const WorkingCalendar calendar = WorkingCalendar::Create(*records).value();
  ASSERT_EQ(records->size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto& record = (*records)[i];
    EXPECT_EQ(record.year(), want[i].year);
    EXPECT_EQ(record.holidays_size(), want[i].holidays) << record.year();
    EXPECT_EQ(record.workdays_size(), want[i].workdays) << record.year();
    const int days = calendar
                         .CountWorkingDays(absl::CivilDay(record.year(), 1, 1),
                                           absl::CivilDay(record.year() + 1, 1, 1))
                         .value();
    EXPECT_EQ(days, want[i].working_days) << record.year();
  }
}

TEST(CalendarFile, IsReadAsANaiveReaderReadsIt) {
  const auto records = ParseCalendars(FileText()).value();
  const auto naive = testing::CalendarRecords();
  ASSERT_EQ(records.size(), naive.size());
  for (std::size_t i = 0; i < naive.size(); ++i) {
    EXPECT_EQ(records[i].year(), naive[i].year());
    EXPECT_TRUE(std::equal(records[i].holidays().begin(), records[i].holidays().end(),
                           naive[i].holidays().begin(), naive[i].holidays().end()))
        << naive[i].year();
    EXPECT_TRUE(std::equal(records[i].workdays().begin(), records[i].workdays().end(),
                           naive[i].workdays().begin(), naive[i].workdays().end()))
        << naive[i].year();
  }
}

TEST(CalendarFile, NamesTheNoticesOfAYear) {
  const auto records = ParseCalendars(FileText()).value();
  EXPECT_EQ(
      records[0].source(),
      "国办发明电〔2014〕28号 国务院办公厅关于2015年部分节假日安排的通知; 国发明电〔2015〕1号 "
      "国务院关于中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日调休放假的通知");
  EXPECT_THAT(records[5].source(), HasSubstr("国办发明电〔2020〕1号"));
  for (const auto& record : records) EXPECT_THAT(record.source(), HasSubstr("发明电〔"));
}

TEST(CalendarFile, RefusesBadRowsWithLineAndColumn) {
  const std::map<std::string, std::string> cases = {
      {"x,2015-09-03,HOLIDAY,s", "line 2, year: not a number"},
      {"2014,2015-09-03,HOLIDAY,s", "line 2, year: not the year of the date"},
      {"2015,2015-02-30,HOLIDAY,s", "line 2, date: not a date"},
      {"2015,03.09.2015,HOLIDAY,s", "line 2, date: not a date"},
      {"2015,2015-9-3,HOLIDAY,s", "line 2, date: not a date"},
      {"2015,2015-09-03,holiday,s", "line 2, kind: neither"},
      {"2015,2015-09-03,HOLIDAY,", "line 2, source: no notice"},
      {"2015,2015-09-05,HOLIDAY,s", "2015-09-05 is off anyway"},
      {"2015,2015-09-03,WORKDAY,s", "2015-09-03 is worked anyway"},
      {"2015,2015-09-03,HOLIDAY,s\n2015,2015-09-03,HOLIDAY,s", "2015-09-03 is named twice"}};
  for (const auto& [row, message] : cases) {
    const auto status = ParseCalendars("year,date,kind,source\n" + row + "\n").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << row;
  }
}

}  // namespace
}  // namespace qungong::org
