// Statements that are sent together (Tx::Later): one round trip, nothing lost on the way, and no
// way for a value to become a statement.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/migrate.h"
#include "runtime/mysql.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kCreate[] = R"sql(
CREATE TABLE IF NOT EXISTS things (
  id    BIGINT NOT NULL,
  bytes VARBINARY(1024) NULL,
  text  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  at    DATETIME(6) NULL,
  day   DATE NULL,
  ratio DOUBLE NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4)sql";
constexpr char kInsert[] =
    "INSERT INTO things (id, bytes, text, at, day, ratio) VALUES (?, ?, ?, ?, ?, ?)";

class BatchTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const Migration migration{"ticket/0001_create_things", kCreate};
    MariaDb::Get().Migrate("ticket", {migration});
  }
  void SetUp() override { db_.Clear("ticket"); }

  absl::Status Do(absl::FunctionRef<absl::Status(mysql::Tx&)> f) {
    return session_.Transact({}, f);
  }
  static absl::Status Put(mysql::Tx& tx, int id, absl::string_view bytes = "") {
    return tx.Later("INSERT INTO things (id, bytes) VALUES (?, ?)", id, bytes);
  }
  std::vector<int64_t> Ids() {
    std::vector<int64_t> ids;
    for (const mysql::Row& row : db_.Query("SELECT id FROM qungong_ticket.things ORDER BY id"))
      ids.push_back(row.Int64(0));
    return ids;
  }

  MariaDb& db_ = MariaDb::Get();
  mysql::Session session_{db_.OptionsFor("ticket_app")};
};

TEST_F(BatchTest, WhatWaitsGoesInOneRoundTripBeforeCommit) {
  const int64_t before = session_.statements();
  ASSERT_THAT(Do([](mysql::Tx& tx) -> absl::Status {
                for (int id = 1; id <= 20; ++id) RETURN_IF_ERROR(Put(tx, id));
                return absl::OkStatus();
              }),
              IsOk());
  const int64_t connecting = 3;  // character set, modes and the longest time of a statement
  EXPECT_EQ(session_.statements() - before, connecting + 3);  // START TRANSACTION, all, COMMIT
  EXPECT_EQ(Ids().size(), 20u);
}

TEST_F(BatchTest, WhatWaitsGoesAheadOfTheNextStatement) {
  ASSERT_THAT(Do([](mysql::Tx& tx) -> absl::Status {
                RETURN_IF_ERROR(Put(tx, 1));
                RETURN_IF_ERROR(Put(tx, 2));
                ASSIGN_OR_RETURN(const auto row, tx.QueryOne("SELECT COUNT(*) FROM things"));
                EXPECT_EQ(row->Int64(0), 2);
                RETURN_IF_ERROR(tx.Later("DELETE FROM things WHERE id = ?", 1));
                return Put(tx, 3);
              }),
              IsOk());
  EXPECT_THAT(Ids(), ElementsAre(2, 3));
}

TEST_F(BatchTest, EveryValueArrivesAsItIs) {
  std::string all_bytes;
  for (int c = 0; c < 256; ++c) all_bytes += static_cast<char>(c);
  const std::vector<std::string> texts = {"",      "plain",        "it's",      R"(a\' b \\)",
                                          "a?b",   "x; SELECT 1",  "路灯坏了😀", "two\nlines",
                                          "X'41'", "-- no comment"};
  const absl::Time at = absl::FromUnixMicros(1438304523000001);
  const absl::CivilDay day(2015, 7, 30);
  for (const std::string& text : texts) {
    db_.Clear("ticket");
    ASSERT_THAT(Do([&](mysql::Tx& tx) -> absl::Status {
                  RETURN_IF_ERROR(tx.Later(kInsert, int64_t{-5}, all_bytes, text, at, day, 0.1));
                  return tx.Later(kInsert, 7, text, mysql::kNull, mysql::kNull, mysql::kNull,
                                  mysql::kNull);
                }),
                IsOk())
        << text;
    ASSERT_THAT(Do([&](mysql::Tx& tx) -> absl::Status {
                  ASSIGN_OR_RETURN(
                      const auto rows,
                      tx.Query("SELECT id, bytes, text, at, day, ratio FROM things ORDER BY id"));
                  EXPECT_EQ(rows.size(), 2u);
                  EXPECT_EQ(rows[0].Int64(0), -5);
                  EXPECT_EQ(rows[0].String(1), all_bytes);
                  EXPECT_EQ(rows[0].String(2), text);
                  EXPECT_EQ(rows[0].Time(3), at);
                  EXPECT_EQ(rows[0].Day(4), day);
                  EXPECT_EQ(rows[0].Double(5), 0.1);
                  EXPECT_EQ(rows[1].String(1), text);
                  for (size_t i = 2; i < 6; ++i) EXPECT_TRUE(rows[1].IsNull(i));
                  return absl::OkStatus();
                }),
                IsOk());
  }
}

