// Events on a real MariaDB: order without gaps, a chain that notices, projections that count once.
#include <atomic>
#include <set>
#include <thread>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/checkpoint.h"
#include "runtime/feed.h"
#include "runtime/status.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::MariaDb;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class FeedTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MariaDb::Get().Migrate("ticket"); }
  void SetUp() override { MariaDb::Get().Clear("ticket"); }

  static mysql::Options Database() { return MariaDb::Get().OptionsFor("ticket_app"); }

  static Event Made(const std::string& aggregate, int64_t version) {
    Event event;
    event.aggregate = aggregate;
    event.version = version;
    event.kind = "Note.CHANGED";
    event.payload = absl::StrCat("payload ", version);
    event.image = absl::StrCat("image ", version);
    return event;
  }
  absl::Status Append(mysql::Tx& tx, const Event& event, absl::Time now = absl::Now()) {
    IdSource ids(now);
    return AppendEvents(tx, keys_, ids.Next(), ids, now, "accounts/test", {event});
  }
  void Commit(const Event& event, absl::Time now = absl::Now()) {
    mysql::Session session(Database());
    ASSERT_THAT(session.Transact({}, [&](mysql::Tx& tx) { return Append(tx, event, now); }),
                IsOk());
  }
  std::vector<StoredEvent> Feed() {
    mysql::Session session(Database());
    std::vector<StoredEvent> events;
    EXPECT_THAT(session.Transact({.read_only = true},
                                 [&](mysql::Tx& tx) -> absl::Status {
                                   ASSIGN_OR_RETURN(events, LoadFeed(tx, 0, 100000));
                                   return absl::OkStatus();
                                 }),
                IsOk());
    return events;
  }
  static std::string Note(uint8_t n) {
    Uuid id;
    id.bytes[15] = n;
    return ResourceName("notes", id);
  }

  const KeyRing keys_ = KeyRing::ForTest();
};

TEST_F(FeedTest, AnEventThatCommitsLateIsNumberedLateAndNotSkipped) {
  mysql::Session slow(Database());
  mysql::Session sequencer(Database());
  ASSERT_THAT(
      slow.Transact({},
                    [&](mysql::Tx& tx) -> absl::Status {
                      RETURN_IF_ERROR(Append(tx, Made(Note(1), 1), absl::Now() - absl::Minutes(1)));
                      // Meanwhile another transaction begins later, commits earlier, and is
                      // numbered.
                      Commit(Made(Note(2), 1));
                      EXPECT_THAT(SequenceEvents(sequencer), IsOkAndHolds(1));
                      return absl::OkStatus();
                    }),
      IsOk());
  EXPECT_THAT(SequenceEvents(sequencer), IsOkAndHolds(1));
  const auto feed = Feed();
  ASSERT_THAT(feed, SizeIs(2));
  EXPECT_EQ(feed[0].Aggregate(), Note(2));
  EXPECT_EQ(feed[1].Aggregate(), Note(1));
  EXPECT_EQ(feed[1].sequence, 2);
}

// The witness: a reader that goes by the order in which numbers were given, not that of the
// commits.
TEST_F(FeedTest, AReaderByAutoIncrementPassesOverWhatCommitsLateAndOursDoesNot) {
  MariaDb::Get().Query(
      "CREATE TABLE IF NOT EXISTS qungong_ticket.naive (id BIGINT AUTO_INCREMENT PRIMARY KEY)");
  MariaDb::Get().Query("DELETE FROM qungong_ticket.naive");
  const auto write = [&](mysql::Tx& tx, uint8_t n) -> absl::Status {
    RETURN_IF_ERROR(tx.Execute("INSERT INTO naive () VALUES ()").status());
    return Append(tx, Made(Note(n), 1));
  };
  mysql::Session slow(Database());
  mysql::Session fast(Database());
  mysql::Session reader(Database());
  int64_t last = 0;
  size_t naively = 0;
  size_t ours = 0;
  const auto read = [&] {
    EXPECT_THAT(SequenceEvents(reader).status(), IsOk());
    EXPECT_THAT(
        reader.Transact({},
                        [&](mysql::Tx& tx) -> absl::Status {
                          ASSIGN_OR_RETURN(
                              const mysql::Rows rows,
                              tx.Query("SELECT id FROM naive WHERE id > ? ORDER BY id", last));
                          naively += rows.size();
                          if (!rows.empty()) last = rows.back().Int64(0);
                          return absl::OkStatus();
                        }),
        IsOk());
    EXPECT_THAT(ProjectionPass(reader, "count", 10,
                               [&](mysql::Tx&, absl::Span<const StoredEvent> events) {
                                 ours += events.size();
                                 return absl::OkStatus();
                               }),
                IsOkAndHolds(false));
  };
  for (int round = 1; round <= 3; ++round) {
    ASSERT_THAT(slow.Transact({},
                              [&](mysql::Tx& tx) -> absl::Status {
                                RETURN_IF_ERROR(write(tx, 1));
                                RETURN_IF_ERROR(
                                    fast.Transact({}, [&](mysql::Tx& t) { return write(t, 2); }));
                                read();
                                return absl::OkStatus();
                              }),
                IsOk());
    read();
    EXPECT_EQ(naively, static_cast<size_t>(round));  // of twice as many
    EXPECT_EQ(ours, static_cast<size_t>(2 * round));
  }
}

