#include "org-service/person_store.h"

#include "absl/strings/str_cat.h"
#include "org-service/dates.h"
#include "org-service/person_rules.h"
#include "runtime/operation.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr char kColumns[] = R"sql(
SELECT p.id, p.unit_id, p.state, p.name_sealed, p.phone_sealed, p.id_sealed, p.phone_index, p.id_index, p.created_at,
       p.version
FROM people AS p
)sql";

std::optional<std::string> OptString(const mysql::Row& row, size_t i) {
  if (row.IsNull(i)) return std::nullopt;
  return row.String(i);
}

StoredPerson FromRow(const mysql::Row& row) {
  StoredPerson person;
  person.id = row.Id(0);
  person.unit = row.Id(1);
  person.state = static_cast<v1::Person::State>(row.Int32(2));
  person.name_sealed = row.String(3);
  person.phone_sealed = row.String(4);
  person.id_sealed = row.String(5);
  person.phone_index = OptString(row, 6);
  person.id_index = OptString(row, 7);
  person.created = row.Time(8);
  person.version = row.Int64(9);
  return person;
}

constexpr char kInsert[] = R"sql(
INSERT INTO people (id, unit_id, state, name_sealed, phone_sealed, id_sealed, phone_index, id_index, created_at,
                    version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)sql";

constexpr char kUpdate[] = R"sql(
UPDATE people
SET unit_id = ?, state = ?, name_sealed = ?, phone_sealed = ?, id_sealed = ?, phone_index = ?, id_index = ?, version = ?
WHERE id = ?
)sql";

constexpr char kInsertUnmasking[] = R"sql(
INSERT INTO unmaskings (id, person_id, account_id, field, purpose, created_at) VALUES (?, ?, ?, ?, ?, ?)
)sql";

constexpr char kUnmaskingColumns[] = R"sql(
SELECT u.id, u.person_id, u.account_id, u.field, u.purpose, u.created_at
FROM unmaskings AS u JOIN people AS p ON p.id = u.person_id
)sql";

v1::Unmasking UnmaskingFromRow(const mysql::Row& row) {
  v1::Unmasking unmasking;
  unmasking.set_name(ResourceName("unmaskings", row.Id(0)));
  unmasking.set_person(ResourceName("people", row.Id(1)));
  unmasking.set_account(ResourceName("accounts", row.Id(2)));
  unmasking.set_field(static_cast<v1::Person::Field>(row.Int32(3)));
  unmasking.set_purpose(row.String(4));
  *unmasking.mutable_create_time() = ToTimestamp(row.Time(5));
  return unmasking;
}

// What is sealed for one place cannot be moved to another.
std::string Context(const StoredPerson& person, absl::string_view field) {
  return absl::StrCat(person.Name(), "/", field);
}

absl::Status SharpenDuplicate(const absl::Status& status) {
  if (mysql::ViolatedKey(status) != "uq_people_id_index") return status;
  return WithChinese(
      WithReason(absl::AlreadyExistsError("a person with this id number is registered"),
                 "PERSON_KNOWN"),
      "该身份号码已登记。");
}

}  // namespace

void StoredPerson::Seal(const KeyRing& keys, const SubjectKey& key, const PersonalData& data) {
  name_sealed = key.Seal(data.display_name, Context(*this, "display_name"));
  phone_sealed = key.Seal(data.phone, Context(*this, "phone"));
  id_sealed = key.Seal(data.id_number, Context(*this, "id_number"));
  phone_index = id_index = std::nullopt;
  if (!data.phone.empty()) phone_index = PhoneIndex(keys, data.phone);
  if (!data.id_number.empty()) id_index = IdNumberIndex(keys, data.id_number);
}

absl::StatusOr<PersonalData> StoredPerson::Open(const SubjectKey& key) const {
  PersonalData data;
  ASSIGN_OR_RETURN(data.display_name, key.Open(name_sealed, Context(*this, "display_name")));
  ASSIGN_OR_RETURN(data.phone, key.Open(phone_sealed, Context(*this, "phone")));
  ASSIGN_OR_RETURN(data.id_number, key.Open(id_sealed, Context(*this, "id_number")));
  return data;
}

