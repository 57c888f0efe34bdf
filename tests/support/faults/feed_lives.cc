#include "tests/support/faults/feed_lives.h"

#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/channel.h"
#include "runtime/status.h"
#include "tests/support/fake_directory.h"
#include "tests/support/mariadb.h"

namespace qungong::testing {
namespace {

constexpr int kNotes = 8;

constexpr char kTally[] = "INSERT INTO tallies (id, events, version, disorder)";
constexpr char kTallyAgain[] = R"sql(
ON DUPLICATE KEY UPDATE events = events + 1,
  disorder = disorder + IF(VALUES(version) = version + 1, 0, 1), version = VALUES(version))sql";

std::string Account() {
  const FakeDirectory directory;
  return FakeDirectory::AccountOf(directory.municipality.unit, rpc::v1::SERVICE);
}

absl::StatusOr<Wiring> Nothing(Chassis&) { return Wiring(); }

absl::Status WriteNote(mysql::Tx& tx, uint8_t n) {
  Uuid id;
  id.bytes[15] = n;
  ASSIGN_OR_RETURN(const auto row,
                   tx.QueryOne("SELECT version FROM notes WHERE id = ? FOR UPDATE", id));
  Event event;
  event.aggregate = ResourceName("notes", id);
  event.version = row->Int64(0) + 1;
  event.kind = "Note.WRITTEN";
  event.image = absl::StrCat("image ", event.version);
  RETURN_IF_ERROR(
      tx.Execute("UPDATE notes SET version = ? WHERE id = ?", event.version, id).status());
  IdSource ids(absl::Now());
  return AppendEvents(tx, KeyRing::ForTest(), ids.Next(), ids, absl::Now(), "accounts/test",
                      {event});
}

absl::Status Write(Self& self) {
  mysql::Session session(self.Database("org_app"));
  std::mt19937_64 random(self.seed());
  while (true) {
    const absl::Duration wait = absl::Milliseconds(random() % 4 == 0 ? random() % 25 : 0);
    RETURN_IF_ERROR(WriteNotes(session, random(), wait));
  }
}

absl::Status Sequence(Self& self) {
  mysql::Session session(self.Database("org_app"));
  while (true) {
    ASSIGN_OR_RETURN(const int numbered, SequenceEvents(session, 5));
    if (numbered == 0) absl::SleepFor(absl::Milliseconds(2));
  }
}

absl::Status Project(Self& self) {
  mysql::Session session(self.Database("org_app"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, ProjectionPass(session, kTallies, 7, TallyEvents));
    if (!more) absl::SleepFor(absl::Milliseconds(2));
  }
}

// Follows the feed at the port that is the seed, until `done`.
absl::Status Follow(Self& self, const std::function<bool()>& done) {
  TestService replica("ticket", Nothing, self.now(), nullptr);
  const Chassis& c = replica.chassis();
  Loops loops(self.Database("ticket_app"), c.metrics);
  Chassis chassis{c.service, c.clock,   c.database, c.keys, c.pages,
                  c.tokens,  c.metrics, c.workers,  loops,  c.draining};
  FollowFeed(chassis, TallyingSource(Connect(absl::StrCat("127.0.0.1:", self.seed()),
                                             grpc::InsecureChannelCredentials()),
                                     self.now()));
  while (!done()) absl::SleepFor(absl::Milliseconds(2));
  std::_Exit(0);  // without waiting for the stream
}

absl::Status CatchUp(Self& self) {
  mysql::Session root(MariaDb::Get().OptionsFor("root"));
  return Follow(self, [&] {
    const auto rows = root.QueryDirect(
        "SELECT COUNT(*) FROM qungong_org.feed_head h, qungong_ticket.feed_positions p"
        " WHERE h.sequence = p.sequence AND p.loaded = 1");
    return rows.ok() && rows->at(0).Int64(0) == 1;
  });
}

}  // namespace

std::map<std::string, Nursery::Life> FeedLives() {
  return {{"write", Write},
          {"sequence", Sequence},
          {"project", Project},
          {"catch up", CatchUp},
          {"follow", [](Self& self) { return Follow(self, [] { return false; }); }}};
}

std::unique_ptr<TestService> ServeFeed() {
  MariaDb& db = MariaDb::Get();
  db.Migrate("ticket");
  auto service = std::make_unique<TestService>("org", absl::Span<const Migration>(), Nothing);
  service->chassis().loops.Stop();  // only what the test wants numbers events
  for (const char* schema : {"qungong_org", "qungong_ticket"}) {
    db.Query(absl::StrCat("CREATE TABLE ", schema,
                          ".tallies (id BINARY(16) PRIMARY KEY, events INT NOT NULL,"
                          " version INT NOT NULL, disorder INT NOT NULL)"));
  }
  db.Query("CREATE TABLE qungong_org.notes (id BINARY(16) PRIMARY KEY, version INT NOT NULL)");
  return service;
}