// The witness: a value between two quotes, as it would be written without care.
TEST_F(BatchTest, AValueCannotBecomeAStatement) {
  const std::string value = "x'); DELETE FROM things; -- ";
  ASSERT_THAT(Do([&](mysql::Tx& tx) { return Put(tx, 1); }), IsOk());
  mysql::Session naive(db_.OptionsFor("ticket_app"));
  ASSERT_THAT(
      naive.ExecuteDirect(absl::StrCat("INSERT INTO things (id, bytes) VALUES (2, '", value, "')")),
      IsOk());
  // Nobody waits for the answers to what came with it.
  const absl::Time last = absl::Now() + absl::Seconds(5);
  while (!Ids().empty() && absl::Now() < last) {
  }
  ASSERT_THAT(Ids(), IsEmpty()) << "the naive way is no longer dangerous: is this test?";
  ASSERT_THAT(Do([&](mysql::Tx& tx) -> absl::Status {
                RETURN_IF_ERROR(Put(tx, 1));
                return Put(tx, 2, value);
              }),
              IsOk());
  EXPECT_THAT(Ids(), ElementsAre(1, 2));
}

TEST_F(BatchTest, WhenOneFailsNothingOfTheTransactionStays) {
  ASSERT_THAT(Do([](mysql::Tx& tx) { return Put(tx, 3); }), IsOk());
  const auto three_twice = [](mysql::Tx& tx) -> absl::Status {
    RETURN_IF_ERROR(Put(tx, 2));
    RETURN_IF_ERROR(Put(tx, 3));
    return Put(tx, 4);
  };
  EXPECT_THAT(Do(three_twice), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(Ids(), ElementsAre(3));
  // A handler that passes over the error does not get it committed.
  EXPECT_FALSE(Do([&](mysql::Tx& tx) -> absl::Status {
                 RETURN_IF_ERROR(three_twice(tx));
                 EXPECT_THAT(tx.Flush(), StatusIs(absl::StatusCode::kAlreadyExists));
                 return absl::OkStatus();
               }).ok());
  EXPECT_THAT(Ids(), ElementsAre(3));
  // The connection is still good.
  EXPECT_THAT(Do([](mysql::Tx& tx) { return Put(tx, 9); }), IsOk());
  EXPECT_THAT(Ids(), ElementsAre(3, 9));
}

TEST_F(BatchTest, AnEarlierFailureIsNotTakenForOneOfTheNextStatement) {
  ASSERT_THAT(Do([](mysql::Tx& tx) { return Put(tx, 3); }), IsOk());
  EXPECT_THAT(Do([](mysql::Tx& tx) -> absl::Status {
                RETURN_IF_ERROR(Put(tx, 3));
                const absl::Status next =
                    tx.Execute("INSERT INTO things (id) VALUES (?)", 4).status();
                EXPECT_THAT(next, StatusIs(absl::StatusCode::kInternal));
                return next;
              }),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Ids(), ElementsAre(3));
}

TEST_F(BatchTest, WhatWaitedInAnAttemptThatFailedIsForgotten) {
  int attempts = 0;
  ASSERT_THAT(Do([&](mysql::Tx& tx) -> absl::Status {
                RETURN_IF_ERROR(Put(tx, ++attempts));
                if (attempts < 3) return mysql::StatusFromDriver(1213, "40001", "deadlock");
                return absl::OkStatus();
              }),
              IsOk());
  EXPECT_THAT(Ids(), ElementsAre(3));
}

TEST_F(BatchTest, QuestionMarksAndParametersMustAgree) {
  EXPECT_THAT(Do([](mysql::Tx& tx) { return tx.Later("DELETE FROM things WHERE id = ?"); }),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Do([](mysql::Tx& tx) { return tx.Later("DELETE FROM things WHERE id = '?'", 1); }),
              StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace qungong
