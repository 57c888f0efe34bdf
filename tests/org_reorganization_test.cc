// Reorganizations of the trees: mergers, splits, partial transfers; what they must rehome; who may.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/org/v1/relation_service.grpc.pb.h"
#include "runtime/directory.h"
#include "tests/support/matchers.h"
#include "tests/support/org/change.h"
#include "tests/support/org/reorganize.h"
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
using ::testing::UnorderedElementsAre;
using v1::Division;
using Preview = v1::PreviewReorganizationResponse;
using Rehoming = Preview::Rehoming;

const auto kDenied = StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT"));

class ReorganizationTest : public OrgTreeTest {
 protected:
  void SetUp() override {
    OrgTreeTest::SetUp();
    reorganizations_ = v1::ReorganizationService::NewStub(service_->channel());
  }

  absl::StatusOr<v1::Reorganization> Do(const Plan& plan, const std::string& unit = kCity) {
    return Do(plan.By(unit));
  }
  absl::StatusOr<v1::Reorganization> Do(const v1::ReorganizeTreeRequest& request) {
    return As(caller_, *reorganizations_, &v1::ReorganizationService::Stub::ReorganizeTree,
              request);
  }
  absl::StatusOr<Preview> Try(const Plan& plan, const std::string& unit = kCity) {
    return As(caller_, *reorganizations_, &v1::ReorganizationService::Stub::PreviewReorganization,
              plan.PreviewBy(unit));
  }
  using OrgTreeTest::Do;

  std::string ParentOn(const std::string& name, absl::CivilDay day) {
    return absl::StartsWith(name, "units/") ? Get(UnitOn(name, day)).parent()
                                            : Get(DivisionOn(name, day)).parent();
  }
  // The plan fails at a step, and nothing has changed.
  void ExpectFails(const Plan& plan, int step, absl::StatusCode code, const std::string& reason) {
    const int64_t events = service_->Count("events");
    const int64_t edges = service_->Count("directory_edges");
    const auto done = Do(plan);
    EXPECT_THAT(done, StatusIs(code, HasReason(reason)));
    EXPECT_EQ(StepOf(done.status()), absl::StrCat(step)) << done.status();
    EXPECT_EQ(service_->Count("events"), events);
    EXPECT_EQ(service_->Count("directory_edges"), edges);
    const auto tried = Try(plan);
    if (code == absl::StatusCode::kPermissionDenied || reason == "INVALID_FIELD") return;
    ASSERT_THAT(tried, IsOk());
    ASSERT_GE(tried->errors_size(), 1);
    EXPECT_EQ(tried->errors(0).step(), step);
    EXPECT_EQ(tried->errors(0).reason(), reason);
  }
  static std::string StepOf(const absl::Status& status) {
    google::rpc::ErrorInfo info;
    const auto payload = status.GetPayload("type.googleapis.com/google.rpc.ErrorInfo");
    if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return "no reason";
    const auto it = info.metadata().find("step");
    return it == info.metadata().end() ? "no step" : it->second;
  }

  std::unique_ptr<v1::ReorganizationService::Stub> reorganizations_;
};

