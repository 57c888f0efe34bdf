#include "tests/support/org/people.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "org-service/bootstrap.h"
#include "org-service/people_wiring.h"
#include "org-service/tree_wiring.h"
#include "runtime/crypto.h"
#include "tests/support/matchers.h"

namespace qungong {

absl::Span<const Migration> OrgMigrations();

namespace org {
namespace {

using ::qungong::testing::IsOk;
using ::qungong::testing::TestService;

void AddUnit(rpc::v1::DirectoryChange& change, const std::string& name, const std::string& parent,
             rpc::v1::Level level, absl::CivilDay end) {
  rpc::v1::NodeRecord& node = *change.add_nodes();
  node.set_name(name);
  node.set_kind(rpc::v1::UNIT_NODE);
  node.set_level(level);
  node.mutable_valid()->set_from_day(DayNumber(absl::CivilDay(2000, 1, 1)));
  node.mutable_valid()->set_to_day(DayNumber(end));
  rpc::v1::NodeLabel& label = *node.add_labels();
  *label.mutable_valid() = node.valid();
  label.set_display_name("单位");
  rpc::v1::NodeEdge& edge = *node.add_edges();
  edge.set_tree(rpc::v1::ADMINISTRATIVE_TREE);
  edge.set_parent(parent);
  *edge.mutable_valid() = node.valid();
}

rpc::v1::DirectoryChange Tree() {
  const absl::CivilDay no_end = FromDayNumber(kNoEndDay);
  rpc::v1::DirectoryChange change;
  AddUnit(change, kDistrict, kCity, rpc::v1::DISTRICT_LEVEL, no_end);
  AddUnit(change, kOtherDistrict, kCity, rpc::v1::DISTRICT_LEVEL, no_end);
  AddUnit(change, kTown, kDistrict, rpc::v1::TOWNSHIP_LEVEL, no_end);
  AddUnit(change, kFormerOffice, kDistrict, rpc::v1::DISTRICT_LEVEL, absl::CivilDay(2014, 1, 1));
  return change;
}

}  // namespace

absl::StatusOr<Wiring> Wire(Chassis& chassis) {
  Wiring wiring;
  const absl::Status status =
      WirePeople(chassis, testing::TokenSigningKeyFile(), SessionLimits(), wiring);
  if (!status.ok()) return status;
  WireTree(chassis, wiring);
  return wiring;
}

TestService* OrgPeopleTest::service_ = nullptr;

void OrgPeopleTest::SetUpTestSuite() { service_ = new TestService("org", OrgMigrations(), Wire); }

void OrgPeopleTest::TearDownTestSuite() {
  delete service_;
  service_ = nullptr;
}

void OrgPeopleTest::SetUp() {
  service_->Reset();
  sessions_ = v1::SessionService::NewStub(service_->channel());
  accounts_ = v1::AccountService::NewStub(service_->channel());
  grants_ = v1::GrantService::NewStub(service_->channel());
  people_ = v1::PersonService::NewStub(service_->channel());
  appointments_ = v1::AppointmentService::NewStub(service_->channel());
  ASSERT_THAT(Bootstrap(FirstAccounts()), IsOk());
  system_admin_ = AccountOf("system-admin");
  security_admin_ = AccountOf("security-admin");
  audit_admin_ = AccountOf("audit-admin");
  registrar_ = AccountOf("registrar");
  Plant();
}

void OrgPeopleTest::Plant() { service_->ApplyDirectory(Tree()); }

std::string OrgPeopleTest::File(const std::string& name, const std::string& content) {
  std::string path = absl::StrCat(::testing::TempDir(), "/qungong-", getpid(), "-", name);
  std::ofstream(path) << content;
  return path;
}

std::string OrgPeopleTest::FirstAccounts(const std::string& more) {
  return absl::Substitute(
      R"({"municipality": {"code": "500000", "displayName": "重庆市", "unitDisplayName": "重庆市人民政府"},
          "accounts": [
            {"login": "system-admin", "displayName": "系统管理员", "kind": "PERSON", "passwordFile": "$0",
             "roles": ["SYSTEM_ADMINISTRATOR"]},
            {"login": "security-admin", "displayName": "安全保密管理员", "kind": "PERSON", "passwordFile": "$0",
             "roles": ["SECURITY_ADMINISTRATOR"]},
            {"login": "audit-admin", "displayName": "安全审计员", "kind": "PERSON", "passwordFile": "$0",
             "roles": ["AUDIT_ADMINISTRATOR"]$2},
            {"login": "registrar", "displayName": "组织部", "kind": "PERSON", "passwordFile": "$0",
             "roles": ["REGISTRAR"]},
            {"login": "ticket-service", "displayName": "ticket-service", "kind": "SERVICE", "passwordFile": "$1",
             "roles": ["SERVICE"]}]})",
      File("password", absl::StrCat(kPassword, "\n")), File("secret", kSecret), more);
}

