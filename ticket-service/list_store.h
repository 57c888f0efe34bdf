// Lists of tickets: one index range of the scope rows per page, at every level.
#ifndef QUNGONG_TICKET_SERVICE_LIST_STORE_H_
#define QUNGONG_TICKET_SERVICE_LIST_STORE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "ticket-service/scope_store.h"

namespace qungong::ticket {

struct TicketPage {
  std::vector<Uuid> tickets;
  std::string cursor;      // after the last; "" at the end
  int32_t total_size = 0;  // if it was asked for
};

// What lies within `reach` and passes the filters, after `cursor`. `number` is a beginning as
// numbers are stored.
absl::StatusOr<TicketPage> ListWithin(mysql::Tx& tx, const std::vector<Reach>& reach,
                                      const v1::ListTicketsRequest& filter,
                                      const std::string& number, int32_t today,
                                      const std::string& cursor, int limit);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_LIST_STORE_H_
