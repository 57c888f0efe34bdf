// Five ways in which this stack loses or doubles writes without an error, each shown on the driver
// itself, as the witness, and then on runtime/mysql.h, where it does not happen.
#include <cppconn/connection.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"
#include "tests/support/runtime/note_service.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;

// What the driver is without runtime/mysql.h.
class Naive {
 public:
  explicit Naive(bool reconnect = false) {
    const mysql::Options options = MariaDb::Get().OptionsFor("ticket_app");
    sql::ConnectOptionsMap map;
    map["hostName"] = sql::SQLString("unix://" + options.address.substr(5));
    map["userName"] = sql::SQLString(options.user);
    map["password"] = sql::SQLString(options.password);
    map["schema"] = sql::SQLString(options.schema);
    if (reconnect) map["OPT_RECONNECT"] = true;
    connection_.reset(sql::mysql::get_mysql_driver_instance()->connect(map));
    Do("SET SESSION innodb_snapshot_isolation = OFF, innodb_lock_wait_timeout = 1");
  }
  // The driver's error; 0: none.
  int Do(const std::string& sql) {
    try {
      std::unique_ptr<sql::Statement> statement(connection_->createStatement());
      statement->execute(sql);
      return 0;
    } catch (const sql::SQLException& e) {
      return e.getErrorCode();
    }
  }
  int64_t Number(const std::string& sql) {
    std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    std::unique_ptr<sql::ResultSet> result(statement->executeQuery(sql));
    result->next();
    return result->getInt64(1);
  }
  sql::Connection& operator*() { return *connection_; }

 private:
  std::unique_ptr<sql::Connection> connection_;
};

class DatabaseTrapsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    static const Migration kMigrations[] = {
        {"note/0001_notes", testing::kNotes},
        {"note/0002_counters",
         "CREATE TABLE IF NOT EXISTS counters (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)"}};
    service_ = new testing::TestService("ticket", kMigrations, testing::Notes(false));
  }
  static void TearDownTestSuite() { delete std::exchange(service_, nullptr); }
  void SetUp() override {
    service_->Reset();
    Root("INSERT INTO qungong_ticket.counters VALUES (1, 0)");
  }

  static mysql::Options Ours() { return MariaDb::Get().OptionsFor("ticket_app"); }
  static mysql::Rows Root(const std::string& sql) { return MariaDb::Get().Query(sql); }
  static int64_t Value(int id) {
    const mysql::Rows rows =
        Root(absl::StrCat("SELECT v FROM qungong_ticket.counters WHERE id = ", id));
    return rows.empty() ? -1 : rows[0].Int64(0);
  }
  // Ends a connection, and waits until it is gone with its transaction.
  static void Kill(int64_t connection) {
    Root(absl::StrCat("KILL CONNECTION ", connection));
    EXPECT_TRUE(testing::Eventually([&] {
      return Root(absl::StrCat("SELECT id FROM information_schema.processlist WHERE id = ",
                               connection))
          .empty();
    }));
  }
  static void Kill(mysql::Tx& tx) {
    const absl::StatusOr<mysql::Rows> rows = tx.Query("SELECT CONNECTION_ID()");
    ASSERT_THAT(rows, IsOk());
    Kill(rows->at(0).Int64(0));
  }
  static absl::Status Insert(mysql::Tx& tx, int id) {
    return tx.Execute("INSERT INTO counters VALUES (?, 0)", id).status();
  }
  // Read, then write what was read and one more: no lock in between.
  static absl::Status Increment(mysql::Tx& tx) {
    ASSIGN_OR_RETURN(const auto row, tx.QueryOne("SELECT v FROM counters WHERE id = 1"));
    return tx.Execute("UPDATE counters SET v = ? WHERE id = 1", row->Int64(0) + 1).status();
  }
  // The server without the setting that undoes a whole transaction, and with it again.
  static void Restart(const std::vector<std::string>& options) {
    MariaDb::Get().Kill();
    MariaDb::Get().Start(options);
  }
  static absl::StatusOr<testing::note::Note> Send(const testing::note::WriteNoteRequest& request) {
    const auto stub = testing::note::NoteService::NewStub(service_->channel());
    return service_->Call(*stub, &testing::note::NoteService::Stub::WriteNote, "", request);
  }

  static inline testing::TestService* service_;
};

