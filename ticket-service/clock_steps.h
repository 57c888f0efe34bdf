// How a deadline came about, step by step: what "explain this deadline" returns.
#ifndef QUNGONG_TICKET_SERVICE_CLOCK_STEPS_H_
#define QUNGONG_TICKET_SERVICE_CLOCK_STEPS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace qungong::ticket {

// In what a limit is counted; clock_rules.h says how.
enum class LimitUnit { kWallMinutes, kWorkingMinutes, kWorkingDays };

struct Step {
  enum class Kind {
    kStarted,          // at `from` the clock began
    kLimit,            // `amount` is allowed
    kExtended,         // a granted extension allows `amount` more
    kStartDay,         // the day of the start is not counted
    kCounted,          // `amount` counted in [from, to), `total` by its end
    kNotWorking,       // nothing counted in [from, to): days off
    kPaused,           // nothing counted in [from, to): the clock stood
    kUnpublishedYear,  // from `from` on, the calendar of the year `amount` is not published:
                       // weekends only
    kCapped,           // brought forward to `to`, which the deadline above allows
    kDue,              // due at `to`
    kSuspended,        // no due instant while the pause that began at `from` lasts
  };
  Kind kind;
  LimitUnit unit = LimitUnit::kWorkingDays;
  absl::Time from = absl::InfinitePast();
  absl::Time to = absl::InfiniteFuture();
  int64_t amount = 0;  // days or whole minutes, as the unit says
  int64_t total = 0;

  friend bool operator==(const Step&, const Step&) = default;
};

// The step in Chinese, for people: "2015-09-03 至 2015-09-05 放假，不计".
std::string DescribeStep(const Step& step);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_CLOCK_STEPS_H_
