#include "runtime/migrate.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/crypto.h"
#include "runtime/log.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr char kCreateMigrations[] = R"sql(
CREATE TABLE IF NOT EXISTS schema_migrations (
  name       VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version    SMALLINT UNSIGNED NOT NULL,
  sha256     BINARY(32) NOT NULL,
  shape      BINARY(32) NULL,
  applied_at DATETIME(6) NULL,
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4)sql";

constexpr char kCreateLease[] = R"sql(
CREATE TABLE IF NOT EXISTS schema_lease (
  id            TINYINT UNSIGNED NOT NULL,
  connection_id BIGINT UNSIGNED NOT NULL,
  expires_at    DATETIME(6) NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4)sql";

constexpr char kInsertLease[] =
    "INSERT IGNORE INTO schema_lease (id, connection_id, expires_at) VALUES (1, 0, NOW(6))";

// Free, ours, run out, or of a connection that is gone: a killed migrator leaves at once, but not
// before the statement that it had sent has ended.
constexpr char kTakeLease[] = R"sql(
UPDATE schema_lease SET connection_id = CONNECTION_ID(), expires_at = NOW(6) + INTERVAL 10 MINUTE
WHERE id = 1 AND (connection_id = CONNECTION_ID() OR expires_at < NOW(6)
                  OR connection_id NOT IN (SELECT id FROM information_schema.processlist)))sql";
constexpr char kSelectLease[] =
    "SELECT connection_id = CONNECTION_ID() FROM schema_lease WHERE id = 1";
constexpr char kReleaseLease[] =
    "UPDATE schema_lease SET connection_id = 0 WHERE id = 1 AND connection_id = CONNECTION_ID()";

constexpr char kSelectMigrations[] =
    "SELECT name, sha256, shape, applied_at FROM schema_migrations";

constexpr absl::Duration kLeasePatience = absl::Minutes(2);
constexpr absl::Duration kLeasePoll = absl::Milliseconds(20);

struct Applied {
  std::string sha256;
  std::string shape;  // of the schema before a statement that was begun
  bool done = false;
};

std::string Hex(absl::string_view bytes) {
  return absl::StrCat("X'", absl::BytesToHexString(bytes), "'");
}

int VersionOf(const Migration& migration) {
  const absl::string_view file = migration.name.substr(migration.name.rfind('/') + 1);
  int version = 0;
  return absl::SimpleAtoi(file.substr(0, file.find('_')), &version) ? version : 0;
}

bool IsRepeatable(absl::string_view statement) {
  return absl::StartsWithIgnoreCase(statement, "CREATE TABLE IF NOT EXISTS ") ||
         absl::StartsWithIgnoreCase(statement, "INSERT IGNORE ");
}

// Statements of data can be rolled back; those of definition commit by themselves.
bool IsData(absl::string_view statement) {
  return absl::StartsWithIgnoreCase(statement, "UPDATE ") ||
         absl::StartsWithIgnoreCase(statement, "INSERT ") ||
         absl::StartsWithIgnoreCase(statement, "DELETE ");
}

class Migrator {
 public:
  explicit Migrator(mysql::Session& session) : session_(session) {}

  absl::Status Run(absl::Span<const Migration> migrations) {
    RETURN_IF_ERROR(session_.ExecuteDirect(kCreateMigrations));
    RETURN_IF_ERROR(session_.ExecuteDirect(kCreateLease));
    RETURN_IF_ERROR(session_.ExecuteDirect(kInsertLease));
    RETURN_IF_ERROR(WaitForLease());
    ASSIGN_OR_RETURN(applied_, LoadApplied(session_));
    for (const Migration& migration : migrations) {
      absl::Status status = Apply(migration);
      if (status.ok()) continue;
      log::Line(log::Severity::kError, "migration failed")
          .Set("migration", migration.name)
          .Set("cause", status.message());
      return status;
    }
    return session_.ExecuteDirect(kReleaseLease);
  }

