#include "tests/support/org/tree.h"

#include "absl/strings/str_cat.h"
#include "tests/support/matchers.h"

namespace qungong::org {

using ::qungong::testing::IsOk;

v1::CreateDivisionRequest NewDivision(const std::string& parent, v1::Division::Kind kind,
                                      const std::string& display_name, const std::string& code,
                                      absl::CivilDay from) {
  v1::CreateDivisionRequest request;
  request.set_parent(parent);
  request.set_kind(kind);
  request.set_display_name(display_name);
  request.set_code(code);
  *request.mutable_valid_from() = ToDate(from);
  return request;
}

v1::CreateUnitRequest NewUnit(const std::string& parent, v1::Unit::Kind kind,
                              const std::string& display_name, const std::string& division,
                              absl::CivilDay from) {
  v1::CreateUnitRequest request;
  request.set_parent(parent);
  request.set_kind(kind);
  request.set_display_name(display_name);
  request.set_division(division);
  *request.mutable_valid_from() = ToDate(from);
  return request;
}

v1::CreateUnitRequest NewDepartment(const std::string& parent, const std::string& line,
                                    absl::CivilDay from) {
  v1::CreateUnitRequest request =
      NewUnit(parent, v1::Unit::DEPARTMENT, absl::StrCat("部门 ", line), "", from);
  request.set_line(line);
  return request;
}

v1::CreateServiceCenterRequest NewCenter(const std::string& division, const std::string& unit,
                                         absl::CivilDay from) {
  v1::CreateServiceCenterRequest request;
  request.set_division(division);
  request.set_unit(unit);
  request.set_display_name("群众服务中心");
  *request.mutable_valid_from() = ToDate(from);
  return request;
}

void OrgTreeTest::Plant() {
  divisions_ = v1::DivisionService::NewStub(service_->channel());
  units_ = v1::UnitService::NewStub(service_->channel());
  centers_ = v1::ServiceCenterService::NewStub(service_->channel());
  caller_ = registrar_;
  using v1::Division;
  using v1::Unit;
  district_ = Found(city_, Division::DISTRICT, Unit::GOVERNMENT, "江北区", "500105");
  other_district_ = Found(city_, Division::DISTRICT, Unit::GOVERNMENT, "渝北区", "500112");
  town_ =
      Found(district_, Division::SUBDISTRICT, Unit::SUBDISTRICT_OFFICE, "观音桥街道", "500105006");
  other_town_ =
      Found(district_, Division::SUBDISTRICT, Unit::SUBDISTRICT_OFFICE, "华新街街道", "500105007");
  community_ =
      Found(town_, Division::COMMUNITY, Unit::COMMUNITY_COMMITTEE, "建新社区", "500105006001");
  village_ =
      Found(town_, Division::VILLAGE, Unit::VILLAGE_COMMITTEE, "青龙村", "500105006201", false);
  neighbour_ = RegistrarOf("neighbour", other_district_.unit);
}

OrgTreeTest::Place OrgTreeTest::Found(const Place& parent, v1::Division::Kind kind,
                                      v1::Unit::Kind unit, const std::string& display_name,
                                      const std::string& code, bool served) {
  Place place;
  place.division = Get(Do(NewDivision(parent.division, kind, display_name, code))).name();
  place.unit =
      Get(Do(NewUnit(parent.unit, unit, absl::StrCat(display_name, "机关"), place.division)))
          .name();
  if (served) place.center = Get(Do(NewCenter(place.division, place.unit))).name();
  return place;
}

std::string OrgTreeTest::RegistrarOf(const std::string& login, const std::string& unit) {
  const std::string account = Get(CreateAccount(login, unit)).name();
  EXPECT_THAT(CreateGrant(account, rpc::v1::REGISTRAR, unit), IsOk());
  return account;
}

absl::StatusOr<v1::Division> OrgTreeTest::DivisionOn(const std::string& name, absl::CivilDay day) {
  v1::GetDivisionRequest request;
  request.set_name(name);
  *request.mutable_as_of() = ToDate(day);
  return Do(request);
}

absl::StatusOr<v1::Unit> OrgTreeTest::UnitOn(const std::string& name, absl::CivilDay day) {
  v1::GetUnitRequest request;
  request.set_name(name);
  *request.mutable_as_of() = ToDate(day);
  return Do(request);
}

absl::StatusOr<v1::ServiceCenter> OrgTreeTest::CenterOn(const std::string& name,
                                                        absl::CivilDay day) {
  v1::GetServiceCenterRequest request;
  request.set_name(name);
  *request.mutable_as_of() = ToDate(day);
  return Do(request);
}

std::vector<std::string> OrgTreeTest::DivisionsBelow(const std::string& parent,
                                                     absl::CivilDay day) {
  v1::ListDivisionsRequest request;
  request.set_parent(parent);
  *request.mutable_as_of() = ToDate(day);
  return Names(request);
}

std::vector<std::string> OrgTreeTest::UnitsBelow(const std::string& parent, absl::CivilDay day) {
  v1::ListUnitsRequest request;
  request.set_parent(parent);
  *request.mutable_as_of() = ToDate(day);
  return Names(request);
}

}  // namespace qungong::org
