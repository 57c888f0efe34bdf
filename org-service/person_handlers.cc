#include "org-service/person_handlers.h"

#include <map>
#include <utility>

#include "org-service/account_store.h"
#include "org-service/appointment_store.h"
#include "org-service/dates.h"
#include "org-service/listing.h"
#include "org-service/org_codes.h"
#include "org-service/person_rules.h"
#include "org-service/unit_in_force.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

// Sealed under the person's key: even a masked name is personal.
Event PersonEvent(const StoredPerson& person, const char* kind) {
  Event event;
  event.aggregate = person.Name();
  event.version = person.version;
  event.kind = kind;
  if (person.state != v1::Person::ERASED) event.key = person.id;
  return event;
}

absl::StatusOr<StoredPerson> Load(Read& read, const std::string& name, RowLock lock) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("people", name));
  ASSIGN_OR_RETURN(std::optional<StoredPerson> person, FindPerson(read.tx(), id, lock));
  RETURN_IF_ERROR(AuthorizeKeeper(read, person.has_value() ? person->unit : Uuid(), name));
  if (!person.has_value()) return DeniedOrAbsent(name);
  return *std::move(person);
}

// In its one form; "" for none.
absl::StatusOr<std::string> CheckedIdNumber(const std::string& typed) {
  if (typed.empty()) return "";
  absl::StatusOr<IdNumber> id_number = ParseIdNumber(typed);
  if (!id_number.ok()) return InvalidField("id_number", id_number.status().message());
  return id_number->text;
}

absl::StatusOr<v1::ListPeopleResponse> Respond(Read& read, const Conditions& conditions,
                                               const ListPage& page) {
  ASSIGN_OR_RETURN(std::vector<StoredPerson> people,
                   ListPersonRows(read.tx(), conditions, page.limit()));
  v1::ListPeopleResponse response;
  if (page.Cut(people)) response.set_next_page_token(page.NextToken(read, people.back().id.View()));
  std::vector<Uuid> ids;
  for (const StoredPerson& person : people) {
    if (person.state != v1::Person::ERASED) ids.push_back(person.id);
  }
  std::map<Uuid, SubjectKey> keys;
  if (!ids.empty()) {
    ASSIGN_OR_RETURN(keys, read.keys().LoadAll(read.tx(), ids));
  }
  for (const StoredPerson& person : people) {
    PersonalData data;
    if (const auto key = keys.find(person.id); key != keys.end()) {
      ASSIGN_OR_RETURN(data, person.Open(key->second));
    }
    *response.add_people() = person.ToProto(data);
  }
  return response;
}

const std::string& FieldOf(const PersonalData& data, v1::Person::Field field) {
  if (field == v1::Person::PHONE) return data.phone;
  if (field == v1::Person::ID_NUMBER) return data.id_number;
  return data.display_name;
}

}  // namespace

absl::StatusOr<v1::Person> PersonHandlers::CreatePerson(Mutation& m,
                                                        const v1::CreatePersonRequest& request) {
  StoredPerson person;
  ASSIGN_OR_RETURN(person.unit, ParseResourceName("units", request.unit()));
  RETURN_IF_ERROR(m.Authorize({person.unit}, request.unit()));
  PersonalData data{request.display_name(), NormalizePhone(request.phone()), ""};
  ASSIGN_OR_RETURN(data.id_number, CheckedIdNumber(request.id_number()));
  person.id = m.NewId();
  person.created = m.call().now;
  ASSIGN_OR_RETURN(const SubjectKey key, m.keys().Create(m.tx(), person.id, person.Name()));
  person.Seal(m.keys(), key, data);
  RETURN_IF_ERROR(InsertPerson(m.tx(), person));
  m.Emit(PersonEvent(person, "Person.CREATED"));
  return person.ToProto(data);
}