FeedSource TallyingSource(const std::shared_ptr<grpc::Channel>& channel, absl::Time now) {
  FeedSource source;
  source.name = "org";
  source.channel = channel;
  source.token = [now](bool) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const auto signer, TokenSigner::FromFile(TokenSigningKeyFile()));
    return signer->Sign({Account(), "", now, now + absl::Minutes(15)});
  };
  source.apply = TallyFeed;
  source.reset = [](mysql::Tx& tx) { return tx.Execute("DELETE FROM tallies").status(); };
  return source;
}

absl::Status WriteNotes(mysql::Session& session, uint64_t choice, absl::Duration wait) {
  return session.Transact({.repeatable = false}, [&](mysql::Tx& tx) -> absl::Status {
    const auto first = static_cast<uint8_t>(choice % kNotes);
    RETURN_IF_ERROR(WriteNote(tx, first));
    if (choice / kNotes % 3 == 0 && first + 1 < kNotes)
      RETURN_IF_ERROR(WriteNote(tx, static_cast<uint8_t>(first + 1)));
    absl::SleepFor(wait);
    return absl::OkStatus();
  });
}

absl::Status TallyEvents(mysql::Tx& tx, absl::Span<const StoredEvent> events) {
  std::vector<mysql::Param> rows;
  for (const StoredEvent& event : events) {
    if (event.collection == "notes")
      rows.insert(rows.end(), {event.aggregate_id, 1, event.version, event.version == 1 ? 0 : 1});
  }
  return tx.ExecuteMany(kTally, 4, rows, kTallyAgain);  // row by row, in order
}

absl::Status TallyFeed(mysql::Tx& tx, absl::Span<const rpc::v1::FeedEvent> events) {
  std::vector<StoredEvent> stored;
  for (const rpc::v1::FeedEvent& event : events) {
    StoredEvent e;
    e.collection = "notes";
    ASSIGN_OR_RETURN(e.aggregate_id, ParseResourceName("notes", event.aggregate()));
    e.version = event.version();
    stored.push_back(std::move(e));
  }
  return TallyEvents(tx, stored);
}

int64_t PositionOf(mysql::Session& root, const std::string& schema) {
  const auto rows = root.QueryDirect(
      schema == "org" ? "SELECT COALESCE(MAX(sequence), 0) FROM qungong_org.projections"
                      : "SELECT COALESCE(MAX(sequence), 0) FROM qungong_ticket.feed_positions");
  return rows.ok() ? rows->at(0).Int64(0) : -1;
}

std::string Recount(mysql::Session& root, const std::string& schema) {
  const std::string position =
      schema == "org" ? "(SELECT COALESCE(MAX(sequence), 0) FROM qungong_org.projections)"
                      : "(SELECT COALESCE(MAX(sequence), 0) FROM qungong_ticket.feed_positions)";
  const std::string counted =
      absl::StrCat("SELECT aggregate_id AS id, COUNT(*) AS events, MAX(version) AS version FROM",
                   " qungong_org.events WHERE collection = 'notes' AND sequence <= ", position,
                   " GROUP BY aggregate_id");
  const std::string tallies = absl::StrCat("qungong_", schema, ".tallies");
  // One statement is one snapshot.
  const auto rows = root.QueryDirect(absl::StrCat(
      "SELECT (SELECT COUNT(*) FROM (", counted, ") c LEFT JOIN ", tallies,
      " t ON t.id = c.id WHERE t.id IS NULL OR t.events <> c.events OR t.version <> c.version),",
      " (SELECT COUNT(*) FROM ", tallies, " t LEFT JOIN (", counted,
      ") c ON t.id = c.id WHERE c.id IS NULL),", " (SELECT COALESCE(SUM(disorder), 0) FROM ",
      tallies, "), ", position));
  if (!rows.ok()) return rows.status().ToString();
  const mysql::Row& row = rows->at(0);
  if (row.Int64(0) == 0 && row.Int64(1) == 0 && row.Int64(2) == 0) return "";
  return absl::StrCat("at ", row.Int64(3), ": ", row.Int64(0), " notes are tallied otherwise, ",
                      row.Int64(1), " have no event, ", row.Int64(2), " events out of order");
}

}  // namespace qungong::testing
