#include "runtime/validate.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/type/date.pb.h"
#include "google/type/latlng.pb.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/validate_test_file.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::google::protobuf::Message;
using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::kFile;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;

class ValidateTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Linked only if they are used.
    google::protobuf::LinkMessageReflection<google::protobuf::Timestamp>();
    google::protobuf::LinkMessageReflection<google::type::Date>();
    google::protobuf::LinkMessageReflection<google::type::LatLng>();
    pool_ =
        new google::protobuf::DescriptorPool(google::protobuf::DescriptorPool::generated_pool());
    factory_ = new google::protobuf::DynamicMessageFactory(pool_);
    factory_->SetDelegateToGeneratedFactory(true);
    google::protobuf::FileDescriptorProto file;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(kFile, &file));
    ASSERT_NE(pool_->BuildFile(file), nullptr);
  }

  static std::unique_ptr<Message> New(const std::string& type) {
    return std::unique_ptr<Message>(
        factory_->GetPrototype(pool_->FindMessageTypeByName("test." + type))->New());
  }
  static std::unique_ptr<Message> Parse(const std::string& type, const std::string& text) {
    std::unique_ptr<Message> message = New(type);
    google::protobuf::TextFormat::Parser parser;
    EXPECT_TRUE(parser.ParseFromString(text, message.get())) << text;
    return message;
  }
  // "field: description" of each violation.
  static std::vector<std::string> Violations(Message& message) {
    const absl::Status status = ValidateAndClear(message);
    if (status.ok()) return {};
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")));
    google::rpc::BadRequest bad;
    EXPECT_TRUE(bad.ParseFromString(
        std::string(*status.GetPayload("type.googleapis.com/google.rpc.BadRequest"))));
    std::vector<std::string> violations;
    for (const auto& v : bad.field_violations())
      violations.push_back(absl::StrCat(v.field(), ": ", v.description()));
    return violations;
  }
  static std::vector<std::string> Violations(const std::string& type, const std::string& text) {
    return Violations(*Parse(type, text));
  }

  static google::protobuf::DescriptorPool* pool_;
  static google::protobuf::DynamicMessageFactory* factory_;
};
google::protobuf::DescriptorPool* ValidateTest::pool_ = nullptr;
google::protobuf::DynamicMessageFactory* ValidateTest::factory_ = nullptr;

constexpr char kId[] = "0190f3a1-7b1c-7def-8123-456789abcdef";

TEST_F(ValidateTest, AcceptsWhatIsAllowed) {
  const std::string texts[] = {
      "",
      "note: '一行\\n第二行\\t😀'",
      "reporter { phone: '13800000000' friends { phone: '+86 23-6789 0000' } }",
      "tags: ['a', '四个字符']",
      "count: -2 big: 9223372036854775807 ratio: 1 numbers: [0, 9]",
      "state: OPEN states: [OPEN, OPEN]",
      absl::StrCat("unit: 'units/", kId, "' uuid: '", kId, "'"),
      "code: '500105' login: 'a.b-c_9' word: 'urban_management'",
      R"(hash: '\000\377\000\001')",
      "time { seconds: 253402300799 nanos: 999999999 } day { year: 2016 month: 2 day: 29 }",
      "day {} place { latitude: -90 longitude: 180 }",
  };
  for (const std::string& text : texts) {
    std::unique_ptr<Message> message = Parse("Request", text + " title: '路灯不亮'");
    EXPECT_THAT(ValidateAndClear(*message), IsOk()) << text;
  }
  EXPECT_THAT(ValidateAndClear(*Parse(
                  "Strict", "reporter { phone: '1234567' } tags: 'a' state: OPEN agreed: true")),
              IsOk());
}

