// The reporter's side: submit, track, rate, withdraw; with a number and a tracking code instead of
// an account.
#ifndef QUNGONG_TICKET_SERVICE_CITIZEN_HANDLERS_H_
#define QUNGONG_TICKET_SERVICE_CITIZEN_HANDLERS_H_

#include <string>

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/call.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"
#include "ticket-service/aside.h"
#include "ticket-service/number_store.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {

// Thread-safe.
class CitizenHandlers {
 public:
  CitizenHandlers(const KeyRing& keys, NumberBlocks& numbers, Aside& aside)
      : keys_(keys), numbers_(numbers), aside_(aside) {}

  absl::StatusOr<v1::Ticket> SubmitTicket(Mutation& m, const v1::SubmitTicketRequest& request);
  // Reads only, but counts a wrong code although it fails: hence its own transactions. Harmless to
  // repeat.
  absl::StatusOr<v1::TicketProgress> TrackTicket(const Call& call, mysql::Session& session,
                                                 const v1::TrackTicketRequest& request);
  absl::StatusOr<v1::TicketProgress> RateTicket(Mutation& m, const v1::RateTicketRequest& request);
  absl::StatusOr<v1::TicketProgress> WithdrawTicket(Mutation& m,
                                                    const v1::WithdrawTicketRequest& request);

 private:
  // The ticket of a number whose tracking code this is, locked. A wrong code is counted.
  absl::StatusOr<TicketRecord> LockByCode(Mutation& m, const std::string& number,
                                          const std::string& code);
  absl::StatusOr<v1::TicketProgress> CloseAct(Mutation& m, TicketRecord record,
                                              v1::TicketChange::Kind kind);

  const KeyRing& keys_;
  NumberBlocks& numbers_;
  Aside& aside_;
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_CITIZEN_HANDLERS_H_
