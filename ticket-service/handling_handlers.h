// Acts of the unit that handles a ticket, and the dispute over who must: acknowledge, delegate,
// escalate, return, submit.
#ifndef QUNGONG_TICKET_SERVICE_HANDLING_HANDLERS_H_
#define QUNGONG_TICKET_SERVICE_HANDLING_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/operation.h"

namespace qungong::ticket {

// Thread-safe: no state.
class HandlingHandlers {
 public:
  absl::StatusOr<v1::Ticket> AcknowledgeTicket(Mutation& m,
                                               const v1::AcknowledgeTicketRequest& request);
  absl::StatusOr<v1::Ticket> DelegateTicket(Mutation& m, const v1::DelegateTicketRequest& request);
  absl::StatusOr<v1::Ticket> EscalateTicket(Mutation& m, const v1::EscalateTicketRequest& request);
  absl::StatusOr<v1::Ticket> RequestReturn(Mutation& m, const v1::RequestReturnRequest& request);
  absl::StatusOr<v1::Ticket> AdjudicateReturn(Mutation& m,
                                              const v1::AdjudicateReturnRequest& request);
  absl::StatusOr<v1::Ticket> SubmitForReview(Mutation& m,
                                             const v1::SubmitForReviewRequest& request);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_HANDLING_HANDLERS_H_
