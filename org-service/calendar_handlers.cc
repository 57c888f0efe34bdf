#include "org-service/calendar_handlers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "org-service/calendar_store.h"
#include "org-service/dates.h"
#include "org-service/import_handlers.h"
#include "org-service/listing.h"
#include "org-service/node_rules.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "runtime/working_days.h"

namespace qungong::org {
namespace {

using rpc::v1::CalendarRecord;
using DateList = google::protobuf::RepeatedPtrField<google::type::Date>;

absl::StatusOr<int> ParseYear(absl::string_view name) {
  absl::string_view digits = name;
  int year = 0;
  if (absl::ConsumePrefix(&digits, "calendars/") && digits.size() == 4 &&
      absl::SimpleAtoi(digits, &year) && year >= 1949) {
    return year;
  }
  return InvalidField("name", "must be calendars/ and a year of four digits from 1949 on");
}

void AddDays(int year, const google::protobuf::RepeatedField<int32_t>& days, DateList* dates) {
  for (const int32_t day : days) {
    *dates->Add() = ToDate(absl::CivilDay(year, 1, 1) + (day - 1));
  }
}

absl::StatusOr<v1::Calendar> ToCalendar(const StoredCalendar& stored) {
  const CalendarRecord& record = stored.record;
  v1::Calendar calendar;
  calendar.set_name(absl::StrCat("calendars/", record.year()));
  calendar.set_year(record.year());
  AddDays(record.year(), record.holidays(), calendar.mutable_holidays());
  AddDays(record.year(), record.workdays(), calendar.mutable_workdays());
  calendar.set_source(record.source());
  ASSIGN_OR_RETURN(const WorkingCalendar days, WorkingCalendar::Create({record}));
  ASSIGN_OR_RETURN(const int count, days.CountWorkingDays(absl::CivilDay(record.year(), 1, 1),
                                                          absl::CivilDay(record.year() + 1, 1, 1)));
  calendar.set_working_day_count(count);
  *calendar.mutable_update_time() = ToTimestamp(stored.updated);
  calendar.set_etag(EtagOf(stored.version));
  return calendar;
}

// Days of the year as numbers, in order.
absl::Status ReadDays(const DateList& dates, int year, absl::string_view field,
                      google::protobuf::RepeatedField<int32_t>* days) {
  for (const google::type::Date& date : dates) {
    ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(date, field, absl::CivilDay(1, 1, 1)));
    if (day.year() != year) return InvalidField(field, absl::StrCat("is not a day of ", year));
    days->Add(absl::GetYearDay(day));
  }
  std::sort(days->begin(), days->end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Calendar> CalendarHandlers::GetCalendar(Read& read,
                                                           const v1::GetCalendarRequest& request) {
  ASSIGN_OR_RETURN(const int year, ParseYear(request.name()));
  ASSIGN_OR_RETURN(const std::optional<StoredCalendar> calendar,
                   FindCalendar(read.tx(), year, /*for_update=*/false));
  if (calendar.has_value()) return ToCalendar(*calendar);
  return NodeError(absl::StatusCode::kNotFound, "CALENDAR_NOT_PUBLISHED", request.name(),
                   "the year is not published", "该年度工作日历尚未公布。");
}

absl::StatusOr<v1::ListCalendarsResponse> CalendarHandlers::ListCalendars(
    Read& read, const v1::ListCalendarsRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  int after = 0;
  if (!page.after().empty() && !absl::SimpleAtoi(page.after(), &after)) {
    return absl::InternalError("a page key is not a year");
  }
  ASSIGN_OR_RETURN(std::vector<StoredCalendar> calendars,
                   org::ListCalendars(read.tx(), after, page.limit()));
  v1::ListCalendarsResponse response;
  if (page.Cut(calendars)) {
    response.set_next_page_token(
        page.NextToken(read, absl::StrCat(calendars.back().record.year())));
  }
  for (const StoredCalendar& stored : calendars) {
    ASSIGN_OR_RETURN(*response.add_calendars(), ToCalendar(stored));
  }
  return response;
}

absl::StatusOr<v1::Calendar> CalendarHandlers::PublishCalendar(
    Mutation& m, const v1::PublishCalendarRequest& request) {
  RETURN_IF_ERROR(AuthorizeAtTop(m, request.name()));
  CalendarRecord record;
  ASSIGN_OR_RETURN(const int year, ParseYear(request.name()));
  record.set_year(year);
  RETURN_IF_ERROR(ReadDays(request.holidays(), year, "holidays", record.mutable_holidays()));
  RETURN_IF_ERROR(ReadDays(request.workdays(), year, "workdays", record.mutable_workdays()));
  record.set_source(request.source());
  RETURN_IF_ERROR(WorkingCalendar::Create({record}).status());
  ASSIGN_OR_RETURN(const std::optional<StoredCalendar> before,
                   FindCalendar(m.tx(), year, /*for_update=*/true));
  const int64_t version = before.has_value() ? before->version : 0;
  RETURN_IF_ERROR(CheckEtag(request.etag(), version, request.name()));
  const StoredCalendar published = {record, version + 1, m.call().now};
  RETURN_IF_ERROR(PutCalendar(m.tx(), published));
  rpc::v1::DirectoryChange change;
  *change.add_calendars() = record;
  Event event;
  event.aggregate = ResourceName("calendars", NameUuid(absl::StrCat("calendar:", year)));
  event.version = published.version;
  event.kind = "Calendar.PUBLISHED";
  m.Emit(event.WithPayload(change));
  return ToCalendar(published);
}

}  // namespace qungong::org
