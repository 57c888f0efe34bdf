#include "org-service/appointment_store.h"

#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr char kColumns[] = R"sql(
SELECT t.id, t.person_id, t.post, t.unit_id, t.valid_from, t.valid_to, t.basis, t.sending_unit_id, t.document,
       t.created_at, t.version
FROM appointments AS t
)sql";

StoredAppointment FromRow(const mysql::Row& row) {
  StoredAppointment appointment;
  appointment.id = row.Id(0);
  appointment.term.person = row.Id(1);
  appointment.term.post = static_cast<v1::Appointment::Post>(row.Int32(2));
  appointment.term.unit = row.Id(3);
  appointment.term.days = {row.Day(4), row.Day(5)};
  appointment.basis = static_cast<v1::Appointment::Basis>(row.Int32(6));
  appointment.sending_unit = row.OptId(7);
  appointment.document = row.String(8);
  appointment.created = row.Time(9);
  appointment.version = row.Int64(10);
  return appointment;
}

constexpr char kInsert[] = R"sql(
INSERT INTO appointments (id, person_id, post, unit_id, valid_from, valid_to, basis, sending_unit_id, document,
                          created_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
)sql";

constexpr char kUpdateDays[] =
    "UPDATE appointments SET valid_from = ?, valid_to = ?, version = ? WHERE id = ?";
// The one row that all who appoint to a unit have in common.
constexpr char kLockUnit[] = "SELECT id FROM directory_nodes WHERE id = ? FOR UPDATE";
constexpr char kHoldsOffice[] = R"sql(
SELECT 1 FROM appointments WHERE person_id = ? AND valid_to > ? AND valid_from < valid_to LIMIT 1
FOR UPDATE
)sql";
constexpr char kHasAppointments[] = R"sql(
SELECT 1 FROM appointments WHERE unit_id = ? AND valid_to > ? AND valid_from < valid_to LIMIT 1
)sql";

}  // namespace

v1::Appointment StoredAppointment::ToProto() const {
  v1::Appointment appointment;
  appointment.set_name(Name());
  appointment.set_person(ResourceName("people", term.person));
  appointment.set_post(term.post);
  appointment.set_unit(ResourceName("units", term.unit));
  SetDays(term.days, appointment);
  appointment.set_basis(basis);
  if (sending_unit.has_value()) appointment.set_sending_unit(ResourceName("units", *sending_unit));
  appointment.set_document(document);
  *appointment.mutable_create_time() = ToTimestamp(created);
  appointment.set_etag(EtagOf(version));
  return appointment;
}

absl::StatusOr<std::optional<StoredAppointment>> FindAppointment(mysql::Tx& tx, const Uuid& id,
                                                                 RowLock lock) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row,
                   tx.QueryOne(absl::StrCat(kColumns, "WHERE t.id = ?", LockClause(lock)), id));
  if (!row.has_value()) return std::nullopt;
  return FromRow(*row);
}

absl::StatusOr<std::vector<StoredAppointment>> ListAppointmentRows(mysql::Tx& tx,
                                                                   const Conditions& conditions,
                                                                   int limit) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(absl::StrCat(kColumns, conditions.sql(),
                                                                 " ORDER BY t.id LIMIT ", limit),
                                                    absl::MakeConstSpan(conditions.params())));
  std::vector<StoredAppointment> appointments;
  for (const mysql::Row& row : rows) appointments.push_back(FromRow(row));
  return appointments;
}

absl::StatusOr<std::vector<Term>> LockTerms(mysql::Tx& tx, const Uuid& unit,
                                            v1::Appointment::Post post) {
  RETURN_IF_ERROR(tx.QueryOne(kLockUnit, unit).status());
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query(absl::StrCat(kColumns, "WHERE t.unit_id = ? AND t.post = ? FOR UPDATE"),
                            unit, post));
  std::vector<Term> terms;
  for (const mysql::Row& row : rows) terms.push_back(FromRow(row).term);
  return terms;
}

absl::Status InsertAppointment(mysql::Tx& tx, const StoredAppointment& appointment) {
  const Term& term = appointment.term;
  return tx
      .Execute(kInsert, appointment.id, term.person, term.post, term.unit, term.days.from,
               term.days.to, appointment.basis, appointment.sending_unit, appointment.document,
               appointment.created, appointment.version)
      .status();
}

absl::Status UpdateDays(mysql::Tx& tx, StoredAppointment& appointment, const Days& days) {
  appointment.term.days = days;
  ++appointment.version;
  return tx.Execute(kUpdateDays, days.from, days.to, appointment.version, appointment.id).status();
}

absl::StatusOr<bool> HoldsOffice(mysql::Tx& tx, const Uuid& person, absl::CivilDay day) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row, tx.QueryOne(kHoldsOffice, person, day));
  return row.has_value();
}

absl::StatusOr<bool> HasAppointments(mysql::Tx& tx, const Uuid& unit, absl::CivilDay day) {
  ASSIGN_OR_RETURN(const std::optional<mysql::Row> row, tx.QueryOne(kHasAppointments, unit, day));
  return row.has_value();
}

}  // namespace qungong::org
