#include "org-service/account_rules.h"

#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "runtime/status.h"
#include "tests/support/matchers.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;

struct PasswordCase {
  const char* name;
  const char* password;
  v1::Account::Kind kind;
  bool good;
};

void PrintTo(const PasswordCase& c, std::ostream* out) { *out << c.name; }

class PasswordTest : public ::testing::TestWithParam<PasswordCase> {};

TEST_P(PasswordTest, IsJudged) {
  const absl::Status status = CheckPassword("clerk.wang", GetParam().password, GetParam().kind);
  if (GetParam().good) {
    EXPECT_THAT(status, IsOk());
  } else {
    EXPECT_THAT(status,
                StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PASSWORD_TOO_WEAK")));
    EXPECT_FALSE(absl::StrContains(status.ToString(), GetParam().password));
  }
}

constexpr auto kPerson = v1::Account::PERSON;
constexpr auto kService = v1::Account::SERVICE;

INSTANTIATE_TEST_SUITE_P(
    Cases, PasswordTest,
    ::testing::Values(
        PasswordCase{"TenCharacters", "k7#mTq2pLx", kPerson, true},
        PasswordCase{"NineCharacters", "k7#mTq2pL", kPerson, false},
        PasswordCase{"ASentence", "correct horse battery staple", kPerson, true},
        PasswordCase{"TenChineseCharacters", "春江潮水连海平海上明", kPerson, true},
        PasswordCase{"NineChineseCharacters", "春江潮水连海平海上", kPerson, false},
        PasswordCase{"OneCharacterTenTimes", "aaaaaaaaaa", kPerson, false},
        PasswordCase{"FourDifferentCharacters", "abcdabcdabcd", kPerson, false},
        PasswordCase{"TheLogin", "clerk.wang", kPerson, false},
        PasswordCase{"TheLoginInside", "xx-Clerk.Wang-91", kPerson, false},
        PasswordCase{"Common", "1234567890", kPerson, false},
        PasswordCase{"CommonInCapitals", "QWERTYUIOP", kPerson, false},
        PasswordCase{"CommonWithAYear", "Password15", kPerson, false},
        PasswordCase{"CommonOnlyAsBeginning", "password of a giraffe", kPerson, true},
        PasswordCase{"SecretOf31", "0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5", kService, false},
        PasswordCase{"SecretOf32", "0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d", kService, true}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(AccountState, EveryStepFromEveryState) {
  EXPECT_THAT(NextState(v1::Account::ACTIVE, AccountStep::kDisable),
              IsOkAndHolds(v1::Account::DISABLED));
  EXPECT_THAT(NextState(v1::Account::DISABLED, AccountStep::kEnable),
              IsOkAndHolds(v1::Account::ACTIVE));
  EXPECT_THAT(NextState(v1::Account::DISABLED, AccountStep::kDisable),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("ACCOUNT_NOT_ACTIVE")));
  EXPECT_THAT(NextState(v1::Account::ACTIVE, AccountStep::kEnable),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("ACCOUNT_NOT_DISABLED")));
}

TEST(AccountRules, OwnAccountIsRefused) {
  EXPECT_THAT(CheckNotOwn("accounts/a", "accounts/b"), IsOk());
  EXPECT_THAT(CheckNotOwn("accounts/a", "accounts/a"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("OWN_ACCOUNT")));
}

}  // namespace
}  // namespace qungong::org
