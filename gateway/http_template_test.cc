#include "gateway/http_template.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "tests/support/matchers.h"

namespace qungong::gateway {
namespace {

using testing::StatusIs;

// "/v1/{name=tickets/*}:accept" as "v1 tickets * | name[1,3)m | accept"
std::string Show(const HttpTemplate& path) {
  std::string out = absl::StrJoin(path.segments, " ", [](std::string* s, const auto& segment) {
    using Kind = TemplateSegment::Kind;
    absl::StrAppend(s, segment.kind == Kind::kLiteral ? segment.literal
                       : segment.kind == Kind::kOne   ? "*"
                                                      : "**");
  });
  for (const TemplateVariable& v : path.variables) {
    absl::StrAppend(&out, " | ", v.field_path, "[", v.begin, ",", v.end, ")", v.multi ? "m" : "");
  }
  if (!path.verb.empty()) absl::StrAppend(&out, " | :", path.verb);
  return out;
}

struct Accepted {
  const char* name;
  const char* text;
  const char* shown;
};

class AcceptedTemplate : public ::testing::TestWithParam<Accepted> {};

TEST_P(AcceptedTemplate, IsParsed) {
  const absl::StatusOr<HttpTemplate> path = ParseHttpTemplate(GetParam().text);
  ASSERT_THAT(path, testing::IsOk());
  EXPECT_EQ(Show(*path), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Templates, AcceptedTemplate,
    ::testing::Values(
        Accepted{"Literal", "/v1/tickets", "v1 tickets"},
        Accepted{"OneVariable", "/v1/{name=tickets/*}", "v1 tickets * | name[1,3)m"},
        Accepted{"ShortVariable", "/v1/tickets/{id}", "v1 tickets * | id[2,3)"},
        Accepted{"OneStar", "/v1/{id=*}", "v1 * | id[1,2)"},
        Accepted{"Verb", "/v1/{name=tickets/*}:accept", "v1 tickets * | name[1,3)m | :accept"},
        Accepted{"VerbOfLiteral", "/v1/tickets:search", "v1 tickets | :search"},
        Accepted{"Dotted", "/v1/{ticket.name=tickets/*}", "v1 tickets * | ticket.name[1,3)m"},
        Accepted{"Two", "/v1/{a=x/*}/{b}", "v1 x * * | a[1,3)m | b[3,4)"},
        Accepted{"Many", "/v1/{path=files/**}", "v1 files ** | path[1,3)m"},
        Accepted{"OnlyMany", "/v1/{path=**}", "v1 ** | path[1,2)m"},
        Accepted{"LiteralsAfterMany", "/v1/**/end", "v1 ** end"},
        Accepted{"BareStar", "/v1/*/x", "v1 * x"},
        Accepted{"Marks", "/v1/a-b_c.d~e", "v1 a-b_c.d~e"}),
    [](const auto& test) { return test.param.name; });

class RefusedTemplate : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(RefusedTemplate, IsAnError) {
  EXPECT_THAT(ParseHttpTemplate(GetParam().second), StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    Templates, RefusedTemplate,
    ::testing::Values(std::pair{"Empty", ""}, std::pair{"NoSlash", "v1"},
                      std::pair{"OnlySlash", "/"}, std::pair{"EmptySegment", "/v1//x"},
                      std::pair{"TrailingSlash", "/v1/"}, std::pair{"EmptyVerb", "/v1/x:"},
                      std::pair{"Unclosed", "/v1/{name=x"}, std::pair{"Nested", "/v1/{a={b}}"},
                      std::pair{"NoName", "/v1/{=x}"}, std::pair{"NoPattern", "/v1/{a=}"},
                      std::pair{"BadName", "/v1/{1a}"}, std::pair{"EndsInDot", "/v1/{a.}"},
                      std::pair{"StarAfterMany", "/v1/**/*"}, std::pair{"TwoMany", "/v1/**/**"},
                      std::pair{"Twice", "/v1/{a}/{a}"}, std::pair{"ThreeStars", "/v1/***"},
                      std::pair{"Space", "/v1/a b"}, std::pair{"Escape", "/v1/a%20b"},
                      std::pair{"AfterVerb", "/v1/x:y/z"}),
    [](const auto& test) { return test.param.first; });

}  // namespace
}  // namespace qungong::gateway
