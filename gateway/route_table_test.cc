#include "gateway/route_table.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/support/matchers.h"

namespace qungong::gateway {
namespace {

using testing::HasReason;
using testing::IsOk;
using testing::StatusIs;

class RouteTableTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(table_.AddService("qungong.echo.v1.EchoService"), IsOk()); }

  // "MoveItem items/5", or the reason of the refusal.
  std::string Lookup(absl::string_view method, absl::string_view path) {
    const absl::StatusOr<Match> match = table_.Lookup(method, path);
    if (!match.ok()) return ReasonOf(match.status());
    std::string out = match->route->method->name();
    for (const std::string& value : match->values) out += " " + value;
    return out;
  }

  RouteTable table_;
};

TEST_F(RouteTableTest, FindsTheRpcAndItsVariables) {
  EXPECT_EQ(Lookup("GET", "/v1/items/5"), "GetItem items/5");
  EXPECT_EQ(Lookup("GET", "/v1/shelves/2/items/5"), "GetItem shelves/2/items/5");
  EXPECT_EQ(Lookup("GET", "/v1/shelves/2/items"), "ListItems shelves/2");
  EXPECT_EQ(Lookup("POST", "/v1/shelves/2/items"), "CreateItem shelves/2");
  EXPECT_EQ(Lookup("PATCH", "/v1/items/5"), "UpdateItem items/5");
  EXPECT_EQ(Lookup("POST", "/v1/items/5:move"), "MoveItem items/5");
  EXPECT_EQ(Lookup("GET", "/v1/items/5:watch"), "WatchItem items/5");
  EXPECT_EQ(Lookup("POST", "/v1/shelves/2/items:upload"), "UploadItems shelves/2");
}

TEST_F(RouteTableTest, OnlyKnownVerbsAreSplitOff) {
  EXPECT_EQ(Lookup("GET", "/v1/items/a:b"), "GetItem items/a:b");
  EXPECT_EQ(Lookup("GET", "/v1/items/5:move"), "GetItem items/5:move");
  EXPECT_EQ(Lookup("GET", "/v1/items/a:b:watch"), "WatchItem items/a:b");
  EXPECT_EQ(Lookup("GET", "/v1/items/5%3Awatch"), "GetItem items/5:watch");
}

TEST_F(RouteTableTest, ManySegmentsMatchAnyNumber) {
  EXPECT_EQ(Lookup("GET", "/v1/files/content"), "GetFile files");
  EXPECT_EQ(Lookup("GET", "/v1/files/a/content"), "GetFile files/a");
  EXPECT_EQ(Lookup("GET", "/v1/files/a/b/content/content"), "GetFile files/a/b/content");
  EXPECT_EQ(Lookup("GET", "/v1/files/a/b"), "ROUTE_NOT_FOUND");
}

TEST_F(RouteTableTest, DecodesEscapesButKeepsSlashesApart) {
  EXPECT_EQ(Lookup("GET", "/v1/items/%E7%81%AF"), "GetItem items/灯");
  EXPECT_EQ(Lookup("GET", "/v1/items/a%2Fb"), "GetItem items/a%2Fb");
  EXPECT_EQ(Lookup("GET", "/v1/items/%"), "PATH_MALFORMED");
  EXPECT_EQ(Lookup("GET", "/v1/items/%ff"), "PATH_MALFORMED");
  EXPECT_EQ(Lookup("GET", "/v1/items/%00"), "PATH_MALFORMED");
}

TEST_F(RouteTableTest, NothingElseIsFound) {
  for (const char* path : {"", "/", "/v1", "/v1/", "/v1/items", "/v1/items/", "/v1/items/5/",
                           "/v1//items/5", "//v1/items/5", "/v1/items/5/6", "/v2/items/5",
                           "/v1/hidden/x", "v1/items/5", "/v1/shelves//items", "*"}) {
    EXPECT_EQ(Lookup("GET", path), "ROUTE_NOT_FOUND") << path;
  }
}

TEST_F(RouteTableTest, OtherMethodsAreNamed) {
  const absl::StatusOr<Match> match = table_.Lookup("PUT", "/v1/items/5");
  EXPECT_THAT(match, StatusIs(absl::StatusCode::kUnimplemented, HasReason("METHOD_NOT_ALLOWED")));
  google::rpc::ErrorInfo info;
  info.ParseFromString(
      std::string(*match.status().GetPayload("type.googleapis.com/google.rpc.ErrorInfo")));
  EXPECT_EQ(info.metadata().at("allow"), "DELETE, GET, PATCH");
}

TEST_F(RouteTableTest, KnowsWhatKindOfRouteItIs) {
  EXPECT_EQ(table_.Lookup("GET", "/v1/items/5")->route->kind, Route::Kind::kUnary);
  EXPECT_EQ(table_.Lookup("GET", "/v1/items/5:watch")->route->kind, Route::Kind::kServerStream);
  const Route& upload = *table_.Lookup("POST", "/v1/shelves/2/items:upload")->route;
  EXPECT_EQ(upload.kind, Route::Kind::kUpload);
  EXPECT_EQ(upload.bound->name(), "UploadItemsMetadata");
  EXPECT_TRUE(table_.Lookup("POST", "/v1/slips")->route->access.unlinkable());
}

struct Refused {
  const char* service;
  const char* why;
};

class RefusedService : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedService, StopsTheStart) {
  RouteTable table;
  EXPECT_THAT(
      table.AddService(std::string("qungong.echo.v1.") + GetParam().service),
      StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::HasSubstr(GetParam().why)));
}

INSTANTIATE_TEST_SUITE_P(
    Services, RefusedService,
    ::testing::Values(Refused{"NoSuchService", "unknown service"},
                      Refused{"NoAccessService", "has no access rule"},
                      Refused{"DuplicateRouteService", "is already that of"},
                      Refused{"UnknownPathFieldService", "no such field: title"},
                      Refused{"RepeatedPathFieldService", "is not a scalar"},
                      Refused{"MessagePathFieldService", "is not a scalar"},
                      Refused{"MissingBodyService", "body field \"outer\""},
                      Refused{"BodyOfGetService", "GET has no body"},
                      Refused{"ClientStreamService", "is not an upload"},
                      Refused{"MalformedTemplateService", "only literals may follow **"},
                      Refused{"ShapelessService", "Any, Struct and Value"}),
    [](const auto& test) { return test.param.service; });

}  // namespace
}  // namespace qungong::gateway
