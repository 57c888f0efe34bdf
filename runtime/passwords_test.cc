#include "runtime/passwords.h"

#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;

TEST(PasswordsTest, MatchesItsOwnHashOnly) {
  const absl::StatusOr<std::string> hash = HashPassword("正确的密码 horse");
  ASSERT_THAT(hash, IsOk());
  EXPECT_TRUE(absl::StartsWith(*hash, "$argon2id$v=19$m=32768,t=2,p=1$"));
  EXPECT_TRUE(VerifyPassword(*hash, "正确的密码 horse"));
  EXPECT_FALSE(VerifyPassword(*hash, "正确的密码 Horse"));
  EXPECT_FALSE(VerifyPassword(*hash, "正确的密码 horse "));
  EXPECT_FALSE(VerifyPassword(*hash, ""));
  EXPECT_NE(*HashPassword("正确的密码 horse"), *hash);
}

TEST(PasswordsTest, AnEmptyHashMatchesNothing) {
  EXPECT_FALSE(VerifyPassword("", "decoy"));
  EXPECT_FALSE(VerifyPassword("", ""));
  EXPECT_FALSE(VerifyPassword("$argon2id$nonsense", "x"));
}

TEST(PasswordsTest, EmptyAndEndlessPasswordsAreRefused) {
  const auto invalid = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"));
  EXPECT_THAT(HashPassword(""), invalid);
  EXPECT_THAT(HashPassword(std::string(kMaxPasswordBytes + 1, 'x')), invalid);
  EXPECT_THAT(HashPassword(std::string(kMaxPasswordBytes, 'x')), IsOk());
}

TEST(PasswordsTest, HashesOfOtherLimitsAreToBeMadeAnew) {
  EXPECT_FALSE(PasswordNeedsRehash(*HashPassword("x")));
  // A hash of the argon2 tool with 64 MiB and 3 passes, version 19; and one of 16 MiB.
  EXPECT_TRUE(
      PasswordNeedsRehash("$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$"
                          "MjZmZjY5ZjQ0ZTM3YjZkOTM5ZDQ0NjZkOTM5ZDQ0NjY"));
}

TEST(PasswordsTest, ManyAtOnceTakeTurns) {
  const std::string hash = *HashPassword("x");
  std::vector<int> matched(6);
  std::vector<std::thread> threads;
  threads.reserve(matched.size());
  for (int& match : matched)
    threads.emplace_back([&] { match = VerifyPassword(hash, "x") ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(matched, std::vector<int>(6, 1));
}

}  // namespace
}  // namespace qungong