absl::StatusOr<v1::Person> PersonHandlers::GetPerson(Read& read,
                                                     const v1::GetPersonRequest& request) {
  ASSIGN_OR_RETURN(const StoredPerson person, Load(read, request.name(), RowLock::kNone));
  if (person.state == v1::Person::ERASED) return person.ToProto({});
  ASSIGN_OR_RETURN(const SubjectKey key, read.keys().Load(read.tx(), person.id));
  ASSIGN_OR_RETURN(const PersonalData data, person.Open(key));
  return person.ToProto(data);
}

absl::StatusOr<v1::ListPeopleResponse> PersonHandlers::ListPeople(
    Read& read, const v1::ListPeopleRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  Uuid unit;
  Conditions conditions;
  conditions.AndWithin("p.unit_id", nodes, FromDayNumber(read.call().today));
  if (!request.unit().empty()) {
    ASSIGN_OR_RETURN(unit, ParseResourceName("units", request.unit()));
    conditions.And("p.unit_id = ?", unit);
  }
  if (!page.after().empty()) conditions.And("p.id > ?", page.after());
  return Respond(read, conditions, page);
}

absl::StatusOr<v1::ListPeopleResponse> PersonHandlers::SearchPeople(
    Read& read, const v1::SearchPeopleRequest& request) {
  if (request.phone().empty() == request.id_number().empty()) {
    return InvalidFields({{"phone", "exactly one of phone and id_number is needed"},
                          {"id_number", "exactly one of phone and id_number is needed"}});
  }
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  ASSIGN_OR_RETURN(const std::string id_number, CheckedIdNumber(request.id_number()));
  const std::string index = id_number.empty()
                                ? PhoneIndex(read.keys(), NormalizePhone(request.phone()))
                                : IdNumberIndex(read.keys(), id_number);
  Conditions conditions;
  conditions.And(request.phone().empty() ? "p.id_index = ?" : "p.phone_index = ?", index);
  conditions.AndWithin("p.unit_id", nodes, FromDayNumber(read.call().today));
  if (!page.after().empty()) conditions.And("p.id > ?", page.after());
  return Respond(read, conditions, page);
}

absl::StatusOr<v1::Person> PersonHandlers::UpdatePerson(Mutation& m,
                                                        const v1::UpdatePersonRequest& request) {
  ASSIGN_OR_RETURN(StoredPerson person, Load(m, request.name(), RowLock::kForUpdate));
  RETURN_IF_ERROR(CheckEtag(request.etag(), person.version, request.name()));
  RETURN_IF_ERROR(CheckNotErased(person));
  ASSIGN_OR_RETURN(const SubjectKey key, m.keys().Load(m.tx(), person.id));
  ASSIGN_OR_RETURN(PersonalData data, person.Open(key));
  if (request.has_display_name()) {
    if (request.display_name().empty()) return InvalidField("display_name", "must not be empty");
    data.display_name = request.display_name();
  }
  if (request.has_phone()) data.phone = NormalizePhone(request.phone());
  if (request.has_id_number()) {
    ASSIGN_OR_RETURN(data.id_number, CheckedIdNumber(request.id_number()));
  }
  if (request.has_unit()) {
    ASSIGN_OR_RETURN(person.unit, ParseResourceName("units", request.unit()));
    RETURN_IF_ERROR(m.Authorize({person.unit}, request.unit()));
  }
  person.Seal(m.keys(), key, data);
  RETURN_IF_ERROR(UpdatePersonRow(m.tx(), person));
  m.Emit(PersonEvent(person, "Person.UPDATED"));
  return person.ToProto(data);
}

