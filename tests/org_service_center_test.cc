// Service centers: one for a division at a time, run by one unit; names and ends by the day.
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
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using v1::ServiceCenter;
using RenameRequest = v1::RenameServiceCenterRequest;
using DissolveRequest = v1::DissolveServiceCenterRequest;

const auto kNotFound = StatusIs(absl::StatusCode::kNotFound, HasReason("NODE_NOT_FOUND"));
const auto kServed = StatusIs(absl::StatusCode::kAlreadyExists, HasReason("DIVISION_SERVED"));
auto Precondition(const char* reason) {
  return StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(reason));
}

constexpr absl::CivilDay kDay(2012, 5, 1);  // of most changes

class OrgServiceCenterTest : public OrgTreeTest {
 protected:
  absl::StatusOr<ServiceCenter> Create(const std::string& division, const std::string& unit,
                                       absl::CivilDay from = kDay) {
    return Do(NewCenter(division, unit, from));
  }
  std::vector<std::string> List(v1::ListServiceCentersRequest request, absl::CivilDay day) {
    *request.mutable_as_of() = ToDate(day);
    return Names(request);
  }
  v1::ListServiceCentersRequest OfDivision(const std::string& division) {
    v1::ListServiceCentersRequest request;
    request.set_division(division);
    return request;
  }
};

