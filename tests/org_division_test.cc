// Divisions: names, codes and parents by the day, what is refused, lists and counts.
#include <string>
#include <vector>

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
using ::testing::UnorderedElementsAre;
using v1::Division;
using RenameRequest = v1::RenameDivisionRequest;
using MoveRequest = v1::MoveDivisionRequest;
using DissolveRequest = v1::DissolveDivisionRequest;

const auto kNotFound = StatusIs(absl::StatusCode::kNotFound, HasReason("NODE_NOT_FOUND"));
const auto kCodeTaken = StatusIs(absl::StatusCode::kAlreadyExists, HasReason("CODE_TAKEN"));
auto Precondition(const char* reason) {
  return StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(reason));
}
auto Invalid(const char* reason) {
  return StatusIs(absl::StatusCode::kInvalidArgument, HasReason(reason));
}

constexpr absl::CivilDay kDay(2012, 5, 1);  // of most changes

class OrgDivisionTest : public OrgTreeTest {
 protected:
  absl::StatusOr<Division> Create(const std::string& parent, Division::Kind kind,
                                  const std::string& display_name, const std::string& code = "",
                                  absl::CivilDay from = kSince) {
    return Do(NewDivision(parent, kind, display_name, code, from));
  }
  // A village of the first town with neither unit nor center.
  std::string Hamlet(const std::string& display_name = "黄泥村", absl::CivilDay from = kSince) {
    return Get(Create(town_.division, Division::VILLAGE, display_name, "", from)).name();
  }
  // "name code" on a day.
  std::string LabelOn(const std::string& name, absl::CivilDay day) {
    const Division division = Get(DivisionOn(name, day));
    return division.display_name() + " " + division.code();
  }
  std::vector<std::string> List(v1::ListDivisionsRequest request, absl::CivilDay day) {
    *request.mutable_as_of() = ToDate(day);
    std::vector<std::string> names;
    const auto page = Get(Do(request));
    for (const Division& division : page.divisions()) names.push_back(division.display_name());
    return names;
  }
};

TEST_F(OrgDivisionTest, ADivisionExistsFromItsFirstDayOn) {
  const auto created =
      Create(other_district_.division, Division::TOWN, "统景镇", "500112123", kDay);
  ASSERT_THAT(created, IsOk());
  Division expected;
  expected.set_name(created->name());
  expected.set_kind(Division::TOWN);
  expected.set_level(rpc::v1::TOWNSHIP_LEVEL);
  expected.set_display_name("统景镇");
  expected.set_code("500112123");
  expected.set_parent(other_district_.division);
  *expected.mutable_valid_from() = ToDate(kDay);
  v1::NamePeriod& name = *expected.add_names();
  *name.mutable_valid_from() = ToDate(kDay);
  name.set_display_name("统景镇");
  name.set_code("500112123");
  v1::ParentPeriod& parent = *expected.add_parents();
  *parent.mutable_valid_from() = ToDate(kDay);
  parent.set_parent(other_district_.division);
  expected.mutable_update_time()->set_seconds(absl::ToUnixSeconds(testing::TestNow()));
  expected.set_etag("\"1\"");
  EXPECT_THAT(*created, EqualsProto(expected));

  caller_ = "";  // everyone may read
  EXPECT_THAT(DivisionOn(created->name(), kDay), IsOkAndHolds(EqualsProto(expected)));
  v1::GetDivisionRequest today;
  today.set_name(created->name());
  EXPECT_THAT(Do(today), IsOkAndHolds(EqualsProto(expected)));
  EXPECT_THAT(DivisionOn(created->name(), kDay - 1), kNotFound);
  EXPECT_THAT(DivisionOn(ResourceName("divisions", NameUuid("none")), kDay), kNotFound);
  EXPECT_THAT(DivisionsBelow(other_district_.division, kDay - 1), IsEmpty());
  EXPECT_THAT(DivisionsBelow(other_district_.division, kDay), ElementsAre(created->name()));
}

TEST_F(OrgDivisionTest, DivisionsThatCannotBe) {
  const int64_t nodes = service_->Count("directory_nodes");
  for (const auto& [parent, kind] : std::vector<std::pair<std::string, Division::Kind>>{
           {kCityDivision, Division::TOWN},
           {kCityDivision, Division::MUNICIPALITY},
           {district_.division, Division::DISTRICT},
           {town_.division, Division::SUBDISTRICT},
           {village_.division, Division::VILLAGE}}) {
    EXPECT_THAT(Create(parent, kind, "某地"), Invalid("LEVEL_MISMATCH")) << kind;
  }
  EXPECT_THAT(Create(town_.division, Division::VILLAGE, "某村", "", kSince - 1),
              Precondition("PARENT_NOT_VALID"));
  EXPECT_THAT(Create(district_.division, Division::TOWN, "某镇", "500105006"), kCodeTaken);
  EXPECT_THAT(Create(district_.division, Division::TOWN, "某镇", "500105"),
              Invalid("INVALID_FIELD"));
  EXPECT_THAT(Create(district_.division, Division::TOWN, "某镇", "50010500X"),
              Invalid("INVALID_FIELD"));
  EXPECT_THAT(Create(district_.division, Division::TOWN, ""), Invalid("INVALID_FIELD"));
  v1::CreateDivisionRequest request = NewDivision(town_.division, Division::VILLAGE, "某村");
  request.mutable_valid_from()->set_day(32);
  EXPECT_THAT(Do(request), Invalid("INVALID_FIELD"));
  EXPECT_EQ(service_->Count("directory_nodes"), nodes);
}

