#include "org-service/csv.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Csv, ReadsQuotesCommentsAndBothLineEnds) {
  const auto rows = ParseCsv(
      "\xEF\xBB\xBF# a comment, with a comma\n"
      "code,\"name\",extra\r\n"
      "\n"
      "500105,\"江北区\",x\r\n"
      "# between\n"
      "500112,\"say \"\"yes\"\", twice\nor more\",\n"
      "a,b,c",
      {"name", "code"});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_THAT((*rows)[0].fields, ElementsAre("江北区", "500105"));
  EXPECT_EQ((*rows)[0].line, 4);
  EXPECT_THAT((*rows)[1].fields, ElementsAre("say \"yes\", twice\nor more", "500112"));
  EXPECT_EQ((*rows)[1].line, 6);
  EXPECT_THAT((*rows)[2].fields, ElementsAre("b", "a"));
  EXPECT_EQ((*rows)[2].line, 8);
}

TEST(Csv, AHeaderAloneIsAnEmptyTable) {
  EXPECT_TRUE(ParseCsv("a,b\n", {"a"}).value().empty());
  EXPECT_TRUE(ParseCsv("a,b", {"b"}).value().empty());
}

struct BadCase {
  const char* name;
  const char* text;
  const char* message;
};

class BadCsvTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadCsvTest, IsRefusedWithItsLine) {
  const absl::Status status = ParseCsv(GetParam().text, {"a", "b"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "CSV_INVALID");
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    , BadCsvTest,
    ::testing::Values(BadCase{"Empty", "", "line 1: there is no header"},
                      BadCase{"CommentsOnly", "# a,b\n", "line 1: there is no header"},
                      BadCase{"MissingColumn", "a,c\n", "line 1, b: the column is missing"},
                      BadCase{"RepeatedColumn", "a,b,a\n", "line 1, a: the column comes twice"},
                      BadCase{"TooFew", "a,b\n1,2\n3\n", "line 3: there are 1 fields"},
                      BadCase{"TooMany", "a,b\n1,2,3\n", "line 2: there are 3 fields"},
                      BadCase{"OpenQuote", "a,b\n1,\"2\n3,4\n",
                              "line 2: a quoted field does not end"},
                      BadCase{"AfterQuote", "a,b\n\"1\"x,2\n", "line 2: a field is followed"},
                      BadCase{"InnerQuote", "a,b\n1,2\"3\n", "line 2: a quote stands inside"},
                      BadCase{"LoneReturn", "a,b\n1,2\r3,4\n", "line 2: a field is followed"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qungong::org
