#include "ticket-service/wire.h"

#include <memory>

#include "ticket-service/aside.h"
#include "ticket-service/citizen_handlers.h"
#include "ticket-service/number_store.h"
#include "ticket-service/statistics_service.h"
#include "ticket-service/ticket_service.h"

namespace qungong::ticket {
namespace {

struct Parts {
  explicit Parts(Chassis& chassis)
      : aside(chassis.database), numbers(aside), citizen(chassis.keys, numbers, aside) {}

  Aside aside;
  NumberBlocks numbers;
  CitizenHandlers citizen;
};

}  // namespace

void WireTickets(Chassis& chassis, Wiring& wiring) {
  const auto parts = std::make_shared<Parts>(chassis);
  wiring.parts.push_back(parts);
  wiring.services.push_back(std::make_unique<TicketService>(chassis, parts->citizen));
  wiring.services.push_back(std::make_unique<TicketClassService>(chassis));
  wiring.services.push_back(std::make_unique<StatisticsService>(chassis));
}

}  // namespace qungong::ticket
