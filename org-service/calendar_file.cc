#include "org-service/calendar_file.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "org-service/csv.h"
#include "runtime/status.h"
#include "runtime/working_days.h"

namespace qungong::org {
namespace {

using rpc::v1::CalendarRecord;

struct Year {
  CalendarRecord record;
  std::vector<std::string> sources;
};

absl::Status AddRow(const CsvRow& row, std::map<int32_t, Year>& years) {
  const std::string& date = row.fields[1];
  const std::string& kind = row.fields[2];
  const std::string& source = row.fields[3];
  int32_t year = 0;
  if (!absl::SimpleAtoi(row.fields[0], &year)) return CsvError(row.line, "year", "not a number");
  // Formatted again, since parsing takes 2015-02-30 for 2015-03-02.
  absl::CivilDay day;
  if (!absl::ParseCivilTime(date, &day) || absl::FormatCivilTime(day) != date) {
    return CsvError(row.line, "date", "not a date of the form 2015-09-03");
  }
  if (day.year() != year) return CsvError(row.line, "year", "not the year of the date");
  if (source.empty()) return CsvError(row.line, "source", "no notice is named");
  Year& entry = years[year];
  entry.record.set_year(year);
  if (kind == "HOLIDAY") {
    entry.record.add_holidays(absl::GetYearDay(day));
  } else if (kind == "WORKDAY") {
    entry.record.add_workdays(absl::GetYearDay(day));
  } else {
    return CsvError(row.line, "kind", "neither HOLIDAY nor WORKDAY");
  }
  if (std::find(entry.sources.begin(), entry.sources.end(), source) == entry.sources.end()) {
    entry.sources.push_back(source);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<CalendarRecord>> ParseCalendars(absl::string_view text) {
  ASSIGN_OR_RETURN(const std::vector<CsvRow> rows,
                   ParseCsv(text, {"year", "date", "kind", "source"}));
  std::map<int32_t, Year> years;
  for (const CsvRow& row : rows) RETURN_IF_ERROR(AddRow(row, years));
  std::vector<CalendarRecord> records;
  for (auto& [year, entry] : years) {
    entry.record.set_source(absl::StrJoin(entry.sources, "; "));
    records.push_back(std::move(entry.record));
  }
  RETURN_IF_ERROR(WorkingCalendar::Create(records).status());
  return records;
}

}  // namespace qungong::org