TEST_F(OrgServiceCenterTest, ACenterExistsFromItsFirstDayOn) {
  const auto created = Create(village_.division, town_.unit);
  ASSERT_THAT(created, IsOk());
  ServiceCenter expected;
  expected.set_name(created->name());
  expected.set_level(rpc::v1::VILLAGE_LEVEL);
  expected.set_display_name("群众服务中心");
  expected.set_division(village_.division);
  expected.set_unit(town_.unit);
  *expected.mutable_valid_from() = ToDate(kDay);
  v1::NamePeriod& name = *expected.add_names();
  *name.mutable_valid_from() = ToDate(kDay);
  name.set_display_name("群众服务中心");
  expected.mutable_update_time()->set_seconds(absl::ToUnixSeconds(testing::TestNow()));
  expected.set_etag("\"1\"");
  EXPECT_THAT(*created, EqualsProto(expected));

  caller_ = neighbour_;  // whoever is signed in may read
  EXPECT_THAT(CenterOn(created->name(), kDay), IsOkAndHolds(EqualsProto(expected)));
  EXPECT_THAT(CenterOn(created->name(), kToday), IsOkAndHolds(EqualsProto(expected)));
  EXPECT_THAT(CenterOn(created->name(), kDay - 1), kNotFound);
  EXPECT_THAT(CenterOn(ResourceName("serviceCenters", NameUuid("none")), kDay), kNotFound);
  EXPECT_THAT(List(OfDivision(village_.division), kDay - 1), IsEmpty());
  EXPECT_THAT(List(OfDivision(village_.division), kDay), ElementsAre(created->name()));
  caller_ = "";
  EXPECT_THAT(CenterOn(created->name(), kDay), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(OrgServiceCenterTest, CentersThatCannotBe) {
  const std::string hamlet =
      Get(Do(NewDivision(town_.division, v1::Division::VILLAGE, "黄泥村", "", kDay))).name();
  const std::string company =
      Get(Do(NewUnit(town_.unit, v1::Unit::COMPANY, "自来水公司", "", kDay))).name();
  const int64_t nodes = service_->Count("directory_nodes");
  EXPECT_THAT(Create(kCityDivision, kCity),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("LEVEL_MISMATCH")));
  EXPECT_THAT(Create(hamlet, town_.unit, kDay - 1), Precondition("DIVISION_NOT_VALID"));
  EXPECT_THAT(Create(village_.division, company, kDay - 1), Precondition("UNIT_NOT_VALID"));
  EXPECT_THAT(Create(community_.division, town_.unit), kServed);
  EXPECT_EQ(service_->Count("directory_nodes"), nodes);
  ASSERT_THAT(Do(Dissolve<v1::DissolveUnitRequest>(company, town_.unit, kDay + 10)), IsOk());
  EXPECT_THAT(Create(village_.division, company, kDay + 1), Precondition("UNIT_NOT_VALID"));
  ASSERT_THAT(Do(Dissolve<v1::DissolveDivisionRequest>(hamlet, village_.division, kDay + 10)),
              IsOk());
  EXPECT_THAT(Create(hamlet, town_.unit, kDay + 1), Precondition("DIVISION_NOT_VALID"));
}

TEST_F(OrgServiceCenterTest, ANameHoldsFromADayOn) {
  const std::string center = Get(Create(village_.division, village_.unit)).name();
  EXPECT_THAT(Do(Rename<RenameRequest>(center, "便民中心", kDay - 1)),
              Precondition("NOT_VALID_ON_DATE"));
  const auto renamed = Do(Rename<RenameRequest>(center, "便民中心", kDay + 10));
  ASSERT_THAT(renamed, IsOk());
  EXPECT_EQ(renamed->names_size(), 2);
  EXPECT_EQ(Get(CenterOn(center, kDay + 9)).display_name(), "群众服务中心");
  EXPECT_EQ(Get(CenterOn(center, kDay + 10)).display_name(), "便民中心");
  EXPECT_THAT(Do(Rename<RenameRequest>(center, "服务站", kDay + 9)),
              Precondition("LATER_CHANGE_EXISTS"));
}

TEST_F(OrgServiceCenterTest, AfterTheEndOfOneTheNextMayServe) {
  const auto dissolve = [&](const std::string& successor, absl::CivilDay day) {
    return Do(Dissolve<DissolveRequest>(community_.center, successor, day));
  };
  const std::string later = Get(Create(village_.division, village_.unit, kDay + 20)).name();
  EXPECT_THAT(dissolve(town_.center, kSince), Precondition("NOT_VALID_ON_DATE"));
  EXPECT_THAT(dissolve(community_.center, kDay), Precondition("SUCCESSOR_NOT_VALID"));
  EXPECT_THAT(dissolve(later, kDay), Precondition("SUCCESSOR_NOT_VALID"));
  ASSERT_THAT(Do(Rename<RenameRequest>(community_.center, "便民中心", kDay - 10)), IsOk());
  EXPECT_THAT(dissolve(town_.center, kDay - 10), Precondition("LATER_CHANGE_EXISTS"));
  const auto dissolved = dissolve(town_.center, kDay);
  ASSERT_THAT(dissolved, IsOk());
  EXPECT_EQ(dissolved->successor(), town_.center);
  EXPECT_THAT(CenterOn(community_.center, kDay - 1), IsOkAndHolds(EqualsProto(*dissolved)));
  EXPECT_THAT(CenterOn(community_.center, kDay), kNotFound);
  EXPECT_THAT(Do(Dissolve<DissolveRequest>(town_.center, community_.center, kDay - 1)),
              Precondition("SUCCESSOR_NOT_VALID"));

  EXPECT_THAT(Create(community_.division, community_.unit, kDay - 1), kServed);
  const auto next = Create(community_.division, community_.unit, kDay);
  ASSERT_THAT(next, IsOk());
  EXPECT_THAT(List(OfDivision(community_.division), kDay - 1), ElementsAre(community_.center));
  EXPECT_THAT(List(OfDivision(community_.division), kDay), ElementsAre(next->name()));
}

TEST_F(OrgServiceCenterTest, ListsAnswerTheQuestionOfTheDay) {
  // By the code of the division.
  EXPECT_THAT(List({}, kSince), ElementsAre(district_.center, town_.center, community_.center,
                                            other_town_.center, other_district_.center));
  EXPECT_THAT(List({}, kSince - 1), IsEmpty());
  v1::ListServiceCentersRequest request;
  request.set_level(rpc::v1::TOWNSHIP_LEVEL);
  EXPECT_THAT(List(request, kSince), ElementsAre(town_.center, other_town_.center));
  request.set_unit(other_town_.unit);
  EXPECT_THAT(List(request, kSince), ElementsAre(other_town_.center));
  request.set_division(town_.division);
  EXPECT_THAT(List(request, kSince), IsEmpty());
  auto recode = Rename<v1::RenameDivisionRequest>(other_district_.division, "渝北区", kDay);
  recode.set_code("500001");
  ASSERT_THAT(Do(recode), IsOk());
  EXPECT_EQ(List({}, kDay - 1).back(), other_district_.center);
  EXPECT_EQ(List({}, kDay).front(), other_district_.center);
}

}  // namespace
}  // namespace qungong::org