  static absl::StatusOr<std::map<std::string, Applied>> LoadApplied(mysql::Session& session) {
    ASSIGN_OR_RETURN(const mysql::Rows rows, session.QueryDirect(kSelectMigrations));
    std::map<std::string, Applied> applied;
    for (const mysql::Row& row : rows)
      applied[row.String(0)] = {row.String(1), row.StringOr(2, ""), !row.IsNull(3)};
    return applied;
  }

 private:
  absl::StatusOr<bool> TakeLease() {
    RETURN_IF_ERROR(session_.ExecuteDirect(kTakeLease));
    ASSIGN_OR_RETURN(const mysql::Rows rows, session_.QueryDirect(kSelectLease));
    return rows.at(0).Bool(0);
  }

  absl::Status WaitForLease() {
    const absl::Time until = absl::Now() + kLeasePatience;
    while (absl::Now() < until) {
      ASSIGN_OR_RETURN(const bool mine, TakeLease());
      if (mine) return absl::OkStatus();
      absl::SleepFor(kLeasePoll);
    }
    return WithReason(absl::UnavailableError("another process is migrating this schema"),
                      "MIGRATION_IN_PROGRESS");
  }

  absl::Status Execute(absl::string_view statement) {
    ASSIGN_OR_RETURN(const bool mine, TakeLease());
    if (!mine)
      return WithReason(absl::AbortedError("another process took the lease"),
                        "MIGRATION_LEASE_LOST");
    return session_.ExecuteDirect(statement);
  }

  absl::Status Apply(const Migration& migration) {
    const std::string sha256 = Sha256(migration.sql);
    const auto found = applied_.find(std::string(migration.name));
    const bool begun = found != applied_.end();
    if (begun && found->second.sha256 != sha256) {
      return WithReason(absl::FailedPreconditionError(
                            absl::StrCat(migration.name,
                                         " changed after it was applied; put its text back, and "
                                         "let a new file say what is to change")),
                        "MIGRATION_CHANGED");
    }
    if (begun && found->second.done) return absl::OkStatus();
    log::Line(log::Severity::kInfo, "migrating").Set("migration", migration.name);
    const std::vector<std::string> statements = SplitStatements(migration.sql);
    if (std::all_of(statements.begin(), statements.end(), IsRepeatable)) {
      for (const std::string& statement : statements) RETURN_IF_ERROR(Execute(statement));
      return Execute(Record(migration, sha256, "NULL", "NOW(6)"));
    }
    if (statements.size() != 1) {
      return WithReason(
          absl::FailedPreconditionError(absl::StrCat(
              migration.name,
              " is neither CREATE TABLE IF NOT EXISTS and INSERT IGNORE only, nor one statement")),
          "MIGRATION_SHAPE");
    }
    if (IsData(statements[0])) return ApplyData(migration, sha256, statements[0]);
    return ApplyDefinition(migration, sha256, statements[0], begun ? found->second.shape : "");
  }

  absl::Status ApplyData(const Migration& migration, absl::string_view sha256,
                         absl::string_view statement) {
    RETURN_IF_ERROR(Execute("START TRANSACTION"));
    RETURN_IF_ERROR(session_.ExecuteDirect(statement));
    RETURN_IF_ERROR(session_.ExecuteDirect(Record(migration, sha256, "NULL", "NOW(6)")));
    return session_.ExecuteDirect("COMMIT");
  }

  // The server changes a definition wholly or not at all. Which of the two it was when nobody heard
  // the answer is seen by comparing the schema with what it was before.
  absl::Status ApplyDefinition(const Migration& migration, absl::string_view sha256,
                               absl::string_view statement, const std::string& shape_before) {
    ASSIGN_OR_RETURN(const std::string shape, Shape());
    if (shape_before.empty())
      RETURN_IF_ERROR(Execute(Record(migration, sha256, Hex(shape), "NULL")));
    if (shape_before.empty() || shape_before == shape) RETURN_IF_ERROR(Execute(statement));
    return Execute(Record(migration, sha256, "NULL", "NOW(6)"));
  }

  static std::string Record(const Migration& migration, absl::string_view sha256,
                            absl::string_view shape, absl::string_view applied_at) {
    return absl::StrCat(
        "REPLACE INTO schema_migrations (name, version, sha256, shape, applied_at) VALUES ('",
        migration.name, "', ", VersionOf(migration), ", ", Hex(sha256), ", ", shape, ", ",
        applied_at, ")");
  }

