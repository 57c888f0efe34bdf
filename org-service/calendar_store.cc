#include "org-service/calendar_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Row;
using mysql::Rows;
using mysql::Tx;

constexpr char kSelect[] =
    "SELECT d.record, c.version, c.updated_at FROM calendars c"
    " JOIN directory_calendars d ON d.year = c.year WHERE ";
constexpr char kPut[] =
    "INSERT INTO calendars (year, version, updated_at) VALUES (?, ?, ?)"
    " ON DUPLICATE KEY UPDATE version = VALUES(version), updated_at = VALUES(updated_at)";

absl::StatusOr<StoredCalendar> FromRow(const Row& row) {
  StoredCalendar calendar;
  if (!calendar.record.ParseFromString(row.String(0))) {
    return absl::InternalError("a stored calendar cannot be read");
  }
  calendar.version = row.Int64(1);
  calendar.updated = row.Time(2);
  return calendar;
}

}  // namespace

absl::StatusOr<std::optional<StoredCalendar>> FindCalendar(Tx& tx, int year, bool for_update) {
  ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      tx.QueryOne(absl::StrCat(kSelect, "c.year = ?", for_update ? " FOR UPDATE" : ""), year));
  if (!row.has_value()) return std::optional<StoredCalendar>();
  ASSIGN_OR_RETURN(StoredCalendar calendar, FromRow(*row));
  return std::optional<StoredCalendar>(std::move(calendar));
}

absl::StatusOr<std::vector<StoredCalendar>> ListCalendars(Tx& tx, int after_year, int limit) {
  ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(absl::StrCat(kSelect, "c.year > ? ORDER BY c.year LIMIT ?"), after_year, limit));
  std::vector<StoredCalendar> calendars;
  for (const Row& row : rows) {
    ASSIGN_OR_RETURN(StoredCalendar calendar, FromRow(row));
    calendars.push_back(std::move(calendar));
  }
  return calendars;
}

absl::Status PutCalendar(Tx& tx, const StoredCalendar& calendar) {
  rpc::v1::DirectoryChange change;
  *change.add_calendars() = calendar.record;
  RETURN_IF_ERROR(directory::Apply(tx, change));
  return tx.Execute(kPut, calendar.record.year(), calendar.version, calendar.updated).status();
}

absl::StatusOr<CalendarEffect> SaveCalendar(Tx& tx, const rpc::v1::CalendarRecord& record,
                                            absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<StoredCalendar> before,
                   FindCalendar(tx, record.year(), /*for_update=*/true));
  if (before.has_value() && before->record.SerializeAsString() == record.SerializeAsString()) {
    return CalendarEffect::kUnchanged;
  }
  const int64_t version = before.has_value() ? before->version + 1 : 1;
  RETURN_IF_ERROR(PutCalendar(tx, {record, version, now}));
  return before.has_value() ? CalendarEffect::kChanged : CalendarEffect::kCreated;
}

}  // namespace qungong::org
