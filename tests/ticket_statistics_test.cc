// The figures on a real MariaDB: what the projection counts is a recount from the facts.
#include <atomic>
#include <thread>

#include "tests/ticket_statistics_fixture.h"

namespace qungong::ticket {
namespace {

using ::testing::IsEmpty;

TEST_F(TicketStatisticsTest, EveryFigureOfEveryNodeIsARecountAndOpensToItsRows) {
  for (const int batch : {1, 7, 512}) {
    LiveOn(150);
    CountAll(batch);
    ExpectFiguresAreRight({});
  }
  const Window may = {absl::CivilDay(2015, 5, 1), absl::CivilDay(2015, 6, 1)};
  const Window days = {absl::CivilDay(2015, 4, 20), absl::CivilDay(2015, 4, 27)};
  ExpectFiguresAreRight({.window = may});
  ExpectFiguresAreRight({.window = days});
  ExpectFiguresAreRight({.class_prefix = "01"});
  ExpectFiguresAreRight({.class_prefix = "0101", .channel = 2});
  ExpectFiguresAreRight({.window = may, .channel = 1});
  ExpectFiguresAreRight({.lines = {"urban_management"}});
  ExpectFiguresAreRight(
      {.window = may, .class_prefix = "02", .lines = {"housing", "urban_management"}});
  EXPECT_GT(counted_, 5000);  // the comparison was not about nothing
}

int64_t Position(mysql::Session& session) {
  int64_t sequence = 0;
  EXPECT_THAT(session.Transact({.read_only = true},
                               [&](mysql::Tx& tx) -> absl::Status {
                                 ASSIGN_OR_RETURN(sequence, LoadCountedSequence(tx));
                                 return absl::OkStatus();
                               }),
              IsOk());
  return sequence;
}

TEST_F(TicketStatisticsTest, TwoReplicasWithFailingConnectionsCountEachEventOnce) {
  LiveOn(400);
  mysql::Options faulty = service_->chassis().database;
  std::atomic<int> lost = 0;
  // Now and then a connection is lost, before or after a statement, COMMIT among them.
  faulty.fault = [&lost](absl::string_view sql, bool) -> absl::Status {
    thread_local std::mt19937 random(std::hash<std::thread::id>()(std::this_thread::get_id()));
    const int one_of = sql == "COMMIT" ? 10 : 400;
    if (std::uniform_int_distribution<int>(1, one_of)(random) > 1) return absl::OkStatus();
    ++lost;
    return mysql::StatusFromDriver(2013, "HY000", "planted");
  };
  std::atomic<int> in_doubt = 0;
  std::vector<std::thread> replicas;
  replicas.reserve(2);
  for (int replica = 0; replica < 2; ++replica) {
    replicas.emplace_back([&, replica] {
      const mysql::ThreadInit thread_init;
      mysql::Session session(faulty);
      mysql::Session reader(service_->chassis().database);
      for (int batch = 1 + replica; Position(reader) < events_; batch = batch % 9 + 1) {
        if (!StatisticsPass(session, batch).ok()) ++in_doubt;
      }
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_GT(lost, in_doubt);
  EXPECT_GT(in_doubt, 0);
  ExpectFiguresAreRight({});
}

TEST_F(TicketStatisticsTest, CountingAgainFromTheFirstEventGivesTheSameRows) {
  LiveOn(200);
  CountAll(3);
  LiveOn(200);
  CountAll(11);
  const std::vector<std::string> before = Dump();
  mysql::Session session(service_->chassis().database);
  ASSERT_THAT(ForgetStatistics(session), IsOk());
  EXPECT_THAT(Dump(), IsEmpty());
  ASSERT_EQ(Sequence("projections"), 0);
  CountAll();
  EXPECT_EQ(Dump(), before);
  EXPECT_GT(before.size(), 500u);
}

TEST_F(TicketStatisticsTest, NothingIsCountedWhileTheDirectoryDoesNotKnowAUnit) {
  LiveOn(50);
  service_->Transact([](mysql::Tx& tx) { return ResetDirectory(tx); });
  mysql::Session session(service_->chassis().database);
  EXPECT_THAT(StatisticsPass(session), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Dump(), IsEmpty());
  service_->ApplyDirectory(change_);
  CountAll();
  ExpectFiguresAreRight({});
}

TEST_F(TicketStatisticsTest, ACountCannotGoBelowZero) {
  LiveOn(300);
  CountAll();
  MariaDb::Get().Query("UPDATE qungong_ticket.statistics SET closure_base = 0");
  mysql::Session session(service_->chassis().database);
  absl::StatusOr<bool> more = true;
  for (int i = 0; i < 20 && more.ok(); ++i) {
    LiveOn(20);
    more = StatisticsPass(session);
  }
  EXPECT_THAT(more, StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace qungong::ticket
