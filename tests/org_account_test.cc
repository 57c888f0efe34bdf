// Accounts, and the first of them.
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"
#include "tests/support/org/people.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;

class OrgAccountTest : public OrgPeopleTest {
 protected:
  absl::StatusOr<v1::Account> Reset(const std::string& account, const std::string& password,
                                    const std::string& etag = "") {
    v1::ResetPasswordRequest request;
    request.set_name(account);
    request.set_password(password);
    request.set_etag(etag);
    return As(system_admin_, *accounts_, &v1::AccountService::Stub::ResetPassword, request);
  }
  absl::StatusOr<v1::Account> Change(const std::string& account, const std::string& from,
                                     const std::string& to, const std::string& request_id = "") {
    v1::ChangePasswordRequest request;
    request.set_old_password(from);
    request.set_new_password(to);
    request.set_request_id(request_id);
    return As(account, *accounts_, &v1::AccountService::Stub::ChangePassword, request);
  }
  absl::StatusOr<v1::Account> Disable(const std::string& account, const std::string& etag = "") {
    v1::DisableAccountRequest request;
    request.set_name(account);
    request.set_etag(etag);
    return As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, request);
  }

  const std::string other_password_ = "Hz8!vR3nYd-q";
};

TEST_F(OrgAccountTest, ALoginIsGivenOnce) {
  const auto account = CreateAccount("clerk.wang", kTown);
  ASSERT_THAT(account, IsOk());
  EXPECT_EQ(account->state(), v1::Account::ACTIVE);
  EXPECT_EQ(account->unit(), kTown);
  EXPECT_THAT(CreateAccount("clerk.wang", kDistrict),
              StatusIs(absl::StatusCode::kAlreadyExists, HasReason("LOGIN_TAKEN")));
  v1::GetAccountRequest get;
  get.set_name(account->name());
  EXPECT_THAT(As(audit_admin_, *accounts_, &v1::AccountService::Stub::GetAccount, get),
              IsOkAndHolds(EqualsProto(*account)));
  EXPECT_THAT(As(account->name(), *accounts_, &v1::AccountService::Stub::GetOwnAccount, {}),
              IsOkAndHolds(EqualsProto(*account)));
}

TEST_F(OrgAccountTest, ARepeatedRequestCreatesOnceAndAnotherBodyIsRefused) {
  v1::CreateAccountRequest request;
  request.set_login("clerk.wang");
  request.set_display_name("王");
  request.set_kind(v1::Account::PERSON);
  request.set_unit(kTown);
  request.set_password(kPassword);
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  const auto create = &v1::AccountService::Stub::CreateAccount;
  const auto first = As(system_admin_, *accounts_, create, request);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(As(system_admin_, *accounts_, create, request), IsOkAndHolds(EqualsProto(*first)));
  EXPECT_EQ(service_->Count("accounts WHERE login = 'clerk.wang'"), 1);
  request.set_password(other_password_);
  EXPECT_THAT(As(system_admin_, *accounts_, create, request),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("REQUEST_ID_REUSED")));
}

