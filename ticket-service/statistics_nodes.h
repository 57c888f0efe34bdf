// At which nodes tickets are counted.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_NODES_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_NODES_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "ticket-service/statistics_rules.h"

namespace qungong::ticket {

// Nodes of one ticket with the grain of their figures.
using CountedNodes = std::map<Uuid, Grain>;

// As stored: 17 bytes a node, by id.
std::string EncodeNodes(const CountedNodes& nodes);
absl::StatusOr<CountedNodes> DecodeNodes(absl::string_view bytes);

// The units concerned by a ticket, on the day of its change.
struct UnitsOnDay {
  std::set<Uuid> units;
  int32_t day = 0;
};
// For each, its units and everything above them in the administrative tree on that day; above a
// unit that did not exist on that day, as on the nearest day of its existence. UNAVAILABLE if the
// directory does not know a unit.
absl::StatusOr<std::vector<CountedNodes>> NodesAbove(mysql::Tx& tx,
                                                     const std::vector<UnitsOnDay>& all);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_NODES_H_
