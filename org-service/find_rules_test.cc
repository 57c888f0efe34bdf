#include "org-service/find_rules.h"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qungong::org {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST(KeysOfTest, AreTheNameItsPartsItsReadingAndItsCode) {
  EXPECT_THAT(
      KeysOf("观音桥街道", "500105006"),
      UnorderedElementsAre(
          SearchKey{KeyField::kName, "观音桥街道"}, SearchKey{KeyField::kPart, "音桥街道"},
          SearchKey{KeyField::kPart, "桥街道"}, SearchKey{KeyField::kPart, "街道"},
          SearchKey{KeyField::kPart, "道"}, SearchKey{KeyField::kPinyin, "guanyinqiaojiedao"},
          SearchKey{KeyField::kInitials, "gyqjd guan yin qiao jie dao"},
          SearchKey{KeyField::kCode, "500105006"}));
}

TEST(KeysOfTest, AnEndingOfBodiesIsAPartAsAWhole) {
  std::vector<std::string> parts;
  for (const SearchKey& key : KeysOf("新华村民委员会", "")) {
    if (key.field == KeyField::kPart) parts.push_back(key.text);
  }
  EXPECT_THAT(parts, ElementsAre("华村民委员会", "村民委员会"));
}

TEST(KeysOfTest, FitTheirColumnsHoweverLongTheNameIs) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "庄";  // zhuang, as long as a syllable may be
  const std::vector<SearchKey> keys = KeysOf(name, "500105006001");
  // Of parts that are the same once they are cut, one.
  ASSERT_THAT(keys, SizeIs(1 + 60 + 2 + 1));
  for (const SearchKey& key : keys) {
    const bool chinese = key.field == KeyField::kName || key.field == KeyField::kPart;
    EXPECT_LE(key.text.size() / (chinese ? 3 : 1), 255u);
  }
}

struct Typed {
  const char* query;
  const char* name;  // what is found with it
  std::optional<MatchTier> tier;
};
void PrintTo(const Typed& typed, std::ostream* out) { *out << typed.query << " " << typed.name; }

// The best match of a name's keys, as a lookup by ranges finds it.
std::optional<MatchTier> Best(const Typed& typed) {
  std::optional<MatchTier> best;
  for (const Probe& probe : ProbesOf(typed.query)) {
    for (const SearchKey& key : KeysOf(typed.name, "500105006")) {
      if (key.field != probe.field) continue;
      const std::optional<MatchTier> one = Match(probe, key.text);
      if (one.has_value() && (!best.has_value() || *one < *best)) best = one;
    }
  }
  return best;
}

class MatchTest : public ::testing::TestWithParam<Typed> {};

TEST_P(MatchTest, IsWhatIsMeant) {
  EXPECT_EQ(Best(GetParam()), GetParam().tier) << GetParam().query << " and " << GetParam().name;
}

constexpr auto kNothing = std::nullopt;

INSTANTIATE_TEST_SUITE_P(
    , MatchTest,
    ::testing::Values(
        Typed{"观音桥街道", "观音桥街道", MatchTier::kExact},
        Typed{"观音桥", "观音桥街道", MatchTier::kPrefix},
        Typed{"观", "观音桥街道", MatchTier::kPrefix}, Typed{"桥", "观音桥街道", MatchTier::kPart},
        Typed{"音桥街", "观音桥街道", MatchTier::kPart}, Typed{"观桥", "观音桥街道", kNothing},
        Typed{"guanyinqiaojiedao", "观音桥街道", MatchTier::kExact},
        Typed{"guanyinq", "观音桥街道", MatchTier::kPrefix},
        Typed{"Guan Yin Qiao", "观音桥街道", MatchTier::kPrefix},
        Typed{"ｇｕａｎｙｉｎ", "观音桥街道", MatchTier::kPrefix},
        Typed{"gyq", "观音桥街道", MatchTier::kPrefix},
        Typed{"gyqjd", "观音桥街道", MatchTier::kExact},
        Typed{"GYQ", "观音桥街道", MatchTier::kPrefix},
        Typed{"g", "观音桥街道", MatchTier::kPrefix},
        Typed{"guanyq", "观音桥街道", MatchTier::kPrefix},
        Typed{"gyinq", "观音桥街道", MatchTier::kPrefix},
        Typed{"gyqiaojd", "观音桥街道", MatchTier::kExact}, Typed{"gyx", "观音桥街道", kNothing},
        Typed{"gongyq", "观音桥街道", kNothing}, Typed{"yinqiao", "观音桥街道", kNothing},
        Typed{"gyqjdx", "观音桥街道", kNothing}, Typed{"changshou", "长寿区", MatchTier::kPrefix},
        Typed{"zhangshou", "长寿区", kNothing}, Typed{"csq", "长寿区", MatchTier::kExact},
        Typed{"chshq", "长寿区", MatchTier::kExact}, Typed{"zsq", "长寿区", kNothing},
        Typed{"cq", "重庆市", MatchTier::kPrefix}, Typed{"chongqing", "重庆市", MatchTier::kPrefix},
        Typed{"lv", "绿水村", MatchTier::kPrefix}, Typed{"lü", "绿水村", MatchTier::kPrefix},
        Typed{"lu'an", "六安市", MatchTier::kPrefix}, Typed{"xi'an", "西安村", MatchTier::kPrefix},
        Typed{"xian", "先锋社区", MatchTier::kPrefix}, Typed{"xian", "西安村", MatchTier::kPrefix},
        Typed{"a区", "A区社区", MatchTier::kPrefix}, Typed{"aq", "A区社区", MatchTier::kPrefix},
        Typed{"101", "一〇一", kNothing}, Typed{"101sq", "101社区", MatchTier::kExact},
        Typed{"500105006", "观音桥街道", MatchTier::kExact},
        Typed{"500105", "观音桥街道", MatchTier::kPrefix}, Typed{"105006", "观音桥街道", kNothing},
        Typed{"５００", "观音桥街道", MatchTier::kPrefix}, Typed{" ", "观音桥街道", kNothing},
        Typed{"'", "观音桥街道", kNothing}, Typed{"%", "观音桥街道", kNothing},
        Typed{"_", "观音桥街道", kNothing}, Typed{"办事处", "观音桥街道办事处", MatchTier::kPart},
        Typed{"委员会", "新华村民委员会", kNothing}),
    [](const ::testing::TestParamInfo<Typed>& test) { return absl::StrCat("N", test.index); });

TEST(ProbesOfTest, AreFewHoweverManyWaysThereAreToReadIt) {
  std::string query;
  for (int i = 0; i < 25; ++i) query += "ge";  // each two letters: ge, or g e
  EXPECT_THAT(ProbesOf(query), SizeIs(kMaxProbes));
  EXPECT_THAT(ProbesOf("xian"), Contains(Probe{KeyField::kInitials, "xa", {"xi", "an"}}));
  EXPECT_THAT(ProbesOf("i"), ElementsAre(Probe{KeyField::kPinyin, "i", {}}));
  EXPECT_THAT(ProbesOf(""), IsEmpty());
}

TEST(ProbesOfTest, NoProbeIsOfEverything) {
  for (const char* query : {"g", "桥", "1", "ge", "!", "\x01", "\xFF"}) {
    for (const Probe& probe : ProbesOf(query)) EXPECT_NE(probe.prefix, "") << query;
  }
}

}  // namespace
}  // namespace qungong::org
