// The gateway over HTTP, in front of fake services: bindings, errors, headers, sessions, pages,
// limits.
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/gateway_fixture.h"

namespace qungong::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::StartsWith;

const std::pair<std::string, std::string> kBearer = {"Authorization", "Bearer some.token"};
const std::pair<std::string, std::string> kCsrf = {"X-Requested-With", "qungong"};

// The error names the reason, has its HTTP status in the body too, and says it in Chinese.
void ExpectError(const HttpReply& reply, int status, absl::string_view reason) {
  EXPECT_EQ(reply.status, status) << reply.body;
  EXPECT_THAT(reply.body, StartsWith(absl::StrCat(R"({"error":{"code":)", status, ",")));
  EXPECT_THAT(reply.body, HasSubstr(absl::StrCat("\"reason\":\"", reason, "\"")));
  EXPECT_THAT(reply.body, HasSubstr(R"("locale":"zh-CN")"));
  EXPECT_EQ(reply.Header("Content-Type"), "application/json; charset=utf-8");
}

// Bindings.

TEST_F(GatewayTest, PathQueryAndBodyBecomeTheRequest) {
  EXPECT_THAT(Get("/v1/items/5", {kBearer}).body, HasSubstr(R"("name":"items/5")"));
  EXPECT_THAT(Get("/v1/shelves/2/items?pageSize=7&like.displayName=%E7%81%AF").body,
              AllOf(HasSubstr(R"("shelf":"shelves/2")"), HasSubstr(R"("count":7)"),
                    HasSubstr(R"("displayName":"灯")")));
  EXPECT_THAT(
      PostJson("/v1/shelves/2/items?requestId=r", R"({"displayName":"灯","total":"5"})", {kBearer})
          .body,
      AllOf(HasSubstr(R"("name":"shelves/2/items/1")"), HasSubstr(R"("total":"5")")));
  EXPECT_THAT(Call("PATCH", "/v1/items/5?updateMask=displayName",
                   {kBearer, {"Content-Type", "application/json"}}, R"({"displayName":"x"})")
                  .body,
              AllOf(HasSubstr(R"("name":"items/5")"), HasSubstr(R"("mask":"displayName")")));
  EXPECT_THAT(PostJson("/v1/items/5:move", R"({"shelf":"s"})", {kBearer}).body,
              HasSubstr(R"("shelf":"s")"));
  EXPECT_EQ(Call("DELETE", "/v1/items/5", {kBearer}).body, "{}");
}

TEST_F(GatewayTest, OneConnectionServesManyRequestsAlsoWhenTheyAreSentAhead) {
  HttpClient client(port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Get("/v1/items/5", {kBearer}).status, 200);
  const std::string request =
      "GET /v1/items/7 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n";
  client.Send(request + request + request);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ReadReply().status, 200);
}

TEST_F(GatewayTest, HeadHasTheHeadersOfGetAndNoBody) {
  HttpClient client(port());
  const HttpReply head = client.Call("HEAD", "/v1/items/5", {kBearer});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"),
            client.Get("/v1/items/5", {kBearer}).Header("Content-Length"));
}

TEST_F(GatewayTest, OptionsTellsTheMethodsWithoutCallingAnything) {
  const HttpReply reply = Call("OPTIONS", "/v1/items/5");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.Header("Allow"), "DELETE, GET, PATCH, OPTIONS");
  EXPECT_EQ(reply.Header("Access-Control-Allow-Origin"), "");
  const HttpReply server = Call("OPTIONS", "*");
  EXPECT_EQ(server.status, 204);
  EXPECT_EQ(server.Header("Allow"), "DELETE, GET, HEAD, PATCH, POST, OPTIONS");
  EXPECT_EQ(echo_.calls(), 0);
}

// Errors.

struct BadRequest {
  const char* name;
  const char* method;
  const char* target;
  const char* body;
  int status;
  const char* reason;
};

class BadRequestTest : public GatewayTest, public ::testing::WithParamInterface<BadRequest> {};

