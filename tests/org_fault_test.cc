// Every database fault at every statement of every mutating method of org-service, and the end of
// the process at some of them.
#include "gmock/gmock.h"
#include "qungong/org/v1/calendar_service.grpc.pb.h"
#include "qungong/org/v1/import_service.grpc.pb.h"
#include "qungong/org/v1/relation_service.grpc.pb.h"
#include "tests/support/faults/exit_enumeration.h"
#include "tests/support/faults/fault_enumeration.h"
#include "tests/support/org/reorganize.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using ::qungong::testing::ExitEnumeration;
using ::qungong::testing::FaultEnumeration;
using ::qungong::testing::MutatingMethods;
using ::qungong::testing::Scenarios;
using ::qungong::testing::Send;

constexpr char kPackage[] = "qungong.org.v1";
constexpr char kNewPassword[] = "9vQ-tz4#Lw2e";
constexpr char kCsv[] = "code,name,parent_code,level\n500000,重庆市,,1\n";

// What must hold of the registry at any time.
const std::vector<std::string> kInvariants = {
    "(SELECT aggregate_id FROM events GROUP BY aggregate_id, version HAVING COUNT(*) > 1) twice",
    // The closure holds every edge, and every node itself.
    R"sql(directory_edges e WHERE NOT EXISTS (SELECT 1 FROM directory_closure c
          WHERE c.tree = e.tree AND c.descendant_id = e.child_id AND c.ancestor_id = e.parent_id AND c.depth = 1))sql",
    "directory_edges e WHERE e.valid_from >= e.valid_to",
    // One serving secretary of a unit.
    R"sql((SELECT unit_id FROM appointments WHERE post = 1 AND valid_to = '9999-12-31'
          GROUP BY unit_id HAVING COUNT(*) > 1) twice)sql",
    // The same relation of two units holds once at a time.
    R"sql(relations a JOIN relations b ON b.kind = a.kind AND b.from_unit_id = a.from_unit_id
          AND b.to_unit_id = a.to_unit_id AND b.id > a.id AND b.valid_from < a.valid_to
          AND a.valid_from < b.valid_to)sql",
};

class OrgFaultTest : public OrgTreeTest, public ::testing::WithParamInterface<std::string> {
 protected:
  static void SetUpTestSuite() {
    testing::Nursery::Begin({{"org-service", testing::Serving("org", Wire)}});
    OrgTreeTest::SetUpTestSuite();
    // An import that runs by itself, or an event that is numbered, is nobody's effect here.
    service_->chassis().loops.Stop();
  }

  // `method` is "UnitService/MoveUnit"; the request_id is made here.
  template <typename Request>
  Send By(const std::string& account, const std::string& method, Request request) {
    request.set_request_id(NewUuidV7(absl::Now()).ToString());
    return testing::Sending(*service_, absl::StrCat(kPackage, ".", method), account, request);
  }
  std::string Login() { return absl::StrCat("clerk-", ++made_); }
  Place NewCommunity(bool served = true) {
    return Found(town_, v1::Division::COMMUNITY, v1::Unit::COMMUNITY_COMMITTEE, "新社区",
                 absl::StrCat("500105006", 300 + ++made_), served);
  }
  std::string NewPerson() {
    return Get(CreatePerson("王五", absl::StrCat("1390000", 1000 + ++made_), "", town_.unit))
        .name();
  }
  // An official of the town looks after a new community.
  v1::CreateRelationRequest Contact() {
    v1::CreateRelationRequest request;
    request.set_kind(v1::Relation::POINT_OF_CONTACT);
    request.set_from_unit(town_.unit);
    request.set_to_unit(NewCommunity(false).unit);
    request.set_contact(
        Get(Appoint(NewPerson(), v1::Appointment::HEAD, town_.unit, kToday - 30)).name());
    *request.mutable_valid_from() = ToDate(kToday - 10);
    return request;
  }
  Send Uploading();

