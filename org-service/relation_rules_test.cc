#include "org-service/relation_rules.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using v1::Relation;

Uuid Unit(int n) { return NameUuid(absl::StrCat("unit ", n)); }

Bond Of(Relation::Kind kind, int from, int to, int first_day = 1, int end = 100) {
  const absl::CivilDay start(2015, 1, 1);
  return {kind, Unit(from), Unit(to), {start + first_day, start + end}};
}

TEST(RelationRulesTest, TwoUnitsAndAContactWhereOneIsNeeded) {
  EXPECT_THAT(CheckBond(Of(Relation::PAIRED_ASSISTANCE, 1, 2), false), IsOk());
  EXPECT_THAT(CheckBond(Of(Relation::PAIRED_ASSISTANCE, 1, 2), true), IsOk());
  EXPECT_THAT(CheckBond(Of(Relation::PAIRED_ASSISTANCE, 1, 1), true), HasReason("INVALID_FIELD"));
  EXPECT_THAT(CheckBond(Of(Relation::POINT_OF_CONTACT, 1, 2), false), HasReason("INVALID_FIELD"));
  EXPECT_THAT(CheckBond(Of(Relation::POINT_OF_CONTACT, 1, 2), true), IsOk());
}

TEST(RelationRulesTest, OnlyAssistanceIsNotForSuperiors) {
  const std::vector<Uuid> above = {Unit(2), Unit(1), Unit(0)};
  for (const auto kind : {Relation::PAIRED_ASSISTANCE, Relation::POINT_OF_CONTACT,
                          Relation::DUAL_MANAGEMENT, Relation::SECONDMENT}) {
    if (kind == Relation::PAIRED_ASSISTANCE) {
      EXPECT_THAT(CheckHelper(Of(kind, 1, 2), above), HasReason("HELPER_IS_SUPERIOR"));
    } else {
      EXPECT_THAT(CheckHelper(Of(kind, 1, 2), above), IsOk());
    }
    EXPECT_THAT(CheckHelper(Of(kind, 3, 2), above), IsOk());
  }
}

TEST(RelationRulesTest, TheSameRelationHoldsOnceAtATime) {
  for (const auto kind : {Relation::PAIRED_ASSISTANCE, Relation::POINT_OF_CONTACT,
                          Relation::DUAL_MANAGEMENT, Relation::SECONDMENT}) {
    SCOPED_TRACE(Relation::Kind_Name(kind));
    const Bond asked = Of(kind, 1, 2, 10, 20);
    EXPECT_THAT(CheckAgainstBonds(asked, {}), IsOk());
    EXPECT_THAT(CheckAgainstBonds(asked, {Of(kind, 1, 2, 19, 30)}), HasReason("RELATION_OVERLAPS"));
    EXPECT_THAT(CheckAgainstBonds(asked, {Of(kind, 1, 2, 1, 11)}), HasReason("RELATION_OVERLAPS"));
    EXPECT_THAT(CheckAgainstBonds(asked, {Of(kind, 1, 2, 1, 10), Of(kind, 1, 2, 20, 30)}), IsOk());
    EXPECT_THAT(CheckAgainstBonds(asked, {Of(kind, 1, 2, 15, 15)}), IsOk()) << "ended at once";
    EXPECT_THAT(CheckAgainstBonds(asked, {Of(kind, 1, 3, 10, 20)}), IsOk());
    EXPECT_THAT(CheckAgainstBonds(asked, {Of(kind, 2, 1, 10, 20)}), IsOk());
  }
  EXPECT_THAT(
      CheckAgainstBonds(Of(Relation::SECONDMENT, 1, 2), {Of(Relation::PAIRED_ASSISTANCE, 1, 2)}),
      IsOk());
}

TEST(RelationRulesTest, AUnitHasOneManagerBesideItsSuperiorAndAnyNumberOfHelpers) {
  EXPECT_THAT(
      CheckAgainstBonds(Of(Relation::DUAL_MANAGEMENT, 1, 2), {Of(Relation::DUAL_MANAGEMENT, 3, 2)}),
      HasReason("RELATION_OVERLAPS"));
  EXPECT_THAT(CheckAgainstBonds(Of(Relation::PAIRED_ASSISTANCE, 1, 2),
                                {Of(Relation::PAIRED_ASSISTANCE, 3, 2)}),
              IsOk());
}

}  // namespace
}  // namespace qungong::org