TEST_F(DatabaseTrapsTest, ACommitThatDidNotHappenIsAnError) {
  Naive naive;
  (*naive).setAutoCommit(false);
  ASSERT_EQ(naive.Do("INSERT INTO counters VALUES (2, 0)"), 0);
  Kill(naive.Number("SELECT CONNECTION_ID()"));
  EXPECT_NO_THROW((*naive).commit());
  EXPECT_EQ(Value(2), -1);

  mysql::Session session(Ours());
  const auto killed = [](mysql::Tx& tx) {
    const absl::Status status = Insert(tx, 2);
    Kill(tx);
    return status;
  };
  EXPECT_THAT(session.Transact({}, killed), HasReason("COMMIT_IN_DOUBT"));
  EXPECT_EQ(Value(2), -1);
  // Of what can be repeated the next attempt finds out.
  int attempts = 0;
  EXPECT_THAT(
      session.Transact({.repeatable = true},
                       [&](mysql::Tx& tx) { return ++attempts == 1 ? killed(tx) : Insert(tx, 2); }),
      IsOk());
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(Value(2), 0);
}

TEST_F(DatabaseTrapsTest, AnUpdateOfWhatAnotherHasChangedMeanwhileIsNotLost) {
  Naive a;
  Naive b;
  for (Naive* naive : {&a, &b}) {
    ASSERT_EQ(naive->Do("START TRANSACTION"), 0);
    EXPECT_EQ(naive->Number("SELECT v FROM counters WHERE id = 1"), 0);
  }
  for (Naive* naive : {&a, &b}) {
    EXPECT_EQ(naive->Do("UPDATE counters SET v = 1 WHERE id = 1"), 0);
    EXPECT_EQ(naive->Do("COMMIT"), 0);
  }
  EXPECT_EQ(Value(1), 1);  // of two

  Root("UPDATE qungong_ticket.counters SET v = 0");
  mysql::Session session(Ours());
  mysql::Session other(Ours());
  int attempts = 0;
  EXPECT_THAT(session.Transact({},
                               [&](mysql::Tx& tx) -> absl::Status {
                                 RETURN_IF_ERROR(tx.Query("SELECT v FROM counters").status());
                                 if (++attempts == 1)
                                   RETURN_IF_ERROR(other.Transact({}, Increment));
                                 return Increment(tx);
                               }),
              IsOk());
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(Value(1), 2);
}

