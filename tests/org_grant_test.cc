// Grants and appointments: who may do what, as what, for how long.
#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "tests/support/matchers.h"
#include "tests/support/org/people.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;
using ::testing::SizeIs;

constexpr auto kSecretary = v1::Appointment::SECRETARY;
constexpr auto kStaff = v1::Appointment::CENTER_STAFF;

auto Precondition(const char* reason) {
  return StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(reason));
}
const auto kDenied = StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT"));

class OrgGrantTest : public OrgPeopleTest {
 protected:
  absl::StatusOr<v1::Grant> GetGrant(const std::string& grant) {
    v1::GetGrantRequest request;
    request.set_name(grant);
    return As(audit_admin_, *grants_, &v1::GrantService::Stub::GetGrant, request);
  }
  // What the other services are told of a grant, latest last.
  std::vector<rpc::v1::GrantRecord> Told(const std::string& grant) {
    std::vector<rpc::v1::GrantRecord> told;
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      const auto rows = tx.Query(
          "SELECT payload FROM events WHERE payload_type = 'qungong.rpc.v1.DirectoryChange' "
          "AND collection = 'grants' ORDER BY version");
      if (!rows.ok()) return rows.status();
      for (const mysql::Row& row : *rows) {
        rpc::v1::DirectoryChange change;
        EXPECT_TRUE(change.ParseFromString(row.String(0)));
        for (const auto& record : change.grants()) {
          if (record.name() == grant) told.push_back(record);
        }
      }
      return absl::OkStatus();
    });
    return told;
  }
  void StandOn(absl::CivilDay day) {
    service_->clock().Stand(absl::FromCivil(day, Shanghai()) + absl::Hours(9));
  }
  // Runs all at once and returns how many succeeded.
  int Succeed(const std::vector<std::function<absl::Status()>>& calls, const char* other_reason) {
    std::vector<absl::Status> outcomes(calls.size());
    std::vector<std::thread> clients;
    for (size_t i = 0; i < calls.size(); ++i) {
      clients.emplace_back([&, i] { outcomes[i] = calls[i](); });
    }
    for (std::thread& client : clients) client.join();
    int succeeded = 0;
    for (const absl::Status& outcome : outcomes) {
      if (outcome.ok()) {
        ++succeeded;
      } else {
        EXPECT_THAT(outcome, Precondition(other_reason));
      }
    }
    return succeeded;
  }
};

TEST_F(OrgGrantTest, TheThreeAdministratorsExcludeOneAnother) {
  const auto account = CreateAccount("someone");
  const auto audit = CreateGrant(account->name(), rpc::v1::AUDIT_ADMINISTRATOR, kDistrict);
  ASSERT_THAT(audit, IsOk());
  const auto separated = Precondition("SEPARATION_OF_ADMINISTRATORS");
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::SYSTEM_ADMINISTRATOR, kOtherDistrict),
              separated);
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::SECURITY_ADMINISTRATOR, kDistrict), separated);
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::LEADER, kDistrict), IsOk());
  ASSERT_THAT(Revoke(audit->name()), IsOk());
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::SYSTEM_ADMINISTRATOR, kOtherDistrict), IsOk());
}

TEST_F(OrgGrantTest, NorMayOnePersonBeTwoOfThemWithTwoAccounts) {
  const auto person = CreatePerson("张三丰");
  const auto first = CreateAccount("zhang.1", kCity, person->name());
  const auto second = CreateAccount("zhang.2", kCity, person->name());
  ASSERT_THAT(CreateGrant(first->name(), rpc::v1::AUDIT_ADMINISTRATOR), IsOk());
  EXPECT_THAT(CreateGrant(second->name(), rpc::v1::SYSTEM_ADMINISTRATOR),
              Precondition("SEPARATION_OF_ADMINISTRATORS"));
}

TEST_F(OrgGrantTest, ConcurrentGrantsCannotPassTheSeparation) {
  const auto person = CreatePerson("张三丰");
  const auto first = CreateAccount("zhang.1", kCity, person->name());
  const auto second = CreateAccount("zhang.2", kCity, person->name());
  std::vector<std::function<absl::Status()>> calls;
  for (const auto role : {rpc::v1::SYSTEM_ADMINISTRATOR, rpc::v1::SECURITY_ADMINISTRATOR,
                          rpc::v1::AUDIT_ADMINISTRATOR}) {
    for (const std::string& account : {first->name(), second->name()}) {
      calls.emplace_back([=, this] { return CreateGrant(account, role).status(); });
    }
  }
  const int succeeded = Succeed(calls, "SEPARATION_OF_ADMINISTRATORS");
  // Both accounts may get the same role, never two roles.
  EXPECT_GE(succeeded, 1);
  EXPECT_LE(succeeded, 2);
  EXPECT_EQ(service_->Count("(SELECT DISTINCT g.role FROM grants AS g JOIN accounts AS a ON a.id = "
                            "g.account_id WHERE a.login LIKE 'zhang.%') AS roles"),
            1);
}

