// Showing figures, and the rows behind them.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_HANDLERS_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/ticket/v1/statistics_service.pb.h"
#include "runtime/operation.h"

namespace qungong::ticket {

// Thread-safe: no state.
class StatisticsHandlers {
 public:
  absl::StatusOr<v1::Statistics> GetStatistics(Read& read, const v1::GetStatisticsRequest& request);
  absl::StatusOr<v1::ListStatisticTicketsResponse> ListStatisticTickets(
      Read& read, const v1::ListStatisticTicketsRequest& request);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_HANDLERS_H_