TEST_F(DatabaseTrapsTest, ManyWhoReadAndThenWriteLoseNothing) {
  constexpr int kWriters = 8;
  constexpr int kEach = 40;
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      const mysql::ThreadInit thread_init;
      mysql::Session session(Ours());
      for (int k = 0; k < kEach; ++k) {
        const absl::Status status = session.Transact({}, Increment);
        EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
        acknowledged += status.ok() ? 1 : 0;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(Value(1), acknowledged);
  EXPECT_GT(acknowledged, kWriters * kEach / 2);
}

TEST_F(DatabaseTrapsTest, NothingGoesOnAfterAConnectionThatWasLost) {
  Naive naive(/*reconnect=*/true);
  ASSERT_EQ(naive.Do("START TRANSACTION"), 0);
  ASSERT_EQ(naive.Do("INSERT INTO counters VALUES (2, 0)"), 0);
  Kill(naive.Number("SELECT CONNECTION_ID()"));
  naive.Do("INSERT INTO counters VALUES (3, 0)");
  EXPECT_EQ(naive.Do("INSERT INTO counters VALUES (4, 0)"), 0);
  EXPECT_EQ(naive.Do("ROLLBACK"), 0);
  EXPECT_EQ(Value(2), -1);
  EXPECT_EQ(Value(4), 0);  // rolled back, and there

  Root("DELETE FROM qungong_ticket.counters WHERE id > 1");
  mysql::Session session(Ours());
  int attempts = 0;
  // Its errors are not looked at, as of code with a fault.
  const auto careless = [&](mysql::Tx& tx) {
    Insert(tx, 2).IgnoreError();
    if (++attempts == 1) Kill(tx);
    Insert(tx, 3).IgnoreError();
    Insert(tx, 4).IgnoreError();
    return attempts == 1 ? absl::OkStatus() : absl::InternalError("changed its mind");
  };
  EXPECT_FALSE(session.Transact({}, careless).ok());
  EXPECT_EQ(attempts, 2);
  for (const int id : {2, 3, 4}) EXPECT_EQ(Value(id), -1) << id;
}

TEST_F(DatabaseTrapsTest, ALockWaitThatTimesOutLeavesNoHalfOfATransaction) {
  const auto hold = [](Naive& holder) {
    ASSERT_EQ(holder.Do("START TRANSACTION"), 0);
    ASSERT_EQ(holder.Do("UPDATE counters SET v = 7 WHERE id = 1"), 0);
  };
  for (const bool whole : {false, true}) {
    SCOPED_TRACE(whole ? "as in production" : "as the server is by itself");
    Restart({absl::StrCat("--innodb-rollback-on-timeout=", whole ? "ON" : "OFF")});
    Root("DELETE FROM qungong_ticket.counters WHERE id > 1");
    Naive holder;
    hold(holder);
    Naive naive;
    ASSERT_EQ(naive.Do("START TRANSACTION"), 0);
    ASSERT_EQ(naive.Do("INSERT INTO counters VALUES (2, 0)"), 0);
    EXPECT_EQ(naive.Do("UPDATE counters SET v = 8 WHERE id = 1"), 1205);
    EXPECT_EQ(naive.Do("COMMIT"), 0);
    EXPECT_EQ(Value(2), whole ? -1 : 0);  // half of it, unless the server is told otherwise

    // Ours rests on neither: it does not go on, and repeats the whole.
    Root("DELETE FROM qungong_ticket.counters WHERE id > 1");
    mysql::Session session(Ours());
    int attempts = 0;
    EXPECT_THAT(
        session.Transact(
            {},
            [&](mysql::Tx& tx) -> absl::Status {
              RETURN_IF_ERROR(tx.Execute("SET SESSION innodb_lock_wait_timeout = 1").status());
              if (++attempts == 2) holder.Do("ROLLBACK");
              RETURN_IF_ERROR(Insert(tx, attempts + 1));
              tx.Execute("UPDATE counters SET v = v + 1 WHERE id = 1").status().IgnoreError();
              return absl::OkStatus();
            }),
        IsOk());
    EXPECT_EQ(attempts, 2);
    EXPECT_EQ(Value(2), -1);
    EXPECT_EQ(Value(3), 0);
    EXPECT_EQ(Value(1), 1);
    Root("UPDATE qungong_ticket.counters SET v = 0");
  }
  Restart({});
}

// The database is killed before it has a COMMIT, or after it has executed one, and nobody hears.
TEST_F(DatabaseTrapsTest, ARetryAgreesWithACommitWhoseAnswerWentDownWithTheDatabase) {
  for (const bool after : {false, true}) {
    SCOPED_TRACE(after ? "committed" : "not committed");
    service_->Reset();
    std::atomic<bool> struck = false;
    service_->SetFault([&](absl::string_view sql, bool done) -> absl::Status {
      if (sql != "COMMIT" || done != after || struck.exchange(true)) return absl::OkStatus();
      kill(MariaDb::Get().pid(), SIGKILL);
      return mysql::StatusFromDriver(2013, "HY000", "the database was killed");
    });
    const auto request = testing::NewNote();
    EXPECT_THAT(Send(request), testing::StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_TRUE(struck);
    service_->SetFault(nullptr);
    Restart({});
    // The client was told the same both times; only the database knows.
    EXPECT_EQ(service_->Count("notes"), after ? 1 : 0);
    const auto retry = Send(request);
    ASSERT_THAT(retry, IsOk());
    EXPECT_EQ(retry->name(), request.name());
    EXPECT_EQ(service_->Count("notes WHERE version = 1"), 1);
    EXPECT_EQ(service_->Count("events"), 1);
    // The witness: a client that asks again as if for something new.
    auto careless = request;
    careless.set_request_id(NewUuidV7(absl::Now()).ToString());
    ASSERT_THAT(Send(careless), IsOk());
    EXPECT_EQ(service_->Count("notes WHERE version = 2"), 1);
  }
}

TEST_F(DatabaseTrapsTest, EveryWriteHasEffectOnceHoweverOftenTheDatabaseIsKilledUnderLoad) {
  constexpr int kClients = 4;
  constexpr int kKills = 3;
  constexpr int kBetween = 60;  // writes from one kill to the next
  std::atomic<int> written = 0;
  std::atomic<int> repeated = 0;
  std::atomic<bool> over = false;
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      while (!over) {
        const auto request = testing::NewNote();
        auto reply = Send(request);
        for (; absl::IsUnavailable(reply.status()); ++repeated) reply = Send(request);
        EXPECT_THAT(reply, IsOk());
        ++written;
      }
    });
  }
  for (int kill = 1; kill <= kKills; ++kill) {
    EXPECT_TRUE(testing::Eventually([&] { return written >= kill * kBetween; }));
    Restart({});
  }
  EXPECT_TRUE(testing::Eventually([&] { return written >= (kKills + 1) * kBetween; }));
  over = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(service_->Count("notes WHERE version = 1"), written);
  EXPECT_EQ(service_->Count("notes"), written);
  EXPECT_EQ(service_->Count("events"), written);
  std::printf("%d writes, %d repeated\n", written.load(), repeated.load());
}

}  // namespace
}  // namespace qungong
