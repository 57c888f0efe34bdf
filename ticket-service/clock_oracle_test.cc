// The clock rules against a simulation that shares nothing with them: it steps through every
// minute, asks whether the clock runs in it, and keeps a tally. Days and holidays come from the
// file and the C library.
#include <algorithm>
#include <ctime>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/calendars.h"
#include "ticket-service/clock_rules.h"

namespace qungong::ticket {
namespace {

constexpr int64_t kNever = INT64_MAX;
constexpr int64_t kDay = 1440;

// Everything in minutes since 1970-01-01 00:00 in Shanghai.
struct NaivePause {
  int64_t from;
  int64_t to;
};
struct NaiveCase {
  int64_t start;
  LimitUnit unit;
  int64_t limit;
  std::vector<int32_t> extensions;
  std::vector<NaivePause> pauses;
  int64_t numerator;
  int64_t denominator;
  int64_t days_left;
};
struct NaiveAnswer {
  int64_t due = kNever;
  int64_t yellow = kNever;
  bool provisional = false;
};

class NaiveDays {
 public:
  // Whether a day is worked, and whether its year is in the file.
  std::pair<bool, bool> Look(int64_t day) {
    auto it = known_.find(day);
    if (it != known_.end()) return it->second;
    const auto seconds = static_cast<std::time_t>(day * 86400);
    std::tm tm = {};
    gmtime_r(&seconds, &tm);
    char date[32];
    std::strftime(date, sizeof date, "%Y-%m-%d", &tm);
    bool working = tm.tm_wday != 0 && tm.tm_wday != 6;
    if (rows_.contains(date)) working = rows_[date] == "WORKDAY";
    const bool published = tm.tm_year + 1900 >= 2015 && tm.tm_year + 1900 <= 2026;
    return known_[day] = {working, published};
  }

