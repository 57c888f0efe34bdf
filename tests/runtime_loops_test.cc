#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "runtime/loops.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;

constexpr char kKind[] = "test.effect";

class LoopsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MariaDb::Get().Migrate("ticket"); }
  void SetUp() override {
    db_.Clear("ticket");
    clock_.Stand(now_);
  }

  mysql::Options Options() {
    mysql::Options options = db_.OptionsFor("ticket_app");
    options.clock = &clock_;
    return options;
  }
  void Put(const Uuid& subject, absl::Time due, absl::string_view detail = "") {
    ASSERT_THAT(session_.Transact({},
                                  [&](mysql::Tx& tx) {
                                    return Schedule(tx, NewUuidV7(now_), kKind, subject, due,
                                                    detail);
                                  }),
                IsOk());
  }
  int64_t Count(absl::string_view what) {
    return db_.Query(absl::StrCat("SELECT COUNT(*) FROM qungong_ticket.", what)).at(0).Int64(0);
  }
  static int64_t Left(mysql::Session& session) {
    return session.QueryDirect("SELECT COUNT(*) FROM due_rows").value().at(0).Int64(0);
  }
  // An effect that leaves a trace in a table of its own transaction.
  // Counts, so that an effect that takes place twice is seen.
  static absl::Status Trace(mysql::Tx& tx, const Due& due) {
    return tx
        .Execute(
            "INSERT INTO projections (name, sequence) VALUES (?, 1) ON DUPLICATE KEY UPDATE "
            "sequence = sequence + 1",
            due.id.ToString())
        .status();
  }
  int64_t Traces() {
    return db_.Query("SELECT COALESCE(SUM(sequence), 0) FROM qungong_ticket.projections")
        .at(0)
        .Int64(0);
  }

  const absl::Time now_ = absl::FromUnixSeconds(
      1438219800);  // 2015-07-30: the schedule is the database's, not the machine's
  Clock clock_;
  MariaDb& db_ = MariaDb::Get();
  mysql::Session session_{Options()};
  Metrics metrics_;
};

TEST_F(LoopsTest, RunsWhatIsDueOldestFirstAndLeavesTheRest) {
  const Uuid first = NameUuid("1");
  const Uuid second = NameUuid("2");
  const Uuid later = NameUuid("3");
  Put(second, now_, "b");
  Put(first, now_ - absl::Hours(1), "a");
  Put(later, now_ + absl::Microseconds(1));
  std::string order;
  const auto effect = [&](mysql::Tx&, const Due& due) {
    EXPECT_EQ(due.kind, kKind);
    absl::StrAppend(&order, due.detail, " ");
    return absl::OkStatus();
  };
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(2));
  EXPECT_EQ(order, "a b ");
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(0));
  clock_.Stand(now_ + absl::Microseconds(1));
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(1));
  EXPECT_EQ(Count("due_rows"), 0);
}

TEST_F(LoopsTest, OnePerSubjectMovedOrTakenBack) {
  const Uuid subject = NameUuid("x");
  Put(subject, now_ - absl::Hours(2), "old");
  Put(subject, now_ + absl::Hours(1), "new");
  EXPECT_EQ(Count("due_rows WHERE detail = 'new'"), 1);
  EXPECT_EQ(Count("due_rows"), 1);
  const auto effect = [](mysql::Tx&, const Due&) { return absl::OkStatus(); };
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(0));
  EXPECT_THAT(session_.Transact({}, [&](mysql::Tx& tx) { return Unschedule(tx, kKind, subject); }),
              IsOk());
  EXPECT_EQ(Count("due_rows"), 0);
}

TEST_F(LoopsTest, AtMostLimitAtOnce) {
  for (int i = 0; i < 5; ++i) Put(NameUuid(absl::StrCat(i)), now_ - absl::Seconds(i));
  const auto effect = [](mysql::Tx&, const Due&) { return absl::OkStatus(); };
  EXPECT_THAT(RunDue(session_, kKind, 3, effect), IsOkAndHolds(3));
  EXPECT_EQ(Count("due_rows"), 2);
}

