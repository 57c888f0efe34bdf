// Units: kinds, parents and ends by the day, what is refused, what rests on them.
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using v1::Unit;
using RenameRequest = v1::RenameUnitRequest;
using MoveRequest = v1::MoveUnitRequest;
using DissolveRequest = v1::DissolveUnitRequest;

const auto kNotFound = StatusIs(absl::StatusCode::kNotFound, HasReason("NODE_NOT_FOUND"));
auto Precondition(const char* reason) {
  return StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(reason));
}
auto Invalid(const char* reason) {
  return StatusIs(absl::StatusCode::kInvalidArgument, HasReason(reason));
}

constexpr absl::CivilDay kDay(2012, 5, 1);  // of most changes

class OrgUnitTest : public OrgTreeTest {
 protected:
  std::string Company(const std::string& parent, const std::string& display_name = "自来水公司",
                      absl::CivilDay from = kSince) {
    return Get(Do(NewUnit(parent, Unit::COMPANY, display_name, "", from))).name();
  }
  std::vector<std::string> List(v1::ListUnitsRequest request, absl::CivilDay day) {
    *request.mutable_as_of() = ToDate(day);
    std::vector<std::string> names;
    const auto page = Get(Do(request));
    for (const Unit& unit : page.units()) names.push_back(unit.display_name());
    return names;
  }
};