  Scenarios Accounts();
  Scenarios People();
  Scenarios Divisions();
  Scenarios Units();
  Scenarios Others();
  Scenarios All();

  int made_ = 0;
};

Send OrgFaultTest::Uploading() {
  v1::UploadImportRequest first;
  first.mutable_metadata()->set_request_id(NewUuidV7(absl::Now()).ToString());
  first.mutable_metadata()->set_kind(v1::Import::DIVISIONS);
  first.mutable_metadata()->set_file_name("divisions.csv");
  return [this, first](const std::shared_ptr<grpc::Channel>& replica,
                       absl::Duration deadline) -> absl::StatusOr<std::string> {
    const auto stub = v1::ImportService::NewStub(replica);
    const auto context = service_->As(registrar_);
    context->set_deadline(absl::ToChronoTime(absl::Now() + deadline));
    v1::Import import;
    const auto writer = stub->UploadImport(context.get(), &import);
    v1::UploadImportRequest chunk;
    chunk.set_chunk(kCsv);
    if (writer->Write(first) && writer->Write(chunk)) writer->WritesDone();
    const grpc::Status status = writer->Finish();
    if (!status.ok()) return FromGrpcStatus(status);
    return import.SerializeAsString();
  };
}

Scenarios OrgFaultTest::Accounts() {
  return {
      {"CreateAccount",
       [this] {
         v1::CreateAccountRequest request;
         request.set_login(Login());
         request.set_display_name("某人");
         request.set_kind(v1::Account::PERSON);
         request.set_unit(town_.unit);
         request.set_password(kPassword);
         return By(system_admin_, "AccountService/CreateAccount", request);
       }},
      {"DisableAccount",
       [this] {
         v1::DisableAccountRequest request;
         request.set_name(Get(CreateAccount(Login(), town_.unit)).name());
         return By(system_admin_, "AccountService/DisableAccount", request);
       }},
      {"EnableAccount",
       [this] {
         v1::DisableAccountRequest disable;
         disable.set_name(Get(CreateAccount(Login(), town_.unit)).name());
         Get(As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, disable));
         v1::EnableAccountRequest request;
         request.set_name(disable.name());
         return By(system_admin_, "AccountService/EnableAccount", request);
       }},
      {"ResetPassword",
       [this] {
         v1::ResetPasswordRequest request;
         request.set_name(Get(CreateAccount(Login(), town_.unit)).name());
         request.set_password(kNewPassword);
         return By(system_admin_, "AccountService/ResetPassword", request);
       }},
      {"ChangePassword",
       [this] {
         v1::ChangePasswordRequest request;
         request.set_old_password(kPassword);
         request.set_new_password(kNewPassword);
         return By(Get(CreateAccount(Login(), town_.unit)).name(), "AccountService/ChangePassword",
                   request);
       }},
      {"CreateGrant",
       [this] {
         v1::CreateGrantRequest request;
         request.set_account(Get(CreateAccount(Login(), town_.unit)).name());
         request.set_role(rpc::v1::CLERK);
         request.set_node(town_.unit);
         return By(security_admin_, "GrantService/CreateGrant", request);
       }},
      {"RevokeGrant",
       [this] {
         v1::RevokeGrantRequest request;
         request.set_name(Get(CreateGrant(Get(CreateAccount(Login(), town_.unit)).name(),
                                          rpc::v1::CLERK, town_.unit))
                              .name());
         return By(security_admin_, "GrantService/RevokeGrant", request);
       }},
  };
}

