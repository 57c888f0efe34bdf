#include "org-service/dates.h"

#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;

google::type::Date Date(int year, int month, int day) {
  google::type::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

const absl::CivilDay kToday(2015, 7, 30);

TEST(ParseDay, TakesDatesOfTheCalendar) {
  EXPECT_THAT(ParseDay(Date(2016, 2, 29), "d", kToday), IsOkAndHolds(absl::CivilDay(2016, 2, 29)));
  EXPECT_THAT(ParseDay(Date(0, 0, 0), "d", kToday), IsOkAndHolds(kToday));
  EXPECT_THAT(ParseDay(Date(9999, 12, 30), "d", kToday),
              IsOkAndHolds(absl::CivilDay(9999, 12, 30)));
}

TEST(ParseDay, RefusesOthers) {
  for (const auto& date :
       {Date(2015, 2, 29), Date(2015, 13, 1), Date(2015, 0, 1), Date(2015, 1, 0), Date(0, 1, 1),
        Date(1899, 12, 31), Date(9999, 12, 31), Date(-1, 1, 1), Date(2015, 1, -5)}) {
    EXPECT_THAT(ParseDay(date, "d", kToday),
                StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")))
        << date.ShortDebugString();
  }
}

TEST(ParseDays, EndsAfterItBegins) {
  EXPECT_THAT(ParseDays(Date(2015, 1, 1), kToday, Date(2015, 1, 2), kNoEnd),
              IsOkAndHolds(Days{absl::CivilDay(2015, 1, 1), absl::CivilDay(2015, 1, 2)}));
  EXPECT_THAT(ParseDays({}, kToday, {}, kNoEnd), IsOkAndHolds(Days{kToday, kNoEnd}));
  EXPECT_THAT(ParseDays(Date(2015, 1, 1), kToday, Date(2015, 1, 1), kNoEnd),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")));
}

TEST(Days, CoversAndOverlaps) {
  const Days days{kToday, kToday + 10};
  EXPECT_TRUE(days.Covers({kToday, kToday + 10}));
  EXPECT_FALSE(days.Covers({kToday - 1, kToday + 10}));
  EXPECT_FALSE(days.Covers({kToday, kToday + 11}));
  EXPECT_TRUE(days.Overlaps({kToday + 9, kToday + 20}));
  EXPECT_FALSE(days.Overlaps({kToday + 10, kToday + 20}));
  EXPECT_FALSE(days.Overlaps({kToday + 5, kToday + 5}));
}

TEST(ToTimestamp, KeepsMicroseconds) {
  const auto timestamp = ToTimestamp(absl::FromUnixMicros(1'438'214'400'123'456));
  EXPECT_EQ(timestamp.seconds(), 1'438'214'400);
  EXPECT_EQ(timestamp.nanos(), 123'456'000);
}

}  // namespace
}  // namespace qungong::org
