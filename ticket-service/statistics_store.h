// Figures and the rows behind them, as the projection left them.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_STORE_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_STORE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "ticket-service/statistics_rules.h"

namespace qungong::ticket {

// Name of the projection and of its loop.
inline constexpr char kStatistics[] = "statistics";

// Columns named after the figures and days, as in the migration: "submitted", "submitted_on".
const std::string& ColumnOf(Figure figure);
absl::string_view ColumnOf(TicketDay day);

// Which tickets to count.
struct StatisticsQuestion {
  Uuid node;
  Grain grain = Grain::kTickets;  // of the node
  Window window;
  std::string class_prefix;        // code; "": all
  int channel = 0;                 // 0: all
  std::vector<std::string> lines;  // empty: all
};

absl::StatusOr<Counts> LoadCounts(mysql::Tx& tx, const StatisticsQuestion& question);

// Tickets that a figure counts, by number, after a number.
struct CountedTickets {
  std::vector<Uuid> tickets;
  std::string last_number;  // of this page; "" when there is no more
};
absl::StatusOr<CountedTickets> ListCounted(mysql::Tx& tx, const StatisticsQuestion& question,
                                           Figure figure, const std::string& after_number,
                                           int limit);

// Position in this service's feed up to which events are counted.
absl::StatusOr<int64_t> LoadCountedSequence(mysql::Tx& tx);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_STORE_H_
