// Civil dates in Asia/Shanghai (UTC+8 without summer time since 1992), as days since 1970-01-01.
#ifndef QUNGONG_RUNTIME_CIVIL_H_
#define QUNGONG_RUNTIME_CIVIL_H_

#include <cstdint>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "google/type/date.pb.h"

namespace qungong {

// 9999-12-31: "no end" of a half-open interval of days.
inline constexpr int32_t kNoEndDay = 2932896;

inline absl::TimeZone Shanghai() { return absl::FixedTimeZone(8 * 60 * 60); }

inline absl::CivilDay DayOf(absl::Time t) { return absl::ToCivilDay(t, Shanghai()); }
inline int32_t DayNumber(absl::CivilDay day) {
  return static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1));
}
inline int32_t DayNumber(absl::Time t) { return DayNumber(DayOf(t)); }
inline absl::CivilDay FromDayNumber(int32_t number) { return absl::CivilDay(1970, 1, 1) + number; }

inline google::type::Date ToDate(absl::CivilDay day) {
  google::type::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}
// The date, or `otherwise` if the message is empty. A date that does not exist is normalized by the
// caller's rules.
inline absl::CivilDay FromDate(const google::type::Date& date, absl::CivilDay otherwise) {
  if (date.year() == 0) return otherwise;
  return absl::CivilDay(date.year(), date.month(), date.day());
}

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_CIVIL_H_