void StoredPerson::Erase() {
  state = v1::Person::ERASED;
  name_sealed.clear();
  phone_sealed.clear();
  id_sealed.clear();
  phone_index = id_index = std::nullopt;
}

v1::Person StoredPerson::ToProto(const PersonalData& data) const {
  v1::Person person;
  person.set_name(Name());
  person.set_unit(ResourceName("units", unit));
  person.set_state(state);
  *person.mutable_create_time() = ToTimestamp(created);
  person.set_etag(EtagOf(version));
  if (state == v1::Person::ERASED) return person;
  person.set_display_name(MaskName(data.display_name));
  person.set_phone(MaskPhone(data.phone));
  person.set_id_number(MaskIdNumber(data.id_number));
  return person;
}

std::string PhoneIndex(const KeyRing& keys, const std::string& normal_phone) {
  return keys.BlindIndex("people.phone", normal_phone);
}

std::string IdNumberIndex(const KeyRing& keys, const std::string& normal_id_number) {
  return keys.BlindIndex("people.id_number", normal_id_number);
}

absl::Status CheckNotErased(const StoredPerson& person) {
  if (person.state != v1::Person::ERASED) return absl::OkStatus();
  return WithChinese(
      WithReason(absl::FailedPreconditionError("the person was erased"), "PERSON_ERASED"),
      "该人员信息已删除。");
}

absl::Status LockPerson(mysql::Tx& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(const std::optional<StoredPerson> person,
                   FindPerson(tx, id, RowLock::kForUpdate));
  if (!person.has_value()) return DeniedOrAbsent(ResourceName("people", id));
  return CheckNotErased(*person);
}

absl::StatusOr<std::optional<StoredPerson>> FindPerson(mysql::Tx& tx, const Uuid& id,
                                                       RowLock lock) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row,
                   tx.QueryOne(absl::StrCat(kColumns, "WHERE p.id = ?", LockClause(lock)), id));
  if (!row.has_value()) return std::nullopt;
  return FromRow(*row);
}

absl::Status InsertPerson(mysql::Tx& tx, const StoredPerson& person) {
  return SharpenDuplicate(tx.Execute(kInsert, person.id, person.unit, person.state,
                                     person.name_sealed, person.phone_sealed, person.id_sealed,
                                     person.phone_index, person.id_index, person.created,
                                     person.version)
                              .status());
}

absl::Status UpdatePersonRow(mysql::Tx& tx, StoredPerson& person) {
  ++person.version;
  return SharpenDuplicate(tx.Execute(kUpdate, person.unit, person.state, person.name_sealed,
                                     person.phone_sealed, person.id_sealed, person.phone_index,
                                     person.id_index, person.version, person.id)
                              .status());
}

absl::StatusOr<std::vector<StoredPerson>> ListPersonRows(mysql::Tx& tx,
                                                         const Conditions& conditions, int limit) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(absl::StrCat(kColumns, conditions.sql(),
                                                                 " ORDER BY p.id LIMIT ", limit),
                                                    absl::MakeConstSpan(conditions.params())));
  std::vector<StoredPerson> people;
  for (const mysql::Row& row : rows) people.push_back(FromRow(row));
  return people;
}

absl::Status InsertUnmasking(mysql::Tx& tx, const Uuid& id, const Uuid& person, const Uuid& account,
                             v1::Person::Field field, const std::string& purpose, absl::Time now) {
  return tx.Execute(kInsertUnmasking, id, person, account, field, purpose, now).status();
}

absl::StatusOr<std::vector<v1::Unmasking>> ListUnmaskingRows(mysql::Tx& tx,
                                                             const Conditions& conditions,
                                                             int limit) {
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query(absl::StrCat(kUnmaskingColumns, conditions.sql(),
                                         " ORDER BY u.id DESC LIMIT ", limit),
                            absl::MakeConstSpan(conditions.params())));
  std::vector<v1::Unmasking> unmaskings;
  for (const mysql::Row& row : rows) unmaskings.push_back(UnmaskingFromRow(row));
  return unmaskings;
}

}  // namespace qungong::org
