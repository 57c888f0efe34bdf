// How far a matter is, as its reporter may know it.
#ifndef QUNGONG_TICKET_SERVICE_PROGRESS_H_
#define QUNGONG_TICKET_SERVICE_PROGRESS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {

// One event of a ticket's history.
struct PastChange {
  int64_t version = 0;
  absl::Time occurred;
  std::string actor;
  v1::TicketChange change;
};
// After a version, oldest first, at most `limit`.
absl::StatusOr<std::vector<PastChange>> LoadChanges(mysql::Tx& tx, const KeyRing& keys,
                                                    const Uuid& ticket, int64_t after_version,
                                                    int limit);

// `latest` is an event that the caller has just made and that is not stored yet, if any.
absl::StatusOr<v1::TicketProgress> ProgressOf(mysql::Tx& tx, const KeyRing& keys,
                                              const TicketRecord& record, int32_t today,
                                              absl::Time now,
                                              const v1::TicketChange* latest = nullptr);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_PROGRESS_H_
