// A socket, with or without TLS around it: what Beast reads from and writes to.
#ifndef QUNGONG_GATEWAY_HTTP_STREAM_H_
#define QUNGONG_GATEWAY_HTTP_STREAM_H_

#include <boost/asio/ssl.hpp>
#include <optional>
#include <utility>

#include "gateway/http_wire.h"

namespace qungong::gateway {

// One type for both, so that a connection is compiled once. Meets Asio's AsyncStream for completion
// handlers.
class HttpStream {
 public:
  using executor_type = tcp::socket::executor_type;

  HttpStream(tcp::socket socket, net::ssl::context* tls) : socket_(std::move(socket)) {
    if (tls != nullptr) tls_.emplace(socket_, *tls);
  }

  executor_type get_executor() { return socket_.get_executor(); }
  tcp::socket& socket() { return socket_; }
  bool secure() const { return tls_.has_value(); }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    secure() ? tls_->async_read_some(buffers, std::forward<Handler>(handler))
             : socket_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    secure() ? tls_->async_write_some(buffers, std::forward<Handler>(handler))
             : socket_.async_write_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Handler>
  void async_handshake(Handler&& handler) {
    tls_->async_handshake(net::ssl::stream_base::server, std::forward<Handler>(handler));
  }

 private:
  tcp::socket socket_;
  std::optional<net::ssl::stream<tcp::socket&>> tls_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_HTTP_STREAM_H_