  // A digest of all definitions of the schema.
  absl::StatusOr<std::string> Shape() {
    ASSIGN_OR_RETURN(const mysql::Rows tables,
                     session_.QueryDirect("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'"));
    std::string text;
    for (const mysql::Row& table : tables) {
      ASSIGN_OR_RETURN(const mysql::Rows rows, session_.QueryDirect(absl::StrCat(
                                                   "SHOW CREATE TABLE `", table.String(0), "`")));
      absl::StrAppend(&text, rows.at(0).String(1), "\n");
    }
    return Sha256(text);
  }

  mysql::Session& session_;
  std::map<std::string, Applied> applied_;
};

// Where the quoted text that begins at `begin` ends.
size_t EndOfQuote(absl::string_view sql, size_t begin) {
  const char quote = sql[begin];
  for (size_t i = begin + 1; i < sql.size(); ++i) {
    if (sql[i] == '\\' && quote != '`') {
      ++i;
    } else if (sql[i] == quote) {
      return i + 1;
    }
  }
  return sql.size();
}

// Where the comment that begins at `begin` ends; `begin` if none does.
size_t EndOfComment(absl::string_view sql, size_t begin) {
  const absl::string_view rest = sql.substr(begin);
  const bool dashes =
      absl::StartsWith(rest, "--") && (rest.size() == 2 || absl::ascii_isspace(rest[2]));
  if (dashes || absl::StartsWith(rest, "#")) return std::min(sql.find('\n', begin), sql.size());
  if (!absl::StartsWith(rest, "/*")) return begin;
  const size_t end = sql.find("*/", begin + 2);
  return end == absl::string_view::npos ? sql.size() : end + 2;
}

absl::Status Behind(absl::string_view what) {
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat("the schema lacks ", what, "; run with --migrate first")),
                    "SCHEMA_BEHIND");
}

}  // namespace

absl::Status Migrate(mysql::Session& session, absl::Span<const Migration> migrations) {
  return Migrator(session).Run(migrations);
}

absl::Status CheckSchema(mysql::Session& session, absl::Span<const Migration> migrations) {
  ASSIGN_OR_RETURN(const mysql::Rows tables,
                   session.QueryDirect("SHOW TABLES LIKE 'schema\\_migrations'"));
  if (tables.empty()) return Behind("all migrations");
  ASSIGN_OR_RETURN(auto applied, Migrator::LoadApplied(session));
  for (const Migration& migration : migrations) {
    const auto found = applied.find(std::string(migration.name));
    if (found == applied.end() || !found->second.done) return Behind(migration.name);
    if (found->second.sha256 != Sha256(migration.sql)) {
      return WithReason(absl::FailedPreconditionError(
                            absl::StrCat(migration.name, " differs from what was applied")),
                        "MIGRATION_CHANGED");
    }
    applied.erase(found);
  }
  if (applied.size() <= 1) return absl::OkStatus();
  return WithReason(absl::FailedPreconditionError(absl::StrCat("the schema is ", applied.size(),
                                                               " migrations ahead of this binary")),
                    "SCHEMA_AHEAD");
}

std::vector<std::string> SplitStatements(absl::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  const auto end_statement = [&] {
    const absl::string_view trimmed = absl::StripAsciiWhitespace(statement);
    if (!trimmed.empty()) statements.emplace_back(trimmed);
    statement.clear();
  };
  for (size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    const size_t after_comment = EndOfComment(sql, i);
    if (after_comment != i) {
      statement.push_back(' ');
      i = after_comment;
    } else if (c == '\'' || c == '"' || c == '`') {
      const size_t end = EndOfQuote(sql, i);
      absl::StrAppend(&statement, sql.substr(i, end - i));
      i = end;
    } else if (c == ';') {
      end_statement();
      ++i;
    } else {
      statement.push_back(c);
      ++i;
    }
  }
  end_statement();
  return statements;
}

}  // namespace qungong
