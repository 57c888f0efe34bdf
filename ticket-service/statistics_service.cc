#include "ticket-service/statistics_service.h"

#include <memory>

#include "ticket-service/statistics_projection.h"
#include "ticket-service/statistics_store.h"

namespace qungong::ticket {

void WireStatistics(Chassis& chassis, Wiring& wiring) {
  wiring.services.push_back(std::make_unique<StatisticsService>(chassis));
  chassis.loops.Add(kStatistics, absl::Milliseconds(200),
                    [](mysql::Session& session) { return StatisticsPass(session); });
}

}  // namespace qungong::ticket
