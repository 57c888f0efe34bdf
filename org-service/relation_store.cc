#include "org-service/relation_store.h"

#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr char kColumns[] = R"sql(
SELECT r.id, r.kind, r.from_unit_id, r.to_unit_id, r.contact_id, r.valid_from, r.valid_to, r.measures, r.document,
       r.result, r.created_at, r.version
FROM relations AS r
)sql";

constexpr char kInsert[] = R"sql(
INSERT INTO relations (id, kind, from_unit_id, to_unit_id, contact_id, valid_from, valid_to, measures, document,
                       result, created_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)sql";

constexpr char kEnd[] = "UPDATE relations SET valid_to = ?, result = ?, version = ? WHERE id = ?";

constexpr char kHasRelations[] = R"sql(
SELECT 1 FROM relations WHERE from_unit_id = ? AND valid_to > ? AND valid_from < valid_to
UNION ALL
SELECT 1 FROM relations WHERE to_unit_id = ? AND valid_to > ? AND valid_from < valid_to
LIMIT 1
)sql";

StoredRelation FromRow(const mysql::Row& row) {
  StoredRelation relation;
  relation.id = row.Id(0);
  relation.bond.kind = static_cast<v1::Relation::Kind>(row.Int32(1));
  relation.bond.from = row.Id(2);
  relation.bond.to = row.Id(3);
  relation.contact = row.OptId(4);
  relation.bond.days = {row.Day(5), row.Day(6)};
  relation.measures = row.String(7);
  relation.document = row.String(8);
  relation.result = row.String(9);
  relation.created = row.Time(10);
  relation.version = row.Int64(11);
  return relation;
}

std::vector<StoredRelation> FromRows(const mysql::Rows& rows) {
  std::vector<StoredRelation> relations;
  relations.reserve(rows.size());
  for (const mysql::Row& row : rows) relations.push_back(FromRow(row));
  return relations;
}

}  // namespace

v1::Relation StoredRelation::ToProto() const {
  v1::Relation relation;
  relation.set_name(Name());
  relation.set_kind(bond.kind);
  relation.set_from_unit(ResourceName("units", bond.from));
  relation.set_to_unit(ResourceName("units", bond.to));
  if (contact.has_value()) relation.set_contact(ResourceName("appointments", *contact));
  SetDays(bond.days, relation);
  relation.set_measures(measures);
  relation.set_document(document);
  relation.set_result(result);
  *relation.mutable_create_time() = ToTimestamp(created);
  relation.set_etag(EtagOf(version));
  return relation;
}

Event StoredRelation::MakeEvent(absl::string_view kind) const {
  Event event;
  event.aggregate = Name();
  event.version = version;
  event.kind = std::string(kind);
  return event;
}

absl::StatusOr<std::optional<StoredRelation>> FindRelation(mysql::Tx& tx, const Uuid& id,
                                                           RowLock lock) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row,
                   tx.QueryOne(absl::StrCat(kColumns, "WHERE r.id = ?", LockClause(lock)), id));
  if (!row.has_value()) return std::nullopt;
  return FromRow(*row);
}

absl::StatusOr<std::vector<StoredRelation>> ListRelationRows(mysql::Tx& tx,
                                                             const Conditions& conditions,
                                                             int limit) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(absl::StrCat(kColumns, conditions.sql(),
                                                                 " ORDER BY r.id LIMIT ", limit),
                                                    absl::MakeConstSpan(conditions.params())));
  return FromRows(rows);
}

absl::StatusOr<std::vector<Bond>> BondsTo(mysql::Tx& tx, const Uuid& unit,
                                          v1::Relation::Kind kind) {
  ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      tx.Query(absl::StrCat(kColumns, "WHERE r.to_unit_id = ? AND r.kind = ?"), unit, kind));
  std::vector<Bond> bonds;
  for (const mysql::Row& row : rows) bonds.push_back(FromRow(row).bond);
  return bonds;
}

absl::StatusOr<std::vector<StoredRelation>> RelationsOfContact(mysql::Tx& tx,
                                                               const Uuid& appointment) {
  ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      tx.Query(absl::StrCat(kColumns, "WHERE r.contact_id = ? ORDER BY r.id FOR UPDATE"),
               appointment));
  return FromRows(rows);
}

absl::Status InsertRelation(mysql::Tx& tx, const StoredRelation& relation) {
  const Bond& bond = relation.bond;
  return tx.Later(kInsert, relation.id, bond.kind, bond.from, bond.to, relation.contact,
                  bond.days.from, bond.days.to, relation.measures, relation.document,
                  relation.result, relation.created, relation.version);
}

absl::Status EndRelationRow(mysql::Tx& tx, StoredRelation& relation, absl::CivilDay end,
                            const std::string& result) {
  relation.bond.days.to = end;
  relation.result = result;
  ++relation.version;
  return tx.Execute(kEnd, end, result, relation.version, relation.id).status();
}

absl::StatusOr<bool> HasRelations(mysql::Tx& tx, const Uuid& unit, absl::CivilDay day) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row,
                   tx.QueryOne(kHasRelations, unit, day, unit, day));
  return row.has_value();
}

}  // namespace qungong::org
