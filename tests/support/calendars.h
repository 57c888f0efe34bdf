// The calendars of org-service/data/calendars.csv for tests, read as naively as can be: no code of
// the project is used, so that a test may take them for the other side of a comparison.
#ifndef QUNGONG_TESTS_SUPPORT_CALENDARS_H_
#define QUNGONG_TESTS_SUPPORT_CALENDARS_H_

#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "qungong/rpc/v1/directory.pb.h"

namespace qungong::testing {

// "2015-09-03" -> "HOLIDAY".
inline std::map<std::string, std::string> CalendarRows() {
  std::map<std::string, std::string> rows;
  std::ifstream file(QUNGONG_SOURCE_DIR "/org-service/data/calendars.csv");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line[0] == 'y') continue;
    const std::size_t end = line.find(',', 16);
    rows[line.substr(5, 10)] = line.substr(16, end - 16);
  }
  return rows;
}

// The broken-down time of a day; its tm_wday and tm_yday are right.
inline std::tm TmOf(int year, int month, int day) {
  std::tm tm = {};
  tm.tm_year = year - 1900;
  tm.tm_mon = month - 1;
  tm.tm_mday = day;
  tm.tm_hour = 12;
  timegm(&tm);
  return tm;
}

inline std::vector<rpc::v1::CalendarRecord> CalendarRecords() {
  std::map<int, rpc::v1::CalendarRecord> years;
  for (const auto& [date, kind] : CalendarRows()) {
    int year = 0;
    int month = 0;
    int day = 0;
    std::sscanf(date.c_str(), "%d-%d-%d", &year, &month, &day);
    const int number = TmOf(year, month, day).tm_yday + 1;
    years[year].set_year(year);
    if (kind == "HOLIDAY") {
      years[year].add_holidays(number);
    } else {
      years[year].add_workdays(number);
    }
  }
  std::vector<rpc::v1::CalendarRecord> records;
  records.reserve(years.size());
  for (auto& [year, record] : years) records.push_back(std::move(record));
  return records;
}

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_CALENDARS_H_
