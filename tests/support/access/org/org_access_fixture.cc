#include "tests/support/access/org/org_access_fixture.h"

#include "tests/support/contracts.h"

namespace qungong::org {

using ::qungong::testing::IsOk;

void OrgAccessTest::Enroll(const std::vector<std::string>& principals) {
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    for (const std::string& principal : principals) {
      if (!enrolled_.insert(principal).second) continue;
      const Uuid id = ParseResourceName("accounts", principal).value();
      const absl::Time now = service_->clock().Now();
      RETURN_IF_ERROR(
          tx.Execute("INSERT INTO accounts (id, login, display_name, kind, state, unit_id,"
                     " password_hash, password_at, created_at, updated_at, version)"
                     " VALUES (?, ?, '某人', ?, ?, ?, ?, ?, ?, ?, 1)",
                     id, id.ToString(), v1::Account::PERSON, v1::Account::ACTIVE,
                     ParseResourceName("units", kCity).value(), password_hash_, now, now, now)
              .status());
    }
    return absl::OkStatus();
  });
}

// Of each role accounts that held it at the municipality, above everything: by a grant that was
// revoked, with an account that was disabled, through a post that ended, of a person who was
// erased.
std::vector<FormerHolder> OrgAccessTest::FormerHolders() {
  std::vector<FormerHolder> former;
  for (int i = 1; rpc::v1::Role_IsValid(i); ++i) {
    const auto role = static_cast<rpc::v1::Role>(i);
    v1::CreateAccountRequest request;
    request.set_display_name("某人");
    request.set_unit(kCity);
    request.set_kind(role == rpc::v1::SERVICE ? v1::Account::SERVICE : v1::Account::PERSON);
    request.set_password(role == rpc::v1::SERVICE ? kSecret : kPassword);
    const auto create = [&](const std::string& person = "") {
      request.set_login(absl::StrCat("former-", Next()));
      request.set_person(person);
      return Get(As(system_admin_, *accounts_, &v1::AccountService::Stub::CreateAccount, request))
          .name();
    };
    const std::string revoked = create();
    EXPECT_THAT(Revoke(Get(CreateGrant(revoked, role)).name()), IsOk());
    former.push_back({"whose grant is revoked", role, revoked});
    const std::string disabled = create();
    EXPECT_THAT(CreateGrant(disabled, role), IsOk());
    v1::DisableAccountRequest disable;
    disable.set_name(disabled);
    Get(As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, disable));
    former.push_back({"whose account is disabled", role, disabled});
    if (role == rpc::v1::SERVICE) continue;  // never a person's
    const std::string person = Get(CreatePerson("王五", "", "", kCity)).name();
    const std::string post =
        Get(Appoint(person, v1::Appointment::CENTER_STAFF, kCity, kToday - 30)).name();
    const std::string retired = create(person);
    EXPECT_THAT(CreateGrant(retired, role, kCity, post), IsOk());
    EXPECT_THAT(End(post, kToday), IsOk());
    former.push_back({"whose post has ended", role, retired});
    const std::string erased = Get(CreatePerson("王五", "", "", kCity)).name();
    disable.set_name(create(erased));
    EXPECT_THAT(CreateGrant(disable.name(), role), IsOk());
    Get(As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, disable));
    v1::ErasePersonRequest erase;
    erase.set_name(erased);
    Get(As(security_admin_, *people_, &v1::PersonService::Stub::ErasePerson, erase));
    former.push_back({"whose person is erased", role, disable.name()});
  }
  return former;
}

void OrgAccessTest::ExpectAccess(bool of_people) {
  std::vector<std::string> methods;
  for (const std::string& method : testing::MethodsOf("qungong.org.v1")) {
    if (IsOfPeople(method) == of_people) methods.push_back(method);
  }
  testing::ExpectAccessAsReviewed(
      *service_, methods, all_,
      [this](const std::vector<std::string>& principals) { Enroll(principals); }, FormerHolders());
}

}  // namespace qungong::org
