#include "ticket-service/clock_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::ticket {
namespace {

constexpr int64_t kMaxDays = 3660;  // ten years
constexpr int64_t kMaxMinutes = kMaxDays * 24 * 60;
constexpr int64_t kMicrosPerMinute = 60'000'000;

int64_t MaxAmount(LimitUnit unit) {
  return unit == LimitUnit::kWorkingDays ? kMaxDays : kMaxMinutes;
}

// Limits are counted in ticks: days, or microseconds for both kinds of minutes.
int64_t TicksPerUnit(LimitUnit unit) {
  return unit == LimitUnit::kWorkingDays ? 1 : kMicrosPerMinute;
}

absl::Time StartOf(absl::CivilDay day) { return absl::FromCivil(day, Shanghai()); }

// The union of the pauses: apart and in order.
std::vector<Pause> Union(std::vector<Pause> pauses) {
  std::sort(pauses.begin(), pauses.end(),
            [](const Pause& a, const Pause& b) { return a.from < b.from; });
  std::vector<Pause> merged;
  for (const Pause& pause : pauses) {
    if (!merged.empty() && pause.from <= merged.back().to) {
      merged.back().to = std::max(merged.back().to, pause.to);
    } else {
      merged.push_back(pause);
    }
  }
  return merged;
}

// Counts one clock forward, day by day, until a target is reached.
class Counter {
 public:
  Counter(const ClockLedger& ledger, const ClockPolicy& policy, const WorkingCalendar& calendar)
      : start_(ledger.start),
        unit_(ledger.limit.unit),
        hours_(policy.business_hours),
        calendar_(calendar),
        pauses_(Union(ledger.pauses)) {}

  // The earliest instant by which `target` ticks are counted, or `stop` if that comes first;
  // InfiniteFuture if a lasting pause comes before either.
  absl::StatusOr<absl::Time> CountUntil(int64_t target, absl::Time stop) {
    counted_ = 0;
    steps_.clear();
    provisional_ = false;
    if (target <= 0 || stop <= start_) return std::min(start_, stop);
    for (absl::CivilDay day = DayOf(start_); day.year() <= 9999; ++day) {
      if (!pauses_.empty() && pauses_.back().to == absl::InfiniteFuture() &&
          pauses_.back().from <= StartOf(day)) {
        return absl::InfiniteFuture();
      }
      const std::optional<absl::Time> reached = CountDay(day, target, stop);
      if (reached.has_value()) return *reached;
    }
    return absl::OutOfRangeError("the limit does not run out before the year 10000");
  }

  int64_t counted() const { return counted_; }
  bool provisional() const { return provisional_; }
  std::vector<Step> TakeSteps() {
    for (Step& step : steps_) {
      if (step.kind != Step::Kind::kCounted) continue;
      step.amount /= TicksPerUnit(unit_);
      step.total /= TicksPerUnit(unit_);
    }
    return std::move(steps_);
  }
  // Where the pause that lasts began.
  absl::Time LastPause() const { return pauses_.back().from; }

 private:
  std::optional<absl::Time> CountDay(absl::CivilDay day, int64_t target, absl::Time stop) {
    switch (unit_) {
      case LimitUnit::kWallMinutes:
        return CountWall(day, target, stop);
      case LimitUnit::kWorkingMinutes:
        return CountHours(day, target, stop);
      case LimitUnit::kWorkingDays:
        return CountWholeDay(day, target, stop);
    }
    return std::nullopt;
  }

  std::optional<absl::Time> CountWall(absl::CivilDay day, int64_t target, absl::Time stop) {
    const absl::Time end = std::min(StartOf(day + 1), stop);
    absl::Time at = std::max(StartOf(day), start_);
    while (at < end) {
      const Pause next = NextPause(at);
      const absl::Time until = std::min(next.from, end);
      if (at < until) {
        const absl::Time reached = Run(at, until, target);
        Note(Step::Kind::kCounted, at, reached, absl::ToInt64Microseconds(reached - at));
        if (counted_ == target) return reached;
      }
      at = std::min(next.to, end);
      if (until < at) Note(Step::Kind::kPaused, until, at, 0);
    }
    if (end == stop) return stop;
    return std::nullopt;
  }

  std::optional<absl::Time> CountHours(absl::CivilDay day, int64_t target, absl::Time stop) {
    const bool working = IsWorking(day);
    const int64_t before = counted_;
    std::optional<absl::Time> reached;
    for (std::size_t i = 0; working && i < hours_.size() && !reached; ++i) {
      reached = CountRange(StartOf(day) + absl::Minutes(hours_[i].from),
                           StartOf(day) + absl::Minutes(hours_[i].to), target, stop);
    }
    const absl::Time end = StartOf(day + 1);
    if (!reached && stop <= end) reached = stop;
    NoteDay(day, working, reached.value_or(end), counted_ - before);
    return reached;
  }