TEST_P(BadRequestTest, IsRefusedAndReachesNoService) {
  const BadRequest& c = GetParam();
  const HttpReply reply =
      Call(c.method, c.target, {kBearer, {"Content-Type", "application/json"}}, c.body);
  ExpectError(reply, c.status, c.reason);
  EXPECT_EQ(echo_.calls(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Gateway, BadRequestTest,
    ::testing::Values(
        BadRequest{"NoRoute", "GET", "/v1/nothing", "", 404, "ROUTE_NOT_FOUND"},
        BadRequest{"InternalMethod", "GET", "/v1/hidden/x", "", 404, "ROUTE_NOT_FOUND"},
        BadRequest{"OtherMethod", "PUT", "/v1/items/5", "{}", 405, "METHOD_NOT_ALLOWED"},
        BadRequest{"BadEscape", "GET", "/v1/items/%zz", "", 400, "PATH_MALFORMED"},
        BadRequest{"BadQuery", "GET", "/v1/shelves/2/items?pageSize=%f", "", 400,
                   "QUERY_MALFORMED"},
        BadRequest{"UnknownParameter", "GET", "/v1/shelves/2/items?x=1", "", 400, "INVALID_FIELD"},
        BadRequest{"BodyOfGet", "GET", "/v1/items/5", "{}", 400, "BODY_NOT_EXPECTED"},
        BadRequest{"Malformed", "POST", "/v1/items/5:move", "{", 400, "JSON_MALFORMED"},
        BadRequest{"BadUtf8", "POST", "/v1/items/5:move", "{\"shelf\":\"\xff\"}", 400,
                   "JSON_MALFORMED"},
        BadRequest{"KeyTwice", "POST", "/v1/items/5:move", R"({"shelf":"a","shelf":"b"})", 400,
                   "INVALID_FIELD"},
        BadRequest{"UnknownField", "POST", "/v1/items/5:move", R"({"x":1})", 400, "INVALID_FIELD"},
        BadRequest{"UnknownEnum", "POST", "/v1/shelves/2/items", R"({"kind":"SOFA"})", 400,
                   "INVALID_FIELD"},
        BadRequest{"WrongType", "POST", "/v1/shelves/2/items", R"({"broken":"true"})", 400,
                   "INVALID_FIELD"}),
    [](const auto& test) { return test.param.name; });

TEST_F(GatewayTest, ServiceErrorsKeepReasonAndChineseText) {
  const HttpReply reply = PostJson(
      "/v1/failures",
      R"({"code":9,"message":"closed","reason":"CLOSED","chinese":"已办结","retrySeconds":3})");
  ExpectError(reply, 400, "CLOSED");
  EXPECT_THAT(reply.body, AllOf(HasSubstr(R"("status":"FAILED_PRECONDITION")"),
                                HasSubstr(R"("message":"closed")"), HasSubstr("已办结"),
                                HasSubstr(R"("metadata":{"key":"value"})")));
  EXPECT_EQ(reply.Header("Retry-After"), "3");
}

TEST_F(GatewayTest, InternalErrorsTellNothing) {
  const HttpReply reply = PostJson("/v1/failures", R"({"code":13,"message":"SELECT * FROM x"})");
  EXPECT_EQ(reply.status, 500);
  EXPECT_THAT(reply.body, Not(HasSubstr("SELECT")));
  EXPECT_THAT(reply.body, HasSubstr(reply.Header("X-Request-Id")));
}

TEST_F(GatewayTest, AServiceThatIsDownIsUnavailableAndNamesNoAddress) {
  StopBackend();
  const HttpReply reply = Get("/v1/items/5", {kBearer});
  ExpectError(reply, 503, "UPSTREAM_UNAVAILABLE");
  EXPECT_THAT(reply.body, Not(HasSubstr("127.0.0.1")));
  StartBackend();
  int status = 0;
  for (int i = 0; i < 20 && status != 200; ++i) status = Get("/v1/items/5", {kBearer}).status;
  EXPECT_EQ(status, 200);
}

TEST_F(GatewayTest, OversizedAndMalformedHttpIsRefusedAndTheConnectionClosed) {
  struct Case {
    const char* name;
    std::string request;
    int status;
    const char* reason;
  };
  const std::string head = "POST /v1/items/5:move HTTP/1.1\r\nHost: x\r\n";
  const Case cases[] = {
      {"announced body", head + "Content-Length: 1048577\r\n\r\n", 413, "BODY_TOO_LARGE"},
      {"chunked body",
       head + "Transfer-Encoding: chunked\r\n\r\n100001\r\n" + std::string(0x100001, ' ') +
           "\r\n0\r\n\r\n",
       413, "BODY_TOO_LARGE"},
      {"header", head + "X-Big: " + std::string(17 << 10, 'x') + "\r\n\r\n", 431,
       "HEADER_TOO_LARGE"},
      {"target", "GET /v1/items/" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414,
       "URI_TOO_LONG"},
      {"metadata",
       "GET /v1/items/5 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + std::string(5000, 'x') +
           "\r\n\r\n",
       431, "HEADER_TOO_LARGE"},
      {"no host", "GET /v1/items/5 HTTP/1.1\r\n\r\n", 400, "HTTP_MALFORMED"},
      {"no http", "HELLO\r\n\r\n", 400, "HTTP_MALFORMED"},
      {"relative target", "GET v1/items/5 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "HTTP_MALFORMED"},
      {"another's target", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400, "HTTP_MALFORMED"},
      {"two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400,
       "HTTP_MALFORMED"},
      {"length and chunks",
       head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       "HTTP_MALFORMED"},
      {"unknown encoding", head + "Transfer-Encoding: gzip\r\n\r\n", 400, "HTTP_MALFORMED"},
      {"bad chunk", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "HTTP_MALFORMED"},
      {"two tokens", head + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400,
       "HEADER_REPEATED"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    HttpClient client(port());
    client.Send(c.request);
    ExpectError(client.ReadReply(), c.status, c.reason);
    if (std::string(c.name) != "metadata") {
      EXPECT_TRUE(client.ReadsToEnd());
    }
  }
  EXPECT_EQ(echo_.calls(), 0);
}

// Headers.

TEST_F(GatewayTest, OnlyTheAllowListTravelsOn) {
  Get("/v1/items/5", {kBearer,
                      {"X-Request-Id", "request-1234"},
                      {"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                      {"X-Qungong-After", "org@e:5"},
                      {"X-Qungong-Position", "1"},
                      {"Grpc-Metadata-Admin", "yes"},
                      {"X-Forwarded-For", "1.2.3.4"},
                      {"X-Principal", "accounts/root"},
                      {"Cookie", "other=1"}});
  Metadata metadata = echo_.metadata();
  EXPECT_EQ(metadata["authorization"], "Bearer some.token");
  EXPECT_EQ(metadata["x-request-id"], "request-1234");
  EXPECT_THAT(metadata["traceparent"], StartsWith("00-0af7651916cd43dd8448eb211c80319c-"));
  EXPECT_THAT(metadata["traceparent"], Not(HasSubstr("b7ad6b7169203331")));
  EXPECT_EQ(metadata["x-qungong-after"], "org@e:5");
  EXPECT_EQ(metadata["x-qungong-position"], "1");
  for (const char* key : {"authorization", "x-request-id", "traceparent", "x-qungong-after",
                          "x-qungong-position", "user-agent"}) {
    metadata.erase(key);
  }
  EXPECT_THAT(metadata, IsEmpty());
}

TEST_F(GatewayTest, RequestIdIsMadeEchoedAndNeverTakenBlindly) {
  EXPECT_EQ(Get("/v1/items/5", {kBearer, {"X-Request-Id", "request-1234"}}).Header("X-Request-Id"),
            "request-1234");
  const std::string made =
      Get("/v1/items/5", {kBearer, {"X-Request-Id", "not one\"}"}}).Header("X-Request-Id");
  EXPECT_GE(made.size(), 8u);
  EXPECT_EQ(echo_.metadata()["x-request-id"], made);
}

TEST_F(GatewayTest, OfTheTrailersOnlyThePositionComesBack) {
  const HttpReply reply = Get("/v1/items/5", {kBearer});
  EXPECT_EQ(reply.Header("X-Qungong-After"), "echo@e:7");
  EXPECT_THAT(reply.headers, Not(Contains(Key("X-Private"))));
  EXPECT_EQ(reply.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(reply.Header("Cache-Control"), "no-store");
  EXPECT_THAT(reply.Header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
}

TEST_F(GatewayTest, DeadlinesTravelOnAndAreCapped) {
  // gRPC rounds a timeout up on its way, by as much as one part in a hundred.
  const auto expect_time = [&](const char* asked, absl::Duration given) {
    HttpHeaderList headers = {kBearer};
    if (*asked != '\0') headers.emplace_back("Grpc-Timeout", asked);
    EXPECT_EQ(Get("/v1/items/5", headers).status, 200);
    EXPECT_LE(echo_.time_left(), 1.02 * given) << asked;
    EXPECT_GT(echo_.time_left(), given - absl::Seconds(2)) << asked;
  };
  expect_time("", absl::Seconds(10));
  expect_time("2500m", absl::Milliseconds(2500));
  expect_time("20S", absl::Seconds(20));
  expect_time("5H", absl::Seconds(30));
  ExpectError(Get("/v1/items/5", {kBearer, {"Grpc-Timeout", "soon"}}), 400, "INVALID_FIELD");
}

TEST_F(GatewayTest, AnUnlinkableCallCarriesNothingOfItsSender) {
  const auto cookie = SignIn();
  const HttpReply reply = PostJson("/v1/slips", R"({"sealed":"AAAA"})",
                                   {kBearer, cookie, {"X-Request-Id", "request-1234"}});
  EXPECT_EQ(reply.status, 200) << reply.body;
  Metadata metadata = echo_.metadata();
  metadata.erase("user-agent");
  EXPECT_THAT(metadata, IsEmpty());
  EXPECT_THAT(reply.headers, Not(Contains(Key("X-Request-Id"))));
}

// Sessions.

TEST_F(GatewayTest, SigningInSetsACookieThatStandsForAToken) {
  const HttpReply reply = PostJson("/v1/session", R"({"login":"wang","password":"right"})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body,
              AllOf(HasSubstr(R"("account":"accounts/1")"), HasSubstr(R"("displayName":"王")"),
                    HasSubstr("expireTime"), Not(HasSubstr("token-"))));
  const std::string cookie = reply.Header("Set-Cookie");
  EXPECT_THAT(cookie, AllOf(StartsWith("qungong_session="), HasSubstr("; HttpOnly"),
                            HasSubstr("; SameSite=Strict"), HasSubstr("; Path=/"),
                            Not(HasSubstr("Secure"))));
  const std::pair<std::string, std::string> header = {"Cookie", cookie.substr(0, cookie.find(';'))};
  EXPECT_EQ(Get("/v1/items/5", {header}).status, 200);
  EXPECT_EQ(echo_.metadata()["authorization"], "Bearer token-0");
  EXPECT_EQ(sessions_.refreshes(), 0);
  EXPECT_THAT(Get("/v1/session", {header}).body, HasSubstr("accounts/1"));
}

TEST_F(GatewayTest, WrongPasswordsAreRefusedWithoutACookie) {
  const HttpReply reply = PostJson("/v1/session", R"({"login":"wang","password":"wrong"})");
  ExpectError(reply, 401, "SIGN_IN_FAILED");
  EXPECT_EQ(reply.Header("Set-Cookie"), "");
  EXPECT_EQ(reply.Header("WWW-Authenticate"), "Bearer");
  ExpectError(PostJson("/v1/session", R"({"login":"wang","password":"right","secretHash":"AAAA"})"),
              400, "INVALID_FIELD");
  ExpectError(PostJson("/v1/session?password=right", R"({"login":"wang"})"), 400, "INVALID_FIELD");
}

TEST_F(GatewayTest, MutationsWithACookieNeedTheHeaderThatNoForeignPageCanSend) {
  const auto cookie = SignIn();
  ExpectError(PostJson("/v1/items/5:move", "{}", {cookie}), 403, "CSRF_HEADER_MISSING");
  ExpectError(PostJson("/v1/items/5:move", "{}", {cookie, {"X-Requested-With", "XMLHttpRequest"}}),
              403, "CSRF_HEADER_MISSING");
  ExpectError(Call("DELETE", "/v1/session", {cookie}), 403, "CSRF_HEADER_MISSING");
  EXPECT_EQ(echo_.calls(), 0);
  EXPECT_EQ(PostJson("/v1/items/5:move", "{}", {cookie, kCsrf}).status, 200);
  // A token in Authorization was put there by a program, not by a browser.
  EXPECT_EQ(PostJson("/v1/items/5:move", "{}", {cookie, kBearer}).status, 200);
  EXPECT_EQ(echo_.metadata()["authorization"], "Bearer some.token");
}

TEST_F(GatewayTest, SigningOutEndsTheSessionEverywhere) {
  const auto cookie = SignIn();
  const HttpReply reply = Call("DELETE", "/v1/session", {cookie, kCsrf});
  EXPECT_EQ(reply.status, 204);
  EXPECT_THAT(reply.Header("Set-Cookie"), HasSubstr("Max-Age=0"));
  ExpectError(Get("/v1/items/5", {cookie}), 401, "SESSION_ENDED");
  ExpectError(Get("/v1/session", {cookie}), 401, "SESSION_ENDED");
  EXPECT_EQ(Call("DELETE", "/v1/session", {cookie, kCsrf}).status, 204);
}

TEST_F(GatewayTest, ASessionUsedWhileItIsSignedOutHasEndedAfterwards) {
  const auto cookie = SignIn();
  sessions_.set_before_delete([&] { EXPECT_EQ(Get("/v1/session", {cookie}).status, 200); });
  EXPECT_EQ(Call("DELETE", "/v1/session", {cookie, kCsrf}).status, 204);
  EXPECT_EQ(Get("/v1/session", {cookie}).status, 401);
}

TEST_F(GatewayTest, ForgedAndForeignSessionsAreToldApartFromNone) {
  const std::string foreign = "qungong_session=" + absl::WebSafeBase64Escape(std::string(32, 'x'));
  for (const std::string& cookie :
       {std::string("qungong_session=short"), std::string("qungong_session="),
        foreign.substr(0, foreign.size() - 1),
        foreign.substr(0, foreign.size() - 1) + "; " + foreign}) {
    const HttpReply reply = Get("/v1/shelves/2/items", {{"Cookie", cookie}});
    ExpectError(reply, 401, "SESSION_ENDED");
    EXPECT_THAT(reply.Header("Set-Cookie"), HasSubstr("Max-Age=0"));
  }
  ExpectError(Get("/v1/session"), 401, "SESSION_MISSING");
  EXPECT_EQ(Get("/v1/shelves/2/items").status, 200);
  EXPECT_EQ(echo_.metadata().count("authorization"), 0u);
}

class ShortTokenTest : public GatewayTest {
 protected:
  ShortTokenTest() { sessions_.set_token_life(absl::Seconds(1)); }
};

TEST_F(ShortTokenTest, AnExpiringTokenIsRefreshedOnceHoweverManyAsk) {
  const auto cookie = SignIn();
  std::vector<std::thread> callers;
  callers.reserve(8);
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] { EXPECT_EQ(Get("/v1/items/5", {cookie}).status, 200); });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_GE(sessions_.refreshes(), 1);
  EXPECT_LE(sessions_.refreshes(), 8);
  EXPECT_THAT(echo_.metadata()["authorization"], StartsWith("Bearer token-"));
  sessions_.EndAll();
  ExpectError(Get("/v1/items/5", {cookie}), 401, "SESSION_ENDED");
}

class SignInLimitTest : public GatewayTest {
 protected:
  void Configure(gateway::ProcessOptions& options) override {
    options.gateway.sessions.sign_ins_per_minute = 3;
    options.gateway.sessions.secure_cookies = true;
  }
};

TEST_F(SignInLimitTest, FailedSignInsAreLimitedPerPeerGoodOnesAreNot) {
  for (int i = 0; i < 5; ++i) SignIn();
  for (int i = 0; i < 3; ++i) {
    ExpectError(PostJson("/v1/session", R"({"login":"wang","password":"no"})"), 401,
                "SIGN_IN_FAILED");
  }
  const HttpReply reply = PostJson("/v1/session", R"({"login":"wang","password":"right"})");
  ExpectError(reply, 429, "SIGN_IN_TOO_OFTEN");
  EXPECT_NE(reply.Header("Retry-After"), "");
}

TEST_F(SignInLimitTest, CookiesAreSecureWhereAskedFor) {
  EXPECT_THAT(
      PostJson("/v1/session", R"({"login":"wang","password":"right"})").Header("Set-Cookie"),
      HasSubstr("; Secure"));
}

// Pages.

TEST_F(GatewayTest, PagesAreServedWithStrongETags) {
  for (const char* path : {"/", "/api", "/openapi.json", "/assets/site.css", "/assets/site.js",
                           "/assets/api.js", "/assets/icon.svg"}) {
    SCOPED_TRACE(path);
    HttpClient client(port());
    const HttpReply first = client.Get(path);
    EXPECT_EQ(first.status, 200);
    EXPECT_FALSE(first.body.empty());
    const std::string etag = first.Header("ETag");
    EXPECT_THAT(etag, StartsWith("\""));
    EXPECT_EQ(client.Get(path, {{"If-None-Match", etag}}).status, 304);
    EXPECT_EQ(client.Get(path, {{"If-None-Match", "\"other\""}}).status, 200);
    EXPECT_EQ(client.Call("HEAD", path).Header("Content-Length"), absl::StrCat(first.body.size()));
    EXPECT_EQ(client.Call("POST", path).status, 405);
    EXPECT_THAT(first.body, Not(HasSubstr("https://")));
  }
}

TEST_F(GatewayTest, OpenApiHasRoutesRulesAndComments) {
  const std::string json = Get("/openapi.json").body;
  for (const char* part :
       {R"("openapi":"3.1.0")", R"("/v1/items/{item}:move":{"post")", R"("/v1/session":)",
        R"(Gets an item (物品). The comment has \"quotes\" and \u003ctags\u003e.)",
        R"("summary":"Lists the items of a shelf.")",
        R"("description":"Lists the items of a shelf. Its comment goes on where the line ends.")",
        R"("operationId":"EchoService_GetItem_2")", R"("maxLength":20)", R"("readOnly":true)",
        R"("required":["displayName"])", R"("text/event-stream")", R"("application/octet-stream")",
        R"("x-roles":["CLERK"])", R"(- `LAMP`: A lamp (路灯).)"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
  EXPECT_THAT(json, Not(HasSubstr("Hidden")));
}

}  // namespace
}  // namespace qungong::testing
