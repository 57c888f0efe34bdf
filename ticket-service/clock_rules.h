// When a limit runs out: pure rules from policy, calendar and the ledger of pauses. No clock, no
// I/O.
//
// The rule. A clock starts at an instant (dispatch, never acknowledgement) and its limit is counted
// in one unit:
//   kWallMinutes     every minute, day and night.
//   kWorkingMinutes  every minute of the business hours of working days.
//   kWorkingDays     one at the end (24:00 in Asia/Shanghai) of every working day after the day of
//   the start, so that
//                    the day of the start never counts and the limit ends with the n-th working day
//                    after it (民法典 §201, §203); business hours play no part.
// A minute is not counted while the clock is paused, nor a working day at whose end it is paused.
// Pauses may overlap; what counts is their union. A granted extension adds to the limit, in its
// unit. The limit runs out at the earliest instant by which all of it has been counted; before that
// instant is in time, from it on is overdue. So a limit never runs out during a pause, and a pause
// that lasts leaves no due instant at all. Nothing is remembered: when a pause, an extension or a
// calendar comes later, the deadline is computed again from all of them.
#ifndef QUNGONG_TICKET_SERVICE_CLOCK_RULES_H_
#define QUNGONG_TICKET_SERVICE_CLOCK_RULES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/working_days.h"
#include "ticket-service/clock_steps.h"

namespace qungong::ticket {

struct Limit {
  LimitUnit unit = LimitUnit::kWorkingDays;
  int32_t amount = 0;  // minutes or days
};

// [from, to) in minutes after midnight.
struct MinuteRange {
  int from;
  int to;
};

// When the light turns yellow: when this share of the limit is used, or no more than so many
// working days of a limit in kWorkingDays are left.
struct LightThresholds {
  int32_t used_numerator = 2;
  int32_t used_denominator = 3;
  int32_t working_days_left = 1;
};

// One dated row of policy. A missing limit means that there is none.
struct ClockPolicy {
  std::optional<Limit> accept;
  std::optional<Limit> dispatch;
  std::optional<Limit> acknowledge;
  std::optional<Limit> finish;
  std::vector<MinuteRange> business_hours = {{9 * 60, 12 * 60}, {14 * 60, 18 * 60}};
  LightThresholds thresholds;
};

// INVALID_ARGUMENT, reason INVALID_FIELD, naming every field that cannot be.
absl::Status CheckPolicy(const ClockPolicy& policy);

// [from, to); `to` is InfiniteFuture while the pause lasts.
struct Pause {
  absl::Time from;
  absl::Time to = absl::InfiniteFuture();
};

// What happened to one clock.
struct ClockLedger {
  absl::Time start;
  Limit limit;
  std::vector<int32_t> extensions;  // granted, in the limit's unit
  std::vector<Pause> pauses;        // in any order
  // The deadline of the assignment above, which this one may not pass.
  absl::Time no_later_than = absl::InfiniteFuture();
};

struct Deadline {
  absl::Time due;     // InfiniteFuture while suspended
  absl::Time yellow;  // no later than due
  // Rests on a year whose calendar is not published.
  bool provisional = false;
  std::vector<Step> steps;

  bool suspended() const { return due == absl::InfiniteFuture(); }
  // The last day on which it is in time, to show to people, since a limit of working days is due at
  // a midnight. Not while suspended.
  absl::CivilDay LastDay() const;
};

// INVALID_ARGUMENT if the ledger cannot be: a limit or extension below 1, a sum beyond ten years, a
// pause that ends before it begins, working minutes without business hours. OUT_OF_RANGE past the
// year 9999.
absl::StatusOr<Deadline> ComputeDeadline(const ClockLedger& ledger, const ClockPolicy& policy,
                                         const WorkingCalendar& calendar);

enum class Light { kGreen, kYellow, kRed };
Light LightAt(const Deadline& deadline, absl::Time now);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_CLOCK_RULES_H_
