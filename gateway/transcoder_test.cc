#include "gateway/transcoder.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/matchers.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageFactory;
using testing::EqualsProto;
using testing::HasReason;
using testing::IsOk;
using testing::StatusIs;

const RouteTable& Table() {
  static const RouteTable* const kTable = [] {
    auto* table = new RouteTable;
    EXPECT_THAT(table->AddService("qungong.echo.v1.EchoService"), IsOk());
    return table;
  }();
  return *kTable;
}

struct Bound {
  absl::Status status;
  std::unique_ptr<Message> request;
};

Bound Bind(absl::string_view method, absl::string_view path, const HttpInput& input) {
  const absl::StatusOr<Match> match = Table().Lookup(method, path);
  if (!match.ok()) return {match.status(), nullptr};
  std::unique_ptr<Message> request(
      MessageFactory::generated_factory()->GetPrototype(match->route->bound)->New());
  absl::Status status = BindRequest(*match, input, request.get());
  return {std::move(status), std::move(request)};
}

struct Accepted {
  const char* name;
  const char* method;
  const char* path;
  const char* query;
  const char* body;
  const char* proto;
};

class AcceptedRequest : public ::testing::TestWithParam<Accepted> {};

TEST_P(AcceptedRequest, IsBound) {
  const Accepted& c = GetParam();
  const Bound bound = Bind(c.method, c.path, {c.query, "application/json", c.body});
  ASSERT_THAT(bound.status, IsOk());
  EXPECT_THAT(*bound.request, EqualsProto(c.proto));
}

INSTANTIATE_TEST_SUITE_P(
    Transcoder, AcceptedRequest,
    ::testing::Values(
        Accepted{"Path", "GET", "/v1/items/5", "", "", "name: 'items/5'"},
        Accepted{"Query", "GET", "/v1/shelves/2/items", "pageSize=10&page_token=t%20x", "",
                 "parent: 'shelves/2' page_size: 10 page_token: 't x'"},
        Accepted{"Repeated", "GET", "/v1/shelves/2/items", "kinds=LAMP&kinds=BENCH", "",
                 "parent: 'shelves/2' kinds: LAMP kinds: BENCH"},
        Accepted{"Nested", "GET", "/v1/shelves/2/items", "like.bought.year=2015&like.tags=a", "",
                 "parent: 'shelves/2' like { bought { year: 2015 } tags: 'a' }"},
        Accepted{"Time", "GET", "/v1/shelves/2/items", "madeAfter=2015-09-01T08:00:00Z", "",
                 "parent: 'shelves/2' made_after { seconds: 1441094400 }"},
        Accepted{"Mask", "GET", "/v1/shelves/2/items", "readMask=name,displayName", "",
                 "parent: 'shelves/2' read_mask { paths: 'name' paths: 'display_name' }"},
        Accepted{"Optional", "GET", "/v1/shelves/2/items", "broken=false", "",
                 "parent: 'shelves/2' broken: false"},
        Accepted{"Wrapper", "GET", "/v1/shelves/2/items", "like.limit=0", "",
                 "parent: 'shelves/2' like { limit { } }"},
        Accepted{"BodyField", "POST", "/v1/shelves/2/items", "requestId=r", R"({"count":3})",
                 "parent: 'shelves/2' item { count: 3 } request_id: 'r'"},
        Accepted{"WholeBody", "POST", "/v1/items/5:move", "", R"({"shelf":"s"})",
                 "name: 'items/5' shelf: 's'"},
        Accepted{"NoBody", "POST", "/v1/items/5:move", "", "", "name: 'items/5'"},
        Accepted{"BodyRepeatsPath", "PATCH", "/v1/items/5", "updateMask=count",
                 R"({"name":"items/5","count":1})",
                 "item { name: 'items/5' count: 1 } update_mask { paths: 'count' }"},
        Accepted{"DottedPath", "PATCH", "/v1/items/5", "", "{}", "item { name: 'items/5' }"},
        Accepted{"UploadMetadata", "POST", "/v1/shelves/2/items:upload", "validateOnly=true", "",
                 "parent: 'shelves/2' validate_only: true"}),
    [](const auto& test) { return test.param.name; });

