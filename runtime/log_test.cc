#include "runtime/log.h"

#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace qungong::log {
namespace {

google::protobuf::Struct ParseLine(const std::string& line) {
  google::protobuf::Struct object;
  EXPECT_EQ(line.back(), '\n');
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &object).ok()) << line;
  return object;
}

template <typename Write>
std::string Written(const Write& write) {
  ::testing::internal::CaptureStderr();
  write();
  return ::testing::internal::GetCapturedStderr();
}

TEST(LogTest, EscapesWhatJsonDemands) {
  struct Case {
    const char* name;
    std::string text;
    const char* escaped;
  };
  const Case cases[] = {
      {"plain", "ticket 7", "ticket 7"},
      {"chinese", "群工", "群工"},
      {"four bytes", "😀", "😀"},
      {"quote and backslash", R"(a"b\c)", R"(a\"b\\c)"},
      {"line ends cannot forge a line", "a\r\nb\t", R"(a\u000d\u000ab\u0009)"},
      {"nul", std::string("a\0b", 3), R"(a\u0000b)"},
      {"lone continuation", "a\x80z", R"(a\ufffdz)"},
      {"cut sequence", "\xe7\xbe", R"(\ufffd\ufffd)"},
      {"overlong slash", "\xc0\xaf", R"(\ufffd\ufffd)"},
      {"overlong three bytes", "\xe0\x9f\xbf", R"(\ufffd\ufffd\ufffd)"},
      {"surrogate", "\xed\xa0\x80", R"(\ufffd\ufffd\ufffd)"},
      {"beyond unicode", "\xf4\x90\x80\x80", R"(\ufffd\ufffd\ufffd\ufffd)"},
  };
  for (const Case& c : cases) EXPECT_EQ(Escape(c.text), c.escaped) << c.name;
}

TEST(LogTest, EveryByteSequenceMakesOneValidLine) {
  for (int high = 0; high < 256; high += 3) {
    std::string noise;
    for (int low = 0; low < 256; ++low) noise += {static_cast<char>(low), static_cast<char>(high)};
    const std::string line = Written([&] { Line(Severity::kInfo, noise).Set(noise, noise); });
    EXPECT_EQ(ParseLine(line).fields_size(), 5) << high;
  }
}

TEST(LogTest, LineHoldsTypedFieldsServiceAndTime) {
  SetService("ticket-service");
  const std::string line = Written([] {
    Line(Severity::kWarning, "call")
        .Set("method", "GetTicket")
        .Set("latency_us", 120)
        .Set("replayed", true);
  });
  const auto fields = ParseLine(line).fields();
  EXPECT_EQ(fields.at("severity").string_value(), "WARNING");
  EXPECT_EQ(fields.at("service").string_value(), "ticket-service");
  EXPECT_EQ(fields.at("message").string_value(), "call");
  EXPECT_EQ(fields.at("method").string_value(), "GetTicket");
  EXPECT_EQ(fields.at("latency_us").number_value(), 120);
  EXPECT_TRUE(fields.at("replayed").bool_value());
  EXPECT_EQ(fields.at("time").string_value().size(), sizeof("2015-07-30T01:30:00.000000Z") - 1);
}

TEST(LogTest, CoarseLineTellsOnlyTheDay) {
  const std::string line =
      Written([] { Line(Severity::kInfo, "call").Coarse().Set("method", "CastBallot"); });
  EXPECT_EQ(ParseLine(line).fields().at("time").string_value().size(), sizeof("2015-07-30") - 1);
  EXPECT_FALSE(absl::StrContains(line, "T0") || absl::StrContains(line, "T1") ||
               absl::StrContains(line, "T2"))
      << line;
}

}  // namespace
}  // namespace qungong::log