TEST_F(OrgGrantTest, NobodyGrantsToHimself) {
  EXPECT_THAT(CreateGrant(security_admin_, rpc::v1::REGISTRAR), Precondition("OWN_ACCOUNT"));
  const auto person = CreatePerson("张三丰");
  const auto admin = CreateAccount("zhang.admin", kCity, person->name());
  const auto other = CreateAccount("zhang.other", kCity, person->name());
  ASSERT_THAT(CreateGrant(admin->name(), rpc::v1::SECURITY_ADMINISTRATOR), IsOk());
  security_admin_ = admin->name();
  EXPECT_THAT(CreateGrant(other->name(), rpc::v1::REGISTRAR), Precondition("OWN_ACCOUNT"));
}

TEST_F(OrgGrantTest, OnlySecurityAdministratorsOfTheNodeGrant) {
  const auto someone = CreateAccount("someone");
  const auto district = CreateAccount("district.security", kDistrict);
  ASSERT_THAT(CreateGrant(district->name(), rpc::v1::SECURITY_ADMINISTRATOR, kDistrict), IsOk());
  security_admin_ = district->name();
  EXPECT_THAT(CreateGrant(someone->name(), rpc::v1::CLERK, kTown), IsOk());
  EXPECT_THAT(CreateGrant(someone->name(), rpc::v1::CLERK, kCity), kDenied);
  EXPECT_THAT(CreateGrant(someone->name(), rpc::v1::CLERK, kOtherDistrict), kDenied);
  security_admin_ = registrar_;
  EXPECT_THAT(CreateGrant(someone->name(), rpc::v1::LEADER, kTown),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
}

TEST_F(OrgGrantTest, GrantsThatCannotBe) {
  const auto account = CreateAccount("someone");
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::SERVICE), Precondition("ROLE_NOT_FOR_ACCOUNT"));
  EXPECT_THAT(CreateGrant(AccountOf("ticket-service"), rpc::v1::REGISTRAR),
              Precondition("ROLE_NOT_FOR_ACCOUNT"));
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::CLERK, kFormerOffice),
              Precondition("UNIT_NOT_IN_FORCE"));
  EXPECT_THAT(CreateGrant(ResourceName("accounts", NameUuid("none")), rpc::v1::CLERK), kDenied);
  ASSERT_THAT(CreateGrant(account->name(), rpc::v1::CLERK), IsOk());
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::CLERK), Precondition("GRANT_OVERLAPS"));
  v1::CreateGrantRequest request;
  request.set_account(account->name());
  request.set_role(rpc::v1::HANDLER);
  request.set_node(kTown);
  *request.mutable_valid_from() = ToDate(kToday - 1);
  EXPECT_THAT(As(security_admin_, *grants_, &v1::GrantService::Stub::CreateGrant, request),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")));
}

TEST_F(OrgGrantTest, ARevokedGrantHoldsNoLonger) {
  const auto account = CreateAccount("someone");
  const auto grant = CreateGrant(account->name(), rpc::v1::REGISTRAR);
  ASSERT_THAT(grant, IsOk());
  ASSERT_THAT(TryAsRegistrar(account->name()), IsOk());
  ASSERT_THAT(Revoke(grant->name()), IsOk());
  EXPECT_THAT(TryAsRegistrar(account->name()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
  EXPECT_THAT(Revoke(grant->name()), Precondition("GRANT_ENDED"));
  const auto told = Told(grant->name());
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].valid().to_day(), kNoEndDay);
  EXPECT_EQ(told[1].valid().to_day(), DayNumber(kToday));
}

TEST_F(OrgGrantTest, GrantsBeginAndEndOnTheirDays) {
  const auto account = CreateAccount("someone");
  v1::CreateGrantRequest request;
  request.set_account(account->name());
  request.set_role(rpc::v1::REGISTRAR);
  request.set_node(kCity);
  *request.mutable_valid_from() = ToDate(kToday + 2);
  *request.mutable_valid_to() = ToDate(kToday + 4);
  ASSERT_THAT(As(security_admin_, *grants_, &v1::GrantService::Stub::CreateGrant, request), IsOk());
  for (int day = 0; day < 6; ++day) {
    StandOn(kToday + day);
    const bool holds = day == 2 || day == 3;
    EXPECT_EQ(TryAsRegistrar(account->name()).ok(), holds) << day;
    const auto own = As(account->name(), *grants_, &v1::GrantService::Stub::ListOwnGrants, {});
    ASSERT_THAT(own, IsOk());
    EXPECT_EQ(own->grants_size(), holds ? 1 : 0) << day;
  }
}

