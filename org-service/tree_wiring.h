// Divisions, units, service centers, imports, calendars and finding, put together.
#ifndef QUNGONG_ORG_SERVICE_TREE_WIRING_H_
#define QUNGONG_ORG_SERVICE_TREE_WIRING_H_

#include "runtime/chassis.h"
#include "runtime/server.h"

namespace qungong::org {

// Adds the services and the loops that run imports and make what nodes are found by.
void WireTree(Chassis& chassis, Wiring& wiring);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_TREE_WIRING_H_
