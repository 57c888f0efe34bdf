// Native gRPC for clients outside the mesh: calls go through by method name, messages unread.
#ifndef QUNGONG_GATEWAY_PASS_THROUGH_H_
#define QUNGONG_GATEWAY_PASS_THROUGH_H_

#include <atomic>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gateway/upstream.h"
#include "grpcpp/generic/async_generic_service.h"
#include "runtime/metrics.h"

namespace qungong::gateway {

struct PassThroughOptions {
  absl::Duration default_time = absl::Seconds(10);
  absl::Duration longest_time = absl::Seconds(30);
  absl::Duration stream_time = absl::Minutes(15);
  // Calls under way at the same time; more are UNAVAILABLE, reason OVERLOADED.
  int calls = 1'000;
};

// All four kinds of call. Metadata: the same allow-list as for HTTP, nothing else. A method without
// an access rule in our descriptors, or of a package without a backend, is UNIMPLEMENTED.
// Thread-safe once it serves.
class PassThrough final : public grpc::CallbackGenericService {
 public:
  PassThrough(const Upstream& upstream, Metrics& metrics, const PassThroughOptions& options);

  // FAILED_PRECONDITION for an unknown service or a method without an access rule.
  absl::Status AddService(const std::string& full_name);

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

 private:
  struct Method {
    std::string name;  // "TicketService/AcceptTicket"
    Backend* backend;
    bool streaming;
    bool unlinkable;
  };
  class Relay;

  const Upstream& upstream_;
  Metrics& metrics_;
  const PassThroughOptions options_;
  std::atomic<int> under_way_ = 0;
  absl::flat_hash_map<std::string, Method> methods_;  // by "/package.Service/Method"
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_PASS_THROUGH_H_
