#include "gateway/json_scanner.h"

#include <algorithm>
#include <ctime>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/matchers.h"

namespace qungong::gateway {
namespace {

using testing::HasReason;
using testing::IsOk;
using testing::StatusIs;

std::string Repeat(absl::string_view part, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out.append(part.data(), part.size());
  return out;
}

TEST(JsonScanner, NodesFollowTheTextAndKnowTheirEnd) {
  const std::string text = R"( {"a": [1, "x\n", {}], "b": null} )";
  const absl::StatusOr<JsonDocument> json = ScanJson(text);
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ((*json)[0].kind, JsonKind::kObject);
  EXPECT_EQ(json->Raw((*json)[1]), "a");
  EXPECT_EQ((*json)[2].kind, JsonKind::kArray);
  EXPECT_EQ(json->Raw((*json)[3]), "1");
  EXPECT_EQ(json->Decode((*json)[4]), "x\n");
  EXPECT_EQ((*json)[5].kind, JsonKind::kObject);
  EXPECT_EQ((*json)[2].next, 6u);
  EXPECT_EQ(json->Raw((*json)[6]), "b");
  EXPECT_EQ((*json)[0].next, 8u);
}

class AcceptedJson : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(AcceptedJson, IsScanned) { EXPECT_THAT(ScanJson(GetParam().second), IsOk()); }

INSTANTIATE_TEST_SUITE_P(
    Json, AcceptedJson,
    ::testing::Values(std::pair{"Null", "null"}, std::pair{"True", "true"},
                      std::pair{"False", "false"}, std::pair{"Zero", "0"},
                      std::pair{"MinusZero", "-0"}, std::pair{"Fraction", "1.50"},
                      std::pair{"Exponent", "1e9"}, std::pair{"SignedExponent", "-1.5E-10"},
                      std::pair{"Text", R"("")"}, std::pair{"Escapes", R"("\"\\\/\b\f\n\r\t")"},
                      std::pair{"Unicode", R"("\u00e9")"}, std::pair{"Pair", R"("\ud83d\ude00")"},
                      std::pair{"Chinese", "\"群众\""}, std::pair{"Emoji", "\"😀\""},
                      std::pair{"List", "[]"}, std::pair{"Object", "{}"},
                      std::pair{"Nested", R"({"a":[{"b":[]}]})"},
                      std::pair{"Space", " \t\r\n[ 1 , 2 ] \n"},
                      // Whose names mean the same is the reader's business.
                      std::pair{"KeyTwice", R"({"a":1,"a":2})"}),
    [](const auto& test) { return test.param.first; });

class RefusedJson : public ::testing::TestWithParam<std::pair<const char*, absl::string_view>> {};

TEST_P(RefusedJson, IsMalformed) {
  EXPECT_THAT(ScanJson(GetParam().second),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("JSON_MALFORMED")));
}

INSTANTIATE_TEST_SUITE_P(
    Json, RefusedJson,
    ::testing::Values(
        std::pair{"Empty", ""}, std::pair{"OnlySpace", "  "}, std::pair{"Two", "1 2"},
        std::pair{"TrailingCommaInList", "[1,]"}, std::pair{"TrailingComma", R"({"a":1,})"},
        std::pair{"LeadingComma", "[,1]"}, std::pair{"NoComma", "[1 2]"},
        std::pair{"NoColon", R"({"a" 1})"}, std::pair{"NoValue", R"({"a":})"},
        std::pair{"SingleQuotes", "{'a':1}"}, std::pair{"BareKey", "{a:1}"},
        std::pair{"NumberKey", "{1:1}"}, std::pair{"UnclosedList", "[1"},
        std::pair{"UnclosedObject", R"({"a":1)"}, std::pair{"Crossed", R"([{"a":1]})"},
        std::pair{"UnclosedText", "\"abc"}, std::pair{"Comment", "/*x*/1"},
        std::pair{"LineComment", "1 // x"}, std::pair{"NaN", "NaN"},
        std::pair{"Infinity", "Infinity"}, std::pair{"CapitalTrue", "True"},
        std::pair{"HalfWord", "tru"}, std::pair{"LongWord", "nulls"}, std::pair{"PlusNumber", "+5"},
        std::pair{"LeadingZero", "012"}, std::pair{"NoDigits", "-"}, std::pair{"PointFirst", ".5"},
        std::pair{"PointLast", "5."}, std::pair{"EmptyExponent", "1e"},
        std::pair{"EmptySignedExponent", "1e+"}, std::pair{"Hexadecimal", "0x10"},
        std::pair{"RawNewline", "\"a\nb\""}, std::pair{"RawNull", absl::string_view("\"a\0b\"", 5)},
        std::pair{"NullOutside", absl::string_view("1\0", 2)}, std::pair{"RawTab", "\"\t\""},
        std::pair{"UnknownEscape", R"("\x41")"}, std::pair{"ShortUnicode", R"("\u12")"},
        std::pair{"BadUnicode", R"("\u12g4")"}, std::pair{"LoneHigh", R"("\ud83d")"},
        std::pair{"LoneLow", R"("\ude00")"}, std::pair{"HighThenText", R"("\ud83dx")"},
        std::pair{"HighThenHigh", R"("\ud83d\ud83d")"}, std::pair{"EscapeAtEnd", "\"\\"},
        std::pair{"Continuation", "\"\x80\""}, std::pair{"Overlong", "\"\xc0\xaf\""},
        std::pair{"OverlongThree", "\"\xe0\x80\xaf\""}, std::pair{"Surrogate", "\"\xed\xa0\x80\""},
        std::pair{"BeyondUnicode", "\"\xf4\x90\x80\x80\""}, std::pair{"CutShort", "\"\xe7\xbe\""},
        std::pair{"Latin1", "\"caf\xe9\""}, std::pair{"ByteOrderMark", "\xef\xbb\xbf{}"},
        std::pair{"BadKey", "{\"\xff\":1}"}),
    [](const auto& test) { return test.param.first; });

TEST(JsonScanner, DepthIsBounded) {
  EXPECT_THAT(ScanJson(Repeat("[", 64) + Repeat("]", 64)), IsOk());
  EXPECT_THAT(ScanJson(Repeat("[", 65) + Repeat("]", 65)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("JSON_TOO_LARGE")));
  EXPECT_THAT(ScanJson(Repeat("[", 1 << 20)), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(JsonScanner, NumberOfValuesIsBounded) {
  EXPECT_THAT(ScanJson("[1" + Repeat(",1", 49'998) + "]"), IsOk());
  EXPECT_THAT(ScanJson("[1" + Repeat(",1", 49'999) + "]"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("JSON_TOO_LARGE")));
}

TEST(JsonScanner, ErrorNamesTheByte) {
  EXPECT_THAT(ScanJson(R"({"a":1,})"),
              StatusIs(absl::StatusCode::kInvalidArgument, ::testing::HasSubstr("at byte 7")));
}

TEST(JsonScanner, DecodesEscapes) {
  const std::string text = R"("\u7fa4\u5de5 \ud83d\ude00 \u0041\/\t")";
  const absl::StatusOr<JsonDocument> json = ScanJson(text);
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->Decode((*json)[0]), "群工 😀 A/\t");
}

TEST(JsonScanner, TellsNumbersFromOtherText) {
  EXPECT_TRUE(IsJsonNumber("-1.5e3"));
  for (const char* text : {"", "1.", ".5", "+1", " 1", "1 ", "inf", "0x1", "1,2", "true"}) {
    EXPECT_FALSE(IsJsonNumber(text)) << text;
  }
}

double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Sixteen times the text takes about sixteen times as long; 256 times would be quadratic.
TEST(JsonScanner, IsLinear) {
  JsonLimits limits;
  limits.nodes = 10'000'000;
  limits.depth = 1'000;
  const auto seconds = [&](const std::string& text) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const double start = ThreadSeconds();
      ScanJson(text, limits).IgnoreError();
      best = std::min(best, ThreadSeconds() - start);
    }
    return best;
  };
  for (absl::string_view part : {R"({"a":[[[[[[1]]]]]]},)", R"("\u0041",)", "1,"}) {
    const auto text = [&](size_t n) { return "[" + Repeat(part, n) + "1]"; };
    EXPECT_LT(seconds(text(160'000)), 64 * seconds(text(10'000))) << part;
  }
}

}  // namespace
}  // namespace qungong::gateway
