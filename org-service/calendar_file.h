// Reads data/calendars.csv, and what an administrator uploads in its shape.
#ifndef QUNGONG_ORG_SERVICE_CALENDAR_FILE_H_
#define QUNGONG_ORG_SERVICE_CALENDAR_FILE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "qungong/rpc/v1/directory.pb.h"

namespace qungong::org {

// The calendars of a file with the columns year, date, kind and source, by year. A year's source is
// its notices in the order of their first row, joined with "; ". Errors: CSV_INVALID with line and
// column; CALENDAR_INVALID for days that cannot be exceptions of their year
// (WorkingCalendar::Create).
absl::StatusOr<std::vector<rpc::v1::CalendarRecord>> ParseCalendars(absl::string_view text);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_CALENDAR_FILE_H_
