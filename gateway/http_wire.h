// Between Beast's messages and the gateway's values. Included by http_server.cc and
// http_connection.h only.
#ifndef QUNGONG_GATEWAY_HTTP_WIRE_H_
#define QUNGONG_GATEWAY_HTTP_WIRE_H_

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <utility>  // Boost 1.74 uses std::exchange without it under C++20

#include "absl/status/statusor.h"
#include "gateway/http.h"
#include "gateway/http_server.h"

namespace qungong::gateway {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = boost::asio::ip::tcp;
using boost::system::error_code;

// The head of a request, or why it must be refused: no Host, a target that is not a path or is too
// long, a header twice that decides who calls or what is sent, a body of unknown length.
absl::StatusOr<HttpRequest> ReadHead(const http::request_header<>& header, bool chunked,
                                     absl::string_view peer, bool secure,
                                     const HttpOptions& options);

// With the headers that every answer has: date, caching, what browsers may do with it.
http::response<http::string_body> WriteHead(HttpResponse response, bool secure);

// Why Beast could not read a header, as an error of ours; OK if the peer is to blame for nothing
// but going away.
absl::Status ReadError(const error_code& error);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_HTTP_WIRE_H_
