// The end of a unit: what keeps it from ending, what can no longer begin in it, and who looks after
// what it has kept.
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/dates.h"
#include "tests/support/matchers.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;

constexpr auto kHead = v1::Appointment::HEAD;

auto Precondition(const char* reason) {
  return StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(reason));
}
const auto kDenied = StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT"));

class OrgUnitEndTest : public OrgTreeTest {
 protected:
  void Plant() override {
    OrgTreeTest::Plant();
    company_ = Company();
    person_ = Get(CreatePerson("张三丰", "", "", town_.unit)).name();
    account_ = Get(CreateAccount("zhang", town_.unit, person_)).name();
  }
  std::string Company() {
    return Get(Do(NewUnit(town_.unit, v1::Unit::COMPANY, "自来水公司"))).name();
  }
  absl::StatusOr<v1::Unit> End(const std::string& unit, absl::CivilDay day) {
    return Do(Dissolve<v1::DissolveUnitRequest>(unit, town_.unit, day));
  }
  // A post and a right in a unit for some days; without an end for kNoEnd.
  absl::StatusOr<v1::Appointment> AppointFor(const std::string& unit, absl::CivilDay from,
                                             absl::CivilDay to = kNoEnd) {
    v1::CreateAppointmentRequest request;
    request.set_person(person_);
    request.set_post(kHead);
    request.set_unit(unit);
    request.set_basis(v1::Appointment::APPOINTED);
    *request.mutable_valid_from() = ToDate(from);
    if (to != kNoEnd) *request.mutable_valid_to() = ToDate(to);
    return As(registrar_, *appointments_, &v1::AppointmentService::Stub::CreateAppointment,
              request);
  }
  absl::StatusOr<v1::Grant> GrantFor(const std::string& unit, absl::CivilDay from,
                                     absl::CivilDay to = kNoEnd) {
    v1::CreateGrantRequest request;
    request.set_account(account_);
    request.set_role(rpc::v1::HANDLER);
    request.set_node(unit);
    *request.mutable_valid_from() = ToDate(from);
    if (to != kNoEnd) *request.mutable_valid_to() = ToDate(to);
    return As(security_admin_, *grants_, &v1::GrantService::Stub::CreateGrant, request);
  }

  std::string company_;
  std::string person_;
  std::string account_;
};

TEST_F(OrgUnitEndTest, PostsAndRightsEndFirst) {
  const auto post = AppointFor(company_, kToday - 100);
  const auto grant = GrantFor(company_, kToday);
  ASSERT_THAT(grant, IsOk());
  EXPECT_THAT(End(company_, kToday), Precondition("HAS_APPOINTMENTS"));
  ASSERT_THAT(OrgPeopleTest::End(post->name(), kToday + 5), IsOk());
  EXPECT_THAT(End(company_, kToday + 4), Precondition("HAS_APPOINTMENTS"));
  EXPECT_THAT(End(company_, kToday + 5), Precondition("HAS_GRANTS"));
  ASSERT_THAT(Revoke(grant->name()), IsOk());
  EXPECT_THAT(End(company_, kToday + 5), IsOk());
}

TEST_F(OrgUnitEndTest, ServiceCentersEndFirst) {
  EXPECT_THAT(End(community_.unit, kToday), Precondition("HAS_SERVICE_CENTERS"));
  EXPECT_THAT(Do(Dissolve<v1::DissolveUnitRequest>(district_.unit, other_district_.unit, kToday)),
              Precondition("HAS_CHILDREN"));
  ASSERT_THAT(
      Do(Dissolve<v1::DissolveServiceCenterRequest>(community_.center, town_.center, kToday)),
      IsOk());
  EXPECT_THAT(End(community_.unit, kToday - 1), Precondition("HAS_SERVICE_CENTERS"));
  EXPECT_THAT(End(community_.unit, kToday), IsOk());
}

TEST_F(OrgUnitEndTest, WhatNeverHeldIsNoHindrance) {
  const auto post = AppointFor(company_, kToday + 10);
  const auto grant = GrantFor(company_, kToday + 10);
  ASSERT_THAT(OrgPeopleTest::End(post->name(), kToday + 10), IsOk());
  ASSERT_THAT(Revoke(grant->name()), IsOk());
  EXPECT_THAT(End(company_, kToday), IsOk());
}

TEST_F(OrgUnitEndTest, ARightOfADisabledAccountIsOneThatMayComeBack) {
  ASSERT_THAT(GrantFor(company_, kToday), IsOk());
  v1::DisableAccountRequest disable;
  disable.set_name(account_);
  ASSERT_THAT(As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, disable),
              IsOk());
  EXPECT_THAT(End(company_, kToday), Precondition("HAS_GRANTS"));
}

TEST_F(OrgUnitEndTest, NoPostOrRightOutlivesAUnit) {
  ASSERT_THAT(End(company_, kToday + 10), IsOk());
  v1::CreateUnitRequest request = NewUnit(town_.unit, v1::Unit::PUBLIC_INSTITUTION, "指挥部");
  *request.mutable_valid_to() = ToDate(kToday + 10);
  for (const std::string& unit : {company_, Get(Do(request)).name()}) {
    EXPECT_THAT(AppointFor(unit, kToday, kToday + 11), Precondition("UNIT_NOT_IN_FORCE"));
    EXPECT_THAT(GrantFor(unit, kToday, kToday + 11), Precondition("UNIT_NOT_IN_FORCE"));
    EXPECT_THAT(AppointFor(unit, kToday + 10), Precondition("UNIT_NOT_IN_FORCE"));
    EXPECT_THAT(GrantFor(unit, kToday + 10), Precondition("UNIT_NOT_IN_FORCE"));
    EXPECT_THAT(AppointFor(unit, kSince - 1), Precondition("UNIT_NOT_IN_FORCE"));
    // Without an end they last as long as the unit.
    EXPECT_THAT(Get(AppointFor(unit, kToday)).valid_to(), EqualsProto(ToDate(kToday + 10)));
    EXPECT_THAT(Get(GrantFor(unit, kToday)).valid_to(), EqualsProto(ToDate(kToday + 10)));
  }
}