TEST_F(OrgUnitTest, AUnitExistsFromItsFirstDayToItsEnd) {
  v1::CreateUnitRequest request = NewDepartment(district_.unit, "urban_management", kDay);
  *request.mutable_valid_to() = ToDate(kDay + 30);
  const auto created = Do(request);
  ASSERT_THAT(created, IsOk());
  Unit expected;
  expected.set_name(created->name());
  expected.set_kind(Unit::DEPARTMENT);
  expected.set_level(rpc::v1::DISTRICT_LEVEL);
  expected.set_display_name("部门 urban_management");
  expected.set_parent(district_.unit);
  expected.set_line("urban_management");
  v1::NamePeriod& name = *expected.add_names();
  v1::ParentPeriod& parent = *expected.add_parents();
  for (auto* from :
       {expected.mutable_valid_from(), name.mutable_valid_from(), parent.mutable_valid_from()}) {
    *from = ToDate(kDay);
  }
  for (auto* to : {expected.mutable_valid_to(), name.mutable_valid_to(), parent.mutable_valid_to()})
    *to = ToDate(kDay + 30);
  name.set_display_name(expected.display_name());
  parent.set_parent(district_.unit);
  expected.mutable_update_time()->set_seconds(absl::ToUnixSeconds(testing::TestNow()));
  expected.set_etag("\"1\"");
  EXPECT_THAT(*created, EqualsProto(expected));

  caller_ = neighbour_;  // whoever is signed in may read
  for (const auto& [day, exists] :
       {std::pair(kDay - 1, false), {kDay, true}, {kDay + 29, true}, {kDay + 30, false}}) {
    const auto unit = UnitOn(created->name(), day);
    EXPECT_EQ(unit.ok(), exists) << day;
    if (exists) {
      EXPECT_THAT(unit, IsOkAndHolds(EqualsProto(expected)));
    } else {
      EXPECT_THAT(unit, kNotFound);
    }
    EXPECT_THAT(UnitsBelow(district_.unit, day),
                exists ? Contains(created->name()).Times(1) : Contains(created->name()).Times(0));
  }
  caller_ = "";
  EXPECT_THAT(UnitOn(created->name(), kDay), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(OrgUnitTest, AKindGoesWithADivisionOrALine) {
  for (int kind = Unit::GOVERNMENT; kind <= Unit::SOCIAL_ORGANIZATION; ++kind) {
    for (const bool has_division : {false, true}) {
      for (const bool has_line : {false, true}) {
        SCOPED_TRACE(absl::StrCat(kind, " ", has_division, " ", has_line));
        v1::CreateUnitRequest request =
            NewUnit(district_.unit, static_cast<Unit::Kind>(kind), absl::StrCat("单位", kind));
        if (has_line) request.set_line("health");
        if (has_division) {
          request.set_division(
              Get(Do(NewDivision(district_.division, v1::Division::TOWN, "新镇"))).name());
        }
        const bool governs = kind <= Unit::FUNCTIONAL_AREA_COMMITTEE;
        const bool may_govern_none = kind == Unit::FUNCTIONAL_AREA_COMMITTEE || !governs;
        const bool is_right =
            has_line == (kind == Unit::DEPARTMENT) && (has_division ? governs : may_govern_none);
        const auto created = Do(request);
        if (!is_right) {
          EXPECT_THAT(created, Invalid("UNIT_KIND_MISMATCH"));
        } else {
          ASSERT_THAT(created, IsOk());
          EXPECT_EQ(created->level(), governs ? rpc::v1::TOWNSHIP_LEVEL : rpc::v1::DISTRICT_LEVEL);
        }
      }
    }
  }
}

TEST_F(OrgUnitTest, UnitsThatCannotBe) {
  const std::string hamlet =
      Get(Do(NewDivision(town_.division, v1::Division::VILLAGE, "黄泥村", "", kDay))).name();
  const int64_t nodes = service_->Count("directory_nodes");
  const auto govern = [&](const std::string& parent, const std::string& division,
                          absl::CivilDay from) {
    return Do(NewUnit(parent, Unit::VILLAGE_COMMITTEE, "村委会", division, from));
  };
  EXPECT_THAT(govern(district_.unit, hamlet, kDay), Invalid("LEVEL_MISMATCH"));
  EXPECT_THAT(govern(village_.unit, hamlet, kDay), Invalid("LEVEL_MISMATCH"));
  EXPECT_THAT(govern(town_.unit, hamlet, kDay - 1), Precondition("DIVISION_NOT_VALID"));
  EXPECT_THAT(govern(town_.unit, village_.division, kDay),
              StatusIs(absl::StatusCode::kAlreadyExists, HasReason("DIVISION_GOVERNED")));
  EXPECT_THAT(Do(NewDepartment(town_.unit, "health", kSince - 1)),
              Precondition("PARENT_NOT_VALID"));
  v1::CreateUnitRequest request = NewDepartment(town_.unit, "health", kDay);
  *request.mutable_valid_to() = ToDate(kDay);
  EXPECT_THAT(Do(request), Invalid("INVALID_FIELD"));
  EXPECT_EQ(service_->Count("directory_nodes"), nodes);
  // When the one that governs ends, the next may.
  ASSERT_THAT(Do(Dissolve<DissolveRequest>(village_.unit, town_.unit, kDay)), IsOk());
  EXPECT_THAT(govern(town_.unit, village_.division, kDay - 1),
              StatusIs(absl::StatusCode::kAlreadyExists, HasReason("DIVISION_GOVERNED")));
  EXPECT_THAT(govern(town_.unit, village_.division, kDay), IsOk());
}

TEST_F(OrgUnitTest, NothingOutlivesAUnitThatWillEnd) {
  v1::CreateUnitRequest request = NewUnit(town_.unit, Unit::PUBLIC_INSTITUTION, "指挥部");
  *request.mutable_valid_to() = ToDate(kToday + 30);
  const std::string unit = Get(Do(request)).name();
  EXPECT_THAT(Do(NewDepartment(unit, "health")), Precondition("PARENT_NOT_VALID"));
  v1::CreateUnitRequest below = NewDepartment(unit, "health");
  *below.mutable_valid_to() = ToDate(kToday + 31);
  EXPECT_THAT(Do(below), Precondition("PARENT_NOT_VALID"));
  *below.mutable_valid_to() = ToDate(kToday + 30);
  const std::string department = Get(Do(below)).name();
  EXPECT_THAT(Do(Move<MoveRequest>(Company(town_.unit), unit, kDay)),
              Precondition("PARENT_NOT_VALID"));
  EXPECT_THAT(Do(NewCenter(village_.division, unit)), Precondition("UNIT_NOT_VALID"));
  EXPECT_THAT(Do(Dissolve<DissolveRequest>(department, town_.unit, kToday)),
              Precondition("LATER_CHANGE_EXISTS"));
  EXPECT_THAT(Do(Dissolve<DissolveRequest>(Company(town_.unit), unit, kDay)),
              Precondition("SUCCESSOR_NOT_VALID"));
}

TEST_F(OrgUnitTest, ANameHoldsFromADayOn) {
  const std::string company = Company(town_.unit, "自来水公司", kDay);
  EXPECT_THAT(Do(Rename<RenameRequest>(company, "水务公司", kDay - 1)),
              Precondition("NOT_VALID_ON_DATE"));
  ASSERT_THAT(Do(Rename<RenameRequest>(company, "水务公司", kDay + 10)), IsOk());
  EXPECT_THAT(Do(Rename<RenameRequest>(company, "供水公司", kDay + 9)),
              Precondition("LATER_CHANGE_EXISTS"));
  EXPECT_EQ(Get(UnitOn(company, kDay + 9)).display_name(), "自来水公司");
  EXPECT_EQ(Get(UnitOn(company, kDay + 10)).display_name(), "水务公司");
  EXPECT_EQ(Get(UnitOn(company, kDay + 10)).names_size(), 2);
}

TEST_F(OrgUnitTest, WhatIsBelowGoesAlongWithItsUnit) {
  const auto moved = Do(Move<MoveRequest>(town_.unit, other_district_.unit, kDay));
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ(moved->parents_size(), 2);
  v1::ListUnitsRequest villages;
  villages.set_level(rpc::v1::VILLAGE_LEVEL);
  for (const auto& [day, here, there] : {std::tuple(kDay - 1, district_, other_district_),
                                         std::tuple(kDay, other_district_, district_)}) {
    EXPECT_EQ(Get(UnitOn(town_.unit, day)).parent(), here.unit) << day;
    EXPECT_THAT(UnitsBelow(here.unit, day), Contains(town_.unit));
    EXPECT_THAT(UnitsBelow(there.unit, day), Not(Contains(town_.unit)));
    villages.set_parent(here.unit);
    EXPECT_THAT(List(villages, day), ElementsAre("建新社区机关", "青龙村机关"));
    villages.set_parent(there.unit);
    EXPECT_THAT(List(villages, day), IsEmpty());
  }
}

TEST_F(OrgUnitTest, MovesThatCannotBe) {
  const auto move = [&](const std::string& name, const std::string& parent, absl::CivilDay day) {
    return Do(Move<MoveRequest>(name, parent, day));
  };
  const std::string a = Company(town_.unit, "甲公司", kDay);
  const std::string b = Company(a, "乙公司", kDay);
  const std::string c = Company(b, "丙公司", kDay);
  const std::string late = Company(town_.unit, "后公司", kDay + 50);
  EXPECT_THAT(move(a, a, kDay), Invalid("TREE_CYCLE"));
  EXPECT_THAT(move(a, b, kDay), Invalid("TREE_CYCLE"));
  EXPECT_THAT(move(a, c, kDay), Invalid("TREE_CYCLE"));
  EXPECT_THAT(move(a, district_.unit, kDay), Invalid("LEVEL_MISMATCH"));
  EXPECT_THAT(move(town_.unit, kCity, kDay), Invalid("LEVEL_MISMATCH"));
  EXPECT_THAT(move(a, other_town_.unit, kDay - 1), Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(move(a, late, kDay + 49), Precondition("PARENT_NOT_VALID"));
  EXPECT_THAT(move(kCity, kCity, kDay), Invalid("LEVEL_MISMATCH"));
  // A cycle on some later day is one, too.
  ASSERT_THAT(move(c, town_.unit, kDay + 10), IsOk());
  ASSERT_THAT(move(a, c, kDay + 20), IsOk());
  EXPECT_THAT(move(c, b, kDay + 15), Invalid("TREE_CYCLE"));
  EXPECT_THAT(move(c, other_town_.unit, kDay + 9), Precondition("LATER_CHANGE_EXISTS"));
  EXPECT_EQ(Get(UnitOn(c, kDay + 15)).parent(), town_.unit);
  EXPECT_EQ(Get(UnitOn(a, kDay + 19)).parent(), town_.unit);
  EXPECT_EQ(Get(UnitOn(a, kDay + 20)).parent(), c);
}

TEST_F(OrgUnitTest, ADissolvedUnitHasASuccessorAndNoDayAfter) {
  const std::string company = Company(town_.unit, "自来水公司", kDay);
  const std::string heir = Company(other_town_.unit, "水务公司", kDay + 10);
  const auto dissolve = [&](const std::string& successor, absl::CivilDay day) {
    return Do(Dissolve<DissolveRequest>(company, successor, day));
  };
  EXPECT_THAT(dissolve(town_.unit, kDay - 1), Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(dissolve(town_.unit, kDay), Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(dissolve(company, kDay + 1), Precondition("SUCCESSOR_NOT_VALID"));
  EXPECT_THAT(dissolve(heir, kDay + 9), Precondition("SUCCESSOR_NOT_VALID"));
  ASSERT_THAT(Do(Rename<RenameRequest>(company, "供水公司", kDay + 15)), IsOk());
  EXPECT_THAT(dissolve(heir, kDay + 15), Precondition("LATER_CHANGE_EXISTS"));
  const auto dissolved = dissolve(heir, kDay + 20);
  ASSERT_THAT(dissolved, IsOk());
  EXPECT_EQ(dissolved->successor(), heir);
  EXPECT_THAT(dissolved->valid_to(), EqualsProto(ToDate(kDay + 20)));
  EXPECT_THAT(UnitOn(company, kDay + 19), IsOkAndHolds(EqualsProto(*dissolved)));
  EXPECT_THAT(UnitOn(company, kDay + 20), kNotFound);
  EXPECT_THAT(UnitsBelow(town_.unit, kDay + 19), Contains(company));
  EXPECT_THAT(UnitsBelow(town_.unit, kDay + 20), Not(Contains(company)));
}

TEST_F(OrgUnitTest, ListsAnswerTheQuestionOfTheDay) {
  for (const char* line : {"health", "civil_affairs"}) {
    Get(Do(NewDepartment(district_.unit, line, kDay)));
    Get(Do(NewDepartment(town_.unit, line, kDay)));
  }
  EXPECT_THAT(List({}, kSince), ElementsAre("重庆市人民政府"));
  v1::ListUnitsRequest request;
  request.set_line("health");
  EXPECT_THAT(List(request, kDay - 1), IsEmpty());
  EXPECT_THAT(List(request, kDay), ElementsAre("部门 health", "部门 health"));
  request.set_parent(town_.unit);
  EXPECT_THAT(List(request, kDay), ElementsAre("部门 health"));
  request = {};
  request.set_division(town_.division);
  EXPECT_THAT(List(request, kDay), ElementsAre("观音桥街道机关"));
  request.set_level(rpc::v1::VILLAGE_LEVEL);
  EXPECT_THAT(List(request, kDay), IsEmpty());
  // Those without a division come first, by name; the others by the code of theirs.
  request = {};
  request.set_parent(district_.unit);
  EXPECT_THAT(List(request, kDay),
              ElementsAre("部门 civil_affairs", "部门 health", "观音桥街道机关", "华新街街道机关"));
}

}  // namespace
}  // namespace qungong::org
