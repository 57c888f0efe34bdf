#include "runtime/feed.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "runtime/crypto.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr char kInsertEvents[] = R"sql(
INSERT INTO events (month, id, collection, aggregate_id, version, kind, occurred_at, actor, payload_type, payload,
                    key_id, image, digest, retention_years))sql";
constexpr char kColumns[] =
    "SELECT id, sequence, collection, aggregate_id, version, kind, occurred_at, actor, "
    "payload_type, payload, key_id,"
    " image FROM events ";
constexpr char kSelectUnnumbered[] = R"sql(
SELECT month, id, aggregate_id, version, digest FROM events WHERE sequence IS NULL ORDER BY id)sql";
constexpr char kLockHead[] = "SELECT epoch, sequence, hash FROM feed_head WHERE id = 1 FOR UPDATE";
constexpr char kSelectHead[] = "SELECT epoch, sequence, hash FROM feed_head WHERE id = 1";
constexpr char kUpdateHead[] = "UPDATE feed_head SET sequence = ?, hash = ? WHERE id = 1";
constexpr char kLockProjection[] = "SELECT sequence FROM projections WHERE name = ? FOR UPDATE";
constexpr char kInsertProjection[] =
    "INSERT IGNORE INTO projections (name, sequence) VALUES (?, 0)";
constexpr size_t kNumberAtOnce = 128;

// Length before content, so that two different events never give the same bytes.
void Put(std::string& out, absl::string_view field) {
  absl::StrAppend(&out, field.size(), ":", field);
}

std::string DigestOf(const StoredEvent& e) {
  std::string text;
  Put(text, e.id.View());
  Put(text, e.collection);
  Put(text, e.aggregate_id.View());
  Put(text, absl::StrCat(e.version));
  Put(text, e.kind);
  Put(text, absl::StrCat(absl::ToUnixMicros(e.occurred)));
  Put(text, e.actor);
  Put(text, e.payload_type);
  Put(text, e.payload);
  Put(text, e.key.has_value() ? e.key->View() : "");
  Put(text, e.image);
  return Sha256(text);
}

std::string Chain(absl::string_view before, int64_t sequence, absl::string_view digest) {
  return Sha256(absl::StrCat(before, "|", sequence, "|", digest));
}

// yyyymm of the instant in a UUIDv7: the partition that the event lies in.
int64_t MonthOf(const Uuid& id) {
  int64_t millis = 0;
  for (size_t i = 0; i < 6; ++i) millis = millis << 8 | id.bytes[i];
  const absl::CivilMonth month =
      absl::ToCivilMonth(absl::FromUnixMillis(millis), absl::UTCTimeZone());
  return month.year() * 100 + month.month();
}

// What an image is sealed for: it cannot be moved to another event.
std::string ImageContext(const Uuid& event_id) { return absl::StrCat("event:", event_id.View()); }

StoredEvent FromRow(const mysql::Row& row) {
  StoredEvent e;
  e.id = row.Id(0);
  e.sequence = row.IsNull(1) ? 0 : row.Int64(1);
  e.collection = row.String(2);
  e.aggregate_id = row.Id(3);
  e.version = row.Int64(4);
  e.kind = row.String(5);
  e.occurred = row.Time(6);
  e.actor = row.String(7);
  e.payload_type = row.String(8);
  e.payload = row.String(9);
  e.key = row.OptId(10);
  e.image = row.String(11);
  return e;
}

absl::Status OpenImages(mysql::Tx& tx, const KeyRing& keys, std::vector<StoredEvent>& events) {
  std::vector<Uuid> ids;
  for (const StoredEvent& e : events) {
    if (e.key.has_value()) ids.push_back(*e.key);
  }
  if (ids.empty()) return absl::OkStatus();
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  ASSIGN_OR_RETURN(const auto subject_keys, keys.LoadAll(tx, ids));
  for (StoredEvent& e : events) {
    if (!e.key.has_value()) continue;
    const auto key = subject_keys.find(*e.key);
    if (key == subject_keys.end()) {
      e.image.clear();  // erased
      continue;
    }
    ASSIGN_OR_RETURN(e.image, key->second.Open(e.image, ImageContext(e.id)));
  }
  return absl::OkStatus();
}

struct Unnumbered {
  int64_t month;
  Uuid id;
  Uuid aggregate;
  int64_t version;
  std::string digest;
};