TEST_F(ValidateTest, NamesTheFieldAndWhatIsWrong) {
  struct Case {
    std::string text;
    const char* violation;
  };
  const std::string id = kId;
  const Case cases[] = {
      {"title: '路'", "title: has 1 characters; at least 2 are needed"},
      {"title: '路灯又不亮了'", "title: has 6 characters; at most 5 are allowed"},
      {"title: 'ab\\001'", "title: has a control character"},
      {"title: 'ab\\r\\n'", "title: has a control character"},
      {"title: 'ab\\302\\205'", "title: has a control character"},
      {"reporter {}", "reporter.phone: is required"},
      {"reporter { phone: '123456' }", "reporter.phone: is not a phone number of 7 to 15 digits"},
      {"reporter { phone: '1234567890123456' }",
       "reporter.phone: is not a phone number of 7 to 15 digits"},
      {"reporter { phone: '138 0000 000x' }",
       "reporter.phone: is not a phone number of 7 to 15 digits"},
      {"reporter { phone: '138+0000000' }",
       "reporter.phone: is not a phone number of 7 to 15 digits"},
      {"reporter { phone: '+-1380000000' }",
       "reporter.phone: is not a phone number of 7 to 15 digits"},
      {"reporter { phone: '1234567' friends { phone: '1234567' } friends {} }",
       "reporter.friends[1].phone: is required"},
      {"people { phone: '1234567' } people { phone: 'x' }",
       "people[1].phone: is not a phone number of 7 to 15 digits"},
      {"people {} people {} people {} people {}", "people: has 4 items; at most 3 are allowed"},
      {"tags: ['', 'b']", "tags[0]: must not be empty"},
      {"tags: ['a', '五个字符了']", "tags[1]: has 5 characters; at most 4 are allowed"},
      {"tags: ['a', 'b', 'c', 'd']", "tags: has 4 items; at most 3 are allowed"},
      {"count: -3", "count: is less than -2"},
      {"count: 10", "count: is more than 9"},
      {"big: 9223372036854775808", "big: is more than 9223372036854775807"},
      {"ratio: -0.001", "ratio: is less than 0"},
      {"ratio: 1.001", "ratio: is more than 1"},
      {"ratio: nan", "ratio: is not a finite number"},
      {"ratio: inf", "ratio: is not a finite number"},
      {"numbers: [0, -1]", "numbers[1]: is less than 0"},
      {"state: 7", "state: has no value 7"},
      {"states: [OPEN, 7]", "states[1]: has no value 7"},
      {"states: [STATE_UNSPECIFIED]", "states[0]: is required"},
      {"unit: 'divisions/" + id + "'", "unit: is not a name of the form units/{uuid}"},
      {"unit: '" + id + "'", "unit: is not a name of the form units/{uuid}"},
      {"uuid: '0190F3A1-7b1c-7def-8123-456789abcdef'", "uuid: is not a UUID in lower case"},
      {"code: '5001'", "code: is not a division code of 6, 9 or 12 digits"},
      {"code: '50010x'", "code: is not a division code of 6, 9 or 12 digits"},
      {"login: 'ab'",
       "login: is not a login name (3 to 64 of a-z 0-9 . _ -, beginning with a letter)"},
      {"login: '9abc'",
       "login: is not a login name (3 to 64 of a-z 0-9 . _ -, beginning with a letter)"},
      {"login: 'Admin'",
       "login: is not a login name (3 to 64 of a-z 0-9 . _ -, beginning with a letter)"},
      {"word: 'a-b'", "word: is not an identifier (1 to 64 of a-z 0-9 _, beginning with a letter)"},
      {"hash: 'abc'", "hash: has 3 bytes; at least 4 are needed"},
      {"hash: 'abcde'", "hash: has 5 bytes; at most 4 are allowed"},
      {"time { seconds: 253402300800 }", "time: is not an instant of the years 1 to 9999"},
      {"time { nanos: -1 }", "time: is not an instant of the years 1 to 9999"},
      {"time { nanos: 1000000000 }", "time: is not an instant of the years 1 to 9999"},
      {"day { year: 2015 month: 2 day: 29 }", "day: is not a date"},
      {"day { year: 2015 month: 13 day: 1 }", "day: is not a date"},
      {"day { year: 2015 }", "day: is not a date"},
      {"day { year: 2147483647 month: 1 day: 1 }", "day: is not a date"},
      {"day { year: 2015 month: -2147483648 day: 1 }", "day: is not a date"},
      {"place { latitude: 90.1 }", "place: is not a place on Earth"},
      {"place { longitude: nan }", "place.longitude: is not a finite number"},
  };
  for (const Case& c : cases) {
    const std::string title = !absl::StrContains(c.text, "title") ? " title: 'abc'" : "";
    EXPECT_THAT(Violations("Request", c.text + title), ElementsAre(c.violation)) << c.text;
  }
}