 private:
  std::map<std::string, std::string> rows_ = testing::CalendarRows();
  std::map<int64_t, std::pair<bool, bool>> known_;
};

bool InPause(const NaiveCase& c, int64_t minute) {
  return std::any_of(c.pauses.begin(), c.pauses.end(), [minute](const NaivePause& pause) {
    return pause.from <= minute && minute < pause.to;
  });
}

NaiveAnswer Simulate(const NaiveCase& c, NaiveDays& days) {
  int64_t total = c.limit;
  for (const int32_t extension : c.extensions) total += extension;
  NaiveAnswer answer;
  int64_t tally = 0;
  for (int64_t minute = c.start; minute < c.start + 150 * kDay; ++minute) {
    const bool yellow = tally * c.denominator >= total * c.numerator ||
                        (c.unit == LimitUnit::kWorkingDays && total - tally <= c.days_left);
    if (yellow && answer.yellow == kNever) answer.yellow = minute;
    if (tally == total) {
      answer.due = minute;
      return answer;
    }
    const int64_t day = minute / kDay;
    const int64_t of_day = minute % kDay;
    const bool runs = !InPause(c, minute);
    bool ticks = runs;
    if (c.unit == LimitUnit::kWorkingMinutes) {
      ticks = runs && days.Look(day).first &&
              ((of_day >= 540 && of_day < 720) || (of_day >= 840 && of_day < 1080));
    } else if (c.unit == LimitUnit::kWorkingDays) {
      ticks = runs && of_day == kDay - 1 && day > c.start / kDay && days.Look(day).first;
    }
    const bool asks = c.unit == LimitUnit::kWorkingMinutes ||
                      (c.unit == LimitUnit::kWorkingDays && day > c.start / kDay);
    if (asks && !days.Look(day).second) answer.provisional = true;
    if (ticks) ++tally;
  }
  return answer;
}

int64_t Any(std::mt19937& random, int64_t from, int64_t to) {
  return std::uniform_int_distribution<int64_t>(from, to)(random);
}

// Starts over twelve years, a third of them near a year's end or a long holiday, a few beyond what
// is published.
NaiveCase AnyCase(std::mt19937& random) {
  NaiveCase c = {};
  const int64_t first = 16436;  // 2015-01-01
  int64_t day = Any(random, first - 20, first + 4400);
  if (Any(random, 0, 2) == 0) day = first + 365 * Any(random, 0, 12) + Any(random, -20, 60);
  c.start = day * kDay + Any(random, 0, kDay - 1);
  c.unit = static_cast<LimitUnit>(Any(random, 0, 2));
  const int64_t most = c.unit == LimitUnit::kWorkingDays      ? 20
                       : c.unit == LimitUnit::kWorkingMinutes ? 3000
                                                              : 15000;
  c.limit = Any(random, 1, Any(random, 0, 1) == 0 ? most : 3);
  for (int64_t i = Any(random, -2, 2); i > 0; --i) {
    c.extensions.push_back(static_cast<int32_t>(Any(random, 1, most / 3)));
  }
  for (int64_t i = Any(random, -1, 4); i > 0; --i) {
    int64_t from = c.start + Any(random, -3 * kDay, 15 * kDay);
    if (Any(random, 0, 3) == 0) from -= from % kDay;
    int64_t to = from + Any(random, 0, 4 * kDay);
    if (Any(random, 0, 3) == 0) to += kDay - to % kDay;
    if (Any(random, 0, 19) == 0) to = kNever;
    c.pauses.push_back({from, to});
  }
  c.denominator = Any(random, 1, 10);
  c.numerator = Any(random, 1, c.denominator);
  c.days_left = Any(random, 0, 3);
  return c;
}

absl::Time ToTime(int64_t minute) {
  if (minute == kNever) return absl::InfiniteFuture();
  return absl::UnixEpoch() + absl::Minutes(minute) - absl::Hours(8);
}

TEST(ComputeDeadline, AgreesWithASimulationOfEveryMinute) {
  const WorkingCalendar calendar = WorkingCalendar::Create(testing::CalendarRecords()).value();
  NaiveDays days;
  std::mt19937 random(20150730);
  int suspended = 0;
  int provisional = 0;
  for (int i = 0; i < 3000; ++i) {
    const NaiveCase c = AnyCase(random);
    const NaiveAnswer want = Simulate(c, days);
    ClockLedger ledger{ToTime(c.start), {c.unit, static_cast<int32_t>(c.limit)}, c.extensions, {}};
    for (const NaivePause& pause : c.pauses) {
      ledger.pauses.push_back({ToTime(pause.from), ToTime(pause.to)});
    }
    ClockPolicy policy;
    policy.thresholds = {static_cast<int32_t>(c.numerator), static_cast<int32_t>(c.denominator),
                         static_cast<int32_t>(c.days_left)};
    const auto deadline = ComputeDeadline(ledger, policy, calendar);
    ASSERT_TRUE(deadline.ok()) << i << " " << deadline.status();
    EXPECT_EQ(deadline->due, ToTime(want.due)) << i;
    EXPECT_EQ(deadline->yellow, ToTime(want.yellow)) << i;
    // While a pause lasts, how far the calendar would be asked is nobody's concern.
    if (want.due != kNever) {
      EXPECT_EQ(deadline->provisional, want.provisional) << i;
    }
    // The steps add up to the limit, unless a pause lasts.
    int64_t counted = 0;
    for (const Step& step : deadline->steps) {
      if (step.kind == Step::Kind::kCounted) counted += step.amount;
    }
    int64_t total = c.limit;
    for (const int32_t extension : c.extensions) total += extension;
    if (want.due != kNever) {
      EXPECT_EQ(counted, total) << i;
    }
    suspended += want.due == kNever ? 1 : 0;
    provisional += want.provisional ? 1 : 0;
  }
  // The generator reaches what is rare.
  EXPECT_GT(suspended, 50);
  EXPECT_GT(provisional, 50);
}

}  // namespace
}  // namespace qungong::ticket
