// Judging the result, by people who did not handle it: review, callback, closing, reopening.
#ifndef QUNGONG_TICKET_SERVICE_REVIEW_HANDLERS_H_
#define QUNGONG_TICKET_SERVICE_REVIEW_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/operation.h"

namespace qungong::ticket {

// Thread-safe: no state.
class ReviewHandlers {
 public:
  absl::StatusOr<v1::Ticket> ReviewTicket(Mutation& m, const v1::ReviewTicketRequest& request);
  absl::StatusOr<v1::Ticket> RecordCallback(Mutation& m, const v1::RecordCallbackRequest& request);
  absl::StatusOr<v1::Ticket> CloseTicket(Mutation& m, const v1::CloseTicketRequest& request);
  absl::StatusOr<v1::Ticket> ReopenTicket(Mutation& m, const v1::ReopenTicketRequest& request);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_REVIEW_HANDLERS_H_
