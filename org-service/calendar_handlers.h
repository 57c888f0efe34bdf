// The use cases of calendars.
#ifndef QUNGONG_ORG_SERVICE_CALENDAR_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_CALENDAR_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/org/v1/calendar_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Without state.
class CalendarHandlers {
 public:
  absl::StatusOr<v1::Calendar> GetCalendar(Read& read, const v1::GetCalendarRequest& request);
  absl::StatusOr<v1::ListCalendarsResponse> ListCalendars(Read& read,
                                                          const v1::ListCalendarsRequest& request);
  absl::StatusOr<v1::Calendar> PublishCalendar(Mutation& m,
                                               const v1::PublishCalendarRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_CALENDAR_HANDLERS_H_
