// What all records of people, accounts, appointments and grants have in common: repeating, etags,
// whose they are, pages of lists; and appointments by the day.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"
#include "tests/support/org/change.h"
#include "tests/support/org/people.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using A = v1::AccountService::Stub;
using G = v1::GrantService::Stub;
using P = v1::PersonService::Stub;
using T = v1::AppointmentService::Stub;

constexpr auto kHead = v1::Appointment::HEAD;
constexpr auto kStaff = v1::Appointment::CENTER_STAFF;

const auto& Items(const v1::ListPeopleResponse& page) { return page.people(); }
const auto& Items(const v1::ListGrantsResponse& page) { return page.grants(); }
const auto& Items(const v1::ListAppointmentsResponse& page) { return page.appointments(); }

template <typename Request>
Request Of(const std::string& name) {
  Request request;
  request.set_name(name);
  return request;
}

class OrgRecordTest : public OrgPeopleTest {
 protected:
  void SetUp() override {
    OrgPeopleTest::SetUp();
    person_ = CreatePerson("张三丰")->name();
    appointment_ = Appoint(CreatePerson("李四")->name(), kHead, kTown, kToday - 9)->name();
    account_ = CreateAccount("zhang", kTown)->name();
    grant_ = CreateGrant(CreateAccount("li.si", kTown)->name(), rpc::v1::CLERK, kTown)->name();
  }

  // With the same role as `like`, in the other district.
  std::string Neighbour(const std::string& login, rpc::v1::Role role) {
    std::string account = CreateAccount(login, kOtherDistrict)->name();
    EXPECT_THAT(CreateGrant(account, role, kOtherDistrict), IsOk());
    return account;
  }

  template <typename Stub, typename Request, typename Response>
  Change By(const std::string& caller, Stub& stub,
            grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
            const Request& request) {
    return MakeChange(request, [this, caller, &stub, method](const Request& q) {
      return As(caller, stub, method, q);
    });
  }
  // One of each, each by who may; those of one record in an order in which all succeed.
  std::vector<Change> All(const std::string& registrar, const std::string& system,
                          const std::string& security) {
    v1::CreatePersonRequest person;
    person.set_display_name("王五");
    person.set_unit(kTown);
    auto update = Of<v1::UpdatePersonRequest>(person_);
    update.set_phone("13900001111");
    v1::CreateAppointmentRequest appoint;
    appoint.set_person(person_);
    appoint.set_post(kStaff);
    appoint.set_unit(kTown);
    appoint.set_basis(v1::Appointment::APPOINTED);
    *appoint.mutable_valid_from() = ToDate(kToday - 9);
    *appoint.mutable_valid_to() = ToDate(kToday);
    auto end = Of<v1::EndAppointmentRequest>(appointment_);
    *end.mutable_effective_date() = ToDate(kToday);
    v1::CreateAccountRequest account;
    account.set_login("wang.wu");
    account.set_display_name("王五");
    account.set_kind(v1::Account::PERSON);
    account.set_unit(kTown);
    account.set_password(kPassword);
    auto reset = Of<v1::ResetPasswordRequest>(account_);
    reset.set_password("Hz8!vR3nYd-q");
    v1::CreateGrantRequest grant;
    grant.set_account(account_);
    grant.set_role(rpc::v1::LEADER);
    grant.set_node(kTown);
    return {By(registrar, *people_, &P::CreatePerson, person),
            By(registrar, *people_, &P::UpdatePerson, update),
            By(registrar, *appointments_, &T::CreateAppointment, appoint),
            By(registrar, *appointments_, &T::EndAppointment, end),
            By(system, *accounts_, &A::CreateAccount, account),
            By(system, *accounts_, &A::DisableAccount, Of<v1::DisableAccountRequest>(account_)),
            By(system, *accounts_, &A::EnableAccount, Of<v1::EnableAccountRequest>(account_)),
            By(system, *accounts_, &A::ResetPassword, reset),
            By(security, *grants_, &G::CreateGrant, grant),
            By(security, *grants_, &G::RevokeGrant, Of<v1::RevokeGrantRequest>(grant_)),
            By(security, *people_, &P::ErasePerson, Of<v1::ErasePersonRequest>(person_))};
  }

