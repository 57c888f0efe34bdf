// What all changes of divisions, units and service centers have in common: repeating, etags, who
// may make them, who is told.
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/directory.h"
#include "tests/support/matchers.h"
#include "tests/support/org/change.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;

const auto kDenied = StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT"));

class OrgTreeChangeTest : public OrgTreeTest {
 protected:
  void Plant() override {
    OrgTreeTest::Plant();
    using v1::Division;
    hamlet_ = Get(Do(NewDivision(town_.division, Division::VILLAGE, "黄泥村")));
    company_ = Get(Do(NewUnit(town_.unit, v1::Unit::COMPANY, "自来水公司")));
    own_town_ = Found(other_district_, Division::SUBDISTRICT, v1::Unit::SUBDISTRICT_OFFICE,
                      "双龙湖街道", "500112001");
    own_hamlet_ = Get(Do(NewDivision(own_town_.division, Division::VILLAGE, "石坝村"))).name();
    own_company_ = Get(Do(NewUnit(own_town_.unit, v1::Unit::COMPANY, "公交公司"))).name();
    registrar_of_town_ = RegistrarOf("town.registrar", town_.unit);
  }

  template <typename Request>
  Change Of(const Request& request) {
    return MakeChange(request, [this](const Request& q) { return Do(q); });
  }

  // One of each method; made in this order, all succeed. Those of one node lie on later and later
  // days.
  std::vector<Change> All() {
    const absl::CivilDay day = kToday;
    std::vector<Change> all;
    const std::string& hamlet = hamlet_.name();
    const std::string& company = company_.name();
    all.push_back(Of(NewDivision(town_.division, v1::Division::VILLAGE, "新村")));
    all.push_back(Of(Rename<v1::RenameDivisionRequest>(hamlet, "金泥村", day - 20)));
    all.push_back(Of(Move<v1::MoveDivisionRequest>(hamlet, other_town_.division, day - 10)));
    all.push_back(Of(Dissolve<v1::DissolveDivisionRequest>(hamlet, village_.division, day)));
    all.push_back(Of(NewDepartment(town_.unit, "civil_affairs")));
    all.push_back(Of(Rename<v1::RenameUnitRequest>(company, "水务公司", day - 20)));
    all.push_back(Of(Move<v1::MoveUnitRequest>(company, other_town_.unit, day - 10)));
    all.push_back(Of(Dissolve<v1::DissolveUnitRequest>(company, town_.unit, day)));
    all.push_back(Of(NewCenter(village_.division, village_.unit)));
    all.push_back(
        Of(Rename<v1::RenameServiceCenterRequest>(other_town_.center, "便民中心", day - 20)));
    all.push_back(
        Of(Dissolve<v1::DissolveServiceCenterRequest>(other_town_.center, town_.center, day)));
    return all;
  }

  void ExpectSameAsAbsent(const Change& change, const char* field) {
    org::ExpectSameAsAbsent(*service_, change, field);
  }

  v1::Division hamlet_;  // with neither unit nor center
  v1::Unit company_;
  std::string registrar_of_town_;
  // The neighbour's.
  Place own_town_;
  std::string own_hamlet_;
  std::string own_company_;
};

TEST_F(OrgTreeChangeTest, ARepeatedRequestIsAnsweredAlikeAndChangesOnce) {
  for (const Change& change : All()) {
    const auto has = [&](const char* field) { return !FieldOf(*change.request, field).empty(); };
    const char* field = has("display_name") ? "display_name"
                        : has("successor")  ? "successor"
                                            : "parent";
    const int64_t events = service_->Count("events");
    ExpectRepeatable(*service_, change, field,
                     has("name") ? FieldOf(*change.request, "name") : "别名");
    EXPECT_EQ(service_->Count("events"), events + 1);
  }
}

TEST_F(OrgTreeChangeTest, ATransitionWithAnOldEtagIsRefused) {
  std::map<std::string, std::string> etags = {
      {hamlet_.name(), hamlet_.etag()},
      {company_.name(), company_.etag()},
      {other_town_.center, Get(CenterOn(other_town_.center, kToday)).etag()}};
  int transitions = 0;
  for (const Change& change : All()) {
    if (!change.IsTransition()) continue;
    std::string& etag = etags[FieldOf(*change.request, "name")];
    etag = ExpectEtagChecked(change, etag);
    ++transitions;
  }
  EXPECT_EQ(transitions, 8);
}

