// org-service in the test's own process: the first accounts of an installation, a small tree below
// its municipality, and calls as any account.
#ifndef QUNGONG_TESTS_SUPPORT_ORG_PEOPLE_H_
#define QUNGONG_TESTS_SUPPORT_ORG_PEOPLE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "qungong/org/v1/account_service.grpc.pb.h"
#include "qungong/org/v1/appointment_service.grpc.pb.h"
#include "qungong/org/v1/grant_service.grpc.pb.h"
#include "qungong/org/v1/person_service.grpc.pb.h"
#include "qungong/org/v1/session_service.grpc.pb.h"
#include "runtime/civil.h"
#include "runtime/ids.h"
#include "tests/support/mariadb.h"
#include "tests/support/service_fixture.h"

namespace qungong::org {

// The municipality has two districts; the first has a town, and had an office until 2014.
inline const std::string kCity = ResourceName("units", NameUuid("unit:500000"));
inline const std::string kDistrict = ResourceName("units", NameUuid("unit:500105"));
inline const std::string kTown = ResourceName("units", NameUuid("unit:500105006"));
inline const std::string kOtherDistrict = ResourceName("units", NameUuid("unit:500103"));
inline const std::string kFormerOffice = ResourceName("units", NameUuid("unit:former"));

inline constexpr char kPassword[] = "k7#mTq2pLx-w";
inline constexpr char kSecret[] = "0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d";  // of service accounts
inline const absl::CivilDay kToday = DayOf(testing::TestNow());

// As org-service wires it, with the flags of tests.
absl::StatusOr<Wiring> Wire(Chassis& chassis);

class OrgPeopleTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  // Makes the tree below the municipality; called when the first accounts exist.
  virtual void Plant();

  // Runs `--bootstrap` with this JSON.
  absl::Status Bootstrap(const std::string& json);
  // The accounts of every test. `more` goes into the object of the audit administrator's account.
  std::string FirstAccounts(const std::string& more = "");
  // A file with this content that lasts as long as the test.
  std::string File(const std::string& name, const std::string& content);

  // "accounts/…" of a login.
  std::string AccountOf(absl::string_view login);

  // A call as `account`, or as nobody for "". A request_id that is empty is made.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> As(const std::string& account, Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                              Request request) {
    FillRequestId(request);
    return service_->Call(stub, method, account, request);
  }

  // What most tests begin with; the calls are made by who may make them.
  absl::StatusOr<v1::Account> CreateAccount(const std::string& login,
                                            const std::string& unit = kCity,
                                            const std::string& person = "");
  absl::StatusOr<v1::Grant> CreateGrant(const std::string& account, rpc::v1::Role role,
                                        const std::string& node = kCity,
                                        const std::string& appointment = "");
  absl::Status Revoke(const std::string& grant);
  absl::StatusOr<v1::Person> CreatePerson(const std::string& display_name,
                                          const std::string& phone = "",
                                          const std::string& id_number = "",
                                          const std::string& unit = kDistrict);
  absl::StatusOr<v1::Appointment> Appoint(const std::string& person, v1::Appointment::Post post,
                                          const std::string& unit, absl::CivilDay from);
  absl::StatusOr<v1::Appointment> End(const std::string& appointment, absl::CivilDay day);
  absl::StatusOr<v1::SessionToken> SignIn(const std::string& login, const std::string& password,
                                          const std::string& secret);
  absl::StatusOr<v1::SessionToken> Refresh(const std::string& secret);
  // Right only while the account may use a method of registrars.
  absl::Status TryAsRegistrar(const std::string& account);

  static testing::TestService* service_;
  std::unique_ptr<v1::SessionService::Stub> sessions_;
  std::unique_ptr<v1::AccountService::Stub> accounts_;
  std::unique_ptr<v1::GrantService::Stub> grants_;
  std::unique_ptr<v1::PersonService::Stub> people_;
  std::unique_ptr<v1::AppointmentService::Stub> appointments_;
  std::string system_admin_;
  std::string security_admin_;
  std::string audit_admin_;
  std::string registrar_;

 private:
  static void FillRequestId(google::protobuf::Message& request);
};

// 32 bytes that begin with this text.
std::string SecretOf(absl::string_view text);

}  // namespace qungong::org

#endif  // QUNGONG_TESTS_SUPPORT_ORG_PEOPLE_H_