absl::StatusOr<v1::Unmasking> PersonHandlers::UnmaskPerson(Mutation& m,
                                                           const v1::UnmaskPersonRequest& request) {
  // Locked, so that nobody erases what is being shown.
  ASSIGN_OR_RETURN(const StoredPerson person, Load(m, request.name(), RowLock::kForUpdate));
  RETURN_IF_ERROR(CheckNotErased(person));
  ASSIGN_OR_RETURN(const SubjectKey key, m.keys().Load(m.tx(), person.id));
  ASSIGN_OR_RETURN(const PersonalData data, person.Open(key));
  if (FieldOf(data, request.field()).empty()) {
    return WithChinese(
        WithReason(absl::FailedPreconditionError("the field is empty"), "FIELD_EMPTY"),
        "该项未填写。");
  }
  ASSIGN_OR_RETURN(const Uuid account, ParseResourceName("accounts", m.call().principal));
  const Uuid id = m.NewId();
  RETURN_IF_ERROR(InsertUnmasking(m.tx(), id, person.id, account, request.field(),
                                  request.purpose(), m.call().now));

  v1::Unmasking unmasking;
  unmasking.set_name(ResourceName("unmaskings", id));
  unmasking.set_person(person.Name());
  unmasking.set_field(request.field());
  unmasking.set_purpose(request.purpose());
  unmasking.set_account(m.call().principal);
  *unmasking.mutable_create_time() = ToTimestamp(m.call().now);
  // Who looked, when and why outlives the person's key; what was seen does not: only the image,
  // which is the reply, holds it, under that key.
  Event event;
  event.aggregate = unmasking.name();
  event.version = 1;
  event.kind = "Unmasking.CREATED";
  event.key = person.id;
  m.Emit(event.WithPayload(unmasking));
  unmasking.set_value(FieldOf(data, request.field()));
  return unmasking;
}

absl::StatusOr<v1::ListUnmaskingsResponse> PersonHandlers::ListUnmaskings(
    Read& read, const v1::ListUnmaskingsRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  Uuid person;
  Uuid account;
  Conditions conditions;
  conditions.AndWithin("p.unit_id", nodes, FromDayNumber(read.call().today));
  if (!request.person().empty()) {
    ASSIGN_OR_RETURN(person, ParseResourceName("people", request.person()));
    conditions.And("u.person_id = ?", person);
  }
  if (!request.account().empty()) {
    ASSIGN_OR_RETURN(account, ParseResourceName("accounts", request.account()));
    conditions.And("u.account_id = ?", account);
  }
  if (!page.after().empty()) conditions.And("u.id < ?", page.after());
  ASSIGN_OR_RETURN(std::vector<v1::Unmasking> unmaskings,
                   ListUnmaskingRows(read.tx(), conditions, page.limit()));
  v1::ListUnmaskingsResponse response;
  if (page.Cut(unmaskings)) {
    ASSIGN_OR_RETURN(const Uuid last, ParseResourceName("unmaskings", unmaskings.back().name()));
    response.set_next_page_token(page.NextToken(read, last.View()));
  }
  for (v1::Unmasking& unmasking : unmaskings) *response.add_unmaskings() = std::move(unmasking);
  return response;
}

absl::StatusOr<v1::Person> PersonHandlers::ErasePerson(Mutation& m,
                                                       const v1::ErasePersonRequest& request) {
  ASSIGN_OR_RETURN(StoredPerson person, Load(m, request.name(), RowLock::kForUpdate));
  RETURN_IF_ERROR(CheckEtag(request.etag(), person.version, request.name()));
  RETURN_IF_ERROR(CheckNotErased(person));
  ASSIGN_OR_RETURN(const bool in_office,
                   HoldsOffice(m.tx(), person.id, FromDayNumber(m.call().today)));
  if (in_office) {
    return WithChinese(WithReason(absl::FailedPreconditionError(
                                      "the person holds an appointment that has not ended"),
                                  "PERSON_IN_OFFICE"),
                       "该人员仍有在任职务,请先办理免职。");
  }
  ASSIGN_OR_RETURN(const bool has_account, HasActiveAccount(m.tx(), person.id));
  if (has_account) {
    return WithChinese(
        WithReason(absl::FailedPreconditionError("an account of the person is active"),
                   "PERSON_HAS_ACCOUNT"),
        "该人员仍有启用的账号,请先停用账号。");
  }
  person.Erase();
  RETURN_IF_ERROR(UpdatePersonRow(m.tx(), person));
  RETURN_IF_ERROR(m.keys().Destroy(m.tx(), person.id));
  m.Emit(PersonEvent(person, "Person.ERASED"));
  return person.ToProto({});
}

}  // namespace qungong::org
