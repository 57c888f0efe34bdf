#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/keys.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;

class KeysDatabaseTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MariaDb::Get().Migrate("ticket"); }
  void SetUp() override { db_.Clear("ticket"); }

  absl::Status Do(absl::FunctionRef<absl::Status(mysql::Tx&)> f) {
    return session_.Transact({}, f);
  }
  std::string Seal(const KeyRing& keys, const Uuid& id, absl::string_view text) {
    std::string sealed;
    EXPECT_THAT(Do([&](mysql::Tx& tx) -> absl::Status {
                  ASSIGN_OR_RETURN(const SubjectKey key, keys.Create(tx, id, "tickets/x"));
                  sealed = key.Seal(text, "context");
                  return absl::OkStatus();
                }),
                IsOk());
    return sealed;
  }
  absl::StatusOr<std::string> Open(const KeyRing& keys, const Uuid& id, const std::string& sealed) {
    std::string text;
    RETURN_IF_ERROR(Do([&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const SubjectKey key, keys.Load(tx, id));
      ASSIGN_OR_RETURN(text, key.Open(sealed, "context"));
      return absl::OkStatus();
    }));
    return text;
  }
  KeyRing Ring(absl::string_view lines) {
    const std::string file = ::testing::TempDir() + absl::StrCat("keys_", getpid());
    std::ofstream(file) << lines;
    absl::StatusOr<KeyRing> ring = KeyRing::FromFile(file);
    std::remove(file.c_str());
    return *std::move(ring);
  }

  MariaDb& db_ = MariaDb::Get();
  mysql::Session session_{db_.OptionsFor("ticket_app")};
  const KeyRing keys_ = KeyRing::ForTest();
  const Uuid id_ = NameUuid("subject");
};

TEST_F(KeysDatabaseTest, WhatAKeySealedItOpensLater) {
  const std::string sealed = Seal(keys_, id_, "王五 13800000000");
  EXPECT_THAT(Open(keys_, id_, sealed), IsOkAndHolds(std::string("王五 13800000000")));
}

TEST_F(KeysDatabaseTest, ErasureIsForEverAndMayBeRepeated) {
  const std::string sealed = Seal(keys_, id_, "x");
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(Do([&](mysql::Tx& tx) { return keys_.Destroy(tx, id_); }), IsOk());
    EXPECT_THAT(Open(keys_, id_, sealed),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("ERASED")));
  }
  const mysql::Row row =
      db_.Query("SELECT wrapped, destroyed_at FROM qungong_ticket.subject_keys").at(0);
  EXPECT_EQ(row.String(0), "");
  EXPECT_FALSE(row.IsNull(1));
}

TEST_F(KeysDatabaseTest, KeysAreLoadedTogetherWithoutTheErasedOnes) {
  std::vector<Uuid> ids;
  for (int i = 0; i < 150; ++i) {
    ids.push_back(NameUuid(absl::StrCat(i)));
    Seal(keys_, ids.back(), "x");
  }
  ASSERT_THAT(Do([&](mysql::Tx& tx) { return keys_.Destroy(tx, ids[7]); }), IsOk());
  ids.push_back(ids[0]);              // twice
  ids.push_back(NameUuid("absent"));  // never made
  EXPECT_THAT(Do([&](mysql::Tx& tx) -> absl::Status {
                ASSIGN_OR_RETURN(const auto keys, keys_.LoadAll(tx, ids));
                EXPECT_EQ(keys.size(), 149u);
                EXPECT_EQ(keys.count(ids[7]), 0u);
                EXPECT_EQ(keys.at(ids[149]).id(), ids[149]);
                ASSIGN_OR_RETURN(const auto none, keys_.LoadAll(tx, {}));
                EXPECT_TRUE(none.empty());
                return absl::OkStatus();
              }),
              IsOk());
}

TEST_F(KeysDatabaseTest, AWrappedKeyCannotBeMovedToAnotherSubject) {
  const Uuid other = NameUuid("other");
  const std::string sealed = Seal(keys_, id_, "x");
  Seal(keys_, other, "y");
  db_.Query(
      absl::StrCat("UPDATE qungong_ticket.subject_keys a, qungong_ticket.subject_keys b SET "
                   "a.wrapped = b.wrapped "
                   "WHERE a.id = X'",
                   absl::BytesToHexString(other.View()), "' AND b.id = X'",
                   absl::BytesToHexString(id_.View()), "'"));
  EXPECT_THAT(Open(keys_, other, sealed),
              StatusIs(absl::StatusCode::kDataLoss, HasReason("SEAL_BROKEN")));
}

TEST_F(KeysDatabaseTest, RotationWrapsAnewAndThenTheOldMasterKeyMayGo) {
  const std::string one = absl::StrCat("1 ", absl::Base64Escape(std::string(32, 'a')), "\n");
  const std::string two = absl::StrCat("2 ", absl::Base64Escape(std::string(32, 'b')), "\n");
  const KeyRing before = Ring(one);
  const KeyRing both = Ring(one + two);
  const KeyRing after = Ring(two);
  std::vector<std::string> sealed;
  sealed.reserve(5);
  for (int i = 0; i < 5; ++i)
    sealed.push_back(Seal(before, NameUuid(absl::StrCat(i)), absl::StrCat("text ", i)));
  ASSERT_THAT(Do([&](mysql::Tx& tx) { return both.Destroy(tx, NameUuid("4")); }), IsOk());
  EXPECT_THAT(Open(after, NameUuid("0"), sealed[0]),
              StatusIs(absl::StatusCode::kInternal, HasReason("MASTER_KEY_MISSING")));
  std::vector<int> rewrapped;
  for (int i = 0; i < 3; ++i) {
    ASSERT_THAT(Do([&](mysql::Tx& tx) -> absl::Status {
                  ASSIGN_OR_RETURN(const int n, both.Rewrap(tx, 3));
                  rewrapped.push_back(n);
                  return absl::OkStatus();
                }),
                IsOk());
  }
  EXPECT_EQ(rewrapped, (std::vector<int>{3, 1, 0}));
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(Open(after, NameUuid(absl::StrCat(i)), sealed[static_cast<size_t>(i)]),
                IsOkAndHolds(absl::StrCat("text ", i)));
  }
}

}  // namespace
}  // namespace qungong
