#include "gateway/http_wire.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

absl::string_view View(boost::string_view text) { return {text.data(), text.size()}; }

absl::Status Malformed(absl::string_view what) {
  return WithReason(absl::InvalidArgumentError(what), "HTTP_MALFORMED");
}

// Headers of which two would leave it to chance which one counts.
absl::Status CheckSingle(const http::request_header<>& header) {
  constexpr const char* kSingle[] = {"Host",         "Authorization",  "Cookie",
                                     "Content-Type", "Content-Length", "X-Requested-With",
                                     "X-Request-Id", "Grpc-Timeout"};
  for (const char* name : kSingle) {
    const auto range = header.equal_range(name);
    if (range.first != range.second && std::next(range.first) != range.second) {
      return WithReason(absl::InvalidArgumentError(absl::StrCat("more than one header ", name)),
                        "HEADER_REPEATED", {{"header", name}});
    }
  }
  return absl::OkStatus();
}

// "/path?query", also out of "http://host/path?query" with or without a path; "*" is the whole
// server, which only OPTIONS may ask about (RFC 9112, 3.2).
absl::StatusOr<std::pair<std::string, std::string>> SplitTarget(absl::string_view target,
                                                                http::verb method,
                                                                const HttpOptions& options) {
  if (target.size() > options.target_bytes) {
    return WithReason(absl::InvalidArgumentError(
                          absl::StrCat("the target is longer than ", options.target_bytes)),
                      "URI_TOO_LONG");
  }
  const bool absolute =
      absl::ConsumePrefix(&target, "http://") || absl::ConsumePrefix(&target, "https://");
  if (absolute) target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  const bool server = !absolute && target == "*" && method == http::verb::options;
  if (!absolute && !server && !absl::StartsWith(target, "/")) {
    return Malformed("the target is not a path");
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  return std::pair{parts.first.empty() ? "/" : std::string(parts.first), std::string(parts.second)};
}

// The peer of the outermost proxy that is ours.
std::string PeerBehind(absl::string_view forwarded, absl::string_view peer, size_t hops) {
  std::vector<absl::string_view> addresses = absl::StrSplit(forwarded, ',', absl::SkipWhitespace());
  if (hops == 0 || addresses.size() < hops) return std::string(peer);
  return std::string(absl::StripAsciiWhitespace(addresses[addresses.size() - hops]));
}

}  // namespace

absl::StatusOr<HttpRequest> ReadHead(const http::request_header<>& header, bool chunked,
                                     absl::string_view peer, bool secure,
                                     const HttpOptions& options) {
  if (header.version() >= 11 && header.count(http::field::host) == 0) {
    return Malformed("no Host header");
  }
  if (header.count(http::field::transfer_encoding) > 0 && !chunked) {
    return Malformed("the body's length is not known");
  }
  RETURN_IF_ERROR(CheckSingle(header));
  HttpRequest request;
  ASSIGN_OR_RETURN(std::tie(request.path, request.query),
                   SplitTarget(View(header.target()), header.method(), options));
  request.method = std::string(View(header.method_string()));
  for (const auto& field : header) {
    request.headers.emplace_back(std::string(View(field.name_string())),
                                 std::string(View(field.value())));
  }
  request.peer = PeerBehind(request.Header("X-Forwarded-For"), peer, options.forwarded_hops);
  request.secure = secure;
  request.arrived = absl::Now();
  return request;
}

http::response<http::string_body> WriteHead(HttpResponse response, bool secure) {
  http::response<http::string_body> out(static_cast<http::status>(response.status), 11);
  out.set(http::field::date,
          absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone()));
  out.set("X-Content-Type-Options", "nosniff");
  out.set("Referrer-Policy", "no-referrer");
  out.set("Cross-Origin-Resource-Policy", "same-origin");
  out.set("X-Frame-Options", "DENY");
  out.set(http::field::cache_control, "no-store");
  out.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  if (secure) out.set("Strict-Transport-Security", "max-age=31536000");
  if (!response.content_type.empty()) out.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) out.set(name, value);
  out.body() = std::move(response.body);
  return out;
}

absl::Status ReadError(const error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return WithReason(absl::InvalidArgumentError("the header is too large"), "HEADER_TOO_LARGE");
  }
  const boost::system::error_category& of_http =
      http::make_error_code(http::error::bad_method).category();
  const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (error.category() != of_http || gone) return absl::OkStatus();
  return Malformed(absl::StrCat("malformed HTTP: ", error.message()));
}

}  // namespace qungong::gateway
