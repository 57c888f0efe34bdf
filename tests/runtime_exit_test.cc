// The end of a process at every statement of what the runtime does in transactions; each beside its
// witness: the same thing in two transactions, which is found.
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/checkpoint.h"
#include "runtime/feed.h"
#include "tests/support/faults/exit_enumeration.h"
#include "tests/support/matchers.h"
#include "tests/support/runtime/note_service.h"

namespace qungong {
namespace {

using ::qungong::testing::ExitEnumeration;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;
using ::qungong::testing::Nursery;
using ::qungong::testing::Self;
using ::qungong::testing::TestService;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSeen[] = R"sql(
CREATE TABLE IF NOT EXISTS seen (sequence BIGINT NOT NULL, times INT NOT NULL, PRIMARY KEY (sequence)) ENGINE = InnoDB)sql";
constexpr char kSee[] = R"sql(
INSERT INTO seen (sequence, times) VALUES (?, 1) ON DUPLICATE KEY UPDATE times = times + 1)sql";
constexpr char kMethod[] = "qungong.note.v1.NoteService/WriteNote";
constexpr char kKind[] = "test.effect";
constexpr int kEvents = 9;

// A life of one session.
Nursery::Life With(absl::Status (*pass)(mysql::Session&)) {
  return [pass](Self& self) {
    mysql::Session session(self.Database("ticket_app"));
    return pass(session);
  };
}

absl::Status See(mysql::Tx& tx, absl::Span<const StoredEvent> events) {
  for (const StoredEvent& event : events)
    RETURN_IF_ERROR(tx.Execute(kSee, event.sequence).status());
  return absl::OkStatus();
}

absl::Status Project(mysql::Session& session) {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = ProjectionPass(session, "seen", 4, See);
  return more.status();
}

absl::Status ProjectApart(mysql::Session& session) {
  std::vector<StoredEvent> events;
  do {
    RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const auto position,
                       tx.QueryOne("SELECT sequence FROM projections WHERE name = 'seen'"));
      ASSIGN_OR_RETURN(events, LoadFeed(tx, position.has_value() ? position->Int64(0) : 0, 4));
      return See(tx, events);
    }));
    if (events.empty()) break;
    RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) {
      return tx
          .Execute("REPLACE INTO projections (name, sequence) VALUES ('seen', ?)",
                   events.back().sequence)
          .status();
    }));
  } while (events.size() == 4);
  return absl::OkStatus();
}

absl::Status Effect(mysql::Tx& tx, const Due& due) { return testing::CountNote(tx, due.subject); }

absl::Status DoDue(mysql::Session& session) { return RunDue(session, kKind, 10, Effect).status(); }

absl::Status DoDueApart(mysql::Session& session) {
  std::vector<Due> claimed;
  RETURN_IF_ERROR(RunDue(session, kKind, 10, [&](mysql::Tx&, const Due& due) {
                    claimed.push_back(due);
                    return absl::OkStatus();
                  }).status());
  for (const Due& due : claimed)
    RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) { return Effect(tx, due); }));
  return absl::OkStatus();
}

absl::Status Number(mysql::Session& session) {
  absl::StatusOr<int> numbered = 1;
  while (numbered.ok() && *numbered > 0) numbered = SequenceEvents(session, 4);
  return numbered.status();
}

class ExitTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Nursery::Begin({{"notes", testing::Serving("ticket", testing::Notes(false))},
                    {"notes aside", testing::Serving("ticket", testing::Notes(true))},
                    {"project", With(Project)},
                    {"project apart", With(ProjectApart)},
                    {"due", With(DoDue)},
                    {"due apart", With(DoDueApart)},
                    {"number", With(Number)}});
    static const Migration kMigrations[] = {{"note/0001_notes", testing::kNotes},
                                            {"note/0002_seen", kSeen}};
    service_ = new TestService("ticket", kMigrations, testing::Notes(false));
    service_->chassis().loops.Stop();
  }
  static void TearDownTestSuite() { delete std::exchange(service_, nullptr); }

  // A world with events, numbered or not.
  static void Happened(bool numbered) {
    service_->Reset();
    mysql::Session session(service_->chassis().database);
    ASSERT_THAT(session.Transact({},
                                 [](mysql::Tx& tx) {
                                   std::vector<Event> events(kEvents);
                                   for (int i = 0; i < kEvents; ++i) {
                                     events[static_cast<size_t>(i)].aggregate =
                                         ResourceName("notes", NameUuid("x"));
                                     events[static_cast<size_t>(i)].version = i + 1;
                                   }
                                   IdSource ids(absl::Now());
                                   return AppendEvents(tx, KeyRing::ForTest(), ids.Next(), ids,
                                                       absl::Now(), "", events);
                                 }),
                IsOk());
    EXPECT_THAT(numbered ? Number(session) : absl::OkStatus(), IsOk());
  }
  static std::string Seen() {
    const mysql::Rows rows =
        MariaDb::Get().Query("SELECT COUNT(*), MIN(times), MAX(times) FROM qungong_ticket.seen");
    return absl::StrCat(rows[0].Int64(0), " events, seen ", rows[0].Int64(1), " to ",
                        rows[0].Int64(2), " times");
  }
  static void SomethingIsDue() {
    service_->Reset();
    service_->Transact([](mysql::Tx& tx) -> absl::Status {
      for (const char* what : {"a", "b"}) {
        RETURN_IF_ERROR(
            Schedule(tx, NewUuidV7(testing::TestNow()), kKind, NameUuid(what), testing::TestNow()));
      }
      return absl::OkStatus();
    });
  }
  static std::string Versions() {
    return absl::StrCat(
        MariaDb::Get().Query("SELECT COALESCE(SUM(version), 0) FROM qungong_ticket.notes")[0].Int64(
            0),
        " effects");
  }
  std::vector<std::string> Pass(const std::string& life, const std::function<void()>& world,
                                const std::function<std::string()>& state) {
    return enumeration_.RunPass(life, world, testing::TestNow(), state);
  }
  void TearDown() override { std::printf("%d processes ended\n", enumeration_.exits()); }

  static inline TestService* service_;
  ExitEnumeration enumeration_{service_->clock(), "ticket", {"notes WHERE version > 1"}};
};

TEST_F(ExitTest, ACallTakesEffectOnceWhereverItsProcessEnds) {
  const auto prepare = [] { return testing::Sending(*service_, kMethod, "", testing::NewNote()); };
  EXPECT_THAT(enumeration_.Run("notes", kMethod, prepare), IsEmpty());
  EXPECT_THAT(enumeration_.Run("notes aside", kMethod, prepare),
              Contains(HasSubstr("the effect was")));
}

TEST_F(ExitTest, AProjectionSeesEachEventOnceWhereverItsProcessEnds) {
  const auto world = [] { Happened(true); };
  EXPECT_THAT(Pass("project", world, Seen), IsEmpty());
  EXPECT_THAT(Pass("project apart", world, Seen), Contains(HasSubstr("seen 1 to 2 times")));
}

TEST_F(ExitTest, WhatIsDueHappensOnceWhereverTheProcessEnds) {
  EXPECT_THAT(Pass("due", SomethingIsDue, Versions), IsEmpty());
  EXPECT_THAT(Pass("due apart", SomethingIsDue, Versions),
              Contains(HasSubstr("the state is 1 effects")));
}

TEST_F(ExitTest, EventsAreNumberedOnceWhereverTheSequencerEnds) {
  const auto chain = [] {
    mysql::Session session(service_->chassis().database);
    const absl::StatusOr<int64_t> last = VerifyChain(session);
    return last.ok() ? absl::StrCat(*last, " in one chain") : last.status().ToString();
  };
  EXPECT_THAT(Pass(
                  "number", [] { Happened(false); }, chain),
              IsEmpty());
  EXPECT_EQ(chain(), absl::StrCat(kEvents, " in one chain"));
}

}  // namespace
}  // namespace qungong
