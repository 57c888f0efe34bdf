#include "org-service/dates.h"

#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong::org {

absl::StatusOr<absl::CivilDay> ParseDay(const google::type::Date& date, absl::string_view field,
                                        absl::CivilDay otherwise) {
  if (date.year() == 0 && date.month() == 0 && date.day() == 0) return otherwise;
  const absl::CivilDay day(date.year(), date.month(), date.day());
  const bool normalized =
      day.year() != date.year() || day.month() != date.month() || day.day() != date.day();
  if (normalized) return InvalidField(field, "is not a date of the calendar");
  if (day < kFirstDay || day >= kNoEnd) {
    return InvalidField(field, "must lie between 1900-01-01 and 9999-12-30");
  }
  return day;
}

absl::StatusOr<Days> ParseDays(const google::type::Date& start, absl::CivilDay start_otherwise,
                               const google::type::Date& end, absl::CivilDay end_otherwise) {
  Days days;
  ASSIGN_OR_RETURN(days.from, ParseDay(start, "valid_from", start_otherwise));
  ASSIGN_OR_RETURN(days.to, ParseDay(end, "valid_to", end_otherwise));
  if (days.Empty()) return InvalidField("valid_to", "must lie after valid_from");
  return days;
}

google::protobuf::Timestamp ToTimestamp(absl::Time t) {
  google::protobuf::Timestamp timestamp;
  const int64_t micros = absl::ToUnixMicros(t);
  timestamp.set_seconds(absl::ToUnixSeconds(t));
  timestamp.set_nanos(static_cast<int32_t>((micros - timestamp.seconds() * 1'000'000) * 1000));
  return timestamp;
}

}  // namespace qungong::org
