// Use cases of appointments.
#ifndef QUNGONG_ORG_SERVICE_APPOINTMENT_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_APPOINTMENT_HANDLERS_H_

#include "absl/status/statusor.h"
#include "org-service/appointment_store.h"
#include "qungong/org/v1/appointment_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Stateless.
class AppointmentHandlers {
 public:
  absl::StatusOr<v1::Appointment> CreateAppointment(Mutation& m,
                                                    const v1::CreateAppointmentRequest& request);
  absl::StatusOr<v1::Appointment> GetAppointment(Read& read,
                                                 const v1::GetAppointmentRequest& request);
  absl::StatusOr<v1::ListAppointmentsResponse> ListAppointments(
      Read& read, const v1::ListAppointmentsRequest& request);
  absl::StatusOr<v1::Appointment> EndAppointment(Mutation& m,
                                                 const v1::EndAppointmentRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_APPOINTMENT_HANDLERS_H_
