#include "org-service/import_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "org-service/dates.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Row;
using mysql::Rows;
using mysql::Tx;
using v1::Import;

constexpr char kInsert[] = R"sql(
INSERT INTO imports (id, kind, state, dry_run, file_name, size_bytes, as_of, known_since, creator, created_at,
                     attempt, version, result, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '', ?))sql";
constexpr char kSelect[] = R"sql(
SELECT i.id, i.kind, i.state, i.dry_run, i.file_name, i.size_bytes, i.as_of, i.known_since, i.creator, i.created_at,
       i.started_at, i.ended_at, i.attempt, i.version, i.result, p.total_rows, p.done_rows
FROM imports i LEFT JOIN import_progress p ON p.import_id = i.id )sql";
constexpr char kSelectContent[] = "SELECT content FROM imports WHERE id = ?";
constexpr char kSelectNext[] = R"sql(
SELECT i.id, i.state, i.attempt FROM imports i LEFT JOIN import_progress p ON p.import_id = i.id
WHERE i.state = ? OR (i.state = ? AND p.lease_until < NOW(6)) ORDER BY i.created_at, i.id LIMIT 1)sql";
constexpr char kClaim[] = R"sql(
UPDATE imports SET state = ?, attempt = attempt + 1, started_at = IFNULL(started_at, NOW(6))
WHERE id = ? AND state = ? AND attempt = ?)sql";
constexpr char kPutProgress[] = R"sql(
INSERT INTO import_progress (import_id, total_rows, done_rows, lease_until)
VALUES (?, ?, ?, NOW(6) + INTERVAL 30 SECOND)
ON DUPLICATE KEY UPDATE total_rows = VALUES(total_rows), done_rows = VALUES(done_rows),
  lease_until = VALUES(lease_until))sql";
constexpr char kSelectState[] = "SELECT state, attempt FROM imports WHERE id = ?";
constexpr char kEnd[] = R"sql(
UPDATE imports SET state = ?, ended_at = ?, version = ?, result = ?, content = ''
WHERE id = ? AND state = ? AND attempt = ?)sql";

StoredImport FromRow(const Row& row) {
  StoredImport import;
  Import& r = import.resource;
  r.ParseFromString(row.String(14));  // counts and errors, once it has ended
  import.id = row.Id(0);
  r.set_name(ResourceName("imports", import.id));
  r.set_kind(static_cast<Import::Kind>(row.Int32(1)));
  r.set_state(static_cast<Import::State>(row.Int32(2)));
  r.set_dry_run(row.Bool(3));
  r.set_file_name(row.String(4));
  r.set_size_bytes(row.Int32(5));
  import.as_of = row.Day(6);
  import.known_since = row.Day(7);
  if (r.kind() == Import::DIVISIONS) {
    *r.mutable_as_of() = ToDate(import.as_of);
    *r.mutable_known_since() = ToDate(import.known_since);
  }
  r.set_creator(row.String(8));
  *r.mutable_create_time() = ToTimestamp(row.Time(9));
  if (!row.IsNull(10)) *r.mutable_start_time() = ToTimestamp(row.Time(10));
  if (!row.IsNull(11)) *r.mutable_end_time() = ToTimestamp(row.Time(11));
  import.attempt = row.Int32(12);
  import.version = row.Int64(13);
  if (r.state() == Import::RUNNING && !row.IsNull(15)) {
    r.set_total_rows(row.Int32(15));
    r.set_done_rows(row.Int32(16));
  }
  return import;
}

absl::Status NoLongerMine() {
  return WithReason(absl::AbortedError("the import is no longer this runner's"), "IMPORT_LOST");
}

}  // namespace

absl::Status InsertImport(Tx& tx, const StoredImport& import, absl::Time now,
                          const std::string& content) {
  const Import& r = import.resource;
  return tx
      .Execute(kInsert, import.id, r.kind(), r.state(), r.dry_run(), r.file_name(), r.size_bytes(),
               import.as_of, import.known_since, r.creator(), now, import.version, content)
      .status();
}

absl::StatusOr<std::optional<StoredImport>> FindImport(Tx& tx, const Uuid& id, RowLock lock) {
  if (lock == RowLock::kForUpdate) {
    RETURN_IF_ERROR(tx.QueryOne(absl::StrCat(kSelectState, " FOR UPDATE"), id).status());
  }
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(absl::StrCat(kSelect, "WHERE i.id = ?"), id));
  if (!row.has_value()) return std::optional<StoredImport>();
  return std::optional<StoredImport>(FromRow(*row));
}

absl::StatusOr<std::vector<ListedImport>> ListImports(Tx& tx, absl::string_view after_key,
                                                      int limit) {
  // Ids grow with time, so that they order as creation does.
  const std::string last = after_key.empty() ? std::string(16, '\xFF') : std::string(after_key);
  ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(absl::StrCat(kSelect, "WHERE i.id < ? ORDER BY i.id DESC LIMIT ?"), last, limit));
  std::vector<ListedImport> imports;
  for (const Row& row : rows) {
    ListedImport& listed = imports.emplace_back(ListedImport{FromRow(row), row.String(0)});
    listed.import.resource.clear_errors();
  }
  return imports;
}

absl::StatusOr<std::string> LoadImportContent(Tx& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(const std::optional<Row> row, tx.QueryOne(kSelectContent, id));
  if (!row.has_value()) return absl::InternalError("the import is gone");
  return row->String(0);
}

absl::StatusOr<std::optional<StoredImport>> ClaimImport(Tx& tx) {
  ASSIGN_OR_RETURN(const std::optional<Row> next,
                   tx.QueryOne(kSelectNext, Import::PENDING, Import::RUNNING));
  if (!next.has_value()) return std::optional<StoredImport>();
  const Uuid id = next->Id(0);
  ASSIGN_OR_RETURN(const int64_t claimed,
                   tx.Execute(kClaim, Import::RUNNING, id, next->Int32(1), next->Int32(2)));
  if (claimed == 0) return std::optional<StoredImport>();  // another replica was faster
  RETURN_IF_ERROR(tx.Execute(kPutProgress, id, 0, 0).status());
  return FindImport(tx, id, RowLock::kNone);
}

absl::Status CheckStillRunning(Tx& tx, const StoredImport& import) {
  ASSIGN_OR_RETURN(const std::optional<Row> row, tx.QueryOne(kSelectState, import.id));
  if (row.has_value() && row->Int32(0) == Import::RUNNING && row->Int32(1) == import.attempt) {
    return absl::OkStatus();
  }
  return NoLongerMine();
}

absl::Status ReportProgress(Tx& tx, const StoredImport& import, int total_rows, int done_rows) {
  RETURN_IF_ERROR(CheckStillRunning(tx, import));
  return tx.Execute(kPutProgress, import.id, total_rows, done_rows).status();
}

absl::Status EndImport(Tx& tx, const StoredImport& import, Import::State from, absl::Time now) {
  Import result;
  const Import& r = import.resource;
  result.set_total_rows(r.total_rows());
  result.set_done_rows(r.done_rows());
  result.set_created_rows(r.created_rows());
  result.set_changed_rows(r.changed_rows());
  result.set_unchanged_rows(r.unchanged_rows());
  result.set_error_count(r.error_count());
  *result.mutable_errors() = r.errors();
  const std::string bytes = result.SerializeAsString();
  ASSIGN_OR_RETURN(const int64_t ended, tx.Execute(kEnd, r.state(), now, import.version, bytes,
                                                   import.id, from, import.attempt));
  return ended == 1 ? absl::OkStatus() : NoLongerMine();
}

}  // namespace qungong::org
