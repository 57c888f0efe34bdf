// Dates and instants between protos, rules and rows.
#ifndef QUNGONG_ORG_SERVICE_DATES_H_
#define QUNGONG_ORG_SERVICE_DATES_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/civil.h"

namespace qungong::org {

// First and last day that a date may name; 9999-12-31 itself means "no end".
inline constexpr absl::CivilDay kFirstDay(1900, 1, 1);
inline constexpr absl::CivilDay kNoEnd(9999, 12, 31);

// A half-open interval of days.
struct Days {
  absl::CivilDay from;
  absl::CivilDay to = kNoEnd;

  bool Empty() const { return to <= from; }
  bool Contains(absl::CivilDay day) const { return from <= day && day < to; }
  // Whether every day of `other` is one of these.
  bool Covers(const Days& other) const {
    return other.Empty() || (from <= other.from && other.to <= to);
  }
  bool Overlaps(const Days& other) const {
    return !Empty() && !other.Empty() && from < other.to && other.from < to;
  }
  friend bool operator==(const Days& a, const Days& b) { return a.from == b.from && a.to == b.to; }
};

// The day, or `otherwise` if the date is absent; INVALID_FIELD if it is not in the calendar.
absl::StatusOr<absl::CivilDay> ParseDay(const google::type::Date& date, absl::string_view field,
                                        absl::CivilDay otherwise);

// The interval of two dates; INVALID_FIELD if it ends before it begins.
absl::StatusOr<Days> ParseDays(const google::type::Date& start, absl::CivilDay start_otherwise,
                               const google::type::Date& end, absl::CivilDay end_otherwise);

// valid_from, and valid_to unless there is no end.
template <typename Message>
void SetDays(const Days& days, Message& message) {
  *message.mutable_valid_from() = ToDate(days.from);
  if (days.to < kNoEnd) *message.mutable_valid_to() = ToDate(days.to);
}

inline rpc::v1::DateInterval ToInterval(const Days& days) {
  rpc::v1::DateInterval interval;
  interval.set_from_day(DayNumber(days.from));
  interval.set_to_day(DayNumber(days.to));
  return interval;
}

google::protobuf::Timestamp ToTimestamp(absl::Time t);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_DATES_H_
