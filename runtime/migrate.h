// Migrations: numbered SQL files, embedded in the binary, forward only, resumable after a kill at
// any statement.
#ifndef QUNGONG_RUNTIME_MIGRATE_H_
#define QUNGONG_RUNTIME_MIGRATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/mysql.h"

namespace qungong {

// A file NNNN_verb_object.sql: either several CREATE TABLE IF NOT EXISTS and INSERT IGNORE, or
// exactly one other statement, because DDL is not transactional.
struct Migration {
  absl::string_view name;  // "runtime/0001_runtime"
  absl::string_view sql;
};

// Applies what is missing, in order (ServiceMain gives the runtime's, then the service's own). A
// file that changed after it was applied is fatal. Only one process at a time: it holds a lease
// row.
absl::Status Migrate(mysql::Session& session, absl::Span<const Migration> migrations);

// OK if the schema has every migration of this binary and at most one more (expand, deploy,
// contract).
absl::Status CheckSchema(mysql::Session& session, absl::Span<const Migration> migrations);

// Splits a file at semicolons outside quotes and comments.
std::vector<std::string> SplitStatements(absl::string_view sql);

// The runtime's own migrations.
absl::Span<const Migration> RuntimeMigrations();

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_MIGRATE_H_