TEST_F(OrgUnitEndTest, PostsAndRightsOfAUnitToComeAreGivenByThoseWhoWillStandAboveIt) {
  const std::string unit =
      Get(Do(NewUnit(town_.unit, v1::Unit::PUBLIC_INSTITUTION, "指挥部", "", kToday + 30))).name();
  EXPECT_THAT(AppointFor(unit, kToday), Precondition("UNIT_NOT_IN_FORCE"));
  EXPECT_THAT(GrantFor(unit, kToday), Precondition("UNIT_NOT_IN_FORCE"));
  EXPECT_THAT(AppointFor(unit, kToday + 30), IsOk());
  EXPECT_THAT(GrantFor(unit, kToday + 30), IsOk());
  v1::CreateAppointmentRequest foreign;
  foreign.set_person(person_);
  foreign.set_post(v1::Appointment::SECRETARY);
  foreign.set_unit(unit);
  *foreign.mutable_valid_from() = ToDate(kToday + 30);
  foreign.set_basis(v1::Appointment::APPOINTED);
  EXPECT_THAT(
      As(neighbour_, *appointments_, &v1::AppointmentService::Stub::CreateAppointment, foreign),
      testing::StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(OrgUnitEndTest, AnEndAndABeginningAtOnceDoNotBothHappen) {
  for (int i = 0; i < 12; ++i) {
    const std::string unit = Company();
    absl::Status ended;
    absl::Status begun;
    std::thread other([&] { ended = End(unit, kToday).status(); });
    begun = i % 2 == 0 ? AppointFor(unit, kToday).status() : GrantFor(unit, kToday).status();
    other.join();
    EXPECT_NE(ended.ok(), begun.ok()) << ended << " and " << begun;
  }
}

TEST_F(OrgUnitEndTest, WhatItKeptIsLookedAfterByThoseAboveIt) {
  const std::string account = Get(CreateAccount("li.si", company_)).name();
  v1::UpdatePersonRequest update;
  update.set_name(person_);
  update.set_unit(company_);
  const auto update_person = &v1::PersonService::Stub::UpdatePerson;
  ASSERT_THAT(As(registrar_, *people_, update_person, update), IsOk());
  const auto post = AppointFor(company_, kToday - 10);
  ASSERT_THAT(OrgPeopleTest::End(post->name(), kToday), IsOk());
  const auto grant = Get(GrantFor(company_, kToday)).name();
  ASSERT_THAT(Revoke(grant), IsOk());
  ASSERT_THAT(End(company_, kToday), IsOk());

  const std::string district_admin = Get(CreateAccount("admin", district_.unit)).name();
  ASSERT_THAT(CreateGrant(district_admin, rpc::v1::SYSTEM_ADMINISTRATOR, district_.unit), IsOk());
  const std::string registrar = RegistrarOf("district.registrar", district_.unit);
  v1::GetAppointmentRequest get_post;
  get_post.set_name(post->name());
  const auto get_appointment = &v1::AppointmentService::Stub::GetAppointment;
  EXPECT_THAT(As(registrar, *appointments_, get_appointment, get_post), IsOk());
  EXPECT_THAT(As(neighbour_, *appointments_, get_appointment, get_post), kDenied);
  v1::GetGrantRequest get_grant;
  get_grant.set_name(grant);
  EXPECT_THAT(As(audit_admin_, *grants_, &v1::GrantService::Stub::GetGrant, get_grant), IsOk());
  v1::DisableAccountRequest disable;
  disable.set_name(account);
  const auto disable_account = &v1::AccountService::Stub::DisableAccount;
  EXPECT_THAT(As(district_admin, *accounts_, disable_account, disable), IsOk());
  update.set_unit(town_.unit);
  EXPECT_THAT(As(neighbour_, *people_, update_person, update), kDenied);

  // Lists show it to them, too.
  v1::ListAccountsRequest accounts;
  accounts.set_unit(company_);
  const auto list_accounts = &v1::AccountService::Stub::ListAccounts;
  EXPECT_EQ(As(district_admin, *accounts_, list_accounts, accounts)->accounts_size(), 1);
  v1::ListPeopleRequest people;
  people.set_unit(company_);
  const auto list_people = &v1::PersonService::Stub::ListPeople;
  EXPECT_EQ(As(registrar, *people_, list_people, people)->people_size(), 1);
  EXPECT_EQ(As(neighbour_, *people_, list_people, people)->people_size(), 0);
  v1::ListAppointmentsRequest posts;
  posts.set_unit(company_);
  const auto list_posts = &v1::AppointmentService::Stub::ListAppointments;
  EXPECT_EQ(As(registrar, *appointments_, list_posts, posts)->appointments_size(), 1);

  // Nothing new comes to it.
  EXPECT_THAT(As(registrar, *people_, update_person, update), IsOk());
  update.set_unit(company_);
  EXPECT_THAT(As(registrar, *people_, update_person, update), kDenied);
  EXPECT_THAT(CreateAccount("wang", company_), kDenied);
}

}  // namespace
}  // namespace qungong::org
