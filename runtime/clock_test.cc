#include "runtime/clock.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <thread>

#include "gtest/gtest.h"

namespace qungong {
namespace {

// Each clock reads the file on its first question, so a new one sees every change at once.
class ClockTest : public ::testing::Test {
 protected:
  std::optional<absl::Time> Read(const std::string& content) {
    std::ofstream(file_) << content;
    return Clock(file_).Standing();
  }
  void TearDown() override { std::remove(file_.c_str()); }

  const std::string file_ = ::testing::TempDir() + "clock_test_" + std::to_string(getpid());
};

TEST_F(ClockTest, StandsAtTheInstantInTheFile) {
  const absl::Time expected =
      absl::FromCivil(absl::CivilSecond(2015, 7, 30, 1, 30, 0), absl::UTCTimeZone());
  EXPECT_EQ(Read("2015-07-30T09:30:00+08:00\n"), expected);
  EXPECT_EQ(Read("2015-07-30T01:30:00Z"), expected);
  EXPECT_EQ(Clock(file_).Now(), expected);
}

TEST_F(ClockTest, RunsWithoutAFileOrWithAnEmptyOne) {
  const absl::Time before = absl::Now();
  EXPECT_EQ(Read(" \n"), std::nullopt);
  EXPECT_EQ(Clock(file_ + ".absent").Standing(), std::nullopt);
  EXPECT_EQ(Clock().Standing(), std::nullopt);
  EXPECT_LT(absl::AbsDuration(Clock(file_).Now() - before), absl::Minutes(1));
  EXPECT_LT(absl::AbsDuration(Clock().Now() - before), absl::Minutes(1));
}

TEST_F(ClockTest, ChangesOfTheFileAreSeen) {
  std::ofstream(file_) << "2015-07-30T01:30:00Z";
  const Clock under_test(file_);
  EXPECT_EQ(absl::ToUnixSeconds(under_test.Now()), 1438219800);
  std::ofstream(file_) << "2015-07-30T01:30:07Z";
  while (under_test.Now() == absl::FromUnixSeconds(1438219800)) std::this_thread::yield();
  EXPECT_EQ(absl::ToUnixSeconds(under_test.Now()), 1438219807);
  std::ofstream(file_) << "2015-07-3";  // half written: the last instant holds
  const absl::Time until = absl::Now() + absl::Milliseconds(60);
  while (absl::Now() < until) ASSERT_EQ(absl::ToUnixSeconds(under_test.Now()), 1438219807);
}

TEST_F(ClockTest, RunsAgainWhenTheFileIsEmptied) {
  std::ofstream(file_) << "2015-07-30T01:30:00Z";
  const Clock under_test(file_);
  EXPECT_TRUE(under_test.Standing().has_value());
  std::ofstream(file_) << "";
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (under_test.Standing().has_value() && absl::Now() < until) std::this_thread::yield();
  EXPECT_EQ(under_test.Standing(), std::nullopt);
}

TEST_F(ClockTest, StandsWhereATestPutsIt) {
  Clock under_test;
  under_test.Stand(absl::FromUnixSeconds(7));
  EXPECT_EQ(under_test.Now(), absl::FromUnixSeconds(7));
  under_test.Stand(std::nullopt);
  EXPECT_EQ(under_test.Standing(), std::nullopt);
}

}  // namespace
}  // namespace qungong