Scenarios OrgFaultTest::People() {
  return {
      {"CreatePerson",
       [this] {
         v1::CreatePersonRequest request;
         request.set_display_name("王五");
         request.set_phone(absl::StrCat("1380000", 1000 + ++made_));
         request.set_unit(town_.unit);
         return By(registrar_, "PersonService/CreatePerson", request);
       }},
      {"UpdatePerson",
       [this] {
         v1::UpdatePersonRequest request;
         request.set_name(NewPerson());
         request.set_display_name("王六");
         return By(registrar_, "PersonService/UpdatePerson", request);
       }},
      {"UnmaskPerson",
       [this] {
         v1::UnmaskPersonRequest request;
         request.set_name(NewPerson());
         request.set_field(v1::Person::PHONE);
         request.set_purpose("回访核实情况");
         return By(registrar_, "PersonService/UnmaskPerson", request);
       }},
      {"ErasePerson",
       [this] {
         v1::ErasePersonRequest request;
         request.set_name(NewPerson());
         return By(security_admin_, "PersonService/ErasePerson", request);
       }},
      {"CreateAppointment",
       [this] {
         v1::CreateAppointmentRequest request;
         request.set_person(NewPerson());
         request.set_post(v1::Appointment::SECRETARY);
         request.set_unit(NewCommunity(false).unit);
         *request.mutable_valid_from() = ToDate(kToday);
         request.set_basis(v1::Appointment::APPOINTED);
         return By(registrar_, "AppointmentService/CreateAppointment", request);
       }},
      {"EndAppointment",
       [this] {
         v1::EndAppointmentRequest request;
         request.set_name(Get(Appoint(NewPerson(), v1::Appointment::SECRETARY,
                                      NewCommunity(false).unit, kToday - 30))
                              .name());
         *request.mutable_effective_date() = ToDate(kToday);
         return By(registrar_, "AppointmentService/EndAppointment", request);
       }},
      {"CreateRelation",
       [this] { return By(registrar_, "RelationService/CreateRelation", Contact()); }},
      {"EndRelation",
       [this] {
         const auto relations = v1::RelationService::NewStub(service_->channel());
         v1::EndRelationRequest request;
         request.set_name(
             Get(As(registrar_, *relations, &v1::RelationService::Stub::CreateRelation, Contact()))
                 .name());
         *request.mutable_effective_date() = ToDate(kToday);
         request.set_result("道路已硬化");
         return By(registrar_, "RelationService/EndRelation", request);
       }},
  };
}

Scenarios OrgFaultTest::Divisions() {
  return {
      {"CreateDivision",
       [this] {
         return By(registrar_, "DivisionService/CreateDivision",
                   NewDivision(town_.division, v1::Division::COMMUNITY, "新社区",
                               absl::StrCat("500105006", 300 + ++made_)));
       }},
      {"RenameDivision",
       [this] {
         return By(
             registrar_, "DivisionService/RenameDivision",
             Rename<v1::RenameDivisionRequest>(NewCommunity(false).division, "改名社区", kToday));
       }},
      {"MoveDivision",
       [this] {
         return By(registrar_, "DivisionService/MoveDivision",
                   Move<v1::MoveDivisionRequest>(NewCommunity(false).division, other_town_.division,
                                                 kToday));
       }},
      {"DissolveDivision",
       [this] {
         const std::string alone =
             Get(Do(NewDivision(town_.division, v1::Division::COMMUNITY, "新社区",
                                absl::StrCat("500105006", 300 + ++made_))))
                 .name();
         return By(registrar_, "DivisionService/DissolveDivision",
                   Dissolve<v1::DissolveDivisionRequest>(alone, community_.division, kToday));
       }},
  };
}

