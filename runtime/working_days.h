// The days on which offices work: weekdays, less published holidays, plus weekends that a notice
// makes worked.
#ifndef QUNGONG_RUNTIME_WORKING_DAYS_H_
#define QUNGONG_RUNTIME_WORKING_DAYS_H_

#include <bitset>
#include <map>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "qungong/rpc/v1/directory.pb.h"

namespace qungong {

// A set of published years. What falls into another year is the error CALENDAR_NOT_PUBLISHED
// (FAILED_PRECONDITION), never "no holidays"; the functions named Provisional… take such a year as
// weekends only and say so. Immutable, so thread-safe. Values may be copied.
class WorkingCalendar {
 public:
  // No published year.
  WorkingCalendar() = default;

  // INVALID_ARGUMENT, reason CALENDAR_INVALID, if a year comes twice, a holiday is not a weekday of
  // its year, a workday is not on a weekend of it, or a day comes twice.
  static absl::StatusOr<WorkingCalendar> Create(absl::Span<const rpc::v1::CalendarRecord> records);

  bool IsPublished(absl::civil_year_t year) const { return working_.contains(year); }

  absl::StatusOr<bool> IsWorkingDay(absl::CivilDay day) const;
  // The n-th working day after `day`, which itself does not count whether it is worked or not;
  // `day` itself for 0.
  absl::StatusOr<absl::CivilDay> AddWorkingDays(absl::CivilDay day, int n) const;
  // How many days of [from, to) are worked.
  absl::StatusOr<int> CountWorkingDays(absl::CivilDay from, absl::CivilDay to) const;

  // A value, and whether it rests on a year that is not published.
  template <typename T>
  struct Provisional {
    T value;
    bool provisional = false;
  };
  Provisional<bool> ProvisionalIsWorkingDay(absl::CivilDay day) const;
  // INVALID_ARGUMENT only for a negative n.
  absl::StatusOr<Provisional<absl::CivilDay>> ProvisionalAddWorkingDays(absl::CivilDay day,
                                                                        int n) const;
  Provisional<int> ProvisionalCountWorkingDays(absl::CivilDay from, absl::CivilDay to) const;

 private:
  // Bit i is the day i of the year, 0 for 1 January.
  std::map<absl::civil_year_t, std::bitset<366>> working_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_WORKING_DAYS_H_
