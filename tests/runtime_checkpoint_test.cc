// Checkpoints on a real MariaDB: a history that was rewritten together with its chain is noticed.
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/checkpoint.h"
#include "runtime/feed.h"
#include "runtime/status.h"
#include "runtime/token.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"
#include "tests/support/service_fixture.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;
using ::qungong::testing::TokenKeysFile;
using ::qungong::testing::TokenSigningKeyFile;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class CheckpointTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MariaDb::Get().Migrate("ticket"); }
  void SetUp() override {
    MariaDb::Get().Clear("ticket");
    std::remove(file_.c_str());
    signer_ = *JwsSigner::FromFile(TokenSigningKeyFile());
    verifier_ = *JwsVerifier::FromFile(TokenKeysFile());
    under_test_.emplace("ticket-service", *JwsSigner::FromFile(TokenSigningKeyFile()), file_);
  }
  void TearDown() override { std::remove(file_.c_str()); }

  // Appends events about one note and numbers them.
  void Write(int events) {
    for (int i = 0; i < events; ++i) {
      Event event;
      event.aggregate = "notes/01900000-0000-7000-8000-000000000001";
      event.version = ++version_;
      event.kind = "Note.CHANGED";
      event.payload = absl::StrCat("payload ", version_);
      ASSERT_THAT(session_.Transact({},
                                    [&](mysql::Tx& tx) {
                                      const absl::Time now = absl::Now();
                                      IdSource ids(now);
                                      return AppendEvents(tx, keys_, ids.Next(), ids, now,
                                                          "accounts/test", {event});
                                    }),
                  IsOk());
    }
    ASSERT_THAT(SequenceEvents(session_), IsOkAndHolds(events));
  }
  absl::StatusOr<bool> Take() { return under_test_->Take(session_, absl::Now()); }
  absl::StatusOr<std::vector<Checkpoint>> Read() {
    return ReadCheckpoints(file_, *verifier_, "ticket-service");
  }
  std::vector<std::string> Lines() {
    std::ifstream in(file_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  // What an intruder with the database's password does after changing rows: every hash anew.
  void MakeChainAnew() {
    ASSERT_THAT(
        session_.Transact(
            {},
            [](mysql::Tx& tx) -> absl::Status {
              ASSIGN_OR_RETURN(const std::vector<StoredEvent> events, LoadFeed(tx, 0, 100000));
              std::string hash(32, '\0');
              for (const StoredEvent& event : events) {
                hash = ChainHash(hash, event);
                RETURN_IF_ERROR(tx.Execute("UPDATE events SET hash = ? WHERE sequence = ?", hash,
                                           event.sequence)
                                    .status());
              }
              return tx.Execute("UPDATE feed_head SET sequence = ?, hash = ?", events.size(), hash)
                  .status();
            }),
        IsOk());
  }

  const std::string file_ = absl::StrCat("/tmp/qungong-checkpoints-", getpid());
  const KeyRing keys_ = KeyRing::ForTest();
  mysql::Session session_{MariaDb::Get().OptionsFor("ticket_app")};
  std::unique_ptr<JwsSigner> signer_;
  std::unique_ptr<JwsVerifier> verifier_;
  std::optional<Checkpoints> under_test_;
  int64_t version_ = 0;
};

TEST_F(CheckpointTest, TheChainsEndIsSignedWheneverItHasGrown) {
  EXPECT_THAT(Take(), IsOkAndHolds(false));
  EXPECT_EQ(under_test_->newest(), "");
  Write(3);
  EXPECT_THAT(Take(), IsOkAndHolds(true));
  EXPECT_THAT(Take(), IsOkAndHolds(false));
  Write(2);
  EXPECT_THAT(Take(), IsOkAndHolds(true));
  const auto checkpoints = Read();
  ASSERT_THAT(checkpoints, IsOk());
  ASSERT_THAT(*checkpoints, SizeIs(2));
  EXPECT_EQ((*checkpoints)[0].sequence, 3);
  EXPECT_EQ((*checkpoints)[1].sequence, 5);
  EXPECT_EQ(Lines().back(), under_test_->newest());
  EXPECT_THAT(VerifyChain(session_, *checkpoints), IsOkAndHolds(5));
}

TEST_F(CheckpointTest, AHistoryThatWasRewrittenWithItsChainNoLongerFits) {
  Write(4);
  ASSERT_THAT(Take(), IsOk());
  Write(4);
  ASSERT_THAT(Take(), IsOk());
  ASSERT_THAT(session_.ExecuteDirect("UPDATE events SET payload = 'forged' WHERE sequence = 6"),
              IsOk());
  MakeChainAnew();
  EXPECT_THAT(VerifyChain(session_), IsOkAndHolds(8));  // the chain alone sees nothing
  const absl::Status status = VerifyChain(session_, *Read()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, HasReason("CHAIN_BROKEN")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("something in 5 to 8 was rewritten"));
}

TEST_F(CheckpointTest, AHistoryThatWasCutShortIsNoticed) {
  Write(8);
  ASSERT_THAT(Take(), IsOk());
  ASSERT_THAT(session_.ExecuteDirect("DELETE FROM events WHERE sequence > 5"), IsOk());
  MakeChainAnew();
  EXPECT_THAT(VerifyChain(session_), IsOkAndHolds(5));
  EXPECT_THAT(VerifyChain(session_, *Read()).status(), HasReason("CHAIN_BROKEN"));
}

TEST_F(CheckpointTest, AHeadThatLagsBehindTheEventsIsNoticed) {
  Write(3);
  ASSERT_THAT(session_.ExecuteDirect("UPDATE feed_head SET sequence = 2"), IsOk());
  EXPECT_THAT(VerifyChain(session_).status(), HasReason("CHAIN_BROKEN"));
}

// A thousand times: one random change of one random event, the chain made anew behind it or not.
TEST_F(CheckpointTest, EveryRandomChangeOfAnyEventIsFound) {
  constexpr int kEvents = 40;
  for (int i = 0; i < 8; ++i) {
    Write(kEvents / 8);
    ASSERT_THAT(Take(), IsOk());
  }
  const std::vector<Checkpoint> checkpoints = *Read();
  MariaDb::Get().Query("CREATE TABLE qungong_ticket.kept AS SELECT * FROM qungong_ticket.events");
  MariaDb::Get().Query(
      "CREATE TABLE qungong_ticket.head AS SELECT * FROM qungong_ticket.feed_head");
  constexpr const char* kChanges[] = {
      "UPDATE events SET payload = CONCAT(payload, '!') WHERE sequence = $0",
      "UPDATE events SET image = 'x' WHERE sequence = $0",
      "UPDATE events SET version = version + 1 WHERE sequence = $0",
      "UPDATE events SET kind = 'Note.OTHER' WHERE sequence = $0",
      "UPDATE events SET actor = '' WHERE sequence = $0",
      "UPDATE events SET occurred_at = occurred_at - INTERVAL 1 MICROSECOND WHERE sequence = $0",
      "UPDATE events SET aggregate_id = REVERSE(aggregate_id) WHERE sequence = $0",
      "DELETE FROM events WHERE sequence = $0",
      "UPDATE events SET sequence = IF(sequence = $0, $1, $0) WHERE sequence IN ($0, $1)",
      "UPDATE events SET hash = digest WHERE sequence = $0",
  };
  absl::BitGen random(std::seed_seq{20150730});
  for (int round = 0; round < 1000; ++round) {
    const int at = absl::Uniform(random, 1, kEvents + 1);
    const int other = at % kEvents + 1;
    const size_t change = absl::Uniform(random, size_t{0}, std::size(kChanges));
    // A stored hash alone is not part of the history: made anew, it is right again.
    const bool anew = change + 1 != std::size(kChanges) && absl::Bernoulli(random, 0.5);
    SCOPED_TRACE(absl::StrCat("round ", round, ": ", kChanges[change], " at ", at, " anew ", anew));
    ASSERT_THAT(session_.ExecuteDirect(absl::Substitute(kChanges[change], at, other)), IsOk());
    if (anew) {
      // Numbers without a gap, as the sequencer would give them.
      ASSERT_THAT(session_.ExecuteDirect(absl::StrCat("UPDATE events SET sequence = sequence - ",
                                                      change == 7 ? "1" : "0", " WHERE sequence > ",
                                                      at, " ORDER BY sequence")),
                  IsOk());
      MakeChainAnew();
    }
    ASSERT_THAT(VerifyChain(session_, checkpoints).status(), HasReason("CHAIN_BROKEN"));
    for (const char* sql :
         {"DELETE FROM qungong_ticket.events",
          "INSERT INTO qungong_ticket.events SELECT * FROM qungong_ticket.kept",
          "REPLACE INTO qungong_ticket.feed_head SELECT * FROM qungong_ticket.head"}) {
      MariaDb::Get().Query(sql);
    }
  }
  EXPECT_THAT(VerifyChain(session_, checkpoints), IsOkAndHolds(kEvents));
  MariaDb::Get().Query("DROP TABLE qungong_ticket.kept, qungong_ticket.head");
}

TEST_F(CheckpointTest, OnlyWhatWasSignedAsACheckpointOfThisServiceIsOne) {
  const Checkpoint good{"ticket-service", "epoch", 7, std::string(32, 'h'),
                        absl::FromUnixSeconds(1438219800)};
  const std::string jws = *SignCheckpoint(*signer_, good);
  ASSERT_THAT(ParseCheckpoint(*verifier_, jws), IsOk());
  Checkpoint foreign = good;
  foreign.service = "org-service";
  Checkpoint empty = good;
  empty.hash.clear();
  const auto tokens = *TokenSigner::FromFile(TokenSigningKeyFile());
  const std::string token = *tokens->Sign({"accounts/0190f3a1-7b1c-7def-8123-456789abcdef", "",
                                           absl::Now(), absl::Now() + absl::Minutes(5)});
  const std::vector<std::string> parts = absl::StrSplit(jws, '.');
  const std::vector<std::string> other = absl::StrSplit(*SignCheckpoint(*signer_, foreign), '.');
  struct Case {
    const char* name;
    std::string line;
  };
  for (const Case& c :
       {Case{"empty line", ""}, Case{"text", "checkpoint"},
        Case{"another service", *SignCheckpoint(*signer_, foreign)},
        Case{"no hash", *SignCheckpoint(*signer_, empty)}, Case{"an access token", token},
        Case{"another's signature", absl::StrCat(parts[0], ".", parts[1], ".", other[2])},
        Case{"another's body", absl::StrCat(parts[0], ".", other[1], ".", parts[2])}}) {
    SCOPED_TRACE(c.name);
    std::ofstream(file_) << jws << "\n" << c.line << "\n";
    const absl::Status status = Read().status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(std::string(status.message()), HasSubstr("line 2"));
  }
  // And a checkpoint opens no door.
  const auto verifier = *TokenVerifier::FromFile(TokenKeysFile());
  EXPECT_THAT(verifier->Verify(jws, absl::Now()).status(), HasReason("TOKEN_INVALID"));
}

}  // namespace
}  // namespace qungong
