#include "org-service/appointment_handlers.h"

#include <algorithm>

#include "org-service/account_store.h"
#include "org-service/dates.h"
#include "org-service/grant_store.h"
#include "org-service/listing.h"
#include "org-service/node_store.h"
#include "org-service/person_store.h"
#include "org-service/relation_handlers.h"
#include "org-service/unit_in_force.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

Event AppointmentEvent(const StoredAppointment& appointment, const char* kind) {
  Event event;
  event.aggregate = appointment.Name();
  event.version = appointment.version;
  event.kind = kind;
  return event;
}

absl::StatusOr<StoredAppointment> Load(Read& read, const std::string& name, RowLock lock) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("appointments", name));
  ASSIGN_OR_RETURN(std::optional<StoredAppointment> appointment,
                   FindAppointment(read.tx(), id, lock));
  RETURN_IF_ERROR(
      AuthorizeKeeper(read, appointment.has_value() ? appointment->term.unit : Uuid(), name));
  if (!appointment.has_value()) return DeniedOrAbsent(name);
  return *std::move(appointment);
}

// Rights follow posts: what a grant has beyond the end of its appointment is cut off, here and in
// the directory.
absl::Status EndGrantsOf(Mutation& m, const StoredAppointment& appointment) {
  const absl::CivilDay end = appointment.term.days.to;
  const absl::CivilDay today = FromDayNumber(m.call().today);
  ASSIGN_OR_RETURN(std::vector<StoredGrant> grants, GrantsOfAppointment(m.tx(), appointment.id));
  for (StoredGrant& grant : grants) {
    if (grant.held.days.to <= end) continue;
    RETURN_IF_ERROR(EndGrant(m.tx(), grant, std::max(grant.held.days.from, end)));
    ASSIGN_OR_RETURN(const auto account,
                     FindAccount(m.tx(), grant.held.account, RowLock::kForUpdate));
    const bool active = account.has_value() && account->state == v1::Account::ACTIVE;
    ASSIGN_OR_RETURN(const rpc::v1::DirectoryChange change,
                     TellDirectory(m.tx(), {grant}, active, today));
    m.Emit(grant.MakeEvent("Grant.ENDED").WithPayload(change));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Appointment> AppointmentHandlers::CreateAppointment(
    Mutation& m, const v1::CreateAppointmentRequest& request) {
  RETURN_IF_ERROR(LockTree(m.tx()));
  StoredAppointment appointment;
  Term& term = appointment.term;
  term.post = request.post();
  ASSIGN_OR_RETURN(term.unit, ParseResourceName("units", request.unit()));
  RETURN_IF_ERROR(AuthorizeKeeper(m, term.unit, request.unit()));
  ASSIGN_OR_RETURN(term.person, ParseResourceName("people", request.person()));
  ASSIGN_OR_RETURN(term.days,
                   ParseDays(request.valid_from(), kFirstDay, request.valid_to(), kNoEnd));
  if (!request.sending_unit().empty()) {
    ASSIGN_OR_RETURN(appointment.sending_unit, ParseResourceName("units", request.sending_unit()));
  }
  RETURN_IF_ERROR(CheckBasis(term.post, request.basis(), term.unit, appointment.sending_unit));
  ASSIGN_OR_RETURN(const std::vector<Term> terms, LockTerms(m.tx(), term.unit, term.post));
  ASSIGN_OR_RETURN(term.days, WithinUnit(m.tx(), term.unit, term.days, request.has_valid_to()));
  if (appointment.sending_unit.has_value()) {
    const Days first_day = {term.days.from, term.days.from + 1};
    RETURN_IF_ERROR(
        WithinUnit(m.tx(), *appointment.sending_unit, first_day, /*has_end=*/true).status());
  }
  RETURN_IF_ERROR(LockPerson(m.tx(), term.person));
  RETURN_IF_ERROR(CheckAgainstTerms(term, terms));
  appointment.id = m.NewId();
  appointment.basis = request.basis();
  appointment.document = request.document();
  appointment.created = m.call().now;
  RETURN_IF_ERROR(InsertAppointment(m.tx(), appointment));
  m.Emit(AppointmentEvent(appointment, "Appointment.CREATED"));
  return appointment.ToProto();
}

absl::StatusOr<v1::Appointment> AppointmentHandlers::GetAppointment(
    Read& read, const v1::GetAppointmentRequest& request) {
  ASSIGN_OR_RETURN(const StoredAppointment appointment, Load(read, request.name(), RowLock::kNone));
  return appointment.ToProto();
}

absl::StatusOr<v1::ListAppointmentsResponse> AppointmentHandlers::ListAppointments(
    Read& read, const v1::ListAppointmentsRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  Uuid unit;
  Uuid person;
  Conditions conditions;
  conditions.AndWithin("t.unit_id", nodes, FromDayNumber(read.call().today));
  if (!request.unit().empty()) {
    ASSIGN_OR_RETURN(unit, ParseResourceName("units", request.unit()));
    conditions.And("t.unit_id = ?", unit);
  }
  if (!request.person().empty()) {
    ASSIGN_OR_RETURN(person, ParseResourceName("people", request.person()));
    conditions.And("t.person_id = ?", person);
  }
  if (request.post() != v1::Appointment::POST_UNSPECIFIED)
    conditions.And("t.post = ?", request.post());
  if (request.has_as_of()) {
    ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(request.as_of(), "as_of", kFirstDay));
    conditions.And("t.valid_from <= ? AND t.valid_to > ?", day, day);
  }
  if (!page.after().empty()) conditions.And("t.id > ?", page.after());
  ASSIGN_OR_RETURN(std::vector<StoredAppointment> appointments,
                   ListAppointmentRows(read.tx(), conditions, page.limit()));
  v1::ListAppointmentsResponse response;
  if (page.Cut(appointments))
    response.set_next_page_token(page.NextToken(read, appointments.back().id.View()));
  for (const StoredAppointment& appointment : appointments)
    *response.add_appointments() = appointment.ToProto();
  return response;
}

absl::StatusOr<v1::Appointment> AppointmentHandlers::EndAppointment(
    Mutation& m, const v1::EndAppointmentRequest& request) {
  ASSIGN_OR_RETURN(StoredAppointment appointment, Load(m, request.name(), RowLock::kForUpdate));
  RETURN_IF_ERROR(CheckEtag(request.etag(), appointment.version, request.name()));
  ASSIGN_OR_RETURN(const absl::CivilDay end,
                   ParseDay(request.effective_date(), "effective_date", kNoEnd));
  ASSIGN_OR_RETURN(const Days days, EndOn(appointment.term.days, end));
  RETURN_IF_ERROR(UpdateDays(m.tx(), appointment, days));
  m.Emit(AppointmentEvent(appointment, "Appointment.ENDED"));
  RETURN_IF_ERROR(EndGrantsOf(m, appointment));
  RETURN_IF_ERROR(EndRelationsOf(m, appointment));
  return appointment.ToProto();
}

}  // namespace qungong::org
