// Who may do what with the trees, imports and calendars of org-service, as the reviewed table says.
#include "qungong/org/v1/calendar_service.grpc.pb.h"
#include "qungong/org/v1/find_service.pb.h"
#include "qungong/org/v1/import_service.grpc.pb.h"
#include "tests/support/access/org/org_access_fixture.h"
#include "tests/support/org/reorganize.h"

namespace qungong::org {
namespace {

using ::qungong::testing::IsOk;
using v1::Division;
using v1::Unit;

constexpr char kCsv[] = "code,name,parent_code,level\n500000,重庆市,,1\n";

class OrgTreeAccessTest : public OrgAccessTest {
 protected:
  void AddDivisions();
  void AddUnits();
  void AddServiceCenters();
  void AddReorganizations();
  void AddOthers();
  std::string NewImport();
};

std::string OrgTreeAccessTest::NewImport() {
  const auto stub = v1::ImportService::NewStub(service_->channel());
  const auto context = service_->As(registrar_);
  v1::Import import;
  v1::UploadImportRequest message;
  message.mutable_metadata()->set_request_id(NewUuidV7(absl::Now()).ToString());
  message.mutable_metadata()->set_kind(v1::Import::DIVISIONS);
  const auto writer = stub->UploadImport(context.get(), &import);
  writer->Write(message);
  message.set_chunk(kCsv);
  writer->Write(message);
  writer->WritesDone();
  EXPECT_THAT(writer->Finish(), IsOk());
  return import.name();
}

void OrgTreeAccessTest::AddDivisions() {
  const auto of_place = [this](Scene s, auto q) { return About(AroundTown(s), q); };
  Put<v1::GetDivisionRequest>("DivisionService/GetDivision", [this, of_place](Scene s, auto q) {
    q.set_name(Town(s).division);
    return of_place(s, q);
  });
  Put<v1::ListDivisionsRequest>("DivisionService/ListDivisions", of_place);
  Put<v1::CountDivisionsRequest>("DivisionService/CountDivisions", of_place);
  Put<v1::CreateDivisionRequest>("DivisionService/CreateDivision", [this](Scene s, auto q) {
    const std::string request_id = q.request_id();
    q = NewDivision(Town(s).division, Division::COMMUNITY, "新社区", Code(s));
    q.set_request_id(request_id);
    return About(AroundTown(s), q);
  });
  Put<v1::RenameDivisionRequest>("DivisionService/RenameDivision", [this](Scene s, auto q) {
    const Place fresh = NewCommunity(s);
    q.set_name(fresh.division);
    q.set_display_name("改名社区");
    return About(Around(s, fresh), q);
  });
  Put<v1::MoveDivisionRequest>("DivisionService/MoveDivision", [this](Scene s, auto q) {
    const bool here = s == Scene::kHere;
    q.set_name(
        Get(Do(NewDivision((here ? town_ : far_town_).division, Division::COMMUNITY, "新社区")))
            .name());
    q.set_parent((here ? other_town_ : far_other_town_).division);
    return About(AroundDistrict(s), q);
  });
  Put<v1::DissolveDivisionRequest>("DivisionService/DissolveDivision", [this](Scene s, auto q) {
    q.set_name(NewDivisionAt(s));
    q.set_successor(Community(s).division);
    return About(AroundTown(s), q);
  });
}

void OrgTreeAccessTest::AddUnits() {
  const auto of_place = [this](Scene s, auto q) { return About(AroundTown(s), q); };
  Put<v1::GetUnitRequest>("UnitService/GetUnit", [this, of_place](Scene s, auto q) {
    q.set_name(Town(s).unit);
    return of_place(s, q);
  });
  Put<v1::ListUnitsRequest>("UnitService/ListUnits", of_place);
  Put<v1::CountUnitsRequest>("UnitService/CountUnits", of_place);
  Put<v1::CreateUnitRequest>("UnitService/CreateUnit", [this](Scene s, auto q) {
    const std::string request_id = q.request_id();
    q = NewUnit(Town(s).unit, Unit::COMMUNITY_COMMITTEE, "新社区居委会", NewDivisionAt(s));
    q.set_request_id(request_id);
    return About(AroundTown(s), q);
  });
  Put<v1::RenameUnitRequest>("UnitService/RenameUnit", [this](Scene s, auto q) {
    const Place fresh = NewCommunity(s);
    q.set_name(fresh.unit);
    q.set_display_name("改名居委会");
    return About(Around(s, fresh), q);
  });
  Put<v1::MoveUnitRequest>("UnitService/MoveUnit", [this](Scene s, auto q) {
    const bool here = s == Scene::kHere;
    q.set_name(Get(Do(NewUnit((here ? town_ : far_town_).unit, Unit::SCHOOL, "小学"))).name());
    q.set_parent((here ? other_town_ : far_other_town_).unit);
    return About(AroundDistrict(s), q);
  });
  Put<v1::DissolveUnitRequest>("UnitService/DissolveUnit", [this](Scene s, auto q) {
    q.set_name(Get(Do(NewUnit(Town(s).unit, Unit::SCHOOL, "小学"))).name());
    q.set_successor(Community(s).unit);
    return About(AroundTown(s), q);
  });
}

void OrgTreeAccessTest::AddServiceCenters() {
  const auto of_place = [this](Scene s, auto q) { return About(AroundTown(s), q); };
  Put<v1::GetServiceCenterRequest>("ServiceCenterService/GetServiceCenter",
                                   [this, of_place](Scene s, auto q) {
                                     q.set_name(Town(s).center);
                                     return of_place(s, q);
                                   });
  Put<v1::ListServiceCentersRequest>("ServiceCenterService/ListServiceCenters", of_place);
  Put<v1::CreateServiceCenterRequest>(
      "ServiceCenterService/CreateServiceCenter", [this](Scene s, auto q) {
        const Place fresh = Found(Town(s), Division::COMMUNITY, Unit::COMMUNITY_COMMITTEE, "新社区",
                                  Code(s), false);
        const std::string request_id = q.request_id();
        q = NewCenter(fresh.division, fresh.unit);
        q.set_request_id(request_id);
        return About(Around(s, fresh), q);
      });
  Put<v1::RenameServiceCenterRequest>("ServiceCenterService/RenameServiceCenter",
                                      [this](Scene s, auto q) {
                                        const Place fresh = NewCommunity(s);
                                        q.set_name(fresh.center);
                                        q.set_display_name("便民中心");
                                        return About(Around(s, fresh), q);
                                      });
  Put<v1::DissolveServiceCenterRequest>("ServiceCenterService/DissolveServiceCenter",
                                        [this](Scene s, auto q) {
                                          q.set_name(NewCommunity(s).center);
                                          q.set_successor(Community(s).center);
                                          return About(AroundTown(s), q);
                                        });
}

void OrgTreeAccessTest::AddReorganizations() {
  const auto plan = [this](Scene s) {
    const bool here = s == Scene::kHere;
    const std::string fresh =
        Get(Do(NewDivision((here ? town_ : far_town_).division, Division::COMMUNITY, "新社区")))
            .name();
    return Plan(kToday).Move(fresh, (here ? other_town_ : far_other_town_).division);
  };
  const auto unit = [this](Scene s) {
    return s == Scene::kHere ? district_.unit : other_district_.unit;
  };
  Put<v1::ReorganizeTreeRequest>("ReorganizationService/ReorganizeTree",
                                 [this, plan, unit](Scene s, auto q) {
                                   const std::string request_id = q.request_id();
                                   q = plan(s).By(unit(s));
                                   q.set_request_id(request_id);
                                   return About(AroundDistrict(s), q);
                                 });
  Put<v1::PreviewReorganizationRequest>(
      "ReorganizationService/PreviewReorganization", [this, plan, unit](Scene s, auto) {
        return About(AroundDistrict(s), plan(s).PreviewBy(unit(s)));
      });
}

void OrgTreeAccessTest::AddOthers() {
  const auto at_top = [this](Scene, auto q) { return About(AroundTop(), q); };
  Put<v1::FindNodesRequest>("FindService/FindNodes", [this](Scene s, auto q) {
    q.set_query("guanyinq");
    q.set_below(Town(s).division);
    return About(AroundTown(s), q);
  });
  Put<v1::PublishCalendarRequest>("CalendarService/PublishCalendar", [this](Scene, auto q) {
    q.set_name(absl::StrCat("calendars/", 2030 + Next()));
    q.set_source("国务院办公厅通知");
    return About(AroundTop(), q);
  });
  Put<v1::GetCalendarRequest>("CalendarService/GetCalendar", [this](Scene, auto q) {
    v1::PublishCalendarRequest publish;
    publish.set_name("calendars/2016");
    publish.set_source("国务院办公厅通知");
    const auto stub = v1::CalendarService::NewStub(service_->channel());
    Get(As(registrar_, *stub, &v1::CalendarService::Stub::PublishCalendar, publish));
    q.set_name(publish.name());
    return About(AroundTop(), q);
  });
  Put<v1::ListCalendarsRequest>("CalendarService/ListCalendars", at_top);
  Put<v1::UploadImportMetadata>("ImportService/UploadImport", [this](Scene, auto q) {
    q.set_kind(v1::Import::DIVISIONS);
    Attempt attempt = About(AroundTop(), q);
    attempt.chunk = kCsv;
    return attempt;
  });
  const auto on_import = [this](Scene, auto q) {
    q.set_name(NewImport());
    return About(AroundTop(), q);
  };
  Put<v1::GetImportRequest>("ImportService/GetImport", on_import);
  Put<v1::WatchImportRequest>("ImportService/WatchImport", on_import);
  Put<v1::CancelImportRequest>("ImportService/CancelImport", on_import);
  Put<v1::ListImportsRequest>("ImportService/ListImports", at_top);
}

TEST_F(OrgTreeAccessTest, IsAsReviewedForEveryMethodRoleAndPlace) {
  AddDivisions();
  AddUnits();
  AddServiceCenters();
  AddReorganizations();
  AddOthers();
  ExpectAccess(/*of_people=*/false);
}

}  // namespace
}  // namespace qungong::org
