#include "gateway/pages.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/assets.h"
#include "runtime/crypto.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

// Everything comes from here, nothing runs inline, nobody frames it.
constexpr char kPolicy[] =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

std::string TypeOf(absl::string_view name) {
  if (absl::EndsWith(name, ".html")) return "text/html; charset=utf-8";
  if (absl::EndsWith(name, ".css")) return "text/css; charset=utf-8";
  if (absl::EndsWith(name, ".js")) return "text/javascript; charset=utf-8";
  if (absl::EndsWith(name, ".svg")) return "image/svg+xml";
  return "application/json; charset=utf-8";
}

bool Matches(const std::string& if_none_match, const std::string& etag) {
  for (absl::string_view candidate : absl::StrSplit(if_none_match, ',')) {
    candidate = absl::StripAsciiWhitespace(candidate);
    if (candidate == "*" || absl::StripPrefix(candidate, "W/") == etag) return true;
  }
  return false;
}

}  // namespace

void Pages::Add(const std::string& path, absl::string_view name, absl::string_view body) {
  const std::string digest = absl::BytesToHexString(Sha256(body).substr(0, 16));
  pages_[path] = {TypeOf(name), std::string(body), absl::StrCat("\"", digest, "\"")};
}

const Page* Pages::Find(absl::string_view path) const {
  const auto found = pages_.find(path);
  return found == pages_.end() ? nullptr : &found->second;
}

Pages MakePages(absl::string_view openapi) {
  Pages pages;
  pages.Add("/", "index.html", Asset("index.html"));
  pages.Add("/api", "api.html", Asset("api.html"));
  for (const char* name : {"site.css", "site.js", "api.js", "icon.svg"}) {
    pages.Add(absl::StrCat("/assets/", name), name, Asset(name));
  }
  pages.Add("/openapi.json", "openapi.json", openapi);
  return pages;
}

void AnswerPage(const Page& page, Pending& pending) {
  const HttpRequest& http = pending.request();
  if (http.method != "GET" && http.method != "HEAD") {
    return pending.Fail(
        WithReason(absl::UnimplementedError("this path does not have this HTTP method"),
                   "METHOD_NOT_ALLOWED", {{"allow", "GET, HEAD"}}));
  }
  HttpResponse response;
  response.content_type = page.content_type;
  response.headers = {{"ETag", page.etag},
                      {"Cache-Control", "no-cache"},  // keep it, but ask whether it still holds
                      {"Content-Security-Policy", kPolicy}};
  if (Matches(http.Header("If-None-Match"), page.etag)) {
    response.status = 304;
  } else {
    response.body = page.body;
  }
  pending.Respond(std::move(response));
}

}  // namespace qungong::gateway