struct Refused {
  const char* name;
  const char* method;
  const char* path;
  const char* query;
  const char* body;
  const char* content_type;
  const char* reason;
  const char* message;
};

class RefusedRequest : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedRequest, SaysWhy) {
  const Refused& c = GetParam();
  const Bound bound = Bind(c.method, c.path, {c.query, c.content_type, c.body});
  EXPECT_THAT(bound.status, StatusIs(absl::StatusCode::kInvalidArgument, HasReason(c.reason)));
  EXPECT_THAT(std::string(bound.status.message()), ::testing::HasSubstr(c.message));
}

constexpr char kJson[] = "application/json";
constexpr char kItems[] = "/v1/shelves/2/items";

INSTANTIATE_TEST_SUITE_P(
    Transcoder, RefusedRequest,
    ::testing::Values(
        Refused{"UnknownParameter", "GET", kItems, "size=1", "", "", "INVALID_FIELD",
                "size: no such"},
        Refused{"ParameterTwice", "GET", kItems, "pageSize=1&page_size=2", "", "", "INVALID_FIELD",
                "pageSize: is given twice"},
        Refused{"ParameterOfPath", "GET", kItems, "parent=x", "", "", "INVALID_FIELD",
                "parent: is given in the path"},
        Refused{"ParameterOfBody", "POST", kItems, "item.count=1", "{}", kJson, "INVALID_FIELD",
                "item.count: is given in the body"},
        Refused{"ParameterBesideWholeBody", "POST", "/v1/items/5:move", "shelf=s", "{}", kJson,
                "INVALID_FIELD", "shelf: no such query parameter"},
        Refused{"MessageParameter", "GET", kItems, "like=x", "", "", "INVALID_FIELD",
                "like: no such"},
        Refused{"MapParameter", "GET", kItems, "like.labels=x", "", "", "INVALID_FIELD",
                "like.labels: no such"},
        Refused{"ThroughRepeated", "GET", kItems, "like.parts.name=x", "", "", "INVALID_FIELD",
                "like.parts.name: no such"},
        Refused{"OneofTwice", "GET", kItems, "like.shelf=x&like.room=1", "", "", "INVALID_FIELD",
                "like.room: only one field of place"},
        Refused{"WrongNumber", "GET", kItems, "pageSize=1.0", "", "", "INVALID_FIELD",
                "pageSize: must be an integer from -2147483648 to 2147483647"},
        Refused{"WrongEnum", "GET", kItems, "kinds=LAMP,BENCH", "", "", "INVALID_FIELD",
                "kinds: must be"},
        Refused{"EnumNumber", "GET", kItems, "kinds=1", "", "", "INVALID_FIELD", "kinds: must be"},
        Refused{"WrongBool", "GET", kItems, "broken=1", "", "", "INVALID_FIELD", "broken: must be"},
        Refused{"WrongTime", "GET", kItems, "madeAfter=yesterday", "", "", "INVALID_FIELD",
                "madeAfter: must be a time"},
        Refused{"BadQuery", "GET", kItems, "pageToken=%ff", "", "", "QUERY_MALFORMED", "query"},
        Refused{"PathContradicted", "PATCH", "/v1/items/5", "", R"({"name":"items/6"})", kJson,
                "INVALID_FIELD", "item.name: differs from the path"},
        Refused{"BodyOfGet", "GET", "/v1/items/5", "", "{}", kJson, "BODY_NOT_EXPECTED", "no body"},
        Refused{"Form", "POST", "/v1/items/5:move", "", "shelf=s",
                "application/x-www-form-urlencoded", "UNSUPPORTED_MEDIA_TYPE", "application/json"},
        Refused{"Charset", "POST", "/v1/items/5:move", "", "{}", "application/json; charset=gbk",
                "UNSUPPORTED_MEDIA_TYPE", "UTF-8"},
        Refused{"Malformed", "POST", "/v1/items/5:move", "", "{", kJson, "JSON_MALFORMED",
                "byte 1"},
        Refused{"BodyFieldPath", "POST", kItems, "", R"({"count":"x"})", kJson, "INVALID_FIELD",
                "item.count: must be"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qungong::gateway