TEST_F(OrgTreeChangeTest, OnlyRegistrarsMakeChanges) {
  const std::string nobody = Get(CreateAccount("somebody", town_.unit)).name();
  ASSERT_THAT(CreateGrant(nobody, rpc::v1::CLERK, town_.unit), IsOk());
  const int64_t events = service_->Count("events");
  for (const Change& change : All()) {
    SCOPED_TRACE(change.request->GetTypeName());
    caller_ = "";
    EXPECT_THAT(change.Make(),
                StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_MISSING")));
    caller_ = nobody;
    EXPECT_THAT(change.Make(),
                StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
  }
  EXPECT_EQ(service_->Count("events"), events);
  caller_ = RegistrarOf("district.registrar", district_.unit);
  for (const Change& change : All()) EXPECT_THAT(change.Make(), IsOk());
}

TEST_F(OrgTreeChangeTest, WhatIsNotTheCallersIsAnsweredAsWhatDoesNotExist) {
  caller_ = neighbour_;
  for (const Change& change : All()) {
    ExpectSameAsAbsent(change, change.IsTransition()                        ? "name"
                               : FieldOf(*change.request, "parent").empty() ? "unit"
                                                                            : "parent");
  }
  // A node of one's own is not put below, handed over to, or given for what is another's.
  const absl::CivilDay day = kToday;
  ExpectSameAsAbsent(Of(Move<v1::MoveDivisionRequest>(own_hamlet_, town_.division, day)), "parent");
  ExpectSameAsAbsent(Of(Move<v1::MoveUnitRequest>(own_company_, town_.unit, day)), "parent");
  ExpectSameAsAbsent(Of(Dissolve<v1::DissolveDivisionRequest>(own_hamlet_, village_.division, day)),
                     "successor");
  ExpectSameAsAbsent(Of(Dissolve<v1::DissolveUnitRequest>(own_company_, company_.name(), day)),
                     "successor");
  ExpectSameAsAbsent(
      Of(Dissolve<v1::DissolveServiceCenterRequest>(own_town_.center, town_.center, day)),
      "successor");
  ExpectSameAsAbsent(
      Of(NewUnit(own_town_.unit, v1::Unit::VILLAGE_COMMITTEE, "村委会", hamlet_.name())),
      "division");
  ExpectSameAsAbsent(Of(NewCenter(hamlet_.name(), own_town_.unit)), "division");
  // Above and beside is not below.
  ExpectSameAsAbsent(Of(NewDivision(kCityDivision, v1::Division::DISTRICT, "新区")), "parent");
  ExpectSameAsAbsent(Of(Rename<v1::RenameUnitRequest>(kCity, "市府", day)), "name");
  EXPECT_THAT(Do(Rename<v1::RenameUnitRequest>(other_district_.unit, "区府", day)), IsOk());
}

TEST_F(OrgTreeChangeTest, ARightOnADivisionFollowsTheUnitThatGoverns) {
  // The hamlet has no unit: the town's registrar changes it, and the community's does not.
  caller_ = RegistrarOf("community.registrar", community_.unit);
  EXPECT_THAT(Do(Rename<v1::RenameDivisionRequest>(hamlet_.name(), "甲村", kToday - 9)), kDenied);
  caller_ = registrar_of_town_;
  EXPECT_THAT(Do(Rename<v1::RenameDivisionRequest>(hamlet_.name(), "乙村", kToday - 8)), IsOk());
  // With the town's unit, the right moves to whoever stands above it.
  caller_ = registrar_;
  ASSERT_THAT(Do(Move<v1::MoveUnitRequest>(town_.unit, other_district_.unit, kToday)), IsOk());
  caller_ = neighbour_;
  EXPECT_THAT(Do(Rename<v1::RenameDivisionRequest>(hamlet_.name(), "丙村", kToday)), IsOk());
}

TEST_F(OrgTreeChangeTest, WhatDoesNotExistTodayIsChangedByThoseAboveItThen) {
  const absl::CivilDay day = kToday;
  const auto unit = [&](absl::CivilDay from) {
    return Get(Do(NewUnit(town_.unit, v1::Unit::COMPANY, "公司", "", from))).name();
  };
  const std::string next = unit(day + 30);
  const std::string last = unit(day - 30);
  ASSERT_THAT(Do(Dissolve<v1::DissolveUnitRequest>(last, town_.unit, day)), IsOk());
  ASSERT_THAT(Do(Dissolve<v1::DissolveDivisionRequest>(hamlet_.name(), village_.division, day)),
              IsOk());
  for (const Change& change :
       {Of(Rename<v1::RenameUnitRequest>(next, "新公司", day + 30)),
        Of(Rename<v1::RenameUnitRequest>(last, "新公司", day - 1)),
        Of(Rename<v1::RenameDivisionRequest>(hamlet_.name(), "新村", day - 1))}) {
    caller_ = neighbour_;
    EXPECT_THAT(change.Make(), kDenied);
    caller_ = registrar_of_town_;
    EXPECT_THAT(change.Make(), IsOk());
  }
}

TEST_F(OrgTreeChangeTest, OthersAreToldOfEachChangeAsItStands) {
  for (const Change& change : All()) ASSERT_THAT(change.Make(), IsOk());
  std::map<std::string, rpc::v1::NodeRecord> told;
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    const auto rows = tx.Query(
        "SELECT payload FROM events WHERE payload_type = "
        "'qungong.rpc.v1.DirectoryChange' ORDER BY version");
    if (!rows.ok()) return rows.status();
    for (const mysql::Row& row : *rows) {
      rpc::v1::DirectoryChange payload;
      EXPECT_TRUE(payload.ParseFromString(row.String(0)));
      for (const auto& node : payload.nodes()) told[node.name()] = node;
    }
    for (const auto& [name, node] : told) {
      const auto id = ParseResourceName(name.substr(0, name.find('/')), name);
      const auto stored = directory::LoadRecord(tx, *id);
      EXPECT_THAT(stored, qungong::testing::IsOkAndHolds(EqualsProto(node)));
    }
    return absl::OkStatus();
  });
  EXPECT_EQ(told.size(), service_->Count("directory_nodes"));
}

}  // namespace
}  // namespace qungong::org
