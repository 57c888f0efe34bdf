#include "gateway/json_codec.h"

#include <ctime>
#include <random>
#include <string>

#include "absl/functional/function_ref.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "qungong/echo/v1/echo_service.pb.h"
#include "qungong/echo/v1/refused_service.pb.h"
#include "tests/support/matchers.h"

namespace qungong::gateway {
namespace {

using echo::v1::Item;
using google::protobuf::util::JsonPrintOptions;
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;
using testing::EqualsProto;
using testing::HasReason;
using testing::IsOk;
using testing::StatusIs;

struct Accepted {
  const char* name;
  const char* json;
  const char* proto;
};

class AcceptedItem : public ::testing::TestWithParam<Accepted> {};

TEST_P(AcceptedItem, IsParsed) {
  Item item;
  ASSERT_THAT(ParseJson(GetParam().json, &item), IsOk());
  EXPECT_THAT(item, EqualsProto(GetParam().proto));
}

TEST_P(AcceptedItem, IsReadAlikeByProtobuf) {
  Item item;
  ASSERT_TRUE(JsonStringToMessage(GetParam().json, &item).ok());
  EXPECT_THAT(item, EqualsProto(GetParam().proto));
}

INSTANTIATE_TEST_SUITE_P(
    Json, AcceptedItem,
    ::testing::Values(
        Accepted{"Empty", "{}", ""},
        Accepted{"CamelCase", R"({"displayName":"路灯"})", "display_name: '路灯'"},
        Accepted{"SnakeCase", R"({"display_name":"x"})", "display_name: 'x'"},
        Accepted{"EscapedKey", R"({"\u006eame":"x"})", "name: 'x'"},
        Accepted{"EnumName", R"({"kind":"LAMP"})", "kind: LAMP"},
        Accepted{"EnumNumber", R"({"kind":2})", "kind: BENCH"},
        Accepted{"Int32", R"({"count":-2147483648})", "count: -2147483648"},
        Accepted{"Int32AsText", R"({"count":"7"})", "count: 7"},
        Accepted{"Int64AsText", R"({"total":"9223372036854775807"})", "total: 9223372036854775807"},
        Accepted{"Int64AsNumber", R"({"total":9007199254740993})", "total: 9007199254740993"},
        Accepted{"Uint64", R"({"large":"18446744073709551615"})", "large: 18446744073709551615"},
        Accepted{"Double", R"({"ratio":-1.5e3})", "ratio: -1500"},
        Accepted{"DoubleAsText", R"({"ratio":"0.1"})", "ratio: 0.1"},
        Accepted{"Infinity", R"({"ratio":"Infinity"})", "ratio: inf"},
        Accepted{"MinusInfinity", R"({"share":"-Infinity"})", "share: -inf"},
        Accepted{"Bool", R"({"broken":true})", "broken: true"},
        Accepted{"Bytes", R"({"digest":"+/8="})", "digest: '\\373\\377'"},
        Accepted{"BytesUrlSafe", R"({"digest":"-_8"})", "digest: '\\373\\377'"},
        Accepted{"Time", R"({"createTime":"2015-09-01T08:00:00.123456789Z"})",
                 "create_time { seconds: 1441094400 nanos: 123456789 }"},
        Accepted{"TimeWithOffset", R"({"createTime":"2015-09-01T16:00:00+08:00"})",
                 "create_time { seconds: 1441094400 }"},
        Accepted{"Duration", R"({"life":"-1.5s"})", "life { seconds: -1 nanos: -500000000 }"},
        Accepted{"Date", R"({"bought":{"year":2015,"month":9,"day":1}})",
                 "bought { year: 2015 month: 9 day: 1 }"},
        Accepted{"Wrapper", R"({"limit":"5"})", "limit { value: 5 }"},
        Accepted{"WrapperOfZero", R"({"limit":0})", "limit { }"},
        Accepted{"OptionalEmpty", R"({"note":""})", "note: ''"},
        Accepted{"Null", R"({"name":null,"limit":null,"tags":null,"kind":null})", ""},
        Accepted{"List", R"({"tags":["a","b"]})", "tags: 'a' tags: 'b'"},
        Accepted{"Enums", R"({"kinds":["LAMP",2]})", "kinds: LAMP kinds: BENCH"},
        Accepted{"Messages", R"({"parts":[{"name":"a"},{}]})", "parts { name: 'a' } parts { }"},
        Accepted{"Map", R"({"labels":{"a":"1","b":"2"}})",
                 "labels { key: 'a' value: '1' } labels { key: 'b' value: '2' }"},
        Accepted{"MapOfNumbers", R"({"counts":{"-1":"5"}})", "counts { key: -1 value: 5 }"},
        Accepted{"Oneof", R"({"shelf":"s"})", "shelf: 's'"},
        Accepted{"OneofAndNull", R"({"shelf":"s","room":null})", "shelf: 's'"},
        Accepted{"Mask", R"({"mask":"displayName,bought.year"})",
                 "mask { paths: 'display_name' paths: 'bought.year' }"}),
    [](const auto& test) { return test.param.name; });

struct Refused {
  const char* name;
  const char* json;
  const char* field;
};

class RefusedItem : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedItem, NamesTheField) {
  Item item;
  const absl::Status status = ParseJson(GetParam().json, &item);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")));
  EXPECT_THAT(std::string(status.message()),
              ::testing::StartsWith(std::string(GetParam().field) + ": "));
}

INSTANTIATE_TEST_SUITE_P(
    Json, RefusedItem,
    ::testing::Values(
        Refused{"Unknown", R"({"colour":1})", "colour"},
        Refused{"UnknownInside", R"({"parts":[{},{"x":1}]})", "parts[1].x"},
        Refused{"KeyTwice", R"({"name":"a","name":"b"})", "name"},
        Refused{"KeyTwiceEscaped", R"({"name":"a","\u006eame":"a"})", "name"},
        Refused{"Twins", R"({"displayName":"a","display_name":"a"})", "displayName"},
        Refused{"TwinsWithNull", R"({"displayName":null,"display_name":"a"})", "displayName"},
        Refused{"WrongCase", R"({"DisplayName":"a"})", "DisplayName"},
        Refused{"TextForNumber", R"({"count":"x"})", "count"},
        Refused{"PlusNumber", R"({"count":"+5"})", "count"},
        Refused{"SpaceNumber", R"({"count":" 5"})", "count"},
        Refused{"EmptyNumber", R"({"count":""})", "count"},
        Refused{"LeadingZero", R"({"count":"05"})", "count"},
        Refused{"Fraction", R"({"count":1.5})", "count"},
        Refused{"WholeFraction", R"({"count":1.0})", "count"},
        Refused{"Exponent", R"({"count":1e2})", "count"},
        Refused{"Int32TooLarge", R"({"count":2147483648})", "count"},
        Refused{"Int64TooLarge", R"({"total":"9223372036854775808"})", "total"},
        Refused{"Int64Imprecise", R"({"total":9007199254740993.0})", "total"},
        Refused{"NegativeUnsigned", R"({"small":-1})", "small"},
        Refused{"MinusZeroUnsigned", R"({"small":-0})", "small"},
        Refused{"Uint64TooLarge", R"({"large":18446744073709551616})", "large"},
        Refused{"DoubleTooLarge", R"({"ratio":1e999})", "ratio"},
        Refused{"FloatTooLarge", R"({"share":1e39})", "share"},
        Refused{"LowerNaN", R"({"ratio":"nan"})", "ratio"},
        Refused{"InfText", R"({"ratio":"inf"})", "ratio"},
        Refused{"HexText", R"({"ratio":"0x1p3"})", "ratio"},
        Refused{"BoolForNumber", R"({"count":true})", "count"},
        Refused{"TextForBool", R"({"broken":"true"})", "broken"},
        Refused{"NumberForBool", R"({"broken":1})", "broken"},
        Refused{"NumberForText", R"({"name":1})", "name"},
        Refused{"BoolForText", R"({"name":false})", "name"},
        Refused{"ListForText", R"({"name":["a"]})", "name"},
        Refused{"ObjectForText", R"({"name":{}})", "name"},
        Refused{"TextForMessage", R"({"bought":"2015-09-01"})", "bought"},
        Refused{"ListForMessage", R"({"bought":[]})", "bought"},
        Refused{"ObjectForList", R"({"tags":{}})", "tags"},
        Refused{"ValueForList", R"({"tags":"a"})", "tags"},
        Refused{"NullInList", R"({"tags":["a",null]})", "tags[1]"},
        Refused{"NullInMessages", R"({"parts":[null]})", "parts[0]"},
        Refused{"NullInEnums", R"({"kinds":[null]})", "kinds[0]"},
        Refused{"ListForMap", R"({"labels":[]})", "labels"},
        Refused{"NullInMap", R"({"labels":{"a":null}})", "labels[\"a\"]"},
        Refused{"MapKeyTwice", R"({"labels":{"a":"1","a":"2"}})", "labels[\"a\"]"},
        Refused{"MapKeyWrong", R"({"counts":{"x":"1"}})", "counts[\"x\"]"},
        Refused{"EnumUnknown", R"({"kind":"SOFA"})", "kind"},
        Refused{"EnumLower", R"({"kind":"lamp"})", "kind"},
        Refused{"EnumUnknownNumber", R"({"kind":9})", "kind"},
        Refused{"EnumNumberAsText", R"({"kind":"1"})", "kind"},
        Refused{"EnumFraction", R"({"kind":1.0})", "kind"},
        Refused{"EnumBool", R"({"kind":true})", "kind"},
        Refused{"OneofTwice", R"({"shelf":"a","room":1})", "room"},
        Refused{"BytesBad", R"({"digest":"a*b="})", "digest"},
        Refused{"BytesMixed", R"({"digest":"+_8="})", "digest"},
        Refused{"BytesLength", R"({"digest":"abcde"})", "digest"},
        Refused{"BytesPadding", R"({"digest":"ab="})", "digest"},
        Refused{"BytesBits", R"({"digest":"+/7="})", "digest"},
        Refused{"BytesSpace", R"({"digest":"ab cd"})", "digest"},
        Refused{"TimeWithoutZone", R"({"createTime":"2015-09-01T08:00:00"})", "createTime"},
        Refused{"TimeDay", R"({"createTime":"2015-02-29T08:00:00Z"})", "createTime"},
        Refused{"TimeLeapSecond", R"({"createTime":"2015-06-30T23:59:60Z"})", "createTime"},
        Refused{"TimeHour", R"({"createTime":"2015-06-30T24:00:00Z"})", "createTime"},
        Refused{"TimeOffset", R"({"createTime":"2015-06-30T12:00:00+24:00"})", "createTime"},
        Refused{"TimeTenDigits", R"({"createTime":"2015-09-01T08:00:00.1234567891Z"})",
                "createTime"},
        Refused{"TimeSpace", R"({"createTime":"2015-09-01 08:00:00Z"})", "createTime"},
        Refused{"TimeYearZero", R"({"createTime":"0000-01-01T00:00:00Z"})", "createTime"},
        Refused{"TimeNumber", R"({"createTime":1441094400})", "createTime"},
        Refused{"DurationUnit", R"({"life":"1m"})", "life"},
        Refused{"DurationBare", R"({"life":"s"})", "life"},
        Refused{"DurationPlus", R"({"life":"+1s"})", "life"},
        Refused{"DurationTooLong", R"({"life":"315576000001s"})", "life"},
        Refused{"MaskSnake", R"({"mask":"display_name"})", "mask"},
        Refused{"WrapperObject", R"({"limit":{"value":5}})", "limit"}),
    [](const auto& test) { return test.param.name; });

// What protobuf's own parser lets pass, each the witness of why it does not stand at the edge.
struct Lax {
  const char* name;
  const char* json;
};

class LaxItem : public ::testing::TestWithParam<Lax> {};

TEST_P(LaxItem, IsRefusedAlthoughProtobufTakesIt) {
  Item item;
  EXPECT_TRUE(JsonStringToMessage(GetParam().json, &item).ok());
  EXPECT_THAT(ParseJson(GetParam().json, &item), StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    Json, LaxItem,
    ::testing::Values(
        Lax{"TrailingComma", R"({"name":"a",})"}, Lax{"TrailingCommaInList", R"({"tags":["a",]})"},
        Lax{"SingleQuotes", "{'name':'a'}"}, Lax{"UnquotedKey", "{name:\"a\"}"},
        Lax{"RawNewline", "{\"name\":\"a\nb\"}"}, Lax{"RawControl", "{\"name\":\"a\x01\"}"},
        Lax{"KeyTwice", R"({"name":"a","name":"b"})"},
        Lax{"Twins", R"({"displayName":"a","display_name":"b"})"},
        Lax{"NullInList", R"({"tags":[null]})"}, Lax{"UnknownEnum", R"({"kind":9})"},
        Lax{"TextForBool", R"({"broken":"true"})"}, Lax{"PlusNumber", R"({"count":"+5"})"},
        Lax{"Imprecise", R"({"total":9007199254740993.0})"}),
    [](const auto& test) { return test.param.name; });

double CpuSeconds(absl::FunctionRef<void()> work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

TEST(JsonCodec, DepthCostsNothing) {
  const double ours = CpuSeconds([] {
    Item item;
    EXPECT_THAT(ParseJson(std::string(40'000, '['), &item),
                StatusIs(absl::StatusCode::kInvalidArgument, HasReason("JSON_TOO_LARGE")));
  });
  const double theirs = CpuSeconds([] {
    google::protobuf::Value value;
    const bool parsed =
        JsonStringToMessage(std::string(3'000, '[') + std::string(3'000, ']'), &value).ok();
    EXPECT_FALSE(parsed) << "the message would be too deep, which is found out at the end";
  });
  EXPECT_LT(ours, 0.01);
  EXPECT_GT(theirs, 20 * ours);
  EXPECT_GT(theirs, 0.05) << "quadratic: 40 KB take a hundred times as long";
}

TEST(JsonCodec, ManySmallThingsAreRefusedBeforeTheyGrow) {
  const auto parts = [](size_t count) {
    std::string text = R"({"parts":[{})";
    for (size_t i = 1; i < count; ++i) text += ",{}";
    return text + "]}";
  };
  Item item;
  EXPECT_THAT(ParseJson(parts(1'000'000), &item),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("JSON_TOO_LARGE")));
  EXPECT_EQ(item.SpaceUsedLong(), Item().SpaceUsedLong());
  const std::string text = parts(100'000);
  ASSERT_TRUE(JsonStringToMessage(text, &item).ok());
  EXPECT_GT(item.SpaceUsedLong(), 50 * text.size());
}

TEST(JsonCodec, ReportsAllViolationsAtOnceAndStopsAtTwenty) {
  Item item;
  EXPECT_THAT(
      ParseJson(R"({"count":"x","broken":1,"nope":1})", &item),
      StatusIs(absl::StatusCode::kInvalidArgument,
               ::testing::AllOf(::testing::HasSubstr("count: "), ::testing::HasSubstr("broken: "),
                                ::testing::HasSubstr("nope: "))));
  std::string many = R"({"tags":[1)";
  for (int i = 0; i < 1000; ++i) many += ",1";
  EXPECT_THAT(ParseJson(many + "]}", &item),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       ::testing::Not(::testing::HasSubstr("tags[30]"))));
}

TEST(JsonCodec, TopLevelMustBeAnObject) {
  for (const char* text : {"null", "1", "[]", "\"x\""}) {
    Item item;
    EXPECT_THAT(ParseJson(text, &item, "item"),
                StatusIs(absl::StatusCode::kInvalidArgument, ::testing::StartsWith("item: ")))
        << text;
  }
}

TEST(JsonCodec, LongUnknownKeysAreCutInTheError) {
  Item item;
  const absl::Status status = ParseJson("{\"" + std::string(100'000, 'k') + "\":1}", &item);
  EXPECT_LT(status.message().size(), 200u);
}

TEST(JsonCodec, PrintsDefaultsButNotWhatIsAbsent) {
  echo::v1::GetItemRequest empty;
  EXPECT_EQ(PrintJson(empty), R"({"name":""})");
  Item item;
  item.set_total(5);
  item.set_kind(static_cast<Item::Kind>(9));
  item.set_share(0.1f);
  item.set_name("<script>&");
  const std::string json = PrintJson(item);
  for (const char* part :
       {R"("name":"\u003cscript\u003e\u0026")", R"("total":"5")", R"("kind":9)", R"("share":0.1)",
        R"("broken":false)", R"("tags":[])", R"("labels":{})", R"("digest":"")"}) {
    EXPECT_THAT(json, ::testing::HasSubstr(part));
  }
  for (const char* part : {"note", "limit", "createTime", "shelf", "room", "whole", "bought"}) {
    EXPECT_THAT(json, ::testing::Not(::testing::HasSubstr(part)));
  }
}

TEST(JsonCodec, MessagesWithoutNamesAreNotSupported) {
  EXPECT_TRUE(IsSupported(*Item::descriptor()));
  EXPECT_FALSE(IsSupported(*echo::v1::Shapeless::descriptor()));
  EXPECT_FALSE(IsSupported(*google::protobuf::Value::descriptor()));
}

// A message with every kind of field, from a seed.
Item RandomItem(std::mt19937& random, int depth) {
  const auto chance = [&] { return random() % 2 == 0; };
  const auto text = [&] {
    static const char* const kTexts[] = {"", "a", "群众", "<>&\"\\/\n\t\x01\x7f", "😀\xe2\x80\xa8"};
    return std::string(kTexts[random() % 5]);
  };
  Item item;
  if (chance()) item.set_name(text());
  if (chance()) item.set_kind(static_cast<Item::Kind>(random() % 3));
  if (chance()) item.set_count(static_cast<int32_t>(random()));
  if (chance()) item.set_total(static_cast<int64_t>(uint64_t{random()} * random()));
  if (chance()) item.set_large(uint64_t{random()} << (random() % 33));
  if (chance())
    item.set_ratio(
        std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 2000) - 1000));
  if (chance())
    item.set_share(
        std::ldexp(static_cast<float>(random()), static_cast<int>(random() % 200) - 130));
  if (chance()) item.set_broken(true);
  if (chance()) item.set_digest(text());
  if (chance()) item.mutable_create_time()->set_seconds(static_cast<int32_t>(random()));
  if (chance())
    item.mutable_create_time()->set_nanos(static_cast<int>(random() % 1000) *
                                          (chance() ? 1 : 1000000));
  if (chance()) item.mutable_life()->set_seconds(static_cast<int32_t>(random()));
  if (chance()) item.mutable_bought()->set_year(2015);
  if (chance()) item.mutable_limit()->set_value(static_cast<int32_t>(random()));
  if (chance()) item.set_note(text());
  while (chance()) item.add_tags(text());
  while (chance()) item.add_kinds(Item::LAMP);
  while (chance()) (*item.mutable_labels())[text()] = text();
  while (chance()) (*item.mutable_counts())[static_cast<int32_t>(random())] = 5;
  if (chance()) item.set_room(3);
  if (depth > 0 && chance()) *item.add_parts() = RandomItem(random, depth - 1);
  if (depth > 0 && chance()) *item.mutable_whole() = RandomItem(random, depth - 1);
  return item;
}

TEST(JsonCodec, PrintsWhatItAndProtobufReadBack) {
  std::mt19937 random(20150901);
  JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  for (int i = 0; i < 500; ++i) {
    const Item item = RandomItem(random, 3);
    const std::string json = PrintJson(item);
    Item ours;
    ASSERT_THAT(ParseJson(json, &ours), IsOk()) << json;
    EXPECT_THAT(ours, EqualsProto(item));
    Item theirs;
    ASSERT_TRUE(JsonStringToMessage(json, &theirs).ok()) << json;
    EXPECT_THAT(theirs, EqualsProto(item));
    std::string printed;
    ASSERT_TRUE(MessageToJsonString(item, &printed, options).ok());
    ours.Clear();
    ASSERT_THAT(ParseJson(printed, &ours), IsOk()) << printed;
    EXPECT_THAT(ours, EqualsProto(item));
  }
}

}  // namespace
}  // namespace qungong::gateway