Scenarios OrgFaultTest::Units() {
  return {
      {"CreateUnit",
       [this] {
         return By(registrar_, "UnitService/CreateUnit",
                   NewDepartment(district_.unit, absl::StrCat("line_", 1000 + ++made_)));
       }},
      {"RenameUnit",
       [this] {
         return By(registrar_, "UnitService/RenameUnit",
                   Rename<v1::RenameUnitRequest>(NewCommunity(false).unit, "改名居委会", kToday));
       }},
      {"MoveUnit",
       [this] {
         return By(registrar_, "UnitService/MoveUnit",
                   Move<v1::MoveUnitRequest>(NewCommunity(false).unit, other_town_.unit, kToday));
       }},
      {"DissolveUnit",
       [this] {
         return By(
             registrar_, "UnitService/DissolveUnit",
             Dissolve<v1::DissolveUnitRequest>(NewCommunity(false).unit, community_.unit, kToday));
       }},
      {"CreateServiceCenter",
       [this] {
         const Place place = NewCommunity(false);
         return By(registrar_, "ServiceCenterService/CreateServiceCenter",
                   NewCenter(place.division, place.unit));
       }},
      {"RenameServiceCenter",
       [this] {
         return By(
             registrar_, "ServiceCenterService/RenameServiceCenter",
             Rename<v1::RenameServiceCenterRequest>(NewCommunity().center, "便民中心", kToday));
       }},
      {"DissolveServiceCenter",
       [this] {
         return By(registrar_, "ServiceCenterService/DissolveServiceCenter",
                   Dissolve<v1::DissolveServiceCenterRequest>(NewCommunity().center,
                                                              community_.center, kToday));
       }},
  };
}

Scenarios OrgFaultTest::Others() {
  return {
      {"PublishCalendar",
       [this] {
         v1::PublishCalendarRequest request;
         request.set_name(absl::StrCat("calendars/", 2030 + ++made_));
         request.set_source("国务院办公厅通知");
         return By(registrar_, "CalendarService/PublishCalendar", request);
       }},
      {"ReorganizeTree",
       [this] {
         const Place place = NewCommunity();
         return By(registrar_, "ReorganizationService/ReorganizeTree",
                   Plan(kToday)
                       .Create("new", town_.division, v1::Division::COMMUNITY, "并社区")
                       .Dissolve(place.division, "divisions/new", true)
                       .By(kCity));
       }},
      {"UploadImport", [this] { return Uploading(); }},
      {"CancelImport",
       [this] {
         v1::Import import;
         EXPECT_TRUE(
             import.ParseFromString(Get(Uploading()(service_->channel(), absl::Seconds(10)))));
         v1::CancelImportRequest request;
         request.set_name(import.name());
         return By(registrar_, "ImportService/CancelImport", request);
       }},
  };
}

Scenarios OrgFaultTest::All() {
  Scenarios all = Accounts();
  for (Scenarios some : {People(), Divisions(), Units(), Others()}) all.merge(some);
  return all;
}

TEST_P(OrgFaultTest, LeavesExactlyOneEffectWhateverFailsAtWhichStatement) {
  const Scenarios scenarios = All();
  const std::string& method = GetParam();
  const auto scenario = scenarios.find(method.substr(method.find('/') + 1));
  ASSERT_NE(scenario, scenarios.end()) << method << " has no scenario";
  // A row of sign_ins only locks a login; what failed is an event.
  FaultEnumeration enumeration(*service_, "org", kInvariants, {"sign_ins"});
  EXPECT_THAT(enumeration.Run(method, scenario->second), ::testing::IsEmpty());
  std::printf("%d faults planted\n", enumeration.planted());
}

TEST_P(OrgFaultTest, LeavesExactlyOneEffectWhenItsProcessEndsAtAStatement) {
  const Scenarios scenarios = All();
  const std::string& method = GetParam();
  const auto scenario = scenarios.find(method.substr(method.find('/') + 1));
  ASSERT_NE(scenario, scenarios.end()) << method << " has no scenario";
  ExitEnumeration enumeration(service_->clock(), "org", kInvariants, {"sign_ins"});
  EXPECT_THAT(enumeration.Sample("org-service", method, scenario->second, testing::ExitSeed(),
                                 testing::ExitCases(3)),
              ::testing::IsEmpty());
  std::printf("%d processes ended\n", enumeration.exits());
}

INSTANTIATE_TEST_SUITE_P(, OrgFaultTest, ::testing::ValuesIn(MutatingMethods(kPackage)),
                         [](const auto& test) {
                           return test.param.substr(test.param.find('/') + 1);
                         });

}  // namespace
}  // namespace qungong::org
