// Reading tickets: one, many, their timeline, their deadline.
#ifndef QUNGONG_TICKET_SERVICE_TICKET_HANDLERS_H_
#define QUNGONG_TICKET_SERVICE_TICKET_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/operation.h"

namespace qungong::ticket {

// Thread-safe: no state.
class TicketHandlers {
 public:
  absl::StatusOr<v1::Ticket> GetTicket(Read& read, const v1::GetTicketRequest& request);
  absl::StatusOr<v1::ListTicketsResponse> ListTickets(Read& read,
                                                      const v1::ListTicketsRequest& request);
  absl::StatusOr<v1::ListTicketEventsResponse> ListTicketEvents(
      Read& read, const v1::ListTicketEventsRequest& request);
  absl::StatusOr<v1::DeadlineExplanation> ExplainDeadline(
      Read& read, const v1::ExplainDeadlineRequest& request);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TICKET_HANDLERS_H_
