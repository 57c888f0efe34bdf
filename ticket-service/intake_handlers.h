// Intake by the staff of the center that took a matter in: accept, refuse, dispatch.
#ifndef QUNGONG_TICKET_SERVICE_INTAKE_HANDLERS_H_
#define QUNGONG_TICKET_SERVICE_INTAKE_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/operation.h"

namespace qungong::ticket {

// Thread-safe: no state.
class IntakeHandlers {
 public:
  absl::StatusOr<v1::Ticket> AcceptTicket(Mutation& m, const v1::AcceptTicketRequest& request);
  absl::StatusOr<v1::Ticket> RefuseTicket(Mutation& m, const v1::RefuseTicketRequest& request);
  absl::StatusOr<v1::Ticket> ConfirmRefusal(Mutation& m, const v1::ConfirmRefusalRequest& request);
  absl::StatusOr<v1::Ticket> DispatchTicket(Mutation& m, const v1::DispatchTicketRequest& request);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_INTAKE_HANDLERS_H_
