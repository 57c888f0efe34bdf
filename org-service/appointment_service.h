// The gRPC adapter of appointments: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_APPOINTMENT_SERVICE_H_
#define QUNGONG_ORG_SERVICE_APPOINTMENT_SERVICE_H_

#include "org-service/appointment_handlers.h"
#include "qungong/org/v1/appointment_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class AppointmentService final : public v1::AppointmentService::CallbackService {
 public:
  AppointmentService(Chassis& chassis, AppointmentHandlers& handlers)
      : rpc_(chassis, v1::AppointmentService::service_full_name()), handlers_(handlers) {}

  Reactor* CreateAppointment(Context* c, const v1::CreateAppointmentRequest* q,
                             v1::Appointment* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &AppointmentHandlers::CreateAppointment);
  }
  Reactor* GetAppointment(Context* c, const v1::GetAppointmentRequest* q,
                          v1::Appointment* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &AppointmentHandlers::GetAppointment);
  }
  Reactor* ListAppointments(Context* c, const v1::ListAppointmentsRequest* q,
                            v1::ListAppointmentsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &AppointmentHandlers::ListAppointments);
  }
  Reactor* EndAppointment(Context* c, const v1::EndAppointmentRequest* q,
                          v1::Appointment* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &AppointmentHandlers::EndAppointment);
  }

 private:
  Rpc rpc_;
  AppointmentHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_APPOINTMENT_SERVICE_H_
