// The public HTTP/1.1 listener: Boost.Beast behind plain values (http.h). Everything a peer can use
// up is bounded.
#ifndef QUNGONG_GATEWAY_HTTP_SERVER_H_
#define QUNGONG_GATEWAY_HTTP_SERVER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/http.h"

namespace qungong::gateway {

struct HttpOptions {
  size_t threads = 2;
  size_t header_bytes = 16 << 10;
  size_t target_bytes = 4 << 10;  // path and query
  size_t body_bytes = 1 << 20;
  size_t upload_bytes = 64 << 20;  // a streamed body
  size_t connections = 10'000;
  size_t connections_per_peer = 1'000;
  // Of answers that peers are slow to read, together; of one address a quarter. Beyond that a large
  // answer is 503.
  size_t unread_bytes = 64 << 20;
  absl::Duration header_time =
      absl::Seconds(10);  // from the first byte of a request to the end of its header
  absl::Duration body_time = absl::Seconds(30);     // a whole body, or one part of a streamed one
  absl::Duration request_time = absl::Seconds(35);  // from the end of the body to an answer
  absl::Duration upload_time =
      absl::Minutes(10);                          // from the header of a streamed body to an answer
  absl::Duration write_time = absl::Seconds(30);  // an answer, or one part of a stream
  absl::Duration idle_time = absl::Seconds(60);   // between requests
  // How many proxies of ours stand in front: the peer is then the address that the outermost of
  // them has put into X-Forwarded-For. 0: the header is not believed.
  size_t forwarded_hops = 0;
  std::string tls_cert_file;  // TLS when set
  std::string tls_key_file;
};

// Thread-safe.
class HttpServer {
 public:
  // Listens on host:port (port 0 picks one). `handler` must outlive the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           const HttpOptions& options,
                                                           HttpHandler& handler);
  // Drops whatever is still open.
  ~HttpServer();

  int port() const;
  size_t connections() const;
  // Stops accepting, closes idle connections, asks streams to end, lets the rest finish. False if
  // some did not in time.
  bool Drain(absl::Duration patience);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_HTTP_SERVER_H_
