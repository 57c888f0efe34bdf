#include "org-service/org_codes.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qungong::org {
namespace {

using ::testing::HasSubstr;

constexpr char kCreditAlphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

TEST(CreditCode, KnownAnswers) {
  EXPECT_EQ(ParseCreditCode("11500383009338112H").value(), "11500383009338112H");
  EXPECT_EQ(ParseCreditCode("91512081MA62K0260E").value(), "91512081MA62K0260E");
  EXPECT_FALSE(ParseCreditCode("91350100M000100Y4Z").ok());
  EXPECT_EQ(CreditCodeCheckCharacter("91350100M000100Y4"), '3');
  EXPECT_TRUE(ParseCreditCode("91350100M000100Y43").ok());
}

TEST(CreditCode, IsReadAsPeopleTypeIt) {
  for (const char* typed : {"91512081ma62k0260e", " 91 512081 MA62K0260 E ",
                            "９１５１２０８１ＭＡ６２Ｋ０２６０Ｅ", "91-512081-MA62K0260-E"}) {
    EXPECT_EQ(ParseCreditCode(typed).value(), "91512081MA62K0260E") << typed;
  }
}

TEST(CreditCode, EveryWrongCharacterAndSwapOfNeighboursIsNoticed) {
  for (const std::string code : {"11500383009338112H", "91512081MA62K0260E"}) {
    for (std::size_t i = 0; i < code.size(); ++i) {
      for (const char c : std::string(kCreditAlphabet)) {
        std::string wrong = code;
        wrong[i] = c;
        EXPECT_EQ(ParseCreditCode(wrong).ok(), wrong == code) << wrong;
      }
      if (i + 1 == code.size()) continue;
      std::string swapped = code;
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_EQ(ParseCreditCode(swapped).ok(), swapped == code) << swapped;
    }
  }
}

TEST(CreditCode, RefusesOtherShapes) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "18 characters"},
      {"91512081MA62K0260", "18 characters"},
      {"91512081MA62K0260EE", "18 characters"},
      {std::string(1000000, '1'), "18 characters"},
      {"91512081MI62K0260E", "without I"},
      {"91512081MA62K0260!", "without I"},
      {"9151208AMA62K0260E", "digits of a division"},
      {"91512081MA62K0260H", "mistyped"}};
  for (const auto& [code, message] : cases) {
    const auto status = ParseCreditCode(code).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

TEST(IdNumber, KnownAnswers) {
  const auto first = ParseIdNumber("11010519491231002X").value();
  EXPECT_EQ(first.text, "11010519491231002X");
  EXPECT_EQ(first.birthday, absl::CivilDay(1949, 12, 31));
  EXPECT_EQ(ParseIdNumber("440524188001010014").value().birthday, absl::CivilDay(1880, 1, 1));
}

TEST(IdNumber, IsReadAsPeopleTypeIt) {
  for (const char* typed :
       {"11010519491231002x", "110105 1949 1231 002X", "１１０１０５１９４９１２３１００２ｘ"}) {
    EXPECT_EQ(ParseIdNumber(typed).value().text, "11010519491231002X") << typed;
  }
}

TEST(IdNumber, EveryWrongDigitAndSwapOfNeighboursIsNoticed) {
  for (const std::string code : {"11010519491231002X", "440524188001010014"}) {
    for (std::size_t i = 0; i < code.size(); ++i) {
      for (const char c : std::string("0123456789X")) {
        std::string wrong = code;
        wrong[i] = c;
        EXPECT_EQ(ParseIdNumber(wrong).ok(), wrong == code) << wrong;
      }
      if (i + 1 == code.size()) continue;
      std::string swapped = code;
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_EQ(ParseIdNumber(swapped).ok(), swapped == code) << swapped;
    }
  }
}

// With the check character that would fit, so that only the date is wrong.
std::string WithCheck(const std::string& first17) {
  return first17 + IdNumberCheckCharacter(first17);
}

TEST(IdNumber, RefusesOtherShapesWithoutRepeatingThem) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "17 digits"},
      {"110105491231002", "17 digits"},
      {"11010519491231002XX", "17 digits"},
      {"1101051949123100XX", "17 digits"},
      {"11010519491231002Y", "17 digits"},
      {std::string(1000000, '1'), "17 digits"},
      {WithCheck("11010519490230002"), "day of birth"},
      {WithCheck("11010519491301002"), "day of birth"},
      {WithCheck("11010519491200002"), "day of birth"},
      {WithCheck("11010517491231002"), "day of birth"},
      {"110105194912310021", "mistyped"}};
  for (const auto& [code, message] : cases) {
    const auto status = ParseIdNumber(code).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
    EXPECT_EQ(status.message().find("1101"), absl::string_view::npos);
  }
}

struct DivisionCase {
  const char* typed;
  const char* text;
  rpc::v1::Level level;
  const char* above;
};

TEST(DivisionCode, HasAShapeForEachLevel) {
  const std::vector<DivisionCase> cases = {
      {"500000", "500000", rpc::v1::MUNICIPALITY_LEVEL, ""},
      {"500105", "500105", rpc::v1::DISTRICT_LEVEL, "500000"},
      {"500243", "500243", rpc::v1::DISTRICT_LEVEL, "500000"},
      {"500105006", "500105006", rpc::v1::TOWNSHIP_LEVEL, "500105"},
      {"500105006001", "500105006001", rpc::v1::VILLAGE_LEVEL, "500105006"},
      {"500000000000", "500000", rpc::v1::MUNICIPALITY_LEVEL, ""},
      {"500105000000", "500105", rpc::v1::DISTRICT_LEVEL, "500000"},
      {"500105006000", "500105006", rpc::v1::TOWNSHIP_LEVEL, "500105"},
      {" ５００１０５ 006 ", "500105006", rpc::v1::TOWNSHIP_LEVEL, "500105"}};
  for (const DivisionCase& c : cases) {
    const auto code = ParseDivisionCode(c.typed);
    ASSERT_TRUE(code.ok()) << c.typed;
    EXPECT_EQ(code->text, c.text) << c.typed;
    EXPECT_EQ(code->level, c.level) << c.typed;
    EXPECT_EQ(CodeAbove(*code), c.above) << c.typed;
  }
}

TEST(DivisionCode, RefusesOtherShapes) {
  for (const char* typed : {"", "50", "5001", "50010", "5001050", "5001050060011", "50010A",
                            "000105", "500100", "500100006", "500000006001", "五零零一零五"}) {
    EXPECT_EQ(ParseDivisionCode(typed).status().code(), absl::StatusCode::kInvalidArgument)
        << typed;
  }
}

}  // namespace
}  // namespace qungong::org
