// The gateway put together: everything that main.cc starts and stops, and that tests start in their
// own process.
#ifndef QUNGONG_GATEWAY_PROCESS_H_
#define QUNGONG_GATEWAY_PROCESS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "runtime/tls.h"

namespace qungong::gateway {

struct ProcessOptions {
  std::string listen;
  std::string grpc_listen;  // empty: none
  std::string admin_listen;
  std::string backends;
  std::string descriptor_set_file;  // empty: the one that is built in
  std::string token_keys_file;      // empty: tokens are not verified here
  std::string test_clock_file;
  TlsOptions tls;  // to services and to gRPC clients; HTTP has its own files
  HttpOptions http;
  GatewayOptions gateway;
};

// Thread-safe.
class Process {
 public:
  // Anything wrong with flags, contracts or listeners is an error that says what.
  static absl::StatusOr<std::unique_ptr<Process>> Start(const ProcessOptions& options);
  ~Process();

  int port() const;
  int grpc_port() const;  // 0: none
  int admin_port() const;

  // Not ready; after `delay` accepts no more; true if everything under way has ended within
  // `drain`.
  bool Stop(absl::Duration delay, absl::Duration drain);

 private:
  class Impl;
  explicit Process(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_PROCESS_H_
