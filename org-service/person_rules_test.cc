#include "org-service/person_rules.h"

#include <string>

#include "gtest/gtest.h"

namespace qungong::org {
namespace {

struct MaskCase {
  const char* name;
  std::string (*mask)(absl::string_view);
  const char* text;
  const char* shown;
};

void PrintTo(const MaskCase& c, std::ostream* out) { *out << c.name; }

class MaskTest : public ::testing::TestWithParam<MaskCase> {};

TEST_P(MaskTest, Shows) { EXPECT_EQ(GetParam().mask(GetParam().text), GetParam().shown); }

INSTANTIATE_TEST_SUITE_P(
    Cases, MaskTest,
    ::testing::Values(MaskCase{"TwoCharacters", MaskName, "张三", "张*"},
                      MaskCase{"ThreeCharacters", MaskName, "张三丰", "张**"},
                      MaskCase{"FourCharacters", MaskName, "欧阳娜娜", "欧***"},
                      MaskCase{"OneCharacter", MaskName, "张", "*"},
                      MaskCase{"RareCharacter", MaskName, "𠮷田", "𠮷*"},
                      MaskCase{"Latin", MaskName, "Li", "L*"}, MaskCase{"NoName", MaskName, "", ""},
                      MaskCase{"Mobile", MaskPhone, "13812345678", "138****5678"},
                      MaskCase{"FixedLine", MaskPhone, "02367890123", "023****0123"},
                      MaskCase{"ShortNumber", MaskPhone, "6789012", "*****12"},
                      MaskCase{"Foreign", MaskPhone, "+4930123456", "*********56"},
                      MaskCase{"NoPhone", MaskPhone, "", ""},
                      MaskCase{"IdNumber", MaskIdNumber, "11010519491231002X",
                               "110*************2X"},
                      MaskCase{"NoIdNumber", MaskIdNumber, "", ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(NormalizePhone, EqualNumbersAreEqual) {
  for (const char* written : {"13812345678", "138 1234 5678", "138-1234-5678", "+86 138 1234 5678",
                              "+8613812345678", "008613812345678"}) {
    EXPECT_EQ(NormalizePhone(written), "13812345678") << written;
  }
  EXPECT_EQ(NormalizePhone("+49 30 123456"), "+4930123456");
  EXPECT_EQ(NormalizePhone("023-67890123"), "02367890123");
  EXPECT_EQ(NormalizePhone(""), "");
}

}  // namespace
}  // namespace qungong::org
