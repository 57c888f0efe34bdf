// What belongs to a ticket: assignments, return requests, reviews, answers, callbacks. Rows are
// appended or changed, never removed; texts are sealed under the ticket's key.
#ifndef QUNGONG_TICKET_SERVICE_PARTS_STORE_H_
#define QUNGONG_TICKET_SERVICE_PARTS_STORE_H_

#include "absl/status/status.h"
#include "runtime/mysql.h"

namespace qungong::ticket {

struct TicketRecord;

// Fills the repeated fields of the ticket, oldest first.
absl::Status LoadParts(mysql::Tx& tx, TicketRecord& record);
// Writes those that differ from what was loaded.
absl::Status SaveParts(mysql::Tx& tx, const TicketRecord& record);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_PARTS_STORE_H_
