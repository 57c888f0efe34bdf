#include "runtime/page.h"

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;

const std::string kCursor("2015-07-30\0id", 13);

TEST(PageTest, DecodesWhatItEncoded) {
  const PageCodec under_test("key");
  EXPECT_THAT(under_test.Decode("q", under_test.Encode("q", kCursor)), IsOkAndHolds(kCursor));
  EXPECT_THAT(under_test.Decode("q", under_test.Encode("q", "")), IsOkAndHolds(std::string()));
  EXPECT_THAT(under_test.Decode("q", ""), IsOkAndHolds(std::string()));
}

TEST(PageTest, TokenOfAnotherQuestionOrKeyIsRefused) {
  const PageCodec under_test("key");
  const auto invalid =
      StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID"));
  const std::string token = under_test.Encode("accounts/a ListTickets", kCursor);
  EXPECT_THAT(under_test.Decode("accounts/b ListTickets", token), invalid);
  EXPECT_THAT(PageCodec("other").Decode("accounts/a ListTickets", token), invalid);
}

TEST(PageTest, TheBorderBetweenQuestionAndCursorCannotBeMoved) {
  const PageCodec under_test("key");
  std::string bytes;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(under_test.Encode("q", "ab"), &bytes));
  const std::string moved = absl::WebSafeBase64Escape(bytes.substr(0, 16) + "b");
  EXPECT_THAT(under_test.Decode("qa", moved), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PageTest, NoChangedByteIsAccepted) {
  const PageCodec under_test("key");
  const std::string token = under_test.Encode("q", kCursor);
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    const absl::StatusOr<std::string> cursor = under_test.Decode("q", forged);
    // The last digit of base64 may hold bits that mean nothing; then the cursor is still the true
    // one.
    if (!cursor.ok()) continue;
    EXPECT_EQ(*cursor, kCursor);
    EXPECT_EQ(i, token.size() - 1);
  }
}

TEST(PageTest, NonsenseIsRefused) {
  const PageCodec under_test("key");
  const std::string garbage[] = {
      "A", "AAAA", "*", "群工", std::string(1 << 20, 'A'), std::string(22, 'A')};
  for (const std::string& token : garbage) {
    EXPECT_THAT(under_test.Decode("q", token), StatusIs(absl::StatusCode::kInvalidArgument))
        << token.substr(0, 30);
  }
}

TEST(PageTest, SizesAreCoerced) {
  EXPECT_EQ(CoercePageSize(0), kDefaultPageSize);
  EXPECT_EQ(CoercePageSize(1), 1);
  EXPECT_EQ(CoercePageSize(kMaxPageSize), kMaxPageSize);
  EXPECT_EQ(CoercePageSize(kMaxPageSize + 1), kMaxPageSize);
}

}  // namespace
}  // namespace qungong
