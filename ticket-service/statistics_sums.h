// The sums per node and day: changes of counts, folded per row and written.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_SUMS_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_SUMS_H_

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "ticket-service/statistics_rules.h"

namespace qungong::ticket {

// What is to be added, by the keys of the tables statistics (node, day) and statistic_details
// (node, day, class, channel, line).
struct StatisticSums {
  std::map<std::pair<Uuid, int32_t>, Counts> days;
  std::map<std::tuple<Uuid, int32_t, std::string, int, std::string>, Counts> details;
};

// A row that becomes all zero is deleted. A count that would go below zero fails the transaction.
absl::Status AddSums(mysql::Tx& tx, const StatisticSums& sums);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_SUMS_H_
