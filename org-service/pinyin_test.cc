#include "org-service/pinyin.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/csv.h"

namespace qungong::org {

absl::string_view PlaceReadings();

namespace {

using ::testing::SizeIs;

struct Reading {
  const char* name;
  const char* pinyin;
};
void PrintTo(const Reading& reading, std::ostream* out) { *out << reading.name; }

class PinyinTest : public ::testing::TestWithParam<Reading> {};

TEST_P(PinyinTest, ReadsNamesAsTheirPeopleDo) {
  EXPECT_EQ(absl::StrJoin(PinyinOf(GetParam().name), " "), GetParam().pinyin) << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    , PinyinTest,
    ::testing::Values(
        // Districts and counties of Chongqing as they write themselves.
        Reading{"重庆市", "chong qing shi"}, Reading{"万州区", "wan zhou qu"},
        Reading{"涪陵区", "fu ling qu"}, Reading{"渝中区", "yu zhong qu"},
        Reading{"大渡口区", "da du kou qu"}, Reading{"沙坪坝区", "sha ping ba qu"},
        Reading{"九龙坡区", "jiu long po qu"}, Reading{"北碚区", "bei bei qu"},
        Reading{"綦江区", "qi jiang qu"}, Reading{"大足区", "da zu qu"},
        Reading{"渝北区", "yu bei qu"}, Reading{"黔江区", "qian jiang qu"},
        Reading{"长寿区", "chang shou qu"}, Reading{"合川区", "he chuan qu"},
        Reading{"璧山区", "bi shan qu"}, Reading{"潼南区", "tong nan qu"},
        Reading{"荣昌区", "rong chang qu"}, Reading{"梁平区", "liang ping qu"},
        Reading{"丰都县", "feng du xian"}, Reading{"垫江县", "dian jiang xian"},
        Reading{"巫山县", "wu shan xian"},
        Reading{"石柱土家族自治县", "shi zhu tu jia zu zi zhi xian"},
        Reading{"秀山土家族苗族自治县", "xiu shan tu jia zu miao zu zi zhi xian"},
        Reading{"酉阳土家族苗族自治县", "you yang tu jia zu miao zu zi zhi xian"},
        // Below them.
        Reading{"观音桥街道", "guan yin qiao jie dao"},
        Reading{"朝天门街道", "chao tian men jie dao"}, Reading{"磁器口", "ci qi kou"},
        Reading{"歌乐山镇", "ge le shan zhen"}, Reading{"白市驿镇", "bai shi yi zhen"},
        Reading{"弹子石", "dan zi shi"}, Reading{"茄子溪", "qie zi xi"},
        Reading{"石马河", "shi ma he"}, Reading{"曾家岩", "zeng jia yan"},
        Reading{"大佛寺社区", "da fo si she qu"}, Reading{"土地乡", "tu di xiang"},
        Reading{"大什字社区", "da shi zi she qu"}, Reading{"龙咀村", "long zui cun"},
        Reading{"长江村", "chang jiang cun"}, Reading{"降龙村", "xiang long cun"},
        Reading{"绿水村", "lv shui cun"}, Reading{"么店村", "yao dian cun"},
        Reading{"重工社区", "zhong gong she qu"},
        // Elsewhere.
        Reading{"厦门市", "xia men shi"}, Reading{"广厦城", "guang sha cheng"},
        Reading{"长沙市", "chang sha shi"}, Reading{"长子县", "zhang zi xian"},
        Reading{"成都市", "cheng du shi"}, Reading{"六安市", "lu an shi"},
        Reading{"六合村", "liu he cun"}, Reading{"乐山市", "le shan shi"},
        Reading{"乐清市", "yue qing shi"}, Reading{"喀什地区", "ka shi di qu"},
        Reading{"弥勒市", "mi le shi"}, Reading{"蔚县", "yu xian"},
        // What is not a Chinese character.
        Reading{"A区101社区", "a qu 1 0 1 she qu"}, Reading{"彭水(东)", "peng shui dong"},
        Reading{"", ""}, Reading{"·,()", ""}, Reading{"\xFF长", "chang"}),
    [](const ::testing::TestParamInfo<Reading>& test) { return absl::StrCat("N", test.index); });

TEST(PinyinDataTest, EachTextHasASyllableForEveryCharacterAndASource) {
  const auto rows = ParseCsv(PlaceReadings(), {"text", "pinyin", "source"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_GT(rows->size(), 30u);
  for (const CsvRow& row : *rows) {
    const std::vector<std::string> syllables = absl::StrSplit(row.fields[1], ' ');
    EXPECT_THAT(syllables, SizeIs(row.fields[0].size() / 3)) << row.fields[0];
    EXPECT_NE(row.fields[2], "") << row.fields[0];
    for (const std::string& syllable : syllables) {
      EXPECT_TRUE(BeginsSyllable(syllable)) << row.fields[0];
    }
  }
}

TEST(PinyinDataTest, KnowsWithWhatASyllableBegins) {
  for (const char* letters : {"g", "gu", "guan", "zh", "lv", "a", "e", "chong"}) {
    EXPECT_TRUE(BeginsSyllable(letters)) << letters;
  }
  for (const char* letters : {"i", "u", "v", "gy", "guany", "chongq", "bx", "1"}) {
    EXPECT_FALSE(BeginsSyllable(letters)) << letters;
  }
}

TEST(PinyinDataTest, AReadingHasOnlyLetters) {
  for (char32_t c = 0x4E00; c <= 0x9FFF; ++c) {
    const std::string text = {static_cast<char>(0xE0 | (c >> 12)),
                              static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                              static_cast<char>(0x80 | (c & 0x3F))};
    for (const std::string& syllable : PinyinOf(text)) {
      EXPECT_EQ(syllable.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos)
          << text << " " << syllable;
      EXPECT_GT(syllable.size(), 0u) << text;
    }
  }
}

}  // namespace
}  // namespace qungong::org
