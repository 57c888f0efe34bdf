#include "runtime/working_days.h"

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong {
namespace {

using rpc::v1::CalendarRecord;
using Year = std::bitset<366>;

bool IsWeekend(absl::CivilDay day) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  return weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday;
}

std::size_t IndexOf(absl::CivilDay day) {
  return static_cast<std::size_t>(absl::GetYearDay(day) - 1);
}

absl::Status Invalid(absl::string_view message) {
  return WithReason(absl::InvalidArgumentError(message), "CALENDAR_INVALID");
}

absl::Status NotPublished(absl::civil_year_t year) {
  return WithReason(
      absl::FailedPreconditionError(absl::StrCat("the calendar of ", year, " is not published")),
      "CALENDAR_NOT_PUBLISHED", {{"year", absl::StrCat(year)}});
}

Year WeekdaysOf(absl::civil_year_t year) {
  Year working;
  for (absl::CivilDay day(year, 1, 1); day.year() == year; ++day) {
    working.set(IndexOf(day), !IsWeekend(day));
  }
  return working;
}

// Turns one exception over: a weekday off, or a day of a weekend on. Every other number is an error
// in the record.
absl::Status Turn(const CalendarRecord& record, int32_t number, bool on, Year& working) {
  const absl::CivilDay day = absl::CivilDay(record.year(), 1, 1) + (int64_t{number} - 1);
  if (day.year() != record.year()) {
    return Invalid(absl::StrCat(record.year(), " has no day ", number));
  }
  if (IsWeekend(day) != on) {
    return Invalid(
        absl::StrCat(absl::FormatCivilTime(day), on ? " is worked anyway" : " is off anyway"));
  }
  if (working[IndexOf(day)] == on) {
    return Invalid(absl::StrCat(absl::FormatCivilTime(day), " is named twice"));
  }
  working.set(IndexOf(day), on);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WorkingCalendar> WorkingCalendar::Create(
    absl::Span<const rpc::v1::CalendarRecord> records) {
  WorkingCalendar calendar;
  for (const CalendarRecord& record : records) {
    if (record.year() < 1 || record.year() > 9999) {
      return Invalid(absl::StrCat("year ", record.year(), " is out of range"));
    }
    auto [it, inserted] = calendar.working_.emplace(record.year(), WeekdaysOf(record.year()));
    if (!inserted) return Invalid(absl::StrCat(record.year(), " comes twice"));
    for (const int32_t number : record.holidays()) {
      RETURN_IF_ERROR(Turn(record, number, false, it->second));
    }
    for (const int32_t number : record.workdays()) {
      RETURN_IF_ERROR(Turn(record, number, true, it->second));
    }
  }
  return calendar;
}

WorkingCalendar::Provisional<bool> WorkingCalendar::ProvisionalIsWorkingDay(
    absl::CivilDay day) const {
  const auto it = working_.find(day.year());
  if (it == working_.end()) return {!IsWeekend(day), true};
  return {it->second[IndexOf(day)], false};
}

absl::StatusOr<bool> WorkingCalendar::IsWorkingDay(absl::CivilDay day) const {
  const Provisional<bool> answer = ProvisionalIsWorkingDay(day);
  if (answer.provisional) return NotPublished(day.year());
  return answer.value;
}

absl::StatusOr<WorkingCalendar::Provisional<absl::CivilDay>>
WorkingCalendar::ProvisionalAddWorkingDays(absl::CivilDay day, int n) const {
  if (n < 0) return absl::InvalidArgumentError("working days are counted forward");
  Provisional<absl::CivilDay> result{day};
  while (n > 0) {
    const Provisional<bool> next = ProvisionalIsWorkingDay(++result.value);
    result.provisional |= next.provisional;
    if (next.value) --n;
  }
  return result;
}

absl::StatusOr<absl::CivilDay> WorkingCalendar::AddWorkingDays(absl::CivilDay day, int n) const {
  if (n < 0) return absl::InvalidArgumentError("working days are counted forward");
  while (n > 0) {
    ASSIGN_OR_RETURN(const bool working, IsWorkingDay(++day));
    if (working) --n;
  }
  return day;
}

WorkingCalendar::Provisional<int> WorkingCalendar::ProvisionalCountWorkingDays(
    absl::CivilDay from, absl::CivilDay to) const {
  Provisional<int> result{0};
  for (absl::CivilDay day = from; day < to; ++day) {
    const Provisional<bool> working = ProvisionalIsWorkingDay(day);
    result.provisional |= working.provisional;
    if (working.value) ++result.value;
  }
  return result;
}

absl::StatusOr<int> WorkingCalendar::CountWorkingDays(absl::CivilDay from,
                                                      absl::CivilDay to) const {
  int count = 0;
  for (absl::CivilDay day = from; day < to; ++day) {
    ASSIGN_OR_RETURN(const bool working, IsWorkingDay(day));
    if (working) ++count;
  }
  return count;
}

}  // namespace qungong
