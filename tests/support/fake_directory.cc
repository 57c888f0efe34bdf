#include "tests/support/fake_directory.h"

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "runtime/civil.h"

namespace qungong::testing {
namespace {

namespace pb = ::qungong::rpc::v1;

constexpr pb::Role kDailyRoles[] = {pb::CLERK,          pb::DISPATCHER, pb::HANDLER,
                                    pb::CALLBACK_AGENT, pb::SUPERVISOR, pb::LEADER};
constexpr pb::Role kCentralRoles[] = {pb::SYSTEM_ADMINISTRATOR, pb::SECURITY_ADMINISTRATOR,
                                      pb::AUDIT_ADMINISTRATOR, pb::REGISTRAR, pb::SERVICE};

// Numbers of qungong.org.v1 Division.Kind and Unit.Kind.
constexpr int kDepartment = 6;
int DivisionKind(pb::Level level) {
  switch (level) {
    case pb::MUNICIPALITY_LEVEL:
      return 1;
    case pb::DISTRICT_LEVEL:
      return 2;
    case pb::TOWNSHIP_LEVEL:
      return 6;  // SUBDISTRICT
    default:
      return 11;  // COMMUNITY
  }
}
int UnitKind(pb::Level level) {
  switch (level) {
    case pb::TOWNSHIP_LEVEL:
      return 2;  // SUBDISTRICT_OFFICE
    case pb::VILLAGE_LEVEL:
      return 4;  // COMMUNITY_COMMITTEE
    default:
      return 1;  // GOVERNMENT
  }
}

void SetAlways(pb::DateInterval& interval) {
  interval.set_from_day(DayNumber(absl::CivilDay(2010, 1, 1)));
  interval.set_to_day(kNoEndDay);
}

std::string NameOf(absl::string_view collection, absl::string_view key) {
  return ResourceName(collection, NameUuid(absl::StrCat("test/", collection, "/", key)));
}

void AddEdge(pb::NodeRecord& node, pb::Tree tree, const std::string& parent) {
  pb::NodeEdge& edge = *node.add_edges();
  edge.set_tree(tree);
  edge.set_parent(parent);
  SetAlways(*edge.mutable_valid());
}

}  // namespace

FakeDirectory::FakeDirectory()
    : municipality(AddPlace("重庆市", "500000", pb::MUNICIPALITY_LEVEL, nullptr)),
      jiangbei(AddPlace("江北区", "500105", pb::DISTRICT_LEVEL, &municipality)),
      yubei(AddPlace("渝北区", "500112", pb::DISTRICT_LEVEL, &municipality)),
      guanyinqiao(AddPlace("观音桥街道", "500105002", pb::TOWNSHIP_LEVEL, &jiangbei)),
      huaxin(AddPlace("华新街街道", "500105001", pb::TOWNSHIP_LEVEL, &jiangbei)),
      longxi(AddPlace("龙溪街道", "500112010", pb::TOWNSHIP_LEVEL, &yubei)),
      jianxin(AddPlace("建新社区", "500105002001", pb::VILLAGE_LEVEL, &guanyinqiao)),
      yanghe(AddPlace("洋河社区", "500105002002", pb::VILLAGE_LEVEL, &guanyinqiao)),
      jialing(AddPlace("嘉陵社区", "500105001001", pb::VILLAGE_LEVEL, &huaxin)),
      huahui(AddPlace("花卉社区", "500112010001", pb::VILLAGE_LEVEL, &longxi)),
      urban_management(AddDepartment("江北区城市管理局", jiangbei, "urban_management")),
      housing(AddDepartment("江北区住房和城乡建设委员会", jiangbei, "housing")) {
  for (const pb::Role role : kCentralRoles)
    AddGrant(AccountOf(municipality.unit, role), municipality.unit, role);
}

std::string FakeDirectory::AccountOf(absl::string_view unit, pb::Role role) {
  return NameOf("accounts", absl::StrCat(unit, "/", pb::Role_Name(role)));
}

pb::GrantRecord& FakeDirectory::AddGrant(absl::string_view principal, absl::string_view unit,
                                         pb::Role role, absl::string_view line) {
  pb::GrantRecord& grant = *change_.add_grants();
  grant.set_name(NameOf("grants", absl::StrCat(principal, "/", unit, "/", pb::Role_Name(role))));
  grant.set_principal(std::string(principal));
  grant.set_role(role);
  grant.set_node(std::string(unit));
  grant.set_line(std::string(line));
  SetAlways(*grant.mutable_valid());
  return grant;
}

Place FakeDirectory::AddPlace(absl::string_view name, absl::string_view code, pb::Level level,
                              const Place* parent) {
  const Place place{std::string(code), NameOf("divisions", code), NameOf("units", code),
                    NameOf("serviceCenters", code)};
  pb::NodeRecord& division = AddNode(place.division, name, pb::DIVISION_NODE, level);
  division.set_subkind(DivisionKind(level));
  division.mutable_labels(0)->set_code(place.code);
  if (parent != nullptr) AddEdge(division, pb::DIVISION_TREE, parent->division);
  pb::NodeRecord& unit = AddNode(place.unit, absl::StrCat(name, "(单位)"), pb::UNIT_NODE, level);
  unit.set_subkind(UnitKind(level));
  unit.set_division(place.division);
  if (parent != nullptr) AddEdge(unit, pb::ADMINISTRATIVE_TREE, parent->unit);
  pb::NodeRecord& center =
      AddNode(place.center, absl::StrCat(name, "群众服务中心"), pb::SERVICE_CENTER_NODE, level);
  center.set_division(place.division);
  center.set_unit(place.unit);
  AddDailyRoles(place.unit);
  return place;
}

std::string FakeDirectory::AddDepartment(absl::string_view name, const Place& parent,
                                         absl::string_view line) {
  std::string unit = NameOf("units", absl::StrCat(parent.code, "/", line));
  pb::NodeRecord& node = AddNode(unit, name, pb::UNIT_NODE, pb::DISTRICT_LEVEL);
  node.set_subkind(kDepartment);
  node.set_line(std::string(line));
  node.set_division(parent.division);
  AddEdge(node, pb::ADMINISTRATIVE_TREE, parent.unit);
  AddDailyRoles(unit);
  return unit;
}

pb::NodeRecord& FakeDirectory::AddNode(absl::string_view name, absl::string_view display_name,
                                       pb::NodeKind kind, pb::Level level) {
  pb::NodeRecord& node = *change_.add_nodes();
  node.set_name(std::string(name));
  node.set_kind(kind);
  node.set_level(level);
  SetAlways(*node.mutable_valid());
  pb::NodeLabel& label = *node.add_labels();
  label.set_display_name(std::string(display_name));
  SetAlways(*label.mutable_valid());
  return node;
}

void FakeDirectory::AddDailyRoles(absl::string_view unit) {
  for (const pb::Role role : kDailyRoles) AddGrant(AccountOf(unit, role), unit, role);
}

}  // namespace qungong::testing
