// What a ticket counts for: which figures, and on which day each. Pure.
#ifndef QUNGONG_TICKET_SERVICE_STATISTICS_RULES_H_
#define QUNGONG_TICKET_SERVICE_STATISTICS_RULES_H_

#include <array>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "google/type/date.pb.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "qungong/ticket/v1/events.pb.h"
#include "qungong/ticket/v1/statistics_service.pb.h"

namespace qungong::ticket {

using Figure = v1::Statistics::Figure;

inline constexpr size_t kFigures = v1::Statistics::Figure_MAX;  // numbered from 1

// How many tickets each figure counts, by number of the figure less one.
using Counts = std::array<int64_t, kFigures>;
inline size_t PlaceOf(Figure figure) { return static_cast<size_t>(figure) - 1; }
inline Figure FigureAt(size_t place) { return static_cast<Figure>(place + 1); }

// The days of a ticket. Every figure is counted on one of them.
enum class TicketDay { kSubmitted, kAccepted, kAnswered, kEnded, kDue, kCalledBack, kRated };
inline constexpr size_t kTicketDays = 7;
TicketDay DayKindOf(Figure figure);

// What is counted, in Chinese.
absl::string_view DefinitionOf(Figure figure);

// What one ticket counts for: at most once for each figure. Days are civil days in Asia/Shanghai.
struct Contribution {
  uint32_t figures = 0;  // bit PlaceOf(figure)
  std::array<std::optional<int32_t>, kTicketDays> days;

  bool Has(Figure figure) const { return (figures >> PlaceOf(figure) & 1) != 0; }
  // The day on which it counts for the figure; nullopt if it does not.
  std::optional<int32_t> DayOf(Figure figure) const;

  friend bool operator==(const Contribution&, const Contribution&) = default;
};

// What a ticket counts for after a change. `before` is what it counted for before: a change does
// not tell of the answer of an earlier cycle, which is the latest until there is another.
Contribution Contribute(const v1::TicketChange& change, const Contribution& before);

// How finely a node's figures are kept; the number is stored with what was counted there.
enum class Grain : uint8_t {
  kTickets = 0,  // not at all: counted from its tickets
  kDays = 1,     // per day
  kDetails = 2,  // per day, and per day, class, channel and line
};
Grain GrainOf(rpc::v1::Level level);

// Half-open interval of days.
struct Window {
  absl::CivilDay from;
  absl::CivilDay to;
};
inline constexpr int kMaxWindowYears = 10;
// INVALID_ARGUMENT unless both are days of a calendar, in order and at most ten years apart.
absl::StatusOr<Window> ParseWindow(const google::type::Date& from, const google::type::Date& to);

// The five rates.
struct RateRule {
  Figure numerator;
  Figure denominator;
  absl::string_view definition;
};
extern const RateRule kClosureRate;
extern const RateRule kOnTimeClosureRate;
extern const RateRule kResponseRate;
extern const RateRule kResolutionRate;
extern const RateRule kSatisfactionRate;

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_STATISTICS_RULES_H_
