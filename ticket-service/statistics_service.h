// The table of contents of the statistics API, and what keeps its figures.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_SERVICE_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_SERVICE_H_

#include "qungong/ticket/v1/statistics_service.grpc.pb.h"
#include "runtime/rpc.h"
#include "runtime/server.h"
#include "ticket-service/statistics_handlers.h"

namespace qungong::ticket {

class StatisticsService final : public v1::StatisticsService::CallbackService {
 public:
  explicit StatisticsService(Chassis& chassis)
      : rpc_(chassis, v1::StatisticsService::service_full_name()) {}

  Reactor* GetStatistics(Context* c, const v1::GetStatisticsRequest* q,
                         v1::Statistics* r) override {
    return rpc_.Read(__func__, c, q, r, statistics_, &StatisticsHandlers::GetStatistics);
  }
  Reactor* ListStatisticTickets(Context* c, const v1::ListStatisticTicketsRequest* q,
                                v1::ListStatisticTicketsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, statistics_, &StatisticsHandlers::ListStatisticTickets);
  }

 private:
  Rpc rpc_;
  StatisticsHandlers statistics_;
};

// Adds the service, and the loop that counts.
void WireStatistics(Chassis& chassis, Wiring& wiring);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_SERVICE_H_
