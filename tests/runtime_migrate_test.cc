#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/migrate.h"
#include "runtime/mysql.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;
using ::testing::HasSubstr;

// One of each shape that a file may have.
const std::vector<Migration>& Files() {
  static const auto& files = *new std::vector<Migration>{
      {"ticket/0001_create",
       "CREATE TABLE IF NOT EXISTS a (id INT PRIMARY KEY, n INT NOT NULL);\n"
       "CREATE TABLE IF NOT EXISTS b (id INT PRIMARY KEY);\n"
       "INSERT IGNORE INTO a (id, n) VALUES (1, 10), (2, 20);"},
      {"ticket/0002_add_column", "ALTER TABLE a ADD COLUMN text VARCHAR(9) NOT NULL DEFAULT ';'"},
      {"ticket/0003_double", "UPDATE a SET n = n * 2"},  // doubled twice would be seen
      {"ticket/0004_rename", "ALTER TABLE a RENAME COLUMN n TO amount"},
      {"ticket/0005_drop", "DROP TABLE b"},
      {"ticket/0006_index", "CREATE INDEX ix_a_amount ON a (amount)"},
  };
  return files;
}

class MigrateTest : public ::testing::Test {
 protected:
  void SetUp() override { db_.DropTables("ticket"); }

  absl::Status Run(absl::Span<const Migration> migrations) {
    mysql::Session session(db_.OptionsFor("ticket_ddl"));
    return Migrate(session, migrations);
  }
  absl::Status Check(absl::Span<const Migration> migrations) {
    mysql::Session session(db_.OptionsFor("ticket_app"));
    return CheckSchema(session, migrations);
  }

  // Everything that migrations make, as text; not when.
  std::string Everything() {
    std::string text;
    for (const mysql::Row& table : db_.Query("SHOW TABLES FROM qungong_ticket")) {
      absl::StrAppend(
          &text, db_.Query("SHOW CREATE TABLE qungong_ticket." + table.String(0)).at(0).String(1),
          "\n");
    }
    for (const mysql::Row& row :
         db_.Query("SELECT id, amount, text FROM qungong_ticket.a ORDER BY id")) {
      absl::StrAppend(&text, row.Int64(0), " ", row.Int64(1), " ", row.String(2), "\n");
    }
    for (const mysql::Row& row :
         db_.Query("SELECT name, version, HEX(sha256), shape IS NULL, applied_at IS NULL "
                   "FROM qungong_ticket.schema_migrations ORDER BY name")) {
      absl::StrAppend(&text, row.String(0), " ", row.Int64(1), " ", row.String(2), row.Int64(3),
                      row.Int64(4), "\n");
    }
    return text;
  }

  MariaDb& db_ = MariaDb::Get();
};

TEST_F(MigrateTest, AppliesEachFileOnce) {
  ASSERT_THAT(Run(Files()), IsOk());
  const std::string once = Everything();
  EXPECT_THAT(once, HasSubstr("1 20 ;\n2 40 ;\n"));
  ASSERT_THAT(Run(Files()), IsOk());
  EXPECT_EQ(Everything(), once);
  EXPECT_THAT(Check(Files()), IsOk());
}

TEST_F(MigrateTest, TheRuntimesOwnMigrationsApplyWithTheGrantsOfTheirUser) {
  ASSERT_THAT(Run(RuntimeMigrations()), IsOk());
  EXPECT_THAT(Check(RuntimeMigrations()), IsOk());
}

// Kills the migrator before and after each statement that it sends; the next one must come to the
// same end.
TEST_F(MigrateTest, ResumesAfterAKillAtAnyStatement) {
  ASSERT_THAT(Run(Files()), IsOk());
  const std::string expected = Everything();
  int statements = 0;
  for (int at = 0, last = 1; at < last; ++at) {
    for (const bool after : {false, true}) {
      SCOPED_TRACE(absl::StrCat(after ? "after" : "before", " statement ", at));
      db_.DropTables("ticket");
      int seen = 0;
      mysql::Options options = db_.OptionsFor("ticket_ddl");
      options.fault = [&](absl::string_view, bool is_after) {
        const bool now = seen == at && is_after == after;
        if (is_after) ++seen;
        return now ? absl::UnavailableError("killed") : absl::OkStatus();
      };
      bool survived = false;
      {
        mysql::Session session(options);
        survived = Migrate(session, Files()).ok();
      }
      if (!survived) last = at + 2;
      ASSERT_THAT(Run(Files()), IsOk());
      ASSERT_EQ(Everything(), expected);
      statements = std::max(statements, at);
    }
  }
  EXPECT_GT(statements, 40);
}

TEST_F(MigrateTest, AChangedFileIsFatal) {
  ASSERT_THAT(Run(Files()), IsOk());
  std::vector<Migration> changed = Files();
  changed[2].sql = "UPDATE a SET n = n * 3";
  EXPECT_THAT(Run(changed),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("MIGRATION_CHANGED")));
  EXPECT_THAT(Check(changed),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("MIGRATION_CHANGED")));
}

TEST_F(MigrateTest, AFileOfAnotherShapeIsRefusedBeforeItsFirstStatement) {
  const Migration files[] = {
      {"ticket/0001_x", "CREATE TABLE IF NOT EXISTS c (id INT); ALTER TABLE c ADD COLUMN n INT"}};
  EXPECT_THAT(Run(files),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("MIGRATION_SHAPE")));
  EXPECT_TRUE(db_.Query("SHOW TABLES FROM qungong_ticket LIKE 'c'").empty());
}

TEST_F(MigrateTest, AStatementThatFailsIsTriedAgainNotForgotten) {
  const Migration broken[] = {{"ticket/0001_x", "ALTER TABLE absent ADD COLUMN n INT"}};
  EXPECT_FALSE(Run(broken).ok());
  EXPECT_FALSE(Run(broken).ok());
  EXPECT_THAT(Check(broken),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("SCHEMA_BEHIND")));
}

TEST_F(MigrateTest, ServersRefuseASchemaBehindAndAcceptOneAhead) {
  const absl::Span<const Migration> all = Files();
  const auto behind = StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("SCHEMA_BEHIND"));
  EXPECT_THAT(Check(all), behind);
  ASSERT_THAT(Run(all.subspan(0, 4)), IsOk());
  EXPECT_THAT(Check(all), behind);
  EXPECT_THAT(Check(all.subspan(0, 5)), behind);
  EXPECT_THAT(Check(all.subspan(0, 4)), IsOk());
  EXPECT_THAT(Check(all.subspan(0, 3)), IsOk());
  EXPECT_THAT(Check(all.subspan(0, 2)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("SCHEMA_AHEAD")));
}

TEST_F(MigrateTest, OfManyAtOnceOneMigratesAndTheOthersWait) {
  std::vector<absl::Status> results(4);
  std::vector<std::thread> threads;
  threads.reserve(results.size());
  for (absl::Status& result : results) {
    threads.emplace_back([&] {
      const mysql::ThreadInit init;
      result = Run(Files());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) EXPECT_THAT(result, IsOk());
  EXPECT_THAT(Everything(), HasSubstr("1 20 ;\n2 40 ;\n"));
}

}  // namespace
}  // namespace qungong
