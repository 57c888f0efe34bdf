// Writers, sequencers, projections and followers of a feed, all of them real processes, two or more
// of each, that die at any of their statements or are killed at any moment.
#include <cstdio>
#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/checkpoint.h"
#include "tests/support/fake_directory.h"
#include "tests/support/faults/exit_enumeration.h"
#include "tests/support/faults/feed_lives.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::Doom;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;
using ::qungong::testing::Nursery;

class FeedKillTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Nursery::Begin(testing::FeedLives());
    service_ = testing::ServeFeed();
  }
  static void TearDownTestSuite() { service_.reset(); }
  void SetUp() override {
    service_->Reset();
    MariaDb::Get().Clear("ticket");
    service_->ApplyDirectory(testing::FakeDirectory().change());
    for (int n = 0; n < 8; ++n) {
      MariaDb::Get().Query(absl::StrCat("INSERT INTO qungong_org.notes VALUES (UNHEX(LPAD(HEX(", n,
                                        "), 32, '0')), 0)"));
    }
  }

  void TearDown() override { KillAll(); }

  void KillAll() {
    for (const auto& [id, life] : alive_) Nursery::Get().Kill(id);
    for (const auto& [id, life] : alive_) Nursery::Get().Ended(id);
    alive_.clear();
  }
  void Bear(const std::string& life, Doom doom = {}) {
    const uint64_t seed = life == "follow" ? static_cast<uint64_t>(service_->port()) : random_();
    alive_[Nursery::Get().Start(life, doom, service_->clock().Now(), seed)] = life;
  }
  // Somewhere in its first transactions, or later.
  Doom Soon() { return {static_cast<int32_t>(4 + random_() % 60), random_() % 2 == 0}; }
  void Check() {
    EXPECT_EQ(testing::Recount(root_, "org"), "");
    EXPECT_EQ(testing::Recount(root_, "ticket"), "");
  }
  int64_t Number(const std::string& sql) { return MariaDb::Get().Query(sql).at(0).Int64(0); }
  bool EverythingIsRead() {
    const int64_t all = Number("SELECT COUNT(*) FROM qungong_org.events");
    return Number("SELECT sequence FROM qungong_org.feed_head") == all &&
           testing::PositionOf(root_, "org") == all && testing::PositionOf(root_, "ticket") == all;
  }

  static inline std::unique_ptr<testing::TestService> service_;
  mysql::Session root_{MariaDb::Get().OptionsFor("root")};
  std::mt19937_64 random_{testing::ExitSeed()};
  std::map<int32_t, std::string> alive_;
};

TEST_F(FeedKillTest, EveryEventIsReadOnceAndInOrderWhoeverIsKilled) {
  const int deaths = testing::ExitCases(1000);
  for (const char* life : {"write", "write", "write", "sequence", "sequence", "project", "project",
                           "follow", "follow"}) {
    Bear(life, Soon());
  }
  std::map<std::string, int> died;
  int ended = 0;
  while (ended < deaths) {
    const Nursery::News news = Nursery::Get().Next();
    // Somebody has committed something: a good moment for a kill from outside.
    if (news.kind == Nursery::Kind::kTold && random_() % 20 == 0) {
      auto victim = alive_.begin();
      std::advance(victim, static_cast<int64_t>(random_() % alive_.size()));
      Nursery::Get().Kill(victim->first);
    }
    if (news.kind != Nursery::Kind::kEnded) continue;
    EXPECT_TRUE(Nursery::WasKilled(static_cast<int>(news.value))) << alive_[news.id];
    const std::string life = alive_[news.id];
    alive_.erase(news.id);
    ++died[life];
    if (++ended % 50 == 0) Check();
    Bear(life, Soon());
  }
  KillAll();
  // They all got on although they were killed: otherwise there was nothing to lose.
  const int64_t numbered = Number("SELECT sequence FROM qungong_org.feed_head");
  EXPECT_GT(numbered, deaths / 4);
  EXPECT_GT(testing::PositionOf(root_, "org"), numbered / 2);
  EXPECT_GT(testing::PositionOf(root_, "ticket"), numbered / 2);
  for (const char* life : {"sequence", "project", "follow"}) Bear(life);
  ASSERT_TRUE(testing::Eventually([&] { return EverythingIsRead(); }));
  Check();

  mysql::Session session(MariaDb::Get().OptionsFor("org_app"));
  EXPECT_THAT(VerifyChain(session), IsOk());
  const int64_t events = Number("SELECT COUNT(*) FROM qungong_org.events");
  EXPECT_EQ(Number("SELECT SUM(version) FROM qungong_org.notes"), events);
  EXPECT_EQ(Number("SELECT SUM(events) FROM qungong_org.tallies"), events);
  EXPECT_EQ(Number("SELECT SUM(events) FROM qungong_ticket.tallies"), events);
  EXPECT_GE(events, deaths);
  std::printf("%lld events;", static_cast<long long>(events));
  for (const auto& [life, n] : died) {
    std::printf(" %s died %d times;", life.c_str(), n);
    EXPECT_GE(n, deaths / 40);
  }
  std::printf("\n");
  EXPECT_EQ(died.size(), 4u);
}

// Deterministic where the test above is not: the follower, at every statement.
TEST_F(FeedKillTest, AFollowerThatEndsAtAnyStatementAppliesWhatItReadOnce) {
  mysql::Session session(MariaDb::Get().OptionsFor("org_app"));
  const auto world = [&] {
    SetUp();
    for (uint64_t i = 0; i < 12; ++i)
      ASSERT_THAT(testing::WriteNotes(session, i, absl::ZeroDuration()), IsOk());
    ASSERT_THAT(SequenceEvents(session).status(), IsOk());
  };
  testing::ExitEnumeration enumeration(service_->clock(), "ticket", {});
  EXPECT_THAT(enumeration.RunPass(
                  "catch up", world, service_->clock().Now(),
                  [&] { return testing::Recount(root_, "ticket"); },
                  static_cast<uint64_t>(service_->port())),
              ::testing::IsEmpty());
  std::printf("%d processes ended\n", enumeration.exits());
}

}  // namespace
}  // namespace qungong