// By id, which is roughly by time; but the events of one aggregate in the order of their versions,
// which is exact even when two replicas' clocks differ: each aggregate keeps its places and fills
// them in order.
void PutInOrder(std::vector<Unnumbered>& events) {
  std::map<Uuid, std::vector<size_t>> places;
  for (size_t i = 0; i < events.size(); ++i) places[events[i].aggregate].push_back(i);
  for (const auto& [aggregate, at] : places) {
    if (at.size() < 2) continue;
    std::vector<Unnumbered> own;
    for (const size_t i : at) own.push_back(std::move(events[i]));
    std::stable_sort(own.begin(), own.end(), [](const Unnumbered& a, const Unnumbered& b) {
      return a.version < b.version;
    });
    for (size_t k = 0; k < at.size(); ++k) events[at[k]] = std::move(own[k]);
  }
}

// One statement for many rows: UPDATE … JOIN (SELECT … UNION ALL …).
absl::Status WriteNumbers(mysql::Tx& tx, absl::Span<const Unnumbered> events, int64_t first,
                          absl::Span<const std::string> hashes) {
  for (size_t at = 0; at < events.size();) {
    size_t n = kNumberAtOnce;
    while (n > events.size() - at) n /= 2;
    // The casts: a column of a derived table is text unless it is told otherwise, and ids are not
    // text.
    constexpr char kRow[] =
        " SELECT ? AS month, CAST(? AS BINARY(16)) AS id, ? AS sequence, CAST(? AS BINARY(32)) AS "
        "hash";
    std::string sql = absl::StrCat("UPDATE events e JOIN (", kRow);
    for (size_t i = 1; i < n; ++i) absl::StrAppend(&sql, " UNION ALL", kRow);
    absl::StrAppend(
        &sql,
        ") n ON e.month = n.month AND e.id = n.id SET e.sequence = n.sequence, e.hash = n.hash");
    std::vector<mysql::Param> params;
    for (size_t i = at; i < at + n; ++i) {
      params.insert(params.end(),
                    {events[i].month, events[i].id, first + static_cast<int64_t>(i), hashes[i]});
    }
    ASSIGN_OR_RETURN(const int64_t changed, tx.Execute(sql, absl::MakeConstSpan(params)));
    if (changed != static_cast<int64_t>(n))
      return absl::InternalError("an event vanished while it was numbered");
    at += n;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AppendEvents(mysql::Tx& tx, const KeyRing& keys, const Uuid& first_id, IdSource& ids,
                          absl::Time now, absl::string_view actor, absl::Span<const Event> events) {
  std::vector<StoredEvent> stored;
  std::vector<std::string> digests;
  for (const Event& event : events) {
    StoredEvent e;
    e.id = stored.empty() ? first_id : ids.Next();
    const std::vector<std::string> parts = absl::StrSplit(event.aggregate, '/');
    if (parts.size() != 2)
      return absl::InternalError("an event's aggregate is not a resource name");
    e.collection = parts[0];
    ASSIGN_OR_RETURN(e.aggregate_id, Uuid::Parse(parts[1]));
    e.version = event.version;
    e.kind = event.kind;
    e.occurred = absl::FromUnixMicros(absl::ToUnixMicros(now));
    e.actor = std::string(actor);
    e.payload_type = event.payload_type;
    e.payload = event.payload;
    e.key = event.key;
    e.image = event.image;
    if (e.key.has_value()) {
      absl::StatusOr<SubjectKey> key = event.opened_key.has_value()
                                           ? absl::StatusOr<SubjectKey>(*event.opened_key)
                                           : keys.Load(tx, *e.key);
      RETURN_IF_ERROR(key.status());
      e.image = key->Seal(e.image, ImageContext(e.id));
    }
    digests.push_back(DigestOf(e));
    stored.push_back(std::move(e));
  }
  std::vector<mysql::Param> params;
  params.reserve(stored.size() * 14);
  for (size_t i = 0; i < stored.size(); ++i) {
    const StoredEvent& e = stored[i];
    params.insert(params.end(), {MonthOf(e.id), e.id, e.collection, e.aggregate_id, e.version,
                                 e.kind, e.occurred, e.actor, e.payload_type, e.payload, e.key,
                                 e.image, digests[i], events[i].retention_years});
  }
  return tx.LaterMany(kInsertEvents, 14, params);
}

absl::StatusOr<std::vector<StoredEvent>> LoadHistory(mysql::Tx& tx, const KeyRing& keys,
                                                     absl::string_view collection,
                                                     const Uuid& aggregate_id,
                                                     int64_t after_version, int limit) {
  static const std::string kSql = absl::StrCat(
      kColumns,
      "WHERE aggregate_id = ? AND collection = ? AND version > ? ORDER BY version, id LIMIT ?");
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query(kSql, aggregate_id, collection, after_version, limit));
  std::vector<StoredEvent> events;
  for (const mysql::Row& row : rows) events.push_back(FromRow(row));
  RETURN_IF_ERROR(OpenImages(tx, keys, events));
  return events;
}

absl::StatusOr<StoredEvent> LoadEvent(mysql::Tx& tx, const KeyRing& keys, const Uuid& id) {
  static const std::string kSql = absl::StrCat(kColumns, "WHERE month = ? AND id = ?");
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kSql, MonthOf(id), id));
  if (!row.has_value()) return absl::NotFoundError("no such event");
  std::vector<StoredEvent> events = {FromRow(*row)};
  RETURN_IF_ERROR(OpenImages(tx, keys, events));
  return std::move(events.front());
}