TEST_F(OrgGrantTest, RightsFollowPosts) {
  const auto person = CreatePerson("张三丰");
  const auto account = CreateAccount("zhang", kTown, person->name());
  const auto post = Appoint(person->name(), kStaff, kTown, kToday - 100);
  ASSERT_THAT(post, IsOk());
  const auto grant = CreateGrant(account->name(), rpc::v1::REGISTRAR, kTown, post->name());
  ASSERT_THAT(grant, IsOk());
  EXPECT_FALSE(grant->has_valid_to());
  ASSERT_THAT(End(post->name(), kToday + 3), IsOk());
  EXPECT_THAT(GetGrant(grant->name())->valid_to(), EqualsProto(ToDate(kToday + 3)));
  EXPECT_EQ(Told(grant->name()).back().valid().to_day(), DayNumber(kToday + 3));
  StandOn(kToday + 2);
  EXPECT_THAT(TryAsRegistrar(account->name()), IsOk());
  StandOn(kToday + 3);
  EXPECT_THAT(TryAsRegistrar(account->name()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
}

// Whoever gives up his post, and with it the right to give it up, may not have heard the answer.
TEST_F(OrgGrantTest, ARetryIsAnsweredAlthoughTheFirstAttemptTookTheCallersRightAway) {
  const auto person = CreatePerson("张三丰", "", "", kTown);
  const auto account = CreateAccount("zhang", kTown, person->name());
  const auto post = Appoint(person->name(), kStaff, kTown, kToday - 100);
  ASSERT_THAT(CreateGrant(account->name(), rpc::v1::REGISTRAR, kTown, post->name()), IsOk());
  v1::EndAppointmentRequest request;
  request.set_name(post->name());
  *request.mutable_effective_date() = ToDate(kToday);
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  const auto end = [&] {
    return As(account->name(), *appointments_, &v1::AppointmentService::Stub::EndAppointment,
              request);
  };
  const auto first = end();
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(TryAsRegistrar(account->name()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
  EXPECT_THAT(end(), IsOkAndHolds(EqualsProto(*first)));
  // Nothing else is let through: neither another request nor the same of somebody else.
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  EXPECT_THAT(end(), StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
}

TEST_F(OrgGrantTest, AGrantFitsItsPost) {
  const auto zhang = CreatePerson("张三丰");
  const auto li = CreatePerson("李四");
  const auto account = CreateAccount("zhang", kTown, zhang->name());
  const auto others = Appoint(li->name(), kStaff, kTown, kToday);
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::CLERK, kTown, others->name()),
              Precondition("APPOINTMENT_MISMATCH"));
  const auto past = Appoint(zhang->name(), kStaff, kTown, kToday - 10);
  ASSERT_THAT(End(past->name(), kToday), IsOk());
  EXPECT_THAT(CreateGrant(account->name(), rpc::v1::CLERK, kTown, past->name()),
              Precondition("APPOINTMENT_MISMATCH"));
  const auto future = Appoint(zhang->name(), kStaff, kTown, kToday + 10);
  const auto grant = CreateGrant(account->name(), rpc::v1::CLERK, kTown, future->name());
  ASSERT_THAT(grant, IsOk());
  EXPECT_THAT(grant->valid_from(), EqualsProto(ToDate(kToday + 10)));
}

TEST_F(OrgGrantTest, AUnitHasOneSecretaryAtATime) {
  const auto zhang = CreatePerson("张三丰");
  const auto li = CreatePerson("李四");
  const auto first = Appoint(zhang->name(), kSecretary, kTown, kToday - 100);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Appoint(li->name(), kSecretary, kTown, kToday), Precondition("SECRETARY_OVERLAPS"));
  EXPECT_THAT(Appoint(li->name(), kSecretary, kDistrict, kToday), IsOk());
  ASSERT_THAT(End(first->name(), kToday), IsOk());
  EXPECT_THAT(Appoint(li->name(), kSecretary, kTown, kToday), IsOk());
  EXPECT_THAT(End(first->name(), kToday), Precondition("APPOINTMENT_ENDED"));
}

TEST_F(OrgGrantTest, ConcurrentAppointmentsMakeOneSecretary) {
  std::vector<std::function<absl::Status()>> calls;
  for (int i = 0; i < 6; ++i) {
    const std::string person = CreatePerson(absl::StrCat("候选人", i))->name();
    calls.emplace_back([=, this] { return Appoint(person, kSecretary, kTown, kToday).status(); });
  }
  EXPECT_EQ(Succeed(calls, "SECRETARY_OVERLAPS"), 1);
  EXPECT_EQ(service_->Count("appointments"), 1);
}

TEST_F(OrgGrantTest, AppointmentsNeedAUnitThatExists) {
  const auto person = CreatePerson("张三丰");
  EXPECT_THAT(Appoint(person->name(), kSecretary, kTown, absl::CivilDay(1999, 12, 31)),
              Precondition("UNIT_NOT_IN_FORCE"));
  EXPECT_THAT(Appoint(ResourceName("people", NameUuid("none")), kSecretary, kTown, kToday),
              kDenied);
}

}  // namespace
}  // namespace qungong::org