  // Counts what runs of [from, to).
  std::optional<absl::Time> CountRange(absl::Time from, absl::Time to, int64_t target,
                                       absl::Time stop) {
    const absl::Time end = std::min(to, stop);
    absl::Time at = std::max(from, start_);
    while (at < end) {
      const Pause next = NextPause(at);
      const absl::Time until = std::min(next.from, end);
      if (at < until) {
        const absl::Time reached = Run(at, until, target);
        if (counted_ == target) return reached;
      }
      at = next.to;
    }
    return std::nullopt;
  }

  std::optional<absl::Time> CountWholeDay(absl::CivilDay day, int64_t target, absl::Time stop) {
    const absl::Time end = StartOf(day + 1);
    if (day == DayOf(start_)) {
      Note(Step::Kind::kStartDay, StartOf(day), end, 0);
      if (stop <= end) return stop;
      return std::nullopt;
    }
    if (stop < end) return stop;
    const bool working = IsWorking(day);
    const int64_t count = working && !PausedJustBefore(end) ? 1 : 0;
    counted_ += count;
    NoteDay(day, working, end, count);
    if (counted_ == target || stop == end) return end;
    return std::nullopt;
  }

  // Counts [at, until) up to the target, and says where it came to.
  absl::Time Run(absl::Time at, absl::Time until, int64_t target) {
    const int64_t ticks = std::min(absl::ToInt64Microseconds(until - at), target - counted_);
    counted_ += ticks;
    return at + absl::Microseconds(ticks);
  }

  // The first pause that ends after `at`; an infinitely late one if there is none.
  Pause NextPause(absl::Time at) const {
    const auto it = std::upper_bound(pauses_.begin(), pauses_.end(), at,
                                     [](absl::Time t, const Pause& pause) { return t < pause.to; });
    if (it == pauses_.end()) return {absl::InfiniteFuture(), absl::InfiniteFuture()};
    return {std::max(it->from, at), it->to};
  }

  bool PausedJustBefore(absl::Time t) const {
    return std::any_of(pauses_.begin(), pauses_.end(),
                       [t](const Pause& pause) { return pause.from < t && t <= pause.to; });
  }

  bool IsWorking(absl::CivilDay day) {
    const WorkingCalendar::Provisional<bool> working = calendar_.ProvisionalIsWorkingDay(day);
    if (working.provisional && (!provisional_ || unpublished_year_ != day.year())) {
      unpublished_year_ = day.year();
      steps_.push_back({.kind = Step::Kind::kUnpublishedYear,
                        .unit = unit_,
                        .from = StartOf(day),
                        .to = StartOf(absl::CivilDay(day.year() + 1, 1, 1)),
                        .amount = day.year()});
    }
    provisional_ |= working.provisional;
    return working.value;
  }

  void NoteDay(absl::CivilDay day, bool working, absl::Time end, int64_t ticks) {
    const absl::Time from = std::max(start_, StartOf(day));
    if (ticks > 0) {
      Note(Step::Kind::kCounted, from, end, ticks);
    } else if (!working) {
      Note(Step::Kind::kNotWorking, from, end, 0);
    } else if (NextPause(from).from < end) {
      Note(Step::Kind::kPaused, from, end, 0);
    }  // else it started, or was stopped, outside business hours
  }

  // Adds a step, or lengthens the last one if it is of the same kind and ends where this one
  // begins. Amounts stay in ticks until the steps are handed out.
  void Note(Step::Kind kind, absl::Time from, absl::Time to, int64_t ticks) {
    if (!steps_.empty() && steps_.back().kind == kind && steps_.back().to == from) {
      steps_.back().to = to;
      steps_.back().amount += ticks;
      steps_.back().total = counted_;
    } else {
      steps_.push_back({kind, unit_, from, to, ticks, counted_});
    }
  }

