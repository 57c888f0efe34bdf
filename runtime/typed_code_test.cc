#include "runtime/typed_code.h"

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace qungong {
namespace {

struct FoldCase {
  const char* name;
  absl::string_view typed;
  absl::string_view want;
};

class FoldTypedCodeTest : public ::testing::TestWithParam<FoldCase> {};

TEST_P(FoldTypedCodeTest, Folds) { EXPECT_EQ(FoldTypedCode(GetParam().typed), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    , FoldTypedCodeTest,
    ::testing::Values(
        FoldCase{"Empty", "", ""}, FoldCase{"Plain", "QG2015", "QG2015"},
        FoldCase{"LowerCase", "qg2015", "QG2015"},
        FoldCase{"SpacesAndHyphens", " QG - 20 15\t-0\n", "QG20150"},
        FoldCase{"FullWidth", "ＱＧｑｇ２０１５", "QGQG2015"},
        FoldCase{"FullWidthHyphenAndSpace", "ＱＧ２０１５－０７　３０", "QG20150730"},
        FoldCase{"Dashes", "1‐2‑3‒4–5—6―7−8﹣9ー0", "1234567890"},
        FoldCase{"InvisibleSpaces", "1\u00A02\u200B3\u202F4\uFEFF", "1234"},
        FoldCase{"FullWidthEnds", "！～", "!~"}, FoldCase{"FullWidthBelow", "\uFF00", "\uFF00"},
        FoldCase{"FullWidthAbove", "｟", "｟"}, FoldCase{"ChineseStays", "编号QG", "编号QG"},
        FoldCase{"TruncatedUtf8", "Q\xEF\xBC", "Q\xEF\xBC"},
        FoldCase{"NulStays", absl::string_view("a\0b", 3), absl::string_view("A\0B", 3)}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qungong