TEST_F(OrgAccountTest, BadRequestsCreateNothing) {
  struct Case {
    const char* name;
    std::function<void(v1::CreateAccountRequest&)> spoil;
    absl::StatusCode code;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {"weak password", [](auto& q) { q.set_password("short"); },
       absl::StatusCode::kInvalidArgument, "PASSWORD_TOO_WEAK"},
      {"login as password", [](auto& q) { q.set_password("xclerk.wang"); },
       absl::StatusCode::kInvalidArgument, "PASSWORD_TOO_WEAK"},
      {"no login", [](auto& q) { q.clear_login(); }, absl::StatusCode::kInvalidArgument,
       "INVALID_FIELD"},
      {"capital login", [](auto& q) { q.set_login("Clerk"); }, absl::StatusCode::kInvalidArgument,
       "INVALID_FIELD"},
      {"no kind", [](auto& q) { q.clear_kind(); }, absl::StatusCode::kInvalidArgument,
       "INVALID_FIELD"},
      {"no request id", [](auto& q) { q.set_request_id("1"); }, absl::StatusCode::kInvalidArgument,
       "INVALID_FIELD"},
      {"unknown unit", [](auto& q) { q.set_unit(ResourceName("units", NameUuid("none"))); },
       absl::StatusCode::kPermissionDenied, "DENIED_OR_ABSENT"},
      {"unknown person", [](auto& q) { q.set_person(ResourceName("people", NameUuid("none"))); },
       absl::StatusCode::kPermissionDenied, "DENIED_OR_ABSENT"},
      {"service with a short secret", [](auto& q) { q.set_kind(v1::Account::SERVICE); },
       absl::StatusCode::kInvalidArgument, "PASSWORD_TOO_WEAK"}};
  const int64_t before = service_->Count("accounts");
  const int64_t events = service_->Count("events");
  for (const Case& c : cases) {
    v1::CreateAccountRequest request;
    request.set_login("clerk.wang");
    request.set_display_name("王");
    request.set_kind(v1::Account::PERSON);
    request.set_unit(kTown);
    request.set_password(kPassword);
    c.spoil(request);
    EXPECT_THAT(As(system_admin_, *accounts_, &v1::AccountService::Stub::CreateAccount, request),
                StatusIs(c.code, HasReason(c.reason)))
        << c.name;
  }
  EXPECT_EQ(service_->Count("accounts"), before);
  EXPECT_EQ(service_->Count("events"), events);
}

