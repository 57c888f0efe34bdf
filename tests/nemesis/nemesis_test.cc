// The parts of the nemesis that can be tested by themselves.
#include <set>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "tests/nemesis/commit_finder.h"
#include "tests/nemesis/history.h"
#include "tests/nemesis/schedule.h"

namespace qungong::nemesis {
namespace {

using ::testing::ElementsAre;

std::string Packet(const std::string& payload) {
  const size_t n = payload.size();
  return absl::StrCat(std::string{static_cast<char>(n & 0xff), static_cast<char>(n >> 8 & 0xff),
                                  static_cast<char>(n >> 16), '\0'},
                      payload);
}

TEST(CommitFinderTest, ACommitIsFoundHoweverTheBytesArrive) {
  const std::string commit = Packet(
      "\x03"
      "COMMIT");
  const std::string before = Packet(
                                 "\x03"
                                 "SELECT 'COMMIT'") +
                             Packet(std::string(300, 'x'));
  const std::string after = Packet(
                                "\x03"
                                "COMMIT ") +
                            Packet(
                                "\x16"
                                "COMMIT");
  const std::string all = before + commit + after;
  for (size_t step : {1, 2, 3, 5, 7, 11, 64, 1000}) {
    CommitFinder finder;
    std::string passed;
    std::vector<size_t> found;
    for (size_t at = 0; at < all.size(); at += step) {
      finder.Feed(all.substr(at, step));
      bool is_commit = false;
      for (std::string piece; !(piece = finder.Next(&is_commit)).empty();) {
        if (is_commit) {
          EXPECT_EQ(piece, commit);
          found.push_back(passed.size());
        }
        passed += piece;
      }
    }
    EXPECT_EQ(passed, all) << step;
    EXPECT_THAT(found, ElementsAre(before.size())) << step;
  }
}

std::vector<std::string> Described(uint64_t seed) {
  std::vector<std::string> acts;
  for (const Act& act : MakeSchedule(seed, absl::Seconds(60))) acts.push_back(Describe(act));
  return acts;
}

TEST(ScheduleTest, ASeedGivesOneScheduleInWhichEverythingHappensAndIsMendedInTime) {
  EXPECT_EQ(Described(1), Described(1));
  EXPECT_NE(Described(1), Described(2));
  std::set<Act::Kind> kinds;
  for (const Act& act : MakeSchedule(3, absl::Seconds(60))) {
    kinds.insert(act.kind);
    EXPECT_LE(act.at + act.lasts, absl::Seconds(58.5)) << Describe(act);
  }
  EXPECT_EQ(kinds.size(), static_cast<size_t>(Act::kKinds));
}

class HistoryTest : public ::testing::Test {
 protected:
  Outcome After(const std::vector<absl::Status>& answers, bool quiet_at_last) {
    History history("/dev/null");
    Write intended;
    intended.request = std::make_shared<rpc::v1::GrantRecord>();
    Write* write = history.Intend(intended);
    const rpc::v1::GrantRecord reply;
    for (size_t i = 0; i < answers.size(); ++i) {
      history.Begin(write, "id");
      history.End(write, answers[i], answers[i].ok() ? &reply : nullptr,
                  quiet_at_last && i + 1 == answers.size());
    }
    return write->outcome;
  }
  const absl::Status ok_ = absl::OkStatus();
  const absl::Status lost_ = absl::UnavailableError("");
  const absl::Status no_ = absl::FailedPreconditionError("");
};

TEST_F(HistoryTest, ANoIsDefiniteOnlyWhenNothingElseMayStillHappen) {
  EXPECT_EQ(After({no_}, false), Outcome::kRefused);
  EXPECT_EQ(After({lost_}, false), Outcome::kUnknown);
  EXPECT_EQ(After({lost_, no_}, false), Outcome::kUnknown);
  EXPECT_EQ(After({lost_, no_}, true), Outcome::kRefused);
  EXPECT_EQ(After({lost_, no_, lost_}, true), Outcome::kUnknown);
  EXPECT_EQ(After({lost_, ok_}, false), Outcome::kDone);
  EXPECT_EQ(After({ok_, no_}, true), Outcome::kDone);
}

}  // namespace
}  // namespace qungong::nemesis