  // Names of all items, page by page.
  template <typename Stub, typename Request, typename Response>
  std::vector<std::string> Names(const std::string& caller, Stub& stub,
                                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                                 Request request, int page_size = 0) {
    std::vector<std::string> names;
    request.set_page_size(page_size);
    do {
      const auto page = As(caller, stub, method, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      for (const auto& item : Items(*page)) names.push_back(item.name());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return names;
  }
  // Pages of every size give the same, and a token is good for its caller only.
  template <typename Stub, typename Request, typename Response>
  void ExpectPages(const std::string& caller, const std::string& other, Stub& stub,
                   grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
    const std::vector<std::string> all = Names(caller, stub, method, Request(), 500);
    ASSERT_GT(all.size(), 1u);
    std::vector<std::string> distinct = all;
    std::sort(distinct.begin(), distinct.end());
    EXPECT_EQ(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (size_t size = 1; size <= all.size() + 1; ++size) {
      EXPECT_EQ(Names(caller, stub, method, Request(), static_cast<int>(size)), all) << size;
    }
    Request request;
    request.set_page_size(1);
    request.set_page_token(As(caller, stub, method, request)->next_page_token());
    const auto bad = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID"));
    EXPECT_THAT(As(other, stub, method, request), bad);
    request.mutable_page_token()->front() ^= 1;
    EXPECT_THAT(As(caller, stub, method, request), bad);
  }

  std::string person_;
  std::string appointment_;  // of somebody else
  std::string account_;
  std::string grant_;  // of another account
};

TEST_F(OrgRecordTest, ARepeatedRequestIsAnsweredAlikeAndChangesOnce) {
  for (const Change& change : All(registrar_, system_admin_, security_admin_)) {
    const auto has = [&](const char* field) { return !FieldOf(*change.request, field).empty(); };
    if (change.IsTransition()) {
      ExpectRepeatable(*service_, change, "etag", "\"9\"");
    } else if (has("display_name")) {
      ExpectRepeatable(*service_, change, "display_name", "别名");
    } else {
      ExpectRepeatable(*service_, change, has("account") ? "line" : "document", "other");
    }
  }
}

TEST_F(OrgRecordTest, ATransitionWithAnOldEtagIsRefused) {
  std::map<std::string, std::string> etags;
  int transitions = 0;
  for (const Change& change : All(registrar_, system_admin_, security_admin_)) {
    if (!change.IsTransition()) {
      if (FieldOf(*change.request, "account").empty()) continue;
      ASSERT_THAT(change.Make(), IsOk());
      continue;
    }
    std::string& etag = etags.emplace(FieldOf(*change.request, "name"), "\"1\"").first->second;
    etag = ExpectEtagChecked(change, etag);
    ++transitions;
  }
  EXPECT_EQ(transitions, 7);
}

TEST_F(OrgRecordTest, WhatIsNotTheCallersIsAnsweredAsWhatDoesNotExist) {
  const std::string registrar = Neighbour("registrar.2", rpc::v1::REGISTRAR);
  const std::string system = Neighbour("system.2", rpc::v1::SYSTEM_ADMINISTRATOR);
  const std::string security = Neighbour("security.2", rpc::v1::SECURITY_ADMINISTRATOR);
  for (const Change& change : All(registrar, system, security)) {
    ExpectSameAsAbsent(*service_, change,
                       change.IsTransition()                      ? "name"
                       : FieldOf(*change.request, "node").empty() ? "unit"
                                                                  : "node");
  }
  ExpectSameAsAbsent(
      *service_, By(registrar, *people_, &P::GetPerson, Of<v1::GetPersonRequest>(person_)), "name");
  ExpectSameAsAbsent(*service_,
                     By(registrar, *appointments_, &T::GetAppointment,
                        Of<v1::GetAppointmentRequest>(appointment_)),
                     "name");
  ExpectSameAsAbsent(*service_,
                     By(system, *accounts_, &A::GetAccount, Of<v1::GetAccountRequest>(account_)),
                     "name");
  ExpectSameAsAbsent(*service_,
                     By(security, *grants_, &G::GetGrant, Of<v1::GetGrantRequest>(grant_)), "name");
  // A person of one's own is not given to another's unit.
  const std::string own = CreatePerson("赵六", "", "", kOtherDistrict)->name();
  auto give = Of<v1::UpdatePersonRequest>(own);
  give.set_unit(kTown);
  ExpectSameAsAbsent(*service_, By(registrar, *people_, &P::UpdatePerson, give), "unit");
}

TEST_F(OrgRecordTest, ListsShowTheOwnSubtreePageByPage) {
  for (int i = 0; i < 5; ++i) {
    const std::string unit = i == 4 ? kOtherDistrict : kTown;
    const std::string person = CreatePerson(absl::StrCat("某", i), "", "", unit)->name();
    ASSERT_THAT(Appoint(person, kStaff, unit, kToday), IsOk());
    ASSERT_THAT(CreateGrant(account_, static_cast<rpc::v1::Role>(rpc::v1::CLERK + i), unit),
                IsOk());
  }
  const std::string registrar = CreateAccount("registrar.1", kDistrict)->name();
  ASSERT_THAT(CreateGrant(registrar, rpc::v1::REGISTRAR, kDistrict), IsOk());
  const std::string security = CreateAccount("security.1", kDistrict)->name();
  ASSERT_THAT(CreateGrant(security, rpc::v1::SECURITY_ADMINISTRATOR, kDistrict), IsOk());
  // 2 and 4 people; 1 and 4 posts; 1 and 4 grants and the two administrators'.
  EXPECT_EQ(Names(registrar, *people_, &P::ListPeople, {}).size(), 6);
  EXPECT_EQ(Names(registrar, *appointments_, &T::ListAppointments, {}).size(), 5);
  EXPECT_EQ(Names(security, *grants_, &G::ListGrants, {}).size(), 7);
  EXPECT_EQ(Names(registrar_, *people_, &P::ListPeople, {}).size(), 7);
  ExpectPages(registrar, registrar_, *people_, &P::ListPeople);
  ExpectPages(registrar, registrar_, *appointments_, &T::ListAppointments);
  ExpectPages(security, security_admin_, *grants_, &G::ListGrants);
  ExpectPages(account_, registrar_, *grants_, &G::ListOwnGrants);
}

TEST_F(OrgRecordTest, WhoHeldAPostOnADayHasOneAnswer) {
  const std::string zhang = Appoint(person_, kStaff, kTown, kToday - 5)->name();
  const auto ended = End(zhang, kToday);
  ASSERT_THAT(ended, IsOk());
  EXPECT_THAT(
      As(registrar_, *appointments_, &T::GetAppointment, Of<v1::GetAppointmentRequest>(zhang)),
      IsOkAndHolds(EqualsProto(*ended)));
  const std::string next = Appoint(CreatePerson("王五")->name(), kStaff, kTown, kToday)->name();
  v1::ListAppointmentsRequest request;
  request.set_unit(kTown);
  request.set_post(kStaff);
  const auto on = [&](absl::CivilDay day) {
    *request.mutable_as_of() = ToDate(day);
    return Names(registrar_, *appointments_, &T::ListAppointments, request);
  };
  EXPECT_THAT(on(kToday - 6), IsEmpty());
  EXPECT_THAT(on(kToday - 5), ElementsAre(zhang));
  EXPECT_THAT(on(kToday - 1), ElementsAre(zhang));
  EXPECT_THAT(on(kToday), ElementsAre(next));
  request.clear_as_of();
  EXPECT_EQ(Names(registrar_, *appointments_, &T::ListAppointments, request).size(), 2);
  request.set_person(person_);
  EXPECT_THAT(Names(registrar_, *appointments_, &T::ListAppointments, request), ElementsAre(zhang));
  request.set_post(kHead);
  EXPECT_THAT(Names(registrar_, *appointments_, &T::ListAppointments, request), IsEmpty());
}

TEST_F(OrgRecordTest, AGrantIsFoundByWhoseWhereAndWhen) {
  v1::ListGrantsRequest request;
  request.set_node(kTown);
  const auto list = [&] { return Names(audit_admin_, *grants_, &G::ListGrants, request); };
  EXPECT_THAT(list(), ElementsAre(grant_));
  *request.mutable_as_of() = ToDate(kToday - 1);
  EXPECT_THAT(list(), IsEmpty());
  *request.mutable_as_of() = ToDate(kToday);
  EXPECT_THAT(list(), ElementsAre(grant_));
  ASSERT_THAT(Revoke(grant_), IsOk());
  EXPECT_THAT(list(), IsEmpty());
  request.clear_as_of();
  EXPECT_THAT(list(), ElementsAre(grant_)) << "ended ones included";
  request.set_role(rpc::v1::LEADER);
  EXPECT_THAT(list(), IsEmpty());
  request.set_role(rpc::v1::CLERK);
  request.set_account(account_);
  EXPECT_THAT(list(), IsEmpty());
}

}  // namespace
}  // namespace qungong::org