TEST_F(OrgDivisionTest, ANameAndACodeHoldFromADayOn) {
  auto request = Rename<RenameRequest>(other_district_.division, "渝北县", kDay);
  EXPECT_THAT(Do(request), IsOk());
  request = Rename<RenameRequest>(other_district_.division, "渝北区", kDay + 10);
  request.set_code("500199");
  const auto renamed = Do(request);
  ASSERT_THAT(renamed, IsOk());
  EXPECT_EQ(LabelOn(other_district_.division, kDay - 1), "渝北区 500112");
  EXPECT_EQ(LabelOn(other_district_.division, kDay), "渝北县 500112");
  EXPECT_EQ(Get(DivisionOn(other_district_.division, kDay)).kind(), Division::COUNTY);
  EXPECT_EQ(LabelOn(other_district_.division, kDay + 9), "渝北县 500112");
  EXPECT_EQ(LabelOn(other_district_.division, kDay + 10), "渝北区 500199");
  ASSERT_EQ(renamed->names_size(), 3);
  EXPECT_THAT(renamed->names(1).valid_from(), EqualsProto(ToDate(kDay)));
  EXPECT_THAT(renamed->names(1).valid_to(), EqualsProto(ToDate(kDay + 10)));
  EXPECT_FALSE(renamed->names(2).has_valid_to());

  // What was said of a day can be said anew; an empty code is none.
  request = Rename<RenameRequest>(other_district_.division, "两江新区", kDay + 10);
  request.set_code("");
  EXPECT_EQ(Get(Do(request)).names_size(), 3);
  EXPECT_EQ(LabelOn(other_district_.division, kDay + 10), "两江新区 ");
  // The code is another's from then on, and not before.
  EXPECT_THAT(Create(kCityDivision, Division::DISTRICT, "某区", "500112", kDay + 9), kCodeTaken);
  EXPECT_THAT(Create(kCityDivision, Division::DISTRICT, "某区", "500112", kDay + 10), IsOk());
  request = Rename<RenameRequest>(other_district_.division, "渝北区", kDay + 20);
  request.set_code("500112");
  EXPECT_THAT(Do(request), kCodeTaken);
  v1::ListDivisionsRequest by_code;
  by_code.set_code("500112");
  EXPECT_THAT(List(by_code, kDay + 9), ElementsAre("渝北县"));
  EXPECT_THAT(List(by_code, kDay + 10), ElementsAre("某区"));
}