TEST_F(OrgAccountTest, OnlySystemAdministratorsOfTheUnitCreate) {
  v1::CreateAccountRequest request;
  request.set_login("clerk.wang");
  request.set_display_name("王");
  request.set_kind(v1::Account::PERSON);
  request.set_password(kPassword);
  const auto district_admin = CreateAccount("district.admin", kDistrict);
  ASSERT_THAT(CreateGrant(district_admin->name(), rpc::v1::SYSTEM_ADMINISTRATOR, kDistrict),
              IsOk());
  const auto create = &v1::AccountService::Stub::CreateAccount;
  request.set_unit(kTown);
  EXPECT_THAT(As(security_admin_, *accounts_, create, request),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
  EXPECT_THAT(As("", *accounts_, create, request),
              StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_MISSING")));
  for (const std::string& unit : {kCity, kOtherDistrict}) {
    request.set_unit(unit);
    EXPECT_THAT(As(district_admin->name(), *accounts_, create, request),
                StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
  }
  request.set_unit(kTown);
  EXPECT_THAT(As(district_admin->name(), *accounts_, create, request), IsOk());
}

TEST_F(OrgAccountTest, ListsShowTheOwnSubtreePageByPage) {
  std::set<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const std::string login = absl::StrCat("clerk", i);
    ASSERT_THAT(CreateAccount(login, i < 5 ? kTown : kOtherDistrict), IsOk());
    if (i < 5) expected.insert(login);
  }
  const auto admin = CreateAccount("district.admin", kCity);
  ASSERT_THAT(CreateGrant(admin->name(), rpc::v1::SYSTEM_ADMINISTRATOR, kDistrict), IsOk());
  v1::ListAccountsRequest request;
  request.set_page_size(2);
  std::set<std::string> seen;
  const auto list = &v1::AccountService::Stub::ListAccounts;
  for (int pages = 0; pages < 5; ++pages) {
    const auto page = As(admin->name(), *accounts_, list, request);
    ASSERT_THAT(page, IsOk());
    EXPECT_LE(page->accounts_size(), 2);
    for (const v1::Account& account : page->accounts()) {
      EXPECT_TRUE(seen.insert(account.login()).second) << account.login();
    }
    request.set_page_token(page->next_page_token());
    if (request.page_token().empty()) break;
    v1::ListAccountsRequest other = request;
    other.set_login_prefix("clerk");
    EXPECT_THAT(As(admin->name(), *accounts_, list, other),
                StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID")));
    EXPECT_THAT(As(system_admin_, *accounts_, list, request),
                StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID")));
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(OrgAccountTest, APrefixIsTextNotAPattern) {
  ASSERT_THAT(CreateAccount("a_b"), IsOk());
  ASSERT_THAT(CreateAccount("axb"), IsOk());
  v1::ListAccountsRequest request;
  const auto list = &v1::AccountService::Stub::ListAccounts;
  for (const auto& [prefix, count] :
       {std::pair{"a_", 1}, {"a", 3}, {"%", 0}, {"!", 0}, {"system", 1}}) {
    request.set_login_prefix(prefix);
    const auto page = As(system_admin_, *accounts_, list, request);
    ASSERT_THAT(page, IsOk());
    EXPECT_EQ(page->accounts_size(), count) << prefix;
  }
}

TEST_F(OrgAccountTest, StepsNeedTheRightStateAndTheRightVersion) {
  const auto account = CreateAccount("clerk.wang");
  EXPECT_THAT(Disable(account->name(), "\"9\""),
              StatusIs(absl::StatusCode::kAborted, HasReason("ETAG_MISMATCH")));
  const auto disabled = Disable(account->name(), account->etag());
  ASSERT_THAT(disabled, IsOk());
  EXPECT_EQ(disabled->state(), v1::Account::DISABLED);
  EXPECT_THAT(Disable(account->name()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("ACCOUNT_NOT_ACTIVE")));
  EXPECT_THAT(Disable(system_admin_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("OWN_ACCOUNT")));
  v1::EnableAccountRequest enable;
  enable.set_name(registrar_);
  EXPECT_THAT(As(system_admin_, *accounts_, &v1::AccountService::Stub::EnableAccount, enable),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("ACCOUNT_NOT_DISABLED")));
}

TEST_F(OrgAccountTest, ANewPasswordReplacesTheOldAndEndsSessions) {
  ASSERT_THAT(SignIn("registrar", kPassword, SecretOf("s")), IsOk());
  const std::string id = NewUuidV7(absl::Now()).ToString();
  const auto changed = Change(registrar_, kPassword, other_password_, id);
  ASSERT_THAT(changed, IsOk());
  EXPECT_THAT(Refresh(SecretOf("s")),
              StatusIs(absl::StatusCode::kUnauthenticated, HasReason("SESSION_ENDED")));
  EXPECT_FALSE(SignIn("registrar", kPassword, SecretOf("t")).ok());
  EXPECT_THAT(SignIn("registrar", other_password_, SecretOf("u")), IsOk());
  // A retry changes nothing and is told the same.
  EXPECT_THAT(Change(registrar_, kPassword, other_password_, id),
              IsOkAndHolds(EqualsProto(*changed)));
  EXPECT_THAT(Change(registrar_, kPassword, "another-one-here", id),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("REQUEST_ID_REUSED")));
  EXPECT_THAT(Refresh(SecretOf("u")), IsOk());
}

TEST_F(OrgAccountTest, WrongOldPasswordsCountAsFailedSignIns) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(Change(registrar_, "guess", other_password_),
                StatusIs(absl::StatusCode::kUnauthenticated, HasReason("SIGN_IN_FAILED")));
  }
  const auto locked = StatusIs(absl::StatusCode::kResourceExhausted, HasReason("SIGN_IN_LOCKED"));
  EXPECT_THAT(Change(registrar_, kPassword, other_password_), locked);
  EXPECT_THAT(SignIn("registrar", kPassword, SecretOf("s")), locked);
  // A reset lifts the lock.
  ASSERT_THAT(Reset(registrar_, other_password_), IsOk());
  EXPECT_THAT(SignIn("registrar", other_password_, SecretOf("s")), IsOk());
}

TEST_F(OrgAccountTest, NoResetMakesASystemAdministratorAnotherAdministrator) {
  EXPECT_THAT(Reset(system_admin_, other_password_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("OWN_ACCOUNT")));
  for (const std::string& account : {security_admin_, audit_admin_}) {
    EXPECT_THAT(Reset(account, other_password_), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                          HasReason("ACCOUNT_OF_ADMINISTRATOR")));
  }
  EXPECT_THAT(Reset(registrar_, "weak"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PASSWORD_TOO_WEAK")));
}

TEST_F(OrgAccountTest, BootstrapAgainChangesNothing) {
  const int64_t events = service_->Count("events");
  const int64_t grants = service_->Count("grants");
  EXPECT_EQ(service_->Count("accounts"), 5);
  EXPECT_EQ(grants, 5);
  EXPECT_EQ(service_->Count("directory_nodes WHERE level = 1"), 2);
  ASSERT_THAT(Bootstrap(FirstAccounts()), IsOk());
  EXPECT_EQ(service_->Count("events"), events);
  EXPECT_EQ(service_->Count("grants"), grants);
  EXPECT_EQ(service_->Count("accounts"), 5);
}

TEST_F(OrgAccountTest, BootstrapDoesNotGiveARevokedRoleAgain) {
  v1::ListGrantsRequest request;
  request.set_account(registrar_);
  const auto held = As(security_admin_, *grants_, &v1::GrantService::Stub::ListGrants, request);
  ASSERT_THAT(held, IsOk());
  ASSERT_EQ(held->grants_size(), 1);
  ASSERT_THAT(Revoke(held->grants(0).name()), IsOk());
  ASSERT_THAT(Bootstrap(FirstAccounts()), IsOk());
  EXPECT_THAT(TryAsRegistrar(registrar_),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
}

TEST_F(OrgAccountTest, BootstrapLetsALockedOutAdministratorBackIn) {
  ASSERT_THAT(Disable(audit_admin_), IsOk());
  ASSERT_THAT(Bootstrap(FirstAccounts(R"(, "resetPassword": true)")), IsOk());
  EXPECT_THAT(SignIn("audit-admin", kPassword, SecretOf("s")), IsOk());
  EXPECT_THAT(As(audit_admin_, *accounts_, &v1::AccountService::Stub::ListAccounts, {}), IsOk());
}

TEST_F(OrgAccountTest, ABadBootstrapFileChangesNothing) {
  const std::string good = FirstAccounts();
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"no JSON", "accounts"},
      {"unknown field", absl::StrReplaceAll(good, {{"passwordFile", "password"}})},
      {"unknown role", absl::StrReplaceAll(good, {{"REGISTRAR", "KING"}})},
      {"bad login", absl::StrReplaceAll(good, {{R"("registrar")", R"("Re gistrar")"}})},
      {"two administrators in one",
       absl::StrReplaceAll(
           good, {{R"(["REGISTRAR"])", R"(["SYSTEM_ADMINISTRATOR", "AUDIT_ADMINISTRATOR"])"}})},
      {"a person as service", absl::StrReplaceAll(good, {{R"(["REGISTRAR"])", R"(["SERVICE"])"}})},
      {"another kind",
       absl::StrReplaceAll(good, {{"SERVICE\", \"passwordFile", "PERSON\", \"passwordFile"}})},
      {"no password file",
       absl::StrReplaceAll(good, {{"\"registrar\"", "\"newcomer\""}, {"-password", "-absent"}})}};
  const int64_t events = service_->Count("events");
  for (const auto& [name, json] : cases) EXPECT_FALSE(Bootstrap(json).ok()) << name;
  EXPECT_EQ(service_->Count("events"), events);
  EXPECT_EQ(service_->Count("accounts"), 5);
}

}  // namespace
}  // namespace qungong::org
