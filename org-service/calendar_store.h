// Published calendars: the content in directory_calendars, versions in calendars.
#ifndef QUNGONG_ORG_SERVICE_CALENDAR_STORE_H_
#define QUNGONG_ORG_SERVICE_CALENDAR_STORE_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/mysql.h"

namespace qungong::org {

struct StoredCalendar {
  rpc::v1::CalendarRecord record;
  int64_t version = 0;
  absl::Time updated;
};

// nullopt if the year is not published. Locks the year for a change.
absl::StatusOr<std::optional<StoredCalendar>> FindCalendar(mysql::Tx& tx, int year,
                                                           bool for_update);
// By year, after `after_year`.
absl::StatusOr<std::vector<StoredCalendar>> ListCalendars(mysql::Tx& tx, int after_year, int limit);

// Writes the year, whatever stands there.
absl::Status PutCalendar(mysql::Tx& tx, const StoredCalendar& calendar);

enum class CalendarEffect { kCreated, kChanged, kUnchanged };
// Writes the year as its next version, unless it stands so already.
absl::StatusOr<CalendarEffect> SaveCalendar(mysql::Tx& tx, const rpc::v1::CalendarRecord& record,
                                            absl::Time now);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_CALENDAR_STORE_H_
