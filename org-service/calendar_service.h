// The gRPC adapter of calendars: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_CALENDAR_SERVICE_H_
#define QUNGONG_ORG_SERVICE_CALENDAR_SERVICE_H_

#include "org-service/calendar_handlers.h"
#include "qungong/org/v1/calendar_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class CalendarService final : public v1::CalendarService::CallbackService {
 public:
  CalendarService(Chassis& chassis, CalendarHandlers& handlers)
      : rpc_(chassis, v1::CalendarService::service_full_name()), handlers_(handlers) {}

  Reactor* GetCalendar(Context* c, const v1::GetCalendarRequest* q, v1::Calendar* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &CalendarHandlers::GetCalendar);
  }
  Reactor* ListCalendars(Context* c, const v1::ListCalendarsRequest* q,
                         v1::ListCalendarsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &CalendarHandlers::ListCalendars);
  }
  Reactor* PublishCalendar(Context* c, const v1::PublishCalendarRequest* q,
                           v1::Calendar* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &CalendarHandlers::PublishCalendar);
  }

 private:
  Rpc rpc_;
  CalendarHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_CALENDAR_SERVICE_H_
