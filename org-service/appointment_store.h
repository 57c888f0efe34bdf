// Rows of appointments.
#ifndef QUNGONG_ORG_SERVICE_APPOINTMENT_STORE_H_
#define QUNGONG_ORG_SERVICE_APPOINTMENT_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "org-service/appointment_rules.h"
#include "org-service/listing.h"
#include "qungong/org/v1/appointment_service.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"

namespace qungong::org {

struct StoredAppointment {
  Uuid id;
  Term term;
  v1::Appointment::Basis basis = v1::Appointment::BASIS_UNSPECIFIED;
  std::optional<Uuid> sending_unit;
  std::string document;
  absl::Time created;
  int64_t version = 1;

  std::string Name() const { return ResourceName("appointments", id); }
  v1::Appointment ToProto() const;
};

absl::StatusOr<std::optional<StoredAppointment>> FindAppointment(mysql::Tx& tx, const Uuid& id,
                                                                 RowLock lock);
// Oldest first.
absl::StatusOr<std::vector<StoredAppointment>> ListAppointmentRows(mysql::Tx& tx,
                                                                   const Conditions& conditions,
                                                                   int limit);
// The terms of one post of a unit; no other may begin or end before the transaction does.
absl::StatusOr<std::vector<Term>> LockTerms(mysql::Tx& tx, const Uuid& unit,
                                            v1::Appointment::Post post);
absl::Status InsertAppointment(mysql::Tx& tx, const StoredAppointment& appointment);
// Writes the days as version + 1.
absl::Status UpdateDays(mysql::Tx& tx, StoredAppointment& appointment, const Days& days);

// Whether a person holds a post on or after a day: as of now, not of the transaction's snapshot.
// Whoever gives one has locked the person before.
absl::StatusOr<bool> HoldsOffice(mysql::Tx& tx, const Uuid& person, absl::CivilDay day);
// Whether somebody holds a post in a unit on or after a day.
absl::StatusOr<bool> HasAppointments(mysql::Tx& tx, const Uuid& unit, absl::CivilDay day);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_APPOINTMENT_STORE_H_
