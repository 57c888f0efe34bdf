// Reading classes and deadline policies.
#ifndef QUNGONG_TICKET_SERVICE_CLASS_HANDLERS_H_
#define QUNGONG_TICKET_SERVICE_CLASS_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_class_service.pb.h"
#include "runtime/operation.h"

namespace qungong::ticket {

// Thread-safe: no state.
class ClassHandlers {
 public:
  absl::StatusOr<v1::ListTicketClassesResponse> ListTicketClasses(
      Read& read, const v1::ListTicketClassesRequest& request);
  absl::StatusOr<v1::ListDeadlinePoliciesResponse> ListDeadlinePolicies(
      Read& read, const v1::ListDeadlinePoliciesRequest& request);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_CLASS_HANDLERS_H_