TEST_F(LoopsTest, AnEffectThatFailsChangesNothingAndComesBackInAMinute) {
  Put(NameUuid("bad"), now_ - absl::Hours(1), "bad");
  Put(NameUuid("good"), now_, "good");
  const auto effect = [](mysql::Tx& tx, const Due& due) -> absl::Status {
    RETURN_IF_ERROR(Trace(tx, due));
    return due.detail == "bad" ? absl::InternalError("planted") : absl::OkStatus();
  };
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(1));
  EXPECT_EQ(Traces(), 1);
  EXPECT_EQ(Count("due_rows WHERE detail = 'bad' AND due_at = '2015-07-30 01:31:00'"), 1);
}

// Neither a writer in the way nor a database that went away is a reason to wait for a minute.
TEST_F(LoopsTest, AnEffectThatMetAConflictStaysDueAndTheOthersGoOn) {
  Put(NameUuid("busy"), now_ - absl::Hours(1), "busy");
  Put(NameUuid("quiet"), now_, "quiet");
  bool in_the_way = true;
  const auto effect = [&](mysql::Tx& tx, const Due& due) -> absl::Status {
    if (in_the_way && due.detail == "busy")
      return mysql::StatusFromDriver(1020, "HY000", "Record has changed since last read");
    return Trace(tx, due);
  };
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(1));
  EXPECT_EQ(Count("due_rows WHERE detail = 'busy' AND due_at = '2015-07-30 00:30:00'"), 1);
  in_the_way = false;
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(1));
  EXPECT_EQ(Traces(), 2);
}

TEST_F(LoopsTest, AnEffectWhoseDatabaseWentAwayStaysDue) {
  Put(NameUuid("x"), now_ - absl::Hours(1));
  bool away = true;
  mysql::Options options = Options();
  options.fault = [&](absl::string_view sql, bool) {
    return away && absl::StartsWith(sql, "INSERT INTO projections")
               ? mysql::StatusFromDriver(2013, "HY000", "planted")
               : absl::OkStatus();
  };
  mysql::Session session(options);
  EXPECT_THAT(RunDue(session, kKind, 10, Trace), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Count("due_rows WHERE due_at = '2015-07-30 00:30:00'"), 1);
  away = false;
  EXPECT_THAT(RunDue(session, kKind, 10, Trace), IsOkAndHolds(1));
  EXPECT_EQ(Traces(), 1);
}

TEST_F(LoopsTest, AnEffectMayScheduleItselfAgain) {
  const Uuid subject = NameUuid("again");
  Put(subject, now_);
  const auto effect = [&](mysql::Tx& tx, const Due& due) {
    return Schedule(tx, NewUuidV7(now_), kKind, due.subject, due.due + absl::Hours(24));
  };
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(1));
  EXPECT_EQ(Count("due_rows WHERE due_at = '2015-07-31 01:30:00'"), 1);
}

// A row that is moved between being seen and being claimed belongs to its new instant.
TEST_F(LoopsTest, ARowThatMovesMeanwhileIsNotRun) {
  const Uuid first = NameUuid("1");
  const Uuid moved = NameUuid("2");
  Put(first, now_ - absl::Hours(1));
  Put(moved, now_);
  int ran = 0;
  const auto effect = [&](mysql::Tx&, const Due&) {
    mysql::Session other(Options());
    EXPECT_THAT(other.Transact({},
                               [&](mysql::Tx& tx) {
                                 return Schedule(tx, NewUuidV7(now_), kKind, moved,
                                                 now_ + absl::Hours(1));
                               }),
                IsOk());
    ++ran;
    return absl::OkStatus();
  };
  EXPECT_THAT(RunDue(session_, kKind, 10, effect), IsOkAndHolds(1));
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(Count("due_rows"), 1);
}