  const absl::Time start_;
  const LimitUnit unit_;
  const std::vector<MinuteRange>& hours_;
  const WorkingCalendar& calendar_;
  const std::vector<Pause> pauses_;
  int64_t counted_ = 0;
  bool provisional_ = false;
  absl::civil_year_t unpublished_year_ = 0;
  std::vector<Step> steps_;
};

bool IsCivil(absl::Time t) {
  return t >= StartOf(absl::CivilDay(1, 1, 2)) && t < StartOf(absl::CivilDay(10000, 1, 1));
}

bool IsAmount(LimitUnit unit, int64_t amount) { return amount >= 1 && amount <= MaxAmount(unit); }

bool AreHours(const std::vector<MinuteRange>& hours) {
  int last = 0;
  for (const MinuteRange& range : hours) {
    if (range.from < last || range.to <= range.from || range.to > 24 * 60) return false;
    last = range.to;
  }
  return !hours.empty();
}

absl::Status CheckLedger(const ClockLedger& ledger, const ClockPolicy& policy) {
  const LimitUnit unit = ledger.limit.unit;
  int64_t sum = ledger.limit.amount;
  bool amounts = IsAmount(unit, ledger.limit.amount);
  for (const int32_t extension : ledger.extensions) {
    amounts = amounts && IsAmount(unit, extension);
    sum += extension;
  }
  if (!amounts || !IsAmount(unit, sum)) {
    return absl::InvalidArgumentError("a limit or an extension is out of range");
  }
  if (!IsCivil(ledger.start)) return absl::InvalidArgumentError("the start is out of range");
  for (const Pause& pause : ledger.pauses) {
    if (!IsCivil(pause.from) || pause.to < pause.from ||
        (pause.to != absl::InfiniteFuture() && !IsCivil(pause.to))) {
      return absl::InvalidArgumentError("a pause ends before it begins or is out of range");
    }
  }
  if (unit == LimitUnit::kWorkingMinutes && !AreHours(policy.business_hours)) {
    return absl::InvalidArgumentError("the business hours are not ordered ranges of a day");
  }
  return absl::OkStatus();
}

// How much is used when the light turns yellow: whole minutes or days, rounded up.
int64_t YellowTicks(int64_t total, LimitUnit unit, const LightThresholds& thresholds) {
  const int64_t divisor = TicksPerUnit(unit) * thresholds.used_denominator;
  const int64_t share = (total * thresholds.used_numerator + divisor - 1) / divisor;
  const int64_t ticks = std::min(share * TicksPerUnit(unit), total);
  if (unit != LimitUnit::kWorkingDays) return ticks;
  return std::max<int64_t>(0, std::min(ticks, total - thresholds.working_days_left));
}

// The limit, then what was counted, then the outcome.
std::vector<Step> Explain(const ClockLedger& ledger, std::vector<Step> counted,
                          const Step& outcome) {
  const LimitUnit unit = ledger.limit.unit;
  std::vector<Step> steps = {
      {.kind = Step::Kind::kStarted, .unit = unit, .from = ledger.start},
      {.kind = Step::Kind::kLimit, .unit = unit, .amount = ledger.limit.amount}};
  for (const int32_t extension : ledger.extensions) {
    steps.push_back({.kind = Step::Kind::kExtended, .unit = unit, .amount = extension});
  }
  steps.insert(steps.end(), counted.begin(), counted.end());
  steps.push_back(outcome);
  return steps;
}

void CheckLimit(absl::string_view field, const std::optional<Limit>& limit,
                std::vector<Violation>& violations) {
  if (limit.has_value() && !IsAmount(limit->unit, limit->amount)) {
    violations.push_back(
        {absl::StrCat(field, ".amount"), absl::StrCat("must be 1 to ", MaxAmount(limit->unit))});
  }
}

}  // namespace

absl::Status CheckPolicy(const ClockPolicy& policy) {
  std::vector<Violation> violations;
  CheckLimit("accept", policy.accept, violations);
  CheckLimit("dispatch", policy.dispatch, violations);
  CheckLimit("acknowledge", policy.acknowledge, violations);
  CheckLimit("finish", policy.finish, violations);
  if (!AreHours(policy.business_hours)) {
    violations.push_back({"business_hours", "must be ranges of one day, in order and apart"});
  }
  const LightThresholds& thresholds = policy.thresholds;
  if (thresholds.used_numerator < 1 || thresholds.used_denominator > 10000 ||
      thresholds.used_numerator > thresholds.used_denominator) {
    violations.push_back({"thresholds.used", "must be above 0 and no more than the whole"});
  }
  if (thresholds.working_days_left < 0) {
    violations.push_back({"thresholds.working_days_left", "must not be negative"});
  }
  return violations.empty() ? absl::OkStatus() : InvalidFields(violations);
}

absl::StatusOr<Deadline> ComputeDeadline(const ClockLedger& ledger, const ClockPolicy& policy,
                                         const WorkingCalendar& calendar) {
  RETURN_IF_ERROR(CheckLedger(ledger, policy));
  const LimitUnit unit = ledger.limit.unit;
  int64_t total = ledger.limit.amount;
  for (const int32_t extension : ledger.extensions) total += extension;
  total *= TicksPerUnit(unit);

  Counter counter(ledger, policy, calendar);
  Deadline deadline;
  ASSIGN_OR_RETURN(deadline.due, counter.CountUntil(total, absl::InfiniteFuture()));
  deadline.provisional = counter.provisional();
  Step outcome = {.kind = Step::Kind::kDue, .unit = unit, .to = deadline.due};
  if (ledger.no_later_than < deadline.due) {
    RETURN_IF_ERROR(counter.CountUntil(total, ledger.no_later_than).status());
    total = counter.counted();
    deadline.due = ledger.no_later_than;
    outcome = {.kind = Step::Kind::kCapped, .unit = unit, .to = deadline.due};
  } else if (deadline.suspended()) {
    outcome = {.kind = Step::Kind::kSuspended, .unit = unit, .from = counter.LastPause()};
  }
  deadline.steps = Explain(ledger, counter.TakeSteps(), outcome);
  ASSIGN_OR_RETURN(const absl::Time yellow,
                   counter.CountUntil(YellowTicks(total, unit, policy.thresholds), deadline.due));
  deadline.yellow = std::min(yellow, deadline.due);
  return deadline;
}

absl::CivilDay Deadline::LastDay() const { return DayOf(due - absl::Nanoseconds(1)); }

Light LightAt(const Deadline& deadline, absl::Time now) {
  if (now >= deadline.due) return Light::kRed;
  return now >= deadline.yellow ? Light::kYellow : Light::kGreen;
}

}  // namespace qungong::ticket
