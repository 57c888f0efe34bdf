#include "org-service/session_rules.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qungong::org {
namespace {

using ::testing::Eq;
using ::testing::Optional;

const absl::Time kStart = absl::FromUnixSeconds(1'438'214'400);  // 2015-07-30 08:00 in Shanghai

const SignInPolicy& Policy() { return SignInPolicyOn(absl::CivilDay(2015, 7, 30)); }

absl::Time At(double minutes) { return kStart + absl::Minutes(minutes); }

struct Case {
  const char* name;
  std::vector<double> failures;  // minutes
  double now;
  double locked_until;  // minutes; 0: not locked
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class LockTest : public ::testing::TestWithParam<Case> {};

TEST_P(LockTest, FollowsFromTheFailures) {
  std::vector<absl::Time> ledger;
  for (const double minute : GetParam().failures) {
    if (LockedUntil(ledger, At(minute), Policy()).has_value())
      continue;  // not counted while locked
    ledger = AfterFailure(std::move(ledger), At(minute), Policy());
  }
  const auto until = LockedUntil(ledger, At(GetParam().now), Policy());
  if (GetParam().locked_until == 0) {
    EXPECT_EQ(until, std::nullopt);
  } else {
    EXPECT_THAT(until, Optional(Eq(At(GetParam().locked_until))));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, LockTest,
    ::testing::Values(Case{"NoFailure", {}, 0, 0}, Case{"FourFailures", {0, 1, 2, 3}, 3, 0},
                      Case{"FiveFailures", {0, 1, 2, 3, 4}, 4, 19},
                      Case{"FiveAtOneInstant", {0, 0, 0, 0, 0}, 0, 15},
                      Case{"FiveInExactlyTheWindow", {0, 1, 2, 3, 15}, 15, 30},
                      Case{"FirstFellOutOfTheWindow", {0, 1, 2, 3, 15.1}, 15.1, 0},
                      Case{"TheWindowSlides", {0, 8, 14, 15, 16, 17}, 17, 32},
                      Case{"LastInstantOfTheLock", {0, 1, 2, 3, 4}, 18.99, 19},
                      Case{"TheLockEnds", {0, 1, 2, 3, 4}, 19, 0},
                      Case{"WhileLockedNothingCounts", {0, 1, 2, 3, 4, 5, 6, 7, 18}, 18.5, 19},
                      Case{
                          "AfterTheLockCountingBeginsAnew", {0, 1, 2, 3, 4, 19, 20, 21, 22}, 22, 0},
                      Case{"AndLocksAgain", {0, 1, 2, 3, 4, 19, 20, 21, 22, 23}, 23, 38}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(SignInPolicy, CoversEveryDay) {
  EXPECT_EQ(SignInPolicyOn(absl::CivilDay(1900, 1, 1)).failures, 5u);
  EXPECT_EQ(SignInPolicyOn(absl::CivilDay(2026, 1, 1)).failures, 5u);
}

TEST(SessionLimits, IdleLimitNeverPassesTheAbsoluteOne) {
  const SessionLimits limits;
  const absl::Time expires = kStart + limits.absolute;
  EXPECT_EQ(IdleExpiry(kStart, expires, limits), kStart + limits.idle);
  EXPECT_EQ(IdleExpiry(expires - absl::Minutes(1), expires, limits), expires);
}

TEST(SessionLimits, ExtensionIsWrittenOncePerMinute) {
  EXPECT_FALSE(WorthExtending(At(30), At(30)));
  EXPECT_FALSE(WorthExtending(At(30), At(30.9)));
  EXPECT_TRUE(WorthExtending(At(30), At(31)));
  EXPECT_FALSE(WorthExtending(At(30), At(29)));
}

}  // namespace
}  // namespace qungong::org