TEST_F(LoopsTest, ManyReplicasRunEachEffectExactlyOnce) {
  constexpr int kRows = 200;
  for (int i = 0; i < kRows; ++i) Put(NameUuid(absl::StrCat(i)), now_ - absl::Seconds(i % 7));
  std::atomic<int> ran = 0;
  std::vector<std::thread> replicas;
  replicas.reserve(4);
  for (int i = 0; i < 4; ++i) {
    replicas.emplace_back([&] {
      const mysql::ThreadInit init;
      mysql::Session session(Options());
      while (Left(session) > 0) {
        const absl::StatusOr<int> done = RunDue(session, kKind, 20, Trace);
        ASSERT_THAT(done, IsOk());
        ran += *done;
      }
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(ran, kRows);
  EXPECT_EQ(Traces(), kRows);
}

// The reply of each statement is lost once; whatever happens, effect and claim stay together.
TEST_F(LoopsTest, EveryLostReplyLeavesEffectAndClaimTogether) {
  for (int at = 0; at < 12; ++at) {
    SCOPED_TRACE(at);
    db_.Clear("ticket");
    Put(NameUuid("x"), now_);
    int seen = 0;
    mysql::Options options = Options();
    options.fault = [&](absl::string_view, bool after) {
      return after && seen++ == at ? mysql::StatusFromDriver(2013, "HY000", "planted")
                                   : absl::OkStatus();
    };
    mysql::Session session(options);
    RunDue(session, kKind, 10, Trace).IgnoreError();
    EXPECT_EQ(Count("due_rows") + Traces(), 1);
    ASSERT_THAT(RunDue(session_, kKind, 10, Trace), IsOk());
    EXPECT_EQ(Traces(), 1);
  }
}

TEST_F(LoopsTest, ALoopRunsAgainAsSoonAsItIsWoken) {
  Loops loops(Options(), metrics_);
  std::atomic<int> passes = 0;
  absl::Notification first;
  absl::Notification second;
  loops.Add("test", absl::Hours(1), [&](mysql::Session& session) -> absl::StatusOr<bool> {
    EXPECT_THAT(session.Ping(), IsOk());
    if (++passes == 1) first.Notify();
    if (passes == 2) second.Notify();
    return false;
  });
  first.WaitForNotification();
  loops.Wake("another");
  loops.Wake("test");
  ASSERT_TRUE(second.WaitForNotificationWithTimeout(absl::Seconds(10)));
  loops.Stop();
  EXPECT_EQ(passes, 2);
}

TEST_F(LoopsTest, ALoopThatIsWokenAllTheTimeRestsBetweenPasses) {
  Loops loops(Options(), metrics_);
  std::atomic<int> passes = 0;
  const absl::Time start = absl::Now();
  loops.Add("test", absl::Hours(1), [&](mysql::Session&) -> absl::StatusOr<bool> {
    ++passes;
    return false;
  });
  while (passes < 10) loops.Wake("test");
  EXPECT_GE(absl::Now() - start, 9 * absl::Milliseconds(20));
  loops.Stop();
}

TEST_F(LoopsTest, ALoopGoesOnAtOnceWhileThereIsMoreAndSurvivesFailures) {
  Loops loops(Options(), metrics_);
  std::atomic<int> passes = 0;
  absl::Notification done;
  loops.Add("test", absl::Hours(1), [&](mysql::Session&) -> absl::StatusOr<bool> {
    switch (++passes) {
      case 1:
        return true;
      case 2:
        throw std::logic_error("planted");
      case 3:
        return absl::UnavailableError("planted");
      case 4:
        done.Notify();
        return false;
      default:
        ADD_FAILURE() << "ran without being woken";
        return false;
    }
  });
  EXPECT_TRUE(done.WaitForNotificationWithTimeout(absl::Seconds(10)));
  loops.Stop();
  loops.Wake("test");
  EXPECT_EQ(passes, 4);
}

}  // namespace
}  // namespace qungong
