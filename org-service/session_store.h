// Rows of sessions, and the ledger of failed sign-ins.
#ifndef QUNGONG_ORG_SERVICE_SESSION_STORE_H_
#define QUNGONG_ORG_SERVICE_SESSION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

struct StoredSession {
  Uuid id;
  Uuid account;
  std::string secret_hash;
  absl::Time created;
  absl::Time idle_expires;
  absl::Time expires;
  std::optional<absl::Time> ended;

  bool OpenAt(absl::Time now) const {
    return !ended.has_value() && now < idle_expires && now < expires;
  }
};

absl::Status InsertSession(mysql::Tx& tx, const StoredSession& session);
// Locks the row that it finds.
absl::StatusOr<std::optional<StoredSession>> FindSession(mysql::Tx& tx,
                                                         absl::string_view secret_hash);
absl::Status ExtendSession(mysql::Tx& tx, const Uuid& id, absl::Time idle_expires);
absl::Status EndSession(mysql::Tx& tx, const Uuid& id, absl::Time now);
absl::Status EndSessionsOf(mysql::Tx& tx, const Uuid& account, absl::Time now);

// The latest failures with a login, oldest first.
absl::StatusOr<std::vector<absl::Time>> LoadFailures(mysql::Tx& tx, absl::string_view login_key);
// The same, and nobody else may sign in with this login until the transaction ends.
absl::StatusOr<std::vector<absl::Time>> LockFailures(mysql::Tx& tx, absl::string_view login_key,
                                                     absl::Time now);
absl::Status SaveFailures(mysql::Tx& tx, absl::string_view login_key,
                          const std::vector<absl::Time>& failures, absl::Time now);
absl::Status ForgetFailures(mysql::Tx& tx, absl::string_view login_key);

// Deletes some of what ended long ago; true if there is probably more.
absl::StatusOr<bool> DeleteOldSessions(mysql::Tx& tx, absl::Time now);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SESSION_STORE_H_
