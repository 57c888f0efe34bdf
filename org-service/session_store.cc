#include "org-service/session_store.h"

#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr absl::Duration kKeepSessions = absl::Hours(24 * 30);
constexpr absl::Duration kKeepFailures = absl::Hours(24);
constexpr int64_t kDeleteAtOnce = 500;

constexpr char kInsert[] = R"sql(
INSERT INTO sessions (id, account_id, secret_hash, created_at, idle_expires_at, expires_at, ended_at)
VALUES (?, ?, ?, ?, ?, ?, NULL)
)sql";

constexpr char kFind[] = R"sql(
SELECT id, account_id, secret_hash, created_at, idle_expires_at, expires_at, ended_at
FROM sessions WHERE secret_hash = ? FOR UPDATE
)sql";

StoredSession FromRow(const mysql::Row& row) {
  StoredSession session;
  session.id = row.Id(0);
  session.account = row.Id(1);
  session.secret_hash = row.String(2);
  session.created = row.Time(3);
  session.idle_expires = row.Time(4);
  session.expires = row.Time(5);
  session.ended = row.OptTime(6);
  return session;
}

constexpr char kExtend[] = "UPDATE sessions SET idle_expires_at = ? WHERE id = ?";
constexpr char kEnd[] = "UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL";
constexpr char kEndOfAccount[] =
    "UPDATE sessions SET ended_at = ? WHERE account_id = ? AND ended_at IS NULL";

constexpr char kLoadFailures[] = "SELECT failures FROM sign_ins WHERE login_key = ?";
// The row must exist to be locked.
constexpr char kTouchFailures[] = R"sql(
INSERT INTO sign_ins (login_key, failures, updated_at) VALUES (?, '', ?)
ON DUPLICATE KEY UPDATE updated_at = VALUES(updated_at)
)sql";
constexpr char kLockFailures[] = "SELECT failures FROM sign_ins WHERE login_key = ? FOR UPDATE";
constexpr char kSaveFailures[] =
    "UPDATE sign_ins SET failures = ?, updated_at = ? WHERE login_key = ?";
constexpr char kForgetFailures[] = "DELETE FROM sign_ins WHERE login_key = ?";

constexpr char kDeleteSessions[] = "DELETE FROM sessions WHERE expires_at < ? LIMIT 500";
constexpr char kDeleteFailures[] = "DELETE FROM sign_ins WHERE updated_at < ? LIMIT 500";

std::string Encode(const std::vector<absl::Time>& times) {
  std::string bytes;
  for (const absl::Time t : times) {
    auto micros = static_cast<uint64_t>(absl::ToUnixMicros(t));
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<char>(micros >> shift));
  }
  return bytes;
}

std::vector<absl::Time> Decode(absl::string_view bytes) {
  std::vector<absl::Time> times;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    uint64_t micros = 0;
    for (size_t i = 0; i < 8; ++i) micros = micros << 8 | static_cast<uint8_t>(bytes[i]);
    times.push_back(absl::FromUnixMicros(static_cast<int64_t>(micros)));
  }
  return times;
}

}  // namespace

absl::Status InsertSession(mysql::Tx& tx, const StoredSession& session) {
  return tx
      .Execute(kInsert, session.id, session.account, session.secret_hash, session.created,
               session.idle_expires, session.expires)
      .status();
}

absl::StatusOr<std::optional<StoredSession>> FindSession(mysql::Tx& tx,
                                                         absl::string_view secret_hash) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row, tx.QueryOne(kFind, secret_hash));
  if (!row.has_value()) return std::nullopt;
  return FromRow(*row);
}

absl::Status ExtendSession(mysql::Tx& tx, const Uuid& id, absl::Time idle_expires) {
  return tx.Execute(kExtend, idle_expires, id).status();
}

absl::Status EndSession(mysql::Tx& tx, const Uuid& id, absl::Time now) {
  return tx.Execute(kEnd, now, id).status();
}

absl::Status EndSessionsOf(mysql::Tx& tx, const Uuid& account, absl::Time now) {
  return tx.Execute(kEndOfAccount, now, account).status();
}

absl::StatusOr<std::vector<absl::Time>> LoadFailures(mysql::Tx& tx, absl::string_view login_key) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row, tx.QueryOne(kLoadFailures, login_key));
  return row.has_value() ? Decode(row->String(0)) : std::vector<absl::Time>();
}

absl::StatusOr<std::vector<absl::Time>> LockFailures(mysql::Tx& tx, absl::string_view login_key,
                                                     absl::Time now) {
  RETURN_IF_ERROR(tx.Execute(kTouchFailures, login_key, now).status());
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row, tx.QueryOne(kLockFailures, login_key));
  return row.has_value() ? Decode(row->String(0)) : std::vector<absl::Time>();
}

absl::Status SaveFailures(mysql::Tx& tx, absl::string_view login_key,
                          const std::vector<absl::Time>& failures, absl::Time now) {
  return tx.Execute(kSaveFailures, Encode(failures), now, login_key).status();
}

absl::Status ForgetFailures(mysql::Tx& tx, absl::string_view login_key) {
  return tx.Execute(kForgetFailures, login_key).status();
}

absl::StatusOr<bool> DeleteOldSessions(mysql::Tx& tx, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t sessions, tx.Execute(kDeleteSessions, now - kKeepSessions));
  ASSIGN_OR_RETURN(const int64_t failures, tx.Execute(kDeleteFailures, now - kKeepFailures));
  return sessions == kDeleteAtOnce || failures == kDeleteAtOnce;
}

}  // namespace qungong::org
