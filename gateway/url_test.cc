#include "gateway/url.h"

#include "gmock/gmock.h"

namespace qungong::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

TEST(PercentDecode, EachModeKeepsWhatItMust) {
  EXPECT_THAT(PercentDecode("a%2Fb+%E7%BE%A4", Decode::kAll), Optional(std::string("a/b+群")));
  EXPECT_THAT(PercentDecode("x/a%2fb", Decode::kKeepSlash), Optional(std::string("x/a%2fb")));
  EXPECT_THAT(PercentDecode("x%3Ay", Decode::kKeepSlash), Optional(std::string("x:y")));
  EXPECT_THAT(PercentDecode("a+b%2B", Decode::kForm), Optional(std::string("a b+")));
}

TEST(PercentDecode, RefusesWhatIsNotText) {
  for (const char* text :
       {"%", "%4", "%zz", "a%", "%00", "%0a", "%7f", "%ff", "%c0%af", "%ed%a0%80"}) {
    EXPECT_FALSE(PercentDecode(text, Decode::kAll).has_value()) << text;
  }
}

TEST(ParseQuery, KeepsOrderAndRepetition) {
  EXPECT_THAT(
      ParseQuery("a=1&b=&a=x%3D%26&&c"),
      Optional(ElementsAre(Pair("a", "1"), Pair("b", ""), Pair("a", "x=&"), Pair("c", ""))));
  EXPECT_THAT(ParseQuery(""), Optional(IsEmpty()));
}

TEST(ParseQuery, RefusesBadEscapesAndTooMany) {
  EXPECT_FALSE(ParseQuery("a=%").has_value());
  EXPECT_FALSE(ParseQuery("%ff=1").has_value());
  std::string many;
  for (int i = 0; i < 257; ++i) many += "&a=1";
  EXPECT_FALSE(ParseQuery(many).has_value());
}

}  // namespace
}  // namespace qungong::gateway
