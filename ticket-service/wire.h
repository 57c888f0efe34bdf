// Puts the parts of ticket-service together; used by main and by the tests.
#ifndef QUNGONG_TICKET_SERVICE_WIRE_H_
#define QUNGONG_TICKET_SERVICE_WIRE_H_

#include "runtime/chassis.h"
#include "runtime/server.h"

namespace qungong::ticket {

// Adds the services. What is due is run by RunSchedule (schedule.h).
void WireTickets(Chassis& chassis, Wiring& wiring);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_WIRE_H_
