#include "org-service/grant_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr char kColumns[] = R"sql(
SELECT g.id, g.account_id, g.role, g.node_id, g.line, g.valid_from, g.valid_to, g.appointment_id, g.created_at,
       g.version
FROM grants AS g
)sql";

StoredGrant FromRow(const mysql::Row& row) {
  StoredGrant grant;
  grant.id = row.Id(0);
  grant.held.account = row.Id(1);
  grant.held.role = static_cast<rpc::v1::Role>(row.Int32(2));
  grant.held.node = row.Id(3);
  grant.held.line = row.String(4);
  grant.held.days = {row.Day(5), row.Day(6)};
  grant.appointment = row.OptId(7);
  grant.created = row.Time(8);
  grant.version = row.Int64(9);
  return grant;
}

constexpr char kInsert[] = R"sql(
INSERT INTO grants (id, account_id, role, node_id, line, valid_from, valid_to, appointment_id, created_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)sql";

constexpr char kEnd[] = "UPDATE grants SET valid_to = ?, version = ? WHERE id = ?";
constexpr char kHasGrants[] = R"sql(
SELECT 1 FROM grants WHERE node_id = ? AND valid_to > ? AND valid_from < valid_to LIMIT 1
)sql";

std::vector<StoredGrant> FromRows(const mysql::Rows& rows) {
  std::vector<StoredGrant> grants;
  for (const mysql::Row& row : rows) grants.push_back(FromRow(row));
  return grants;
}

}  // namespace

v1::Grant StoredGrant::ToProto() const {
  v1::Grant grant;
  grant.set_name(Name());
  grant.set_account(ResourceName("accounts", held.account));
  grant.set_role(held.role);
  grant.set_node(ResourceName("units", held.node));
  grant.set_line(held.line);
  SetDays(held.days, grant);
  if (appointment.has_value()) grant.set_appointment(ResourceName("appointments", *appointment));
  *grant.mutable_create_time() = ToTimestamp(created);
  grant.set_etag(EtagOf(version));
  return grant;
}

Event StoredGrant::MakeEvent(const char* kind) const {
  Event event;
  event.aggregate = Name();
  event.version = version;
  event.kind = kind;
  event.image = ToProto().SerializeAsString();
  return event;
}

absl::StatusOr<std::optional<StoredGrant>> FindGrant(mysql::Tx& tx, const Uuid& id, RowLock lock) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row,
                   tx.QueryOne(absl::StrCat(kColumns, "WHERE g.id = ?", LockClause(lock)), id));
  if (!row.has_value()) return std::nullopt;
  return FromRow(*row);
}

absl::StatusOr<std::vector<StoredGrant>> GrantsOfAccounts(mysql::Tx& tx,
                                                          absl::Span<const Uuid> accounts) {
  std::vector<StoredGrant> grants;
  for (const Uuid& account : accounts) {
    ASSIGN_OR_RETURN(
        const mysql::Rows rows,
        tx.Query(absl::StrCat(kColumns, "WHERE g.account_id = ? ORDER BY g.id FOR UPDATE"),
                 account));
    for (const mysql::Row& row : rows) grants.push_back(FromRow(row));
  }
  return grants;
}

absl::StatusOr<std::vector<StoredGrant>> GrantsOfAppointment(mysql::Tx& tx,
                                                             const Uuid& appointment) {
  ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      tx.Query(absl::StrCat(kColumns, "WHERE g.appointment_id = ? ORDER BY g.id FOR UPDATE"),
               appointment));
  return FromRows(rows);
}

absl::StatusOr<std::vector<StoredGrant>> ListGrantRows(mysql::Tx& tx, const Conditions& conditions,
                                                       int limit) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(absl::StrCat(kColumns, conditions.sql(),
                                                                 " ORDER BY g.id LIMIT ", limit),
                                                    absl::MakeConstSpan(conditions.params())));
  return FromRows(rows);
}

absl::Status InsertGrant(mysql::Tx& tx, const StoredGrant& grant) {
  const HeldRole& held = grant.held;
  return tx
      .Execute(kInsert, grant.id, held.account, held.role, held.node, held.line, held.days.from,
               held.days.to, grant.appointment, grant.created, grant.version)
      .status();
}

absl::Status EndGrant(mysql::Tx& tx, StoredGrant& grant, absl::CivilDay end) {
  grant.held.days.to = end;
  ++grant.version;
  return tx.Execute(kEnd, end, grant.version, grant.id).status();
}

absl::StatusOr<bool> HasGrants(mysql::Tx& tx, const Uuid& node, absl::CivilDay day) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row, tx.QueryOne(kHasGrants, node, day));
  return row.has_value();
}

absl::StatusOr<rpc::v1::DirectoryChange> TellDirectory(mysql::Tx& tx,
                                                       absl::Span<const StoredGrant> grants,
                                                       bool account_active, absl::CivilDay today) {
  rpc::v1::DirectoryChange change;
  for (const StoredGrant& grant : grants) {
    Days days = grant.held.days;
    if (!account_active) days.to = std::max(days.from, std::min(days.to, today));
    rpc::v1::GrantRecord* record = change.add_grants();
    record->set_name(grant.Name());
    record->set_principal(ResourceName("accounts", grant.held.account));
    record->set_role(grant.held.role);
    record->set_node(ResourceName("units", grant.held.node));
    record->set_line(grant.held.line);
    *record->mutable_valid() = ToInterval(days);
  }
  if (!grants.empty()) RETURN_IF_ERROR(directory::Apply(tx, change));
  return change;
}

}  // namespace qungong::org
