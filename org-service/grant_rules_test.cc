#include "org-service/grant_rules.h"

#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using rpc::v1::Role;

const Uuid kAccount = NameUuid("account");
const Uuid kCity = NameUuid("city");
const Uuid kDistrict = NameUuid("district");

absl::CivilDay Day(int n) { return absl::CivilDay(2015, 1, 1) + n; }

HeldRole Held(Role role, int from, int to, const Uuid& node = kCity, const char* line = "") {
  return {role, kAccount, node, line, {Day(from), Day(to)}};
}

TEST(Separation, EveryPairOfRoles) {
  for (int a = rpc::v1::Role_MIN + 1; a <= rpc::v1::Role_MAX; ++a) {
    for (int b = rpc::v1::Role_MIN + 1; b <= rpc::v1::Role_MAX; ++b) {
      const auto asked = static_cast<Role>(a);
      const auto held = static_cast<Role>(b);
      const absl::Status status =
          CheckAgainstHeld(Held(asked, 0, 10), {Held(held, 5, 15, kDistrict)});
      if (IsAdministrator(asked) && IsAdministrator(held) && a != b) {
        EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                                     HasReason("SEPARATION_OF_ADMINISTRATORS")));
      } else {
        EXPECT_THAT(status, IsOk()) << Role_Name(asked) << " " << Role_Name(held);
      }
    }
  }
}

TEST(Separation, OnlyThreeRolesAreAdministrators) {
  int administrators = 0;
  for (int role = rpc::v1::Role_MIN; role <= rpc::v1::Role_MAX; ++role) {
    administrators += IsAdministrator(static_cast<Role>(role)) ? 1 : 0;
  }
  EXPECT_EQ(administrators, 3);
}

struct DaysCase {
  const char* name;
  int from;
  int to;
  bool excluded;
};

void PrintTo(const DaysCase& c, std::ostream* out) { *out << c.name; }

class SeparationDaysTest : public ::testing::TestWithParam<DaysCase> {};

TEST_P(SeparationDaysTest, CountsOnlySharedDays) {
  const HeldRole held = Held(rpc::v1::AUDIT_ADMINISTRATOR, 100, 200);
  const HeldRole asked = Held(rpc::v1::SECURITY_ADMINISTRATOR, GetParam().from, GetParam().to);
  EXPECT_EQ(CheckAgainstHeld(asked, {held}).ok(), !GetParam().excluded);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, SeparationDaysTest,
    ::testing::Values(DaysCase{"Before", 0, 100, false}, DaysCase{"FirstDay", 0, 101, true},
                      DaysCase{"Inside", 150, 151, true}, DaysCase{"LastDay", 199, 300, true},
                      DaysCase{"After", 200, 300, false}, DaysCase{"Around", 0, 300, true}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Separation, ARevokedGrantExcludesNothing) {
  EXPECT_THAT(CheckAgainstHeld(Held(rpc::v1::SECURITY_ADMINISTRATOR, 100, 200),
                               {Held(rpc::v1::AUDIT_ADMINISTRATOR, 150, 150)}),
              IsOk());
}

TEST(GrantOverlap, OnlyTheVerySameRight) {
  const HeldRole asked = Held(rpc::v1::HANDLER, 0, 10, kCity, "lighting");
  EXPECT_THAT(CheckAgainstHeld(asked, {Held(rpc::v1::HANDLER, 9, 20, kCity, "lighting")}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("GRANT_OVERLAPS")));
  EXPECT_THAT(CheckAgainstHeld(asked, {Held(rpc::v1::HANDLER, 10, 20, kCity, "lighting"),
                                       Held(rpc::v1::HANDLER, 0, 10, kCity),
                                       Held(rpc::v1::CLERK, 0, 10, kCity, "lighting"),
                                       Held(rpc::v1::HANDLER, 0, 10, kDistrict, "lighting")}),
              IsOk());
  HeldRole other = asked;
  other.account = NameUuid("another account of the same person");
  EXPECT_THAT(CheckAgainstHeld(asked, {other}), IsOk());
}

TEST(RoleForAccount, EveryRoleAndKind) {
  for (int role = rpc::v1::Role_MIN + 1; role <= rpc::v1::Role_MAX; ++role) {
    const bool service = role == rpc::v1::SERVICE;
    EXPECT_EQ(CheckRoleForAccount(static_cast<Role>(role), v1::Account::PERSON).ok(), !service);
    EXPECT_EQ(CheckRoleForAccount(static_cast<Role>(role), v1::Account::SERVICE).ok(), service);
  }
}

// Whatever is granted and refused in whatever order, on no day does anybody hold two of the three.
TEST(Separation, HoldsOnEveryDayOfEveryHistory) {
  std::mt19937 random(3);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  int refused = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<HeldRole> held;
    for (int i = 0; i < 12; ++i) {
      const int from = pick(30);
      const HeldRole asked = Held(static_cast<Role>(1 + pick(4)), from, from + pick(12),
                                  pick(2) == 0 ? kCity : kDistrict);
      if (CheckAgainstHeld(asked, held).ok()) {
        held.push_back(asked);
      } else {
        ++refused;
      }
    }
    for (int d = 0; d < 45; ++d) {
      Role seen = rpc::v1::ROLE_UNSPECIFIED;
      for (const HeldRole& role : held) {
        if (!IsAdministrator(role.role) || !role.days.Contains(Day(d))) continue;
        ASSERT_TRUE(seen == rpc::v1::ROLE_UNSPECIFIED || seen == role.role)
            << "round " << round << ", day " << d;
        seen = role.role;
      }
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace qungong::org