absl::Status OrgPeopleTest::Bootstrap(const std::string& json) {
  return org::Bootstrap(service_->chassis(), File("bootstrap.json", json));
}

std::string OrgPeopleTest::AccountOf(absl::string_view login) {
  std::string name;
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    const auto row = tx.QueryOne("SELECT id FROM accounts WHERE login = ?", login);
    if (row.ok() && row->has_value()) name = ResourceName("accounts", (*row)->Id(0));
    return row.status();
  });
  return name;
}

void OrgPeopleTest::FillRequestId(google::protobuf::Message& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("request_id");
  if (field == nullptr || !request.GetReflection()->GetString(request, field).empty()) return;
  request.GetReflection()->SetString(&request, field, NewUuidV7(absl::Now()).ToString());
}

absl::StatusOr<v1::Account> OrgPeopleTest::CreateAccount(const std::string& login,
                                                         const std::string& unit,
                                                         const std::string& person) {
  v1::CreateAccountRequest request;
  request.set_login(login);
  request.set_display_name("某人");
  request.set_kind(v1::Account::PERSON);
  request.set_unit(unit);
  request.set_person(person);
  request.set_password(kPassword);
  return As(system_admin_, *accounts_, &v1::AccountService::Stub::CreateAccount, request);
}

absl::StatusOr<v1::Grant> OrgPeopleTest::CreateGrant(const std::string& account, rpc::v1::Role role,
                                                     const std::string& node,
                                                     const std::string& appointment) {
  v1::CreateGrantRequest request;
  request.set_account(account);
  request.set_role(role);
  request.set_node(node);
  request.set_appointment(appointment);
  return As(security_admin_, *grants_, &v1::GrantService::Stub::CreateGrant, request);
}

absl::Status OrgPeopleTest::Revoke(const std::string& grant) {
  v1::RevokeGrantRequest request;
  request.set_name(grant);
  return As(security_admin_, *grants_, &v1::GrantService::Stub::RevokeGrant, request).status();
}

absl::StatusOr<v1::Person> OrgPeopleTest::CreatePerson(const std::string& display_name,
                                                       const std::string& phone,
                                                       const std::string& id_number,
                                                       const std::string& unit) {
  v1::CreatePersonRequest request;
  request.set_display_name(display_name);
  request.set_phone(phone);
  request.set_id_number(id_number);
  request.set_unit(unit);
  return As(registrar_, *people_, &v1::PersonService::Stub::CreatePerson, request);
}

absl::StatusOr<v1::Appointment> OrgPeopleTest::Appoint(const std::string& person,
                                                       v1::Appointment::Post post,
                                                       const std::string& unit,
                                                       absl::CivilDay from) {
  v1::CreateAppointmentRequest request;
  request.set_person(person);
  request.set_post(post);
  request.set_unit(unit);
  *request.mutable_valid_from() = ToDate(from);
  request.set_basis(v1::Appointment::APPOINTED);
  return As(registrar_, *appointments_, &v1::AppointmentService::Stub::CreateAppointment, request);
}

absl::StatusOr<v1::Appointment> OrgPeopleTest::End(const std::string& appointment,
                                                   absl::CivilDay day) {
  v1::EndAppointmentRequest request;
  request.set_name(appointment);
  *request.mutable_effective_date() = ToDate(day);
  return As(registrar_, *appointments_, &v1::AppointmentService::Stub::EndAppointment, request);
}

absl::StatusOr<v1::SessionToken> OrgPeopleTest::SignIn(const std::string& login,
                                                       const std::string& password,
                                                       const std::string& secret) {
  v1::CreateSessionRequest request;
  request.set_login(login);
  request.set_password(password);
  request.set_secret_hash(Sha256(secret));
  return As("", *sessions_, &v1::SessionService::Stub::CreateSession, request);
}

absl::StatusOr<v1::SessionToken> OrgPeopleTest::Refresh(const std::string& secret) {
  v1::RefreshSessionRequest request;
  request.set_secret(secret);
  return As("", *sessions_, &v1::SessionService::Stub::RefreshSession, request);
}

absl::Status OrgPeopleTest::TryAsRegistrar(const std::string& account) {
  return As(account, *people_, &v1::PersonService::Stub::ListPeople, v1::ListPeopleRequest())
      .status();
}

std::string SecretOf(absl::string_view text) {
  std::string secret(text);
  secret.resize(32, '.');
  return secret;
}

}  // namespace org
}  // namespace qungong
