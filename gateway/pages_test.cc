#include "gateway/pages.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qungong::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Keeps the answer.
class Exchange final : public HttpExchange {
 public:
  Exchange(HttpRequest request, HttpResponse* response)
      : request_(std::move(request)), response_(response) {}

  const HttpRequest& request() const override { return request_; }
  void Respond(HttpResponse response) override { *response_ = std::move(response); }
  void StartStream(HttpResponse, std::string, absl::Duration) override {}
  void Write(std::string, absl::AnyInvocable<void(bool)>) override {}
  void EndStream() override {}
  void Read(size_t, absl::AnyInvocable<void(absl::StatusOr<std::string>)>) override {}
  void OnAbandoned(absl::AnyInvocable<void()>) override {}

 private:
  const HttpRequest request_;
  HttpResponse* const response_;
};

HttpResponse Answer(const Page& page, const std::string& method, HttpHeaders headers = {}) {
  Metrics metrics;
  HttpRequest request;
  request.method = method;
  request.headers = std::move(headers);
  HttpResponse response;
  Pending pending(std::make_shared<Exchange>(std::move(request), &response), metrics);
  AnswerPage(page, pending);
  return response;
}

TEST(PagesTest, WhatAPageIsFollowsFromItsExtension) {
  struct Case {
    const char* name;
    const char* type;
  };
  const Case cases[] = {
      {"a.html", "text/html; charset=utf-8"},
      {"a.css", "text/css; charset=utf-8"},
      {"a.js", "text/javascript; charset=utf-8"},
      {"a.svg", "image/svg+xml"},
      {"a.json", "application/json; charset=utf-8"},
      {"a.html.js", "text/javascript; charset=utf-8"},
  };
  for (const Case& c : cases) {
    Pages pages;
    pages.Add("/x", c.name, "content");
    ASSERT_NE(pages.Find("/x"), nullptr);
    EXPECT_EQ(pages.Find("/x")->content_type, c.type) << c.name;
  }
}

TEST(PagesTest, TheETagStandsForTheContent) {
  Pages pages;
  pages.Add("/a", "a.html", "one");
  pages.Add("/b", "b.css", "one");
  pages.Add("/c", "a.html", "two");
  EXPECT_THAT(pages.Find("/a")->etag, MatchesRegex("\"[0-9a-f]{32}\""));
  EXPECT_EQ(pages.Find("/a")->etag, pages.Find("/b")->etag);
  EXPECT_NE(pages.Find("/a")->etag, pages.Find("/c")->etag);
  pages.Add("/a", "a.html", "two");
  EXPECT_EQ(pages.Find("/a")->etag, pages.Find("/c")->etag) << "the later one counts";
}

TEST(PagesTest, OnlyWholePathsAreFound) {
  const Pages pages = MakePages("{}");
  for (const char* path : {"/", "/api", "/openapi.json", "/assets/site.css", "/assets/site.js",
                           "/assets/api.js", "/assets/icon.svg"}) {
    ASSERT_NE(pages.Find(path), nullptr) << path;
    EXPECT_FALSE(pages.Find(path)->body.empty()) << path;
  }
  EXPECT_EQ(pages.Find("/openapi.json")->body, "{}");
  for (const char* path :
       {"", "/api/", "//", "/assets", "/assets/", "/assets/../openapi.json", "/index.html",
        "/assets/site.css/", "/ASSETS/site.css", "/qungong.protoset", "/assets/qungong.protoset"}) {
    EXPECT_EQ(pages.Find(path), nullptr) << path;
  }
}

TEST(PagesTest, WhoHasThePageIsToldSo) {
  const Page page = {"text/css", "content", "\"0a1b\""};
  struct Case {
    const char* if_none_match;
    int status;
  };
  const Case cases[] = {
      {"\"0a1b\"", 304},
      {"W/\"0a1b\"", 304},
      {"\"x\", \"0a1b\"", 304},
      {"\"x\",W/\"0a1b\" ,\"y\"", 304},
      {"*", 304},
      {"  \"0a1b\"\t", 304},
      {"", 200},
      {"\"x\"", 200},
      {"0a1b", 200},
      {"\"0A1B\"", 200},
      {"\"0a1b", 200},
      {"\"0a1b\"\"0a1b\"", 200},
      {"w/\"0a1b\"", 200},
      {",,", 200},
  };
  for (const char* method : {"GET", "HEAD"}) {
    for (const Case& c : cases) {
      SCOPED_TRACE(absl::StrCat(method, " ", c.if_none_match));
      const HttpResponse response = Answer(page, method, {{"If-None-Match", c.if_none_match}});
      EXPECT_EQ(response.status, c.status);
      EXPECT_EQ(response.body, c.status == 200 ? "content" : "");
      EXPECT_EQ(FindHeader(response.headers, "ETag"), page.etag);
      EXPECT_EQ(FindHeader(response.headers, "Cache-Control"), "no-cache");
    }
  }
  EXPECT_EQ(Answer(page, "GET").status, 200);
}

TEST(PagesTest, APageRunsNothingButItsOwnFilesAndIsFramedByNobody) {
  const std::string policy =
      FindHeader(Answer({"text/html", "<p>", "\"e\""}, "GET").headers, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, ::testing::Not(HasSubstr("unsafe")));
}

TEST(PagesTest, OtherMethodsAreToldWhichThereAre) {
  for (const char* method : {"POST", "PUT", "DELETE", "get", "TRACE"}) {
    const HttpResponse response = Answer({"text/html", "content", "\"e\""}, method);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(FindHeader(response.headers, "Allow"), "GET, HEAD") << method;
    EXPECT_THAT(response.body, HasSubstr("METHOD_NOT_ALLOWED"));
  }
}

}  // namespace
}  // namespace qungong::gateway
