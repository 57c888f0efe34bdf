// The head of a request, as Beast and then our limits read it.
#include <utility>  // before Boost 1.74, which forgets it

#include "absl/strings/match.h"
#include "gateway/http_wire.h"
#include "tests/fuzz/fuzz.h"

namespace qungong::fuzz {

void HttpHead(absl::string_view data) {
  const gateway::HttpOptions options;
  gateway::http::request_parser<gateway::http::empty_body> parser;
  parser.header_limit(static_cast<uint32_t>(options.header_bytes));
  gateway::error_code error;
  size_t at = 0;
  while (!parser.is_header_done() && at < data.size()) {
    const size_t used = parser.put(boost::asio::buffer(data.data() + at, data.size() - at), error);
    if (error) {
      PROMISE(error == gateway::http::error::need_more || !gateway::ReadError(error).ok());
      return;
    }
    if (used == 0) return;
    at += used;
  }
  if (!parser.is_header_done()) return;
  const auto request =
      gateway::ReadHead(parser.get(), parser.chunked(), "127.0.0.1", false, options);
  if (!request.ok()) return;
  PROMISE(absl::StartsWith(request->path, "/") ||
          (request->path == "*" && request->method == "OPTIONS"));
  PROMISE(request->path.size() <= options.target_bytes);
}

}  // namespace qungong::fuzz