TEST_F(ValidateTest, RequiredMeansPresentAndNotTheDefault) {
  EXPECT_THAT(Violations("Strict", ""), ElementsAre("reporter: is required", "tags: is required",
                                                    "state: is required", "agreed: is required"));
  EXPECT_THAT(Violations("Request", "title: ''"), ElementsAre("title: is required"));
}

TEST_F(ValidateTest, AnOptionalNumberThatIsSetToZeroIsChecked) {
  const std::string rest = "reporter { phone: '1234567' } tags: 'a' state: OPEN agreed: true ";
  EXPECT_THAT(Violations("Strict", rest + "chosen: 0"), ElementsAre("chosen: is less than 1"));
  EXPECT_THAT(Violations("Strict", rest), ElementsAre());
}

TEST_F(ValidateTest, AllViolationsAreToldAtOnce) {
  EXPECT_THAT(Violations("Request", "title: 'a' count: 10 reporter {}").size(), 3u);
}

TEST_F(ValidateTest, OutputOnlyFieldsAreClearedAtEveryDepthAndNotChecked) {
  std::unique_ptr<Message> message = Parse("Request", R"pb(
    title: "abc"
    server { phone: "x" }
    reporter {
      phone: "1234567"
      etag: "forged"
      friends { phone: "1234567" etag: "forged" }
    }
    people { phone: "1234567" etag: "forged" })pb");
  EXPECT_THAT(ValidateAndClear(*message), IsOk());
  EXPECT_THAT(*message, EqualsProto(*Parse("Request", R"pb(
    title: "abc"
    reporter {
      phone: "1234567"
      friends { phone: "1234567" }
    }
    people { phone: "1234567" })pb")));
}

TEST_F(ValidateTest, UnknownFieldsAreDropped) {
  std::unique_ptr<Message> message = Parse("Request", "title: 'abc' reporter { phone: '1234567' }");
  const std::string known = message->SerializeAsString();
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  reflection.MutableUnknownFields(message.get())->AddVarint(999, 1);
  Message* reporter = reflection.MutableMessage(
      message.get(), message->GetDescriptor()->FindFieldByName("reporter"));
  reflection.MutableUnknownFields(reporter)->AddVarint(999, 1);
  EXPECT_NE(message->SerializeAsString(), known);
  EXPECT_THAT(ValidateAndClear(*message), IsOk());
  EXPECT_EQ(message->SerializeAsString(), known);
}

TEST_F(ValidateTest, TextThatIsNotUtf8IsRefused) {
  for (const char* text :
       {"ab\xff", "ab\xc0\xaf", "ab\xed\xa0\x80", "ab\xf4\x90\x80\x80", "ab\xe7\xbe"}) {
    std::unique_ptr<Message> message = New("Request");
    message->GetReflection()->SetString(message.get(),
                                        message->GetDescriptor()->FindFieldByName("title"), text);
    EXPECT_THAT(Violations(*message), ElementsAre("title: is not valid UTF-8"));
  }
}

TEST_F(ValidateTest, AHostileRequestCostsLittle) {
  std::unique_ptr<Message> message = Parse("Request", "title: 'abc'");
  const auto* field = message->GetDescriptor()->FindFieldByName("states");
  for (int i = 0; i < 1000000; ++i) message->GetReflection()->AddEnumValue(message.get(), field, 7);
  const absl::Time begun = absl::Now();
  EXPECT_THAT(ValidateAndClear(*message), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(1));
}

}  // namespace
}  // namespace qungong