TEST_F(ReorganizationTest, AMergerIsACreationAndTwoEnds) {
  const Plan plan = Plan(kToday)
                        .Create("merged", district_.division, Division::SUBDISTRICT, "新街道",
                                "500105006")  // of one that ends with it
                        .Dissolve(town_.division, "divisions/merged", true)
                        .Dissolve(other_town_.division, "divisions/merged", true);
  const Preview preview = Get(Try(plan));
  EXPECT_THAT(preview.errors(), IsEmpty());
  ASSERT_EQ(preview.totals_size(), 4);
  EXPECT_THAT(preview.totals(2), EqualsProto(R"pb(level: TOWNSHIP_LEVEL
                                                  divisions_before: 2
                                                  divisions_after: 1
                                                  units_before: 2
                                                  units_after: 1
                                                  service_centers_before: 2
                                                  service_centers_after: 1)pb"));
  const v1::Reorganization done = Get(Do(plan));
  ASSERT_EQ(done.created_size(), 1);
  EXPECT_EQ(done.changed_count(), 3 + 3 + 3 + 2 + 2);  // places, and children of the first
  const std::string merged = done.created(0).division();
  EXPECT_THAT(DivisionsBelow(district_.division, kToday), ElementsAre(merged));
  EXPECT_THAT(DivisionsBelow(merged, kToday),
              UnorderedElementsAre(community_.division, village_.division));
  EXPECT_EQ(ParentOn(village_.unit, kToday), done.created(0).unit());
  EXPECT_EQ(Get(DivisionOn(town_.division, kToday - 1)).successor(), merged);
  EXPECT_EQ(Get(CenterOn(town_.center, kToday - 1)).successor(), done.created(0).service_center());
  EXPECT_EQ(Get(UnitOn(done.created(0).unit(), kToday)).display_name(), "新街道办事处");
  // The day before it is as it was.
  EXPECT_THAT(DivisionsBelow(district_.division, kToday - 1),
              UnorderedElementsAre(town_.division, other_town_.division));
  EXPECT_EQ(ParentOn(village_.unit, kToday - 1), town_.unit);
}

TEST_F(ReorganizationTest, ASplitIsACreationAndMoves) {
  const v1::Reorganization done = Get(
      Do(Plan(kToday)
             .Create("part", district_.division, Division::SUBDISTRICT, "五里店街道", "500105008")
             .Move(village_.division, "divisions/part")
             .Recode(village_.division, "青龙社区", "500105008201")));
  EXPECT_THAT(DivisionsBelow(town_.division, kToday), ElementsAre(community_.division));
  EXPECT_THAT(DivisionsBelow(done.created(0).division(), kToday), ElementsAre(village_.division));
  EXPECT_EQ(ParentOn(village_.unit, kToday), done.created(0).unit());
  EXPECT_EQ(Get(DivisionOn(village_.division, kToday)).code(), "500105008201");
  EXPECT_EQ(Get(DivisionOn(village_.division, kToday - 1)).code(), "500105006201");
}

TEST_F(ReorganizationTest, APartialTransferMovesSomeAndTheRestPasses) {
  const v1::Reorganization done = Get(Do(Plan(kToday)
                                             .Move(village_.division, other_town_.division)
                                             .Dissolve(town_.division, other_town_.division, true)
                                             .Rename(other_town_.division, "大街道")));
  EXPECT_THAT(DivisionsBelow(other_town_.division, kToday),
              UnorderedElementsAre(community_.division, village_.division));
  EXPECT_EQ(done.changed_count(), 2 + 2 + 3 + 1);
  EXPECT_EQ(service_->Count("events WHERE kind = 'Reorganization.APPLIED'"), 1);
  EXPECT_EQ(service_->Count("events WHERE kind LIKE '%.REORGANIZED'"), done.changed_count());
}

TEST_F(ReorganizationTest, AUnitThatStandsElsewhereDoesNotFollowItsDivision) {
  const std::string zone =
      Get(OrgTreeTest::Do(NewUnit(kCity, v1::Unit::FUNCTIONAL_AREA_COMMITTEE, "经开区"))).name();
  ASSERT_THAT(
      OrgTreeTest::Do(qungong::org::Move<v1::MoveUnitRequest>(town_.unit, zone, kToday - 9)),
      IsOk());
  ASSERT_THAT(Do(Plan(kToday).Move(town_.division, other_district_.division)), IsOk());
  EXPECT_EQ(ParentOn(town_.division, kToday), other_district_.division);
  EXPECT_EQ(ParentOn(town_.unit, kToday), zone);
}

TEST_F(ReorganizationTest, WhatCannotBeDoneIsNamedWithItsStepAndNothingIsDone) {
  const auto failed = absl::StatusCode::kFailedPrecondition;
  const auto invalid = absl::StatusCode::kInvalidArgument;
  const auto after_a_rename = [this] { return Plan(kToday).Rename(village_.division, "黄泥村"); };
  ExpectFails(after_a_rename().Dissolve(town_.division, other_town_.division, false), 1, failed,
              "HAS_CHILDREN");
  ExpectFails(after_a_rename().Move(village_.division, district_.division), 1, invalid,
              "LEVEL_MISMATCH");
  ExpectFails(after_a_rename().Move(village_.division, other_town_.unit), 1, invalid,
              "LEVEL_MISMATCH");
  ExpectFails(after_a_rename().Dissolve(village_.division, village_.division, false), 1, failed,
              "SUCCESSOR_NOT_VALID");
  ExpectFails(after_a_rename().Create("x", district_.division, Division::SUBDISTRICT, "新街道",
                                      "500105006"),
              1, absl::StatusCode::kAlreadyExists, "CODE_TAKEN");
  ExpectFails(after_a_rename().Move(village_.division, "divisions/nothing"), 1, invalid,
              "INVALID_FIELD");
  ExpectFails(after_a_rename().Move("people/x", town_.division), 1, invalid, "INVALID_FIELD");
  ExpectFails(after_a_rename()
                  .Dissolve(other_town_.division, town_.division, false)
                  .Move(village_.division, other_town_.division),
              2, failed, "PARENT_NOT_VALID");
  // A department of a department of itself.
  const std::string a = Get(OrgTreeTest::Do(NewDepartment(town_.unit, "a"))).name();
  const std::string b = Get(OrgTreeTest::Do(NewDepartment(a, "b"))).name();
  ExpectFails(after_a_rename().Move(a, b), 1, invalid, "TREE_CYCLE");
}

TEST_F(ReorganizationTest, ThePreviewListsAllThatMustBeRehomedAtOnce) {
  const std::string person = Get(CreatePerson("张三丰", "", "", town_.unit)).name();
  const std::string post =
      Get(Appoint(person, v1::Appointment::HEAD, town_.unit, kToday - 9)).name();
  const std::string account = Get(CreateAccount("zhang", town_.unit)).name();
  const std::string grant = Get(CreateGrant(account, rpc::v1::CLERK, town_.unit)).name();
  const std::string office = Get(OrgTreeTest::Do(NewDepartment(town_.unit, "civil"))).name();
  const std::string run_elsewhere =
      Get(OrgTreeTest::Do(NewCenter(village_.division, town_.unit))).name();
  const int64_t events = service_->Count("events");
  const Preview preview =
      Get(Try(Plan(kToday)
                  .Dissolve(town_.division, other_town_.division, false)
                  .Move(village_.division, district_.division)
                  .Create("new", district_.division, Division::SUBDISTRICT, "新街道")));
  EXPECT_EQ(service_->Count("events"), events);
  ASSERT_EQ(preview.errors_size(), 2);
  EXPECT_EQ(preview.errors(0).step(), 0);
  EXPECT_EQ(preview.errors(1).step(), 1);
  ASSERT_EQ(preview.endings_size(), 3);
  EXPECT_EQ(preview.endings(0).name(), town_.center);
  EXPECT_THAT(preview.endings(0).rehomings(), IsEmpty());
  EXPECT_EQ(preview.endings(1).name(), town_.unit);
  const auto row = [](Rehoming::Kind kind, const std::vector<std::string>& names,
                      Rehoming::Fate fate) {
    Rehoming rehoming;
    rehoming.set_kind(kind);
    rehoming.set_count(static_cast<int32_t>(names.size()));
    for (const std::string& name : names) rehoming.add_examples(name);
    rehoming.set_fate(fate);
    return rehoming;
  };
  std::vector<std::string> below = {community_.unit, village_.unit, office};
  std::sort(below.begin(), below.end());
  const auto must = Rehoming::MUST_BE_REHOMED;
  EXPECT_THAT(preview.endings(1).rehomings(),
              ElementsAre(EqualsProto(row(Rehoming::CHILDREN, below, must)),
                          EqualsProto(row(Rehoming::SERVICE_CENTERS, {run_elsewhere}, must)),
                          EqualsProto(row(Rehoming::APPOINTMENTS, {post}, must)),
                          EqualsProto(row(Rehoming::GRANTS, {grant}, must)),
                          EqualsProto(row(Rehoming::ACCOUNTS, {account}, Rehoming::STAYS)),
                          EqualsProto(row(Rehoming::PEOPLE, {person}, Rehoming::STAYS))));
  EXPECT_EQ(preview.endings(2).name(), town_.division);
  EXPECT_EQ(preview.endings(2).display_name(), "观音桥街道");
  EXPECT_EQ(preview.endings(2).rehomings(0).count(), 2);
  // Steps that can be done count, whatever the others do.
  EXPECT_EQ(preview.totals(2).divisions_before(), 2);
  EXPECT_EQ(preview.totals(2).divisions_after(), 3);
}

TEST_F(ReorganizationTest, PostsRelationsAndRightsKeepAUnitFromEndingUntilTheyEnd) {
  const Plan plan = Plan(kToday).Dissolve(town_.division, other_town_.division, true);
  const std::string post = Get(Appoint(CreatePerson("张三丰", "", "", town_.unit)->name(),
                                       v1::Appointment::HEAD, town_.unit, kToday - 9))
                               .name();
  ExpectFails(plan, 0, absl::StatusCode::kFailedPrecondition, "HAS_APPOINTMENTS");
  ASSERT_THAT(End(post, kToday), IsOk());
  const auto relations = v1::RelationService::NewStub(service_->channel());
  v1::CreateRelationRequest relate;
  relate.set_kind(v1::Relation::SECONDMENT);
  relate.set_from_unit(town_.unit);
  relate.set_to_unit(other_town_.unit);
  *relate.mutable_valid_from() = ToDate(kToday - 9);
  v1::EndRelationRequest end;
  end.set_name(
      Get(As(registrar_, *relations, &v1::RelationService::Stub::CreateRelation, relate)).name());
  *end.mutable_effective_date() = ToDate(kToday);
  ExpectFails(plan, 0, absl::StatusCode::kFailedPrecondition, "HAS_RELATIONS");
  ASSERT_THAT(As(registrar_, *relations, &v1::RelationService::Stub::EndRelation, end), IsOk());
  const std::string grant =
      Get(CreateGrant(Get(CreateAccount("zhang", town_.unit)).name(), rpc::v1::CLERK, town_.unit))
          .name();
  ExpectFails(plan, 0, absl::StatusCode::kFailedPrecondition, "HAS_GRANTS");
  ASSERT_THAT(Revoke(grant), IsOk());
  EXPECT_THAT(Try(plan)->errors(), IsEmpty());
  EXPECT_THAT(Do(plan), IsOk());
}

TEST_F(ReorganizationTest, ARepeatedRequestGetsTheSameReplyAndChangesNothing) {
  v1::ReorganizeTreeRequest request =
      Plan(kToday).Create("x", district_.division, Division::SUBDISTRICT, "新街道").By(kCity);
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  const v1::Reorganization first = Get(Do(request));
  const int64_t events = service_->Count("events");
  EXPECT_THAT(Do(request), IsOkAndHolds(EqualsProto(first)));
  EXPECT_EQ(service_->Count("events"), events);
}

TEST_F(ReorganizationTest, EveryNodeThatIsNamedMustBeTheCallersAndBelowTheUnit) {
  const std::string absent = ResourceName("divisions", NameUuid("none"));
  const std::string registrar = RegistrarOf("district.registrar", district_.unit);
  const auto expect_alike = [&](const Plan& of_another, const Plan& of_nothing) {
    for (const Plan& plan : {of_another, of_nothing}) {
      const absl::Status denied = Do(plan, district_.unit).status();
      EXPECT_THAT(denied, kDenied);
      EXPECT_EQ(StepOf(denied), "1");
      EXPECT_THAT(Try(plan, district_.unit), kDenied);
    }
  };
  const auto plan = [this] { return Plan(kToday).Rename(village_.division, "黄泥村"); };
  const std::string& other = other_district_.division;
  for (const std::string& caller : {registrar, registrar_}) {  // the city's, for the district
    caller_ = caller;
    expect_alike(plan().Rename(other, "改名区"), plan().Rename(absent, "改名区"));
    expect_alike(plan().Move(town_.division, other), plan().Move(town_.division, absent));
    expect_alike(plan().Dissolve(district_.division, other, true),
                 plan().Dissolve(district_.division, absent, true));
    expect_alike(plan().Create("x", other, Division::TOWN, "新镇"),
                 plan().Create("x", absent, Division::TOWN, "新镇"));
  }
  caller_ = neighbour_;
  EXPECT_THAT(Do(plan(), kCity), kDenied);
  EXPECT_THAT(Do(plan(), other_district_.unit), kDenied);
  caller_ = registrar;
  EXPECT_THAT(Do(plan(), kCity), kDenied);
  EXPECT_THAT(Do(plan(), district_.unit), IsOk());
}

TEST_F(ReorganizationTest, WhatEndsWithADivisionMustBeTheCallersToo) {
  // The village's center is run by the other district.
  ASSERT_THAT(OrgTreeTest::Do(NewCenter(village_.division, other_district_.unit)), IsOk());
  const Plan plan = Plan(kToday).Dissolve(village_.division, community_.division, true);
  caller_ = RegistrarOf("district.registrar", district_.unit);
  EXPECT_THAT(Do(plan, district_.unit), kDenied);
  EXPECT_THAT(Try(plan, district_.unit), kDenied);
  caller_ = registrar_;
  EXPECT_THAT(Do(plan), IsOk());
}

// A district with 30 towns and 400 villages.
class LargeReorganizationTest : public ReorganizationTest {
 protected:
  void SetUp() override {
    ReorganizationTest::SetUp();
    Plan plan(kSince);
    plan.Create("d", kCityDivision, Division::DISTRICT, "大区");
    for (int town = 0; town < 30; ++town) {
      plan.Create(absl::StrCat("t", town), "divisions/d", Division::TOWN,
                  absl::StrCat("甲", town, "镇"));
    }
    large_ = Get(Do(plan));
    Plan villages(kSince);
    for (int i = 0; i < 400; ++i) {
      villages.Create(absl::StrCat("v", i), large_.created(1 + i % 30).division(),
                      Division::VILLAGE, absl::StrCat("乙", i, "村"));
    }
    ASSERT_THAT(Do(villages), IsOk());
  }

  v1::Reorganization large_;
};

TEST_F(LargeReorganizationTest, IsMovedInOneTransactionOfWhichReadersSeeAllOrNothing) {
  const std::string from = large_.created(0).division();
  Plan plan(kToday);
  plan.Create("heir", kCityDivision, Division::DISTRICT, "新区")
      .Dissolve(from, "divisions/heir", true);
  std::atomic<bool> ended = false;
  std::atomic<int> looks = 0;
  std::set<std::pair<int, int>> seen;  // divisions below the old one, units below the old one
  const Uuid old_division = *ParseResourceName("divisions", from);
  const Uuid old_unit = *ParseResourceName("units", large_.created(0).unit());
  std::thread reader([&] {
    mysql::Session session(testing::MariaDb::Get().OptionsFor("org_app"));
    while (!ended) {
      const absl::Status read = session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
        const auto below = [&](rpc::v1::Tree tree, const Uuid& node) -> absl::StatusOr<int> {
          ASSIGN_OR_RETURN(const auto row,
                           tx.QueryOne("SELECT COUNT(*) FROM directory_closure WHERE tree = ? AND"
                                       " ancestor_id = ? AND valid_from <= ? AND valid_to > ?",
                                       tree, node, kToday, kToday));
          return row->Int32(0);
        };
        ASSIGN_OR_RETURN(const int divisions, below(rpc::v1::DIVISION_TREE, old_division));
        ASSIGN_OR_RETURN(const int units, below(rpc::v1::ADMINISTRATIVE_TREE, old_unit));
        seen.emplace(divisions, units);
        return absl::OkStatus();
      });
      EXPECT_THAT(read, IsOk());
      ++looks;
    }
  });
  const int before = looks;
  while (looks == before) std::this_thread::yield();
  std::atomic<int> statements = 0;
  service_->SetFault([&](absl::string_view, bool after) {
    if (!after) ++statements;
    return absl::OkStatus();
  });
  const absl::Time began = absl::Now();
  const v1::Reorganization done = Get(Do(plan));
  const absl::Duration took = absl::Now() - began;
  service_->SetFault(nullptr);
  const int after = looks;
  while (looks < after + 2) std::this_thread::yield();
  ended = true;
  reader.join();
  EXPECT_THAT(seen, UnorderedElementsAre(std::pair(431, 431), std::pair(0, 0)));
  EXPECT_EQ(done.changed_count(), 3 + 3 + 30 * 2);
  std::printf("430 divisions below a district moved in %s and %d statements, %d looks meanwhile\n",
              absl::FormatDuration(took).c_str(), statements.load(), looks.load());
  EXPECT_LT(statements, 120);
}

// The witness: the same done node by node is seen half done.
TEST_F(LargeReorganizationTest, DoneNodeByNodeItIsSeenHalfDone) {
  const std::string from = large_.created(0).division();
  for (int town = 1; town <= 30; ++town) {
    ASSERT_THAT(OrgTreeTest::Do(qungong::org::Move<v1::MoveDivisionRequest>(
                    large_.created(town).division(), other_district_.division, kToday)),
                IsOk());
    if (town == 15) {
      EXPECT_EQ(DivisionsBelow(from, kToday).size(), 15u);
      EXPECT_EQ(UnitsBelow(large_.created(0).unit(), kToday).size(), 30u);
    }
  }
}

}  // namespace
}  // namespace qungong::org
