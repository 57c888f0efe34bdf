// Imports and their progress in tables imports and import_progress.
#ifndef QUNGONG_ORG_SERVICE_IMPORT_STORE_H_
#define QUNGONG_ORG_SERVICE_IMPORT_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "org-service/listing.h"
#include "qungong/org/v1/import_service.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

struct StoredImport {
  Uuid id;
  v1::Import resource;  // as it is shown
  absl::CivilDay as_of;
  absl::CivilDay known_since;
  int attempt = 0;
  int64_t version = 0;
};

absl::Status InsertImport(mysql::Tx& tx, const StoredImport& import, absl::Time now,
                          const std::string& content);
// With progress while it runs; nullopt if there is none.
absl::StatusOr<std::optional<StoredImport>> FindImport(mysql::Tx& tx, const Uuid& id, RowLock lock);
// Newest first, after `after_key`, without errors.
struct ListedImport {
  StoredImport import;
  std::string key;
};
absl::StatusOr<std::vector<ListedImport>> ListImports(mysql::Tx& tx, absl::string_view after_key,
                                                      int limit);
absl::StatusOr<std::string> LoadImportContent(mysql::Tx& tx, const Uuid& id);

// The oldest import that waits, or whose runner is believed dead, now this runner's: the lease
// holds for half a minute from each report of progress. nullopt if there is nothing to do.
absl::StatusOr<std::optional<StoredImport>> ClaimImport(mysql::Tx& tx);
// Says how far this attempt is. ABORTED if the import is no longer this attempt's.
absl::Status ReportProgress(mysql::Tx& tx, const StoredImport& import, int total_rows,
                            int done_rows);
absl::Status CheckStillRunning(mysql::Tx& tx, const StoredImport& import);
// Ends the import as `import.resource` says, with `import.version`. ABORTED if it is no longer at
// `from` or no longer this attempt's.
absl::Status EndImport(mysql::Tx& tx, const StoredImport& import, v1::Import::State from,
                       absl::Time now);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_IMPORT_STORE_H_