TEST_F(FeedTest, EventsOfOneAggregateKeepTheirOrderWhenReplicasClocksDiffer) {
  const absl::Time now = absl::Now();
  Commit(Made(Note(1), 1), now + absl::Minutes(5));  // a replica whose clock is ahead
  Commit(Made(Note(2), 1), now + absl::Minutes(1));
  Commit(Made(Note(1), 2), now);
  mysql::Session sequencer(Database());
  ASSERT_THAT(SequenceEvents(sequencer, 2), IsOkAndHolds(2));  // a batch that ends in the middle
  ASSERT_THAT(SequenceEvents(sequencer), IsOkAndHolds(1));
  std::vector<int64_t> versions;
  for (const StoredEvent& event : Feed()) {
    if (event.Aggregate() == Note(1)) versions.push_back(event.version);
  }
  EXPECT_THAT(versions, ElementsAre(1, 2));
}

TEST_F(FeedTest, ManyWritersAndTwoSequencersGiveEveryEventOneNumberWithoutGaps) {
  constexpr int kWriters = 6;
  constexpr int kEach = 60;
  std::atomic<bool> writing = true;
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int s = 0; s < 2; ++s) {
    threads.emplace_back([&] {
      const mysql::ThreadInit thread_init;
      mysql::Session session(Database());
      while (writing) EXPECT_THAT(SequenceEvents(session, 7).status(), IsOk());
    });
  }
  std::vector<std::thread> writers;
  writers.reserve(kWriters);
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      const mysql::ThreadInit thread_init;
      mysql::Session session(Database());
      for (int i = 1; i <= kEach; ++i) {
        EXPECT_THAT(session.Transact({},
                                     [&](mysql::Tx& tx) {
                                       return Append(tx, Made(Note(static_cast<uint8_t>(w)), i));
                                     }),
                    IsOk());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  writing = false;
  for (std::thread& thread : threads) thread.join();
  mysql::Session session(Database());
  ASSERT_THAT(SequenceEvents(session).status(), IsOk());
  const auto feed = Feed();
  ASSERT_THAT(feed, SizeIs(kWriters * kEach));
  std::map<std::string, int64_t> last;
  for (size_t i = 0; i < feed.size(); ++i) {
    EXPECT_EQ(feed[i].sequence, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(feed[i].version, ++last[feed[i].Aggregate()]);
  }
  EXPECT_THAT(VerifyChain(session), IsOk());
}

TEST_F(FeedTest, TheChainNamesTheFirstEventThatWasChangedRemovedOrSwapped) {
  for (int i = 1; i <= 5; ++i) Commit(Made(Note(1), i));
  mysql::Session session(Database());
  ASSERT_THAT(SequenceEvents(session), IsOkAndHolds(5));
  ASSERT_THAT(VerifyChain(session), IsOk());
  struct Case {
    const char* name;
    const char* change;
    const char* sequence;
  };
  const Case cases[] = {
      {"payload", "UPDATE events SET payload = 'forged' WHERE sequence = 3", "3"},
      {"image", "UPDATE events SET image = 'forged' WHERE sequence = 2", "2"},
      {"actor", "UPDATE events SET actor = 'accounts/other' WHERE sequence = 4", "4"},
      {"instant",
       "UPDATE events SET occurred_at = occurred_at + INTERVAL 1 MICROSECOND WHERE sequence = 1",
       "1"},
      {"removed", "DELETE FROM events WHERE sequence = 3", "3"},
      {"last removed", "DELETE FROM events WHERE sequence = 5", "5"},
      {"swapped", "UPDATE events SET sequence = 9 - sequence WHERE sequence IN (4, 5)", "4"},
      {"hash", "UPDATE events SET hash = digest WHERE sequence = 2", "2"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    MariaDb::Get().Query("CREATE TABLE qungong_ticket.kept AS SELECT * FROM qungong_ticket.events");
    ASSERT_THAT(session.ExecuteDirect(c.change), IsOk());
    const absl::Status status = VerifyChain(session).status();
    EXPECT_THAT(status, HasReason("CHAIN_BROKEN"));
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr(absl::StrCat("event ", c.sequence, " ")));
    MariaDb::Get().Query("DELETE FROM qungong_ticket.events");
    MariaDb::Get().Query("INSERT INTO qungong_ticket.events SELECT * FROM qungong_ticket.kept");
    MariaDb::Get().Query("DROP TABLE qungong_ticket.kept");
    ASSERT_THAT(VerifyChain(session), IsOk());
  }
}

TEST_F(FeedTest, AProjectionAppliesEachEventOnceWhateverFailsInBetween) {
  MariaDb::Get().Query(
      "CREATE TABLE IF NOT EXISTS qungong_ticket.seen (sequence BIGINT NOT NULL PRIMARY KEY, times "
      "INT NOT NULL)");
  MariaDb::Get().Query("DELETE FROM qungong_ticket.seen");
  constexpr int kEvents = 40;
  for (int i = 1; i <= kEvents; ++i) Commit(Made(Note(1), i));
  mysql::Session sequencer(Database());
  ASSERT_THAT(SequenceEvents(sequencer), IsOkAndHolds(kEvents));

  // A transaction has a dozen statements: about every third attempt fails, sent or not, COMMIT
  // among them.
  std::atomic<int> statement = 0;
  mysql::Options faulty = Database();
  faulty.fault = [&](absl::string_view, bool after) -> absl::Status {
    const int n = after ? statement.load() : ++statement;
    if ((!after && n % 53 == 0) || (after && n % 61 == 0))
      return mysql::StatusFromDriver(2013, "HY000", "planted");
    return absl::OkStatus();
  };
  const auto project = [](mysql::Tx& tx, absl::Span<const StoredEvent> events) -> absl::Status {
    for (const StoredEvent& event : events) {
      RETURN_IF_ERROR(tx.Execute("INSERT INTO seen (sequence, times) VALUES (?, 1)"
                                 " ON DUPLICATE KEY UPDATE times = times + 1",
                                 event.sequence)
                          .status());
    }
    return absl::OkStatus();
  };
  std::vector<std::thread> replicas;
  replicas.reserve(2);
  for (int r = 0; r < 2; ++r) {
    replicas.emplace_back([&] {
      const mysql::ThreadInit thread_init;
      mysql::Session session(faulty);
      for (int pass = 0; pass < 30; ++pass) (void)ProjectionPass(session, "seen", 3, project);
    });
  }
  for (std::thread& replica : replicas) replica.join();
  const mysql::Rows rows =
      MariaDb::Get().Query("SELECT COUNT(*), MIN(times), MAX(times) FROM qungong_ticket.seen");
  EXPECT_EQ(rows[0].Int64(0), kEvents);
  EXPECT_EQ(rows[0].Int64(1), 1);
  EXPECT_EQ(rows[0].Int64(2), 1);
}

TEST_F(FeedTest, AnErasedSubjectsEventsStayInTheChainButCannotBeRead) {
  mysql::Session session(Database());
  const Uuid key_id = NewUuidV7(absl::Now());
  Event event = Made(Note(1), 1);
  event.key = key_id;
  ASSERT_THAT(session.Transact({},
                               [&](mysql::Tx& tx) -> absl::Status {
                                 RETURN_IF_ERROR(keys_.Create(tx, key_id, Note(1)).status());
                                 return Append(tx, event);
                               }),
              IsOk());
  ASSERT_THAT(SequenceEvents(session), IsOkAndHolds(1));
  const auto history = [&] {
    std::vector<StoredEvent> events;
    EXPECT_THAT(session.Transact({.read_only = true},
                                 [&](mysql::Tx& tx) -> absl::Status {
                                   Uuid id;
                                   id.bytes[15] = 1;
                                   ASSIGN_OR_RETURN(events,
                                                    LoadHistory(tx, keys_, "notes", id, 0, 10));
                                   return absl::OkStatus();
                                 }),
                IsOk());
    return events;
  };
  EXPECT_EQ(history().at(0).image, "image 1");
  const mysql::Rows raw = MariaDb::Get().Query("SELECT image FROM qungong_ticket.events");
  EXPECT_EQ(raw[0].String(0).find("image 1"), std::string::npos);
  ASSERT_THAT(session.Transact({}, [&](mysql::Tx& tx) { return keys_.Destroy(tx, key_id); }),
              IsOk());
  EXPECT_EQ(history().at(0).image, "");
  EXPECT_THAT(VerifyChain(session), IsOk());
}

}  // namespace
}  // namespace qungong
