// Rows of accounts.
#ifndef QUNGONG_ORG_SERVICE_ACCOUNT_STORE_H_
#define QUNGONG_ORG_SERVICE_ACCOUNT_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "org-service/listing.h"
#include "qungong/org/v1/account_service.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

// An account as it is stored: the resource, and what never leaves the service.
struct StoredAccount {
  Uuid id;
  Uuid unit;
  std::optional<Uuid> person;
  std::string login;
  std::string display_name;
  v1::Account::Kind kind = v1::Account::KIND_UNSPECIFIED;
  v1::Account::State state = v1::Account::ACTIVE;
  std::string password_hash;
  std::optional<Uuid> password_request;
  absl::Time password_time;
  absl::Time created;
  absl::Time updated;
  int64_t version = 1;

  std::string Name() const { return ResourceName("accounts", id); }
  v1::Account ToProto() const;
};

absl::StatusOr<std::optional<StoredAccount>> FindAccount(mysql::Tx& tx, const Uuid& id,
                                                         RowLock lock);
absl::StatusOr<std::optional<StoredAccount>> FindAccountByLogin(mysql::Tx& tx,
                                                                absl::string_view login,
                                                                RowLock lock);
// Locks all accounts of a person and returns their ids.
absl::StatusOr<std::vector<Uuid>> LockAccountsOfPerson(mysql::Tx& tx, const Uuid& person);
// Whether one of them is active, as of now, not of the transaction's snapshot. Whoever makes one
// active has locked the person before.
absl::StatusOr<bool> HasActiveAccount(mysql::Tx& tx, const Uuid& person);
// ALREADY_EXISTS LOGIN_TAKEN.
absl::Status InsertAccount(mysql::Tx& tx, const StoredAccount& account);
// Writes state, password and display name as version + 1.
absl::Status UpdateAccount(mysql::Tx& tx, StoredAccount& account, absl::Time now);
// The same password, hashed with today's limits: no change of the account.
absl::Status ReplacePasswordHash(mysql::Tx& tx, const Uuid& id, absl::string_view hash);
// Ordered by login.
absl::StatusOr<std::vector<StoredAccount>> ListAccountRows(mysql::Tx& tx,
                                                           const Conditions& conditions, int limit);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_ACCOUNT_STORE_H_
