#include "org-service/appointment_rules.h"

#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;
using v1::Appointment;

const Uuid kZhang = NameUuid("zhang");
const Uuid kLi = NameUuid("li");
const Uuid kVillage = NameUuid("village");
const Uuid kTown = NameUuid("town");

absl::CivilDay Day(int n) { return absl::CivilDay(2015, 1, 1) + n; }
Days Span(int from, int to) { return {Day(from), Day(to)}; }

struct Case {
  const char* name;
  Term asked;
  std::vector<Term> others;
  const char* reason;  // "": allowed
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class TermTest : public ::testing::TestWithParam<Case> {};

TEST_P(TermTest, IsJudgedAgainstOthers) {
  const absl::Status status = CheckAgainstTerms(GetParam().asked, GetParam().others);
  if (*GetParam().reason == '\0') {
    EXPECT_THAT(status, IsOk());
  } else {
    EXPECT_THAT(status,
                StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(GetParam().reason)));
  }
}

constexpr auto kSecretary = Appointment::SECRETARY;
constexpr auto kDeputy = Appointment::DEPUTY_SECRETARY;
constexpr auto kFirst = Appointment::FIRST_SECRETARY;

const Term kAsked{kZhang, kSecretary, kVillage, Span(100, 200)};

INSTANTIATE_TEST_SUITE_P(
    Cases, TermTest,
    ::testing::Values(
        Case{"NobodyElse", kAsked, {}, ""},
        Case{"AnotherOnTheSameDays",
             kAsked,
             {{kLi, kSecretary, kVillage, Span(100, 200)}},
             "SECRETARY_OVERLAPS"},
        Case{"AnotherUntilTheDayBefore", kAsked, {{kLi, kSecretary, kVillage, Span(0, 100)}}, ""},
        Case{"AnotherUntilTheFirstDay",
             kAsked,
             {{kLi, kSecretary, kVillage, Span(0, 101)}},
             "SECRETARY_OVERLAPS"},
        Case{"AnotherFromTheLastDay",
             kAsked,
             {{kLi, kSecretary, kVillage, Span(199, 300)}},
             "SECRETARY_OVERLAPS"},
        Case{"AnotherFromTheDayAfter", kAsked, {{kLi, kSecretary, kVillage, Span(200, 300)}}, ""},
        Case{"AnotherInside",
             kAsked,
             {{kLi, kSecretary, kVillage, Span(120, 121)}},
             "SECRETARY_OVERLAPS"},
        Case{
            "AnotherAround", kAsked, {{kLi, kSecretary, kVillage, {Day(0)}}}, "SECRETARY_OVERLAPS"},
        Case{"AnotherThatNeverTookEffect",
             kAsked,
             {{kLi, kSecretary, kVillage, Span(150, 150)}},
             ""},
        Case{"OfAnotherUnit", kAsked, {{kLi, kSecretary, kTown, Span(100, 200)}}, ""},
        Case{"DeputiesAreMany",
             {kZhang, kDeputy, kVillage, Span(100, 200)},
             {{kLi, kDeputy, kVillage, Span(100, 200)}},
             ""},
        Case{"FirstSecretaryIsAdditional",
             {kZhang, kFirst, kVillage, Span(100, 200)},
             {{kLi, kSecretary, kVillage, Span(100, 200)}},
             ""},
        Case{"SecretaryBesidesFirstSecretary",
             kAsked,
             {{kLi, kFirst, kVillage, Span(100, 200)}},
             ""},
        Case{"TheSamePostTwice",
             {kZhang, kDeputy, kVillage, Span(100, 200)},
             {{kZhang, kDeputy, kVillage, Span(150, 250)}},
             "APPOINTMENT_OVERLAPS"},
        Case{"TheSamePostAgainLater",
             {kZhang, kDeputy, kVillage, Span(100, 200)},
             {{kZhang, kDeputy, kVillage, Span(200, 250)}},
             ""},
        Case{"AnotherPostOfTheSamePerson",
             kAsked,
             {{kZhang, kDeputy, kVillage, Span(100, 200)}},
             ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

// Day by day: would some day have two secretaries, or the person the same post twice?
bool NaiveConflict(const Term& asked, const std::vector<Term>& others) {
  for (int d = 0; d < 40; ++d) {
    if (!asked.days.Contains(Day(d))) continue;
    for (const Term& other : others) {
      if (!other.days.Contains(Day(d)) || other.unit != asked.unit || other.post != asked.post)
        continue;
      if (asked.post == kSecretary || other.person == asked.person) return true;
    }
  }
  return false;
}

TEST(Terms, AgreeWithADayByDayCheck) {
  std::mt19937 random(20150730);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const auto term = [&] {
    const int from = pick(30);
    return Term{pick(2) == 0 ? kZhang : kLi, pick(2) == 0 ? kSecretary : kDeputy,
                pick(2) == 0 ? kVillage : kTown, Span(from, from + pick(10))};
  };
  int conflicts = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Term asked = term();
    std::vector<Term> others;
    for (int i = pick(6); i > 0; --i) others.push_back(term());
    const bool conflict = NaiveConflict(asked, others);
    conflicts += conflict ? 1 : 0;
    ASSERT_EQ(CheckAgainstTerms(asked, others).ok(), !conflict) << "round " << round;
  }
  EXPECT_GT(conflicts, 1'000);
  EXPECT_LT(conflicts, 19'000);
}

TEST(Basis, OnlySecondedPeopleAreSent) {
  EXPECT_THAT(CheckBasis(kSecretary, Appointment::ELECTED, kVillage, std::nullopt), IsOk());
  EXPECT_THAT(CheckBasis(kFirst, Appointment::SECONDED, kVillage, kTown), IsOk());
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"));
  EXPECT_THAT(CheckBasis(kFirst, Appointment::APPOINTED, kVillage, std::nullopt), invalid);
  EXPECT_THAT(CheckBasis(kFirst, Appointment::SECONDED, kVillage, std::nullopt), invalid);
  EXPECT_THAT(CheckBasis(kFirst, Appointment::SECONDED, kVillage, kVillage), invalid);
  EXPECT_THAT(CheckBasis(kSecretary, Appointment::ELECTED, kVillage, kTown), invalid);
}

TEST(EndOn, CutsTheTerm) {
  EXPECT_THAT(EndOn(Span(10, 20), Day(15)), IsOkAndHolds(Span(10, 15)));
  EXPECT_THAT(EndOn({Day(10)}, Day(15)), IsOkAndHolds(Span(10, 15)));
  EXPECT_THAT(EndOn(Span(10, 20), Day(10)), IsOkAndHolds(Span(10, 10)));
  EXPECT_THAT(EndOn(Span(10, 20), Day(20)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("APPOINTMENT_ENDED")));
  EXPECT_THAT(EndOn(Span(10, 20), Day(9)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")));
}

}  // namespace
}  // namespace qungong::org