absl::StatusOr<FeedHead> LoadFeedHead(mysql::Tx& tx) {
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kSelectHead));
  if (!row.has_value()) return absl::InternalError("feed_head is empty");
  return FeedHead{row->Id(0), row->Int64(1), row->String(2)};
}

absl::StatusOr<std::vector<StoredEvent>> LoadFeed(mysql::Tx& tx, int64_t sequence, int limit) {
  static const std::string kSql =
      absl::StrCat(kColumns, "WHERE sequence > ? ORDER BY sequence LIMIT ?");
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSql, sequence, limit));
  std::vector<StoredEvent> events;
  for (const mysql::Row& row : rows) events.push_back(FromRow(row));
  return events;
}

std::string ChainHash(absl::string_view before, const StoredEvent& event) {
  return Chain(before, event.sequence, DigestOf(event));
}

absl::StatusOr<std::vector<std::pair<StoredEvent, std::string>>> LoadChain(mysql::Tx& tx,
                                                                           int64_t sequence,
                                                                           int limit) {
  static const std::string kSql =
      absl::StrCat(absl::StrReplaceAll(kColumns, {{" image FROM", " image, hash FROM"}}),
                   "WHERE sequence > ? ORDER BY sequence LIMIT ?");
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSql, sequence, limit));
  std::vector<std::pair<StoredEvent, std::string>> chain;
  for (const mysql::Row& row : rows) chain.emplace_back(FromRow(row), row.StringOr(12, ""));
  return chain;
}

absl::StatusOr<int> SequenceEvents(mysql::Session& session, int limit) {
  int numbered = 0;
  RETURN_IF_ERROR(session.Transact(
      {.deadline = absl::Now() + absl::Seconds(30)}, [&](mysql::Tx& tx) -> absl::Status {
        numbered = 0;
        // The lock first: it makes no snapshot, so the next statement sees all that was committed
        // before it.
        ASSIGN_OR_RETURN(const auto head, tx.QueryOne(kLockHead));
        if (!head.has_value()) return absl::InternalError("feed_head is empty");
        ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectUnnumbered));
        if (rows.empty()) return absl::OkStatus();
        std::vector<Unnumbered> events;
        for (const mysql::Row& row : rows) {
          events.push_back({row.Int64(0), row.Id(1), row.Id(2), row.Int64(3), row.String(4)});
        }
        PutInOrder(events);
        if (events.size() > static_cast<size_t>(limit)) events.resize(static_cast<size_t>(limit));
        const int64_t first = head->Int64(1) + 1;
        std::string hash = head->String(2);
        std::vector<std::string> hashes;
        for (size_t i = 0; i < events.size(); ++i) {
          hash = Chain(hash, first + static_cast<int64_t>(i), events[i].digest);
          hashes.push_back(hash);
        }
        RETURN_IF_ERROR(WriteNumbers(tx, events, first, hashes));
        numbered = static_cast<int>(events.size());
        return tx.Execute(kUpdateHead, first + numbered - 1, hash).status();
      }));
  return numbered;
}

absl::StatusOr<bool> ProjectionPass(mysql::Session& session, absl::string_view projection,
                                    int batch, const ProjectEvents& project) {
  bool more = false;
  RETURN_IF_ERROR(session.Transact(
      {.deadline = absl::Now() + absl::Seconds(60)}, [&](mysql::Tx& tx) -> absl::Status {
        // The lock first: an insert that finds the row there would share it, and two replicas would
        // wait for each other.
        ASSIGN_OR_RETURN(auto position, tx.QueryOne(kLockProjection, projection));
        if (!position.has_value()) {
          RETURN_IF_ERROR(tx.Execute(kInsertProjection, projection).status());
          ASSIGN_OR_RETURN(position, tx.QueryOne(kLockProjection, projection));
        }
        ASSIGN_OR_RETURN(const std::vector<StoredEvent> events,
                         LoadFeed(tx, position->Int64(0), batch));
        more = events.size() == static_cast<size_t>(batch);
        if (events.empty()) return absl::OkStatus();
        RETURN_IF_ERROR(project(tx, events));
        return tx
            .Execute("UPDATE projections SET sequence = ? WHERE name = ?", events.back().sequence,
                     projection)
            .status();
      }));
  return more;
}

}  // namespace qungong
