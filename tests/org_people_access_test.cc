// Who may do what with accounts, rights, people, posts and relations, as the reviewed table says.
#include "qungong/org/v1/relation_service.grpc.pb.h"
#include "tests/support/access/org/org_access_fixture.h"

namespace qungong::org {
namespace {

using ::qungong::testing::IsOk;
using v1::Appointment;

constexpr char kNewPassword[] = "9vQ-tz4#Lw2e";

class OrgPeopleAccessTest : public OrgAccessTest {
 protected:
  void AddSessions();
  void AddAccounts();
  void AddGrants();
  void AddPeople();
  void AddAppointments();
  void AddRelations();
};

void OrgPeopleAccessTest::AddSessions() {
  const std::string login = Get(CreateAccount("somebody")).login();
  Put<v1::CreateSessionRequest>("SessionService/CreateSession", [this, login](Scene, auto q) {
    q.set_login(login);
    q.set_password(kPassword);
    q.set_secret_hash(SecretOf(absl::StrCat("hash ", Next())));
    Attempt attempt = About(AroundTop(), q);
    attempt.wrong_secret = {"password", "not the password"};
    attempt.absent["login"] = "nobody";
    return attempt;
  });
  const auto signed_in = [this, login] {
    const std::string secret = SecretOf(absl::StrCat("secret ", Next()));
    EXPECT_THAT(SignIn(login, kPassword, secret), IsOk());
    return secret;
  };
  Put<v1::RefreshSessionRequest>("SessionService/RefreshSession", [this, signed_in](Scene, auto q) {
    q.set_secret(signed_in());
    return About(AroundTop(), q);
  });
  Put<v1::DeleteSessionRequest>("SessionService/DeleteSession", [this, signed_in](Scene, auto q) {
    q.set_secret(signed_in());
    return About(AroundTop(), q);
  });
  Put<v1::CreateServiceTokenRequest>("SessionService/CreateServiceToken", [this](Scene, auto q) {
    q.set_login("ticket-service");
    q.set_secret(kSecret);
    Attempt attempt = About(AroundTop(), q);
    attempt.wrong_secret = {"secret", std::string(32, 'x')};
    attempt.absent["login"] = "nobodys-service";
    return attempt;
  });
}

void OrgPeopleAccessTest::AddAccounts() {
  Put<v1::GetOwnAccountRequest>("AccountService/GetOwnAccount",
                                [this](Scene, auto q) { return About(AroundTop(), q); });
  Put<v1::ChangePasswordRequest>("AccountService/ChangePassword", [this](Scene, auto q) {
    q.set_old_password(kPassword);
    q.set_new_password(kNewPassword);
    return About(AroundTop(), q);
  });
  Put<v1::CreateAccountRequest>("AccountService/CreateAccount", [this](Scene s, auto q) {
    q.set_login(absl::StrCat("new-", Next()));
    q.set_display_name("某人");
    q.set_kind(v1::Account::PERSON);
    q.set_unit(Town(s).unit);
    q.set_password(kPassword);
    return About(AroundTown(s), q);
  });
  Put<v1::ListAccountsRequest>("AccountService/ListAccounts", [this](Scene s, auto q) {
    q.set_unit(Town(s).unit);
    Attempt attempt = About(AroundTown(s), q);
    attempt.shown = AccountAt(s);
    return attempt;
  });
  const auto on_account = [this](Scene s, auto q) {
    q.set_name(AccountAt(s));
    return About(AroundTown(s), q);
  };
  Put<v1::GetAccountRequest>("AccountService/GetAccount", on_account);
  Put<v1::DisableAccountRequest>("AccountService/DisableAccount", on_account);
  Put<v1::EnableAccountRequest>("AccountService/EnableAccount", [this](Scene s, auto q) {
    q.set_name(AccountAt(s));
    v1::DisableAccountRequest disable;
    disable.set_name(q.name());
    Get(As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, disable));
    return About(AroundTown(s), q);
  });
  Put<v1::ResetPasswordRequest>("AccountService/ResetPassword", [on_account](Scene s, auto q) {
    q.set_password(kNewPassword);
    return on_account(s, q);
  });
}

void OrgPeopleAccessTest::AddGrants() {
  Put<v1::ListOwnGrantsRequest>("GrantService/ListOwnGrants",
                                [this](Scene, auto q) { return About(AroundTop(), q); });
  Put<v1::CreateGrantRequest>("GrantService/CreateGrant", [this](Scene s, auto q) {
    q.set_account(AccountAt(s));
    q.set_role(rpc::v1::CLERK);
    q.set_node(Town(s).unit);
    return About(AroundTown(s), q);
  });
  Put<v1::GetGrantRequest>("GrantService/GetGrant", [this](Scene s, auto q) {
    q.set_name(GrantAt(s));
    return About(AroundTown(s), q);
  });
  Put<v1::RevokeGrantRequest>("GrantService/RevokeGrant", [this](Scene s, auto q) {
    q.set_name(GrantAt(s));
    return About(AroundTown(s), q);
  });
  Put<v1::ListGrantsRequest>("GrantService/ListGrants", [this](Scene s, auto q) {
    q.set_account(AccountAt(s));
    q.set_node(Town(s).unit);
    Attempt attempt = About(AroundTown(s), q);
    attempt.shown = Get(CreateGrant(q.account(), rpc::v1::CLERK, q.node())).name();
    return attempt;
  });
}

void OrgPeopleAccessTest::AddPeople() {
  Put<v1::CreatePersonRequest>("PersonService/CreatePerson", [this](Scene s, auto q) {
    q.set_display_name("王五");
    q.set_unit(Town(s).unit);
    return About(AroundTown(s), q);
  });
  Put<v1::ListPeopleRequest>("PersonService/ListPeople", [this](Scene s, auto q) {
    q.set_unit(Town(s).unit);
    Attempt attempt = About(AroundTown(s), q);
    attempt.shown = PersonAt(s);
    return attempt;
  });
  Put<v1::SearchPeopleRequest>("PersonService/SearchPeople", [this](Scene s, auto q) {
    q.set_phone(Phone());
    Attempt attempt = About(AroundTown(s), q);
    attempt.shown = PersonAt(s, q.phone());
    attempt.absent["phone"] = Phone();
    return attempt;
  });
  Put<v1::UpdatePersonRequest>("PersonService/UpdatePerson", [this](Scene s, auto q) {
    q.set_name(PersonAt(s));
    q.set_unit(Community(s).unit);
    return About(AroundTown(s), q);
  });
  Put<v1::ListUnmaskingsRequest>("PersonService/ListUnmaskings", [this](Scene s, auto q) {
    v1::UnmaskPersonRequest unmask;
    unmask.set_name(PersonAt(s, Phone()));
    unmask.set_field(v1::Person::PHONE);
    unmask.set_purpose("回访核实");
    q.set_person(unmask.name());
    q.set_account(RegistrarOf(absl::StrCat("keeper-", Next()), Town(s).unit));
    Attempt attempt = About(AroundTown(s), q);
    attempt.shown =
        Get(As(q.account(), *people_, &v1::PersonService::Stub::UnmaskPerson, unmask)).name();
    return attempt;
  });
  const auto on_person = [this](Scene s, auto q) {
    q.set_name(PersonAt(s, Phone()));
    return About(AroundTown(s), q);
  };
  Put<v1::GetPersonRequest>("PersonService/GetPerson", on_person);
  Put<v1::ErasePersonRequest>("PersonService/ErasePerson", on_person);
  Put<v1::UnmaskPersonRequest>("PersonService/UnmaskPerson", [on_person](Scene s, auto q) {
    q.set_field(v1::Person::PHONE);
    q.set_purpose("回访核实");
    return on_person(s, q);
  });
}

void OrgPeopleAccessTest::AddAppointments() {
  Put<v1::CreateAppointmentRequest>("AppointmentService/CreateAppointment",
                                    [this](Scene s, auto q) {
                                      q.set_person(PersonAt(s));
                                      q.set_post(Appointment::CENTER_STAFF);
                                      q.set_unit(Town(s).unit);
                                      *q.mutable_valid_from() = ToDate(kToday);
                                      q.set_basis(Appointment::APPOINTED);
                                      return About(AroundTown(s), q);
                                    });
  Put<v1::GetAppointmentRequest>("AppointmentService/GetAppointment", [this](Scene s, auto q) {
    q.set_name(AppointmentAt(s, PersonAt(s)));
    return About(AroundTown(s), q);
  });
  Put<v1::ListAppointmentsRequest>("AppointmentService/ListAppointments", [this](Scene s, auto q) {
    q.set_unit(Town(s).unit);
    q.set_person(PersonAt(s));
    Attempt attempt = About(AroundTown(s), q);
    attempt.shown = AppointmentAt(s, q.person());
    return attempt;
  });
  Put<v1::EndAppointmentRequest>("AppointmentService/EndAppointment", [this](Scene s, auto q) {
    q.set_name(AppointmentAt(s, PersonAt(s)));
    *q.mutable_effective_date() = ToDate(kToday);
    return About(AroundTown(s), q);
  });
}

void OrgPeopleAccessTest::AddRelations() {
  // An official of the town looks after a school of it.
  const auto create = [this](Scene s) {
    v1::CreateRelationRequest q;
    q.set_kind(v1::Relation::POINT_OF_CONTACT);
    q.set_from_unit(Town(s).unit);
    q.set_to_unit(Get(Do(NewUnit(Town(s).unit, v1::Unit::SCHOOL, "小学"))).name());
    q.set_contact(AppointmentAt(s, PersonAt(s)));
    *q.mutable_valid_from() = ToDate(kToday);
    return q;
  };
  const auto relation_at = [this, create](Scene s) {
    const auto relations = v1::RelationService::NewStub(service_->channel());
    return Get(As(registrar_, *relations, &v1::RelationService::Stub::CreateRelation, create(s)));
  };
  Put<v1::CreateRelationRequest>("RelationService/CreateRelation", [this, create](Scene s, auto q) {
    q.MergeFrom(create(s));
    return About(AroundTown(s), q);
  });
  Put<v1::GetRelationRequest>("RelationService/GetRelation", [this, relation_at](Scene s, auto q) {
    q.set_name(relation_at(s).name());
    return About(AroundTown(s), q);
  });
  Put<v1::ListRelationsRequest>("RelationService/ListRelations",
                                [this, relation_at](Scene s, auto q) {
                                  q.set_unit(Town(s).unit);
                                  Attempt attempt = About(AroundTown(s), q);
                                  attempt.shown = relation_at(s).name();
                                  return attempt;
                                });
  Put<v1::EndRelationRequest>("RelationService/EndRelation", [this, relation_at](Scene s, auto q) {
    q.set_name(relation_at(s).name());
    *q.mutable_effective_date() = ToDate(kToday);
    return About(AroundTown(s), q);
  });
}

TEST_F(OrgPeopleAccessTest, IsAsReviewedForEveryMethodRoleAndPlace) {
  AddSessions();
  AddAccounts();
  AddGrants();
  AddPeople();
  AddAppointments();
  AddRelations();
  ExpectAccess(/*of_people=*/true);
}

}  // namespace
}  // namespace qungong::org
