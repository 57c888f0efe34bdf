#include "org-service/account_store.h"

#include "absl/strings/str_cat.h"
#include "org-service/dates.h"
#include "runtime/operation.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr char kColumns[] = R"sql(
SELECT a.id, a.login, a.display_name, a.kind, a.state, a.unit_id, a.person_id, a.password_hash, a.password_at,
       a.password_request, a.created_at, a.updated_at, a.version
FROM accounts AS a
)sql";

StoredAccount FromRow(const mysql::Row& row) {
  StoredAccount account;
  account.id = row.Id(0);
  account.login = row.String(1);
  account.display_name = row.String(2);
  account.kind = static_cast<v1::Account::Kind>(row.Int32(3));
  account.state = static_cast<v1::Account::State>(row.Int32(4));
  account.unit = row.Id(5);
  account.person = row.OptId(6);
  account.password_hash = row.String(7);
  account.password_time = row.Time(8);
  account.password_request = row.OptId(9);
  account.created = row.Time(10);
  account.updated = row.Time(11);
  account.version = row.Int64(12);
  return account;
}

constexpr char kInsert[] = R"sql(
INSERT INTO accounts (id, login, display_name, kind, state, unit_id, person_id, password_hash, password_at,
                      password_request, created_at, updated_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)sql";

constexpr char kUpdate[] = R"sql(
UPDATE accounts
SET display_name = ?, state = ?, password_hash = ?, password_at = ?, password_request = ?, updated_at = ?, version = ?
WHERE id = ?
)sql";

constexpr char kReplaceHash[] = "UPDATE accounts SET password_hash = ? WHERE id = ?";

constexpr char kLockOfPerson[] = R"sql(
SELECT id FROM accounts WHERE person_id = ? ORDER BY id FOR UPDATE
)sql";

constexpr char kLockActiveOfPerson[] = R"sql(
SELECT id FROM accounts WHERE person_id = ? AND state = ? FOR UPDATE
)sql";

template <typename Key>
absl::StatusOr<std::optional<StoredAccount>> FindBy(mysql::Tx& tx, absl::string_view condition,
                                                    const Key& key, RowLock lock) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row,
                   tx.QueryOne(absl::StrCat(kColumns, condition, LockClause(lock)), key));
  if (!row.has_value()) return std::nullopt;
  return FromRow(*row);
}

}  // namespace

v1::Account StoredAccount::ToProto() const {
  v1::Account account;
  account.set_name(Name());
  account.set_login(login);
  account.set_display_name(display_name);
  account.set_kind(kind);
  account.set_state(state);
  account.set_unit(ResourceName("units", unit));
  if (person.has_value()) account.set_person(ResourceName("people", *person));
  *account.mutable_create_time() = ToTimestamp(created);
  *account.mutable_update_time() = ToTimestamp(updated);
  *account.mutable_password_time() = ToTimestamp(password_time);
  account.set_etag(EtagOf(version));
  return account;
}

absl::StatusOr<std::optional<StoredAccount>> FindAccount(mysql::Tx& tx, const Uuid& id,
                                                         RowLock lock) {
  return FindBy(tx, "WHERE a.id = ?", id, lock);
}

absl::StatusOr<std::optional<StoredAccount>> FindAccountByLogin(mysql::Tx& tx,
                                                                absl::string_view login,
                                                                RowLock lock) {
  return FindBy(tx, "WHERE a.login = ?", login, lock);
}

absl::StatusOr<std::vector<Uuid>> LockAccountsOfPerson(mysql::Tx& tx, const Uuid& person) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kLockOfPerson, person));
  std::vector<Uuid> ids;
  for (const mysql::Row& row : rows) ids.push_back(row.Id(0));
  return ids;
}

absl::StatusOr<bool> HasActiveAccount(mysql::Tx& tx, const Uuid& person) {
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query(kLockActiveOfPerson, person, v1::Account::ACTIVE));
  return !rows.empty();
}

absl::Status InsertAccount(mysql::Tx& tx, const StoredAccount& account) {
  absl::Status status =
      tx.Execute(kInsert, account.id, account.login, account.display_name, account.kind,
                 account.state, account.unit, account.person, account.password_hash,
                 account.password_time, account.password_request, account.created, account.updated,
                 account.version)
          .status();
  if (mysql::ViolatedKey(status) != "uq_accounts_login") return status;
  return WithChinese(
      WithReason(absl::AlreadyExistsError("another account has this login"), "LOGIN_TAKEN"),
      "登录名已被使用,请换一个。");
}

absl::Status UpdateAccount(mysql::Tx& tx, StoredAccount& account, absl::Time now) {
  account.updated = now;
  ++account.version;
  return tx
      .Execute(kUpdate, account.display_name, account.state, account.password_hash,
               account.password_time, account.password_request, account.updated, account.version,
               account.id)
      .status();
}

absl::Status ReplacePasswordHash(mysql::Tx& tx, const Uuid& id, absl::string_view hash) {
  return tx.Execute(kReplaceHash, hash, id).status();
}

absl::StatusOr<std::vector<StoredAccount>> ListAccountRows(mysql::Tx& tx,
                                                           const Conditions& conditions,
                                                           int limit) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(absl::StrCat(kColumns, conditions.sql(),
                                                                 " ORDER BY a.login LIMIT ", limit),
                                                    absl::MakeConstSpan(conditions.params())));
  std::vector<StoredAccount> accounts;
  for (const mysql::Row& row : rows) accounts.push_back(FromRow(row));
  return accounts;
}

}  // namespace qungong::org
