// The table of contents of the statistics API.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_SERVICE_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_SERVICE_H_

#include "qungong/ticket/v1/statistics_service.grpc.pb.h"
#include "runtime/rpc.h"
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

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_SERVICE_H_