TEST_F(OrgDivisionTest, RenamingsThatCannotBe) {
  const std::string hamlet = Hamlet("黄泥村", kDay);
  ASSERT_THAT(Do(Rename<RenameRequest>(hamlet, "金泥村", kDay + 10)), IsOk());
  EXPECT_THAT(Do(Rename<RenameRequest>(hamlet, "银泥村", kDay + 9)),
              Precondition("LATER_CHANGE_EXISTS"));
  EXPECT_THAT(Do(Rename<RenameRequest>(hamlet, "银泥村", kDay - 1)),
              Precondition("NOT_VALID_ON_DATE"));
  auto request = Rename<RenameRequest>(hamlet, "银泥村", kDay + 20);
  request.set_code("500105006001");
  EXPECT_THAT(Do(request), kCodeTaken);
  request.set_code("500105006");
  EXPECT_THAT(Do(request), Invalid("INVALID_FIELD"));
  ASSERT_THAT(Do(Dissolve<DissolveRequest>(hamlet, village_.division, kDay + 30)), IsOk());
  EXPECT_THAT(Do(Rename<RenameRequest>(hamlet, "银泥村", kDay + 30)),
              Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(Do(Rename<RenameRequest>(hamlet, "银泥村", kDay + 29)), IsOk());
  EXPECT_EQ(LabelOn(hamlet, kDay + 29), "银泥村 ");
}

TEST_F(OrgDivisionTest, WhatIsBelowGoesAlong) {
  const auto moved = Do(Move<MoveRequest>(town_.division, other_district_.division, kDay));
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ(moved->parent(), other_district_.division);
  ASSERT_EQ(moved->parents_size(), 2);
  EXPECT_THAT(moved->parents(0).valid_to(), EqualsProto(ToDate(kDay)));
  v1::ListDivisionsRequest villages;
  villages.set_level(rpc::v1::VILLAGE_LEVEL);
  for (const auto& [day, here, there] : {std::tuple(kDay - 1, district_, other_district_),
                                         std::tuple(kDay, other_district_, district_),
                                         std::tuple(kToday, other_district_, district_)}) {
    EXPECT_EQ(Get(DivisionOn(town_.division, day)).parent(), here.division) << day;
    EXPECT_THAT(DivisionsBelow(here.division, day), Contains(town_.division));
    EXPECT_THAT(DivisionsBelow(there.division, day), Not(Contains(town_.division)));
    villages.set_parent(here.division);
    EXPECT_THAT(List(villages, day), ElementsAre("建新社区", "青龙村"));
    villages.set_parent(there.division);
    EXPECT_THAT(List(villages, day), IsEmpty());
  }
  EXPECT_EQ(Get(UnitOn(town_.unit, kDay)).parent(), district_.unit) << "MoveUnit moves units";
}

TEST_F(OrgDivisionTest, MovesThatCannotBe) {
  const auto move = [&](const std::string& name, const std::string& parent, absl::CivilDay day) {
    return Do(Move<MoveRequest>(name, parent, day));
  };
  const std::string hamlet = Hamlet("黄泥村", kDay);
  const std::string new_town =
      Get(Create(district_.division, Division::TOWN, "新镇", "", kDay + 50)).name();
  const std::string old_town =
      Get(Create(district_.division, Division::TOWN, "旧镇", "", kSince)).name();
  ASSERT_THAT(Do(Dissolve<DissolveRequest>(old_town, town_.division, kDay + 60)), IsOk());
  EXPECT_THAT(move(hamlet, other_town_.division, kDay - 1), Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(move(hamlet, new_town, kDay + 49), Precondition("PARENT_NOT_VALID"));
  EXPECT_THAT(move(hamlet, old_town, kDay + 1), Precondition("PARENT_NOT_VALID"));
  for (const std::string& parent : {district_.division, kCityDivision, village_.division, hamlet}) {
    EXPECT_THAT(move(hamlet, parent, kDay + 1), Invalid("LEVEL_MISMATCH"));
  }
  EXPECT_THAT(move(town_.division, town_.division, kDay), Invalid("LEVEL_MISMATCH"));
  EXPECT_THAT(move(kCityDivision, kCityDivision, kDay), Invalid("LEVEL_MISMATCH"));
  ASSERT_THAT(move(hamlet, new_town, kDay + 50), IsOk());
  EXPECT_THAT(move(hamlet, other_town_.division, kDay + 49), Precondition("LATER_CHANGE_EXISTS"));
  EXPECT_EQ(Get(DivisionOn(hamlet, kDay + 49)).parent(), town_.division);
  EXPECT_EQ(Get(DivisionOn(hamlet, kDay + 50)).parent(), new_town);
}

TEST_F(OrgDivisionTest, ADissolvedDivisionHasASuccessorAndNoDayAfter) {
  const std::string hamlet = Hamlet();
  const auto dissolved = Do(Dissolve<DissolveRequest>(hamlet, village_.division, kDay));
  ASSERT_THAT(dissolved, IsOk());
  EXPECT_EQ(dissolved->successor(), village_.division);
  EXPECT_THAT(dissolved->valid_to(), EqualsProto(ToDate(kDay)));
  EXPECT_THAT(DivisionOn(hamlet, kDay - 1), IsOkAndHolds(EqualsProto(*dissolved)));
  EXPECT_THAT(DivisionOn(hamlet, kDay), kNotFound);
  EXPECT_THAT(DivisionsBelow(town_.division, kDay - 1),
              UnorderedElementsAre(hamlet, community_.division, village_.division));
  EXPECT_THAT(DivisionsBelow(town_.division, kDay),
              ElementsAre(community_.division, village_.division));
}

TEST_F(OrgDivisionTest, NothingIsDissolvedUnderWhatRestsOnIt) {
  const auto dissolve = [&](const std::string& name, absl::CivilDay day) {
    return Do(Dissolve<DissolveRequest>(name, other_town_.division, day));
  };
  EXPECT_THAT(dissolve(town_.division, kDay), Precondition("HAS_CHILDREN"));
  EXPECT_THAT(Do(Dissolve<DissolveRequest>(village_.division, community_.division, kDay)),
              Precondition("HAS_UNITS"));
  EXPECT_THAT(Do(Dissolve<DissolveRequest>(community_.division, village_.division, kDay)),
              Precondition("HAS_SERVICE_CENTERS"));
  // What rested there before that day, or left on it, is no hindrance.
  const std::string town = Get(Create(district_.division, Division::TOWN, "旧镇")).name();
  const std::string stays = Get(Create(town, Division::VILLAGE, "甲村")).name();
  const std::string ends = Get(Create(town, Division::VILLAGE, "乙村")).name();
  ASSERT_THAT(Do(Move<MoveRequest>(stays, town_.division, kDay)), IsOk());
  EXPECT_THAT(dissolve(town, kDay), Precondition("HAS_CHILDREN"));
  ASSERT_THAT(Do(Dissolve<DissolveRequest>(ends, stays, kDay)), IsOk());
  EXPECT_THAT(dissolve(town, kDay - 1), Precondition("HAS_CHILDREN"));
  EXPECT_THAT(dissolve(town, kDay), IsOk());
  EXPECT_THAT(Create(town, Division::VILLAGE, "丙村"), Precondition("PARENT_NOT_VALID"));
}

TEST_F(OrgDivisionTest, DissolutionsThatCannotBe) {
  const auto dissolve = [&](const std::string& name, const std::string& successor,
                            absl::CivilDay day) {
    return Do(Dissolve<DissolveRequest>(name, successor, day));
  };
  const std::string hamlet = Hamlet("黄泥村", kDay);
  const std::string later = Hamlet("后村", kDay + 10);
  const std::string ended = Hamlet("旧村");
  ASSERT_THAT(dissolve(ended, village_.division, kDay + 20), IsOk());
  EXPECT_THAT(dissolve(hamlet, village_.division, kDay - 1), Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(dissolve(hamlet, village_.division, kDay), Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(dissolve(hamlet, hamlet, kDay + 5), Precondition("SUCCESSOR_NOT_VALID"));
  EXPECT_THAT(dissolve(hamlet, later, kDay + 9), Precondition("SUCCESSOR_NOT_VALID"));
  EXPECT_THAT(dissolve(hamlet, ended, kDay + 20), Precondition("SUCCESSOR_NOT_VALID"));
  EXPECT_THAT(dissolve(ended, village_.division, kDay + 10), Precondition("LATER_CHANGE_EXISTS"));
  ASSERT_THAT(Do(Rename<RenameRequest>(hamlet, "金泥村", kDay + 30)), IsOk());
  EXPECT_THAT(dissolve(hamlet, later, kDay + 30), Precondition("LATER_CHANGE_EXISTS"));
  EXPECT_THAT(dissolve(hamlet, later, kDay + 31), IsOk());
}

TEST_F(OrgDivisionTest, SuccessorsNeverLeadBack) {
  const std::string a = Hamlet("甲村");
  const std::string b = Hamlet("乙村");
  ASSERT_THAT(Do(Dissolve<DissolveRequest>(a, b, kDay + 10)), IsOk());
  // On that day the other still exists; but what passes to it would come back.
  EXPECT_THAT(Do(Dissolve<DissolveRequest>(b, a, kDay)), Precondition("SUCCESSOR_NOT_VALID"));
  EXPECT_THAT(Do(Dissolve<DissolveRequest>(b, village_.division, kDay)), IsOk());
}

TEST_F(OrgDivisionTest, ListsAnswerTheQuestionOfTheDay) {
  const auto by_level = [](rpc::v1::Level level) {
    v1::ListDivisionsRequest request;
    request.set_level(level);
    return request;
  };
  EXPECT_THAT(List({}, kSince), ElementsAre("重庆市"));
  EXPECT_THAT(List(by_level(rpc::v1::DISTRICT_LEVEL), kSince), ElementsAre("江北区", "渝北区"));
  EXPECT_THAT(List(by_level(rpc::v1::DISTRICT_LEVEL), kSince - 1), IsEmpty());
  EXPECT_THAT(List({}, kSince - 1), ElementsAre("重庆市"));
  v1::ListDivisionsRequest request = by_level(rpc::v1::VILLAGE_LEVEL);
  request.set_parent(other_town_.division);
  EXPECT_THAT(List(request, kSince), IsEmpty());
  request.set_parent(kCityDivision);
  EXPECT_THAT(List(request, kSince), ElementsAre("建新社区", "青龙村"));
  request.set_code("500105006201");
  EXPECT_THAT(List(request, kSince), ElementsAre("青龙村"));
  request.set_parent(ResourceName("divisions", NameUuid("none")));
  EXPECT_THAT(List(request, kSince), IsEmpty());
  // Items carry no history.
  const auto page = Get(Do(by_level(rpc::v1::DISTRICT_LEVEL)));
  EXPECT_EQ(page.divisions(0).names_size() + page.divisions(0).parents_size(), 0);
  EXPECT_EQ(page.divisions(0).code(), "500105");
}

}  // namespace
}  // namespace qungong::org
