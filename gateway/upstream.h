// The services behind the gateway: one channel for each package, calls by name, without per-method
// code.
#ifndef QUNGONG_GATEWAY_UPSTREAM_H_
#define QUNGONG_GATEWAY_UPSTREAM_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/impl/codegen/proto_utils.h"  // lets the stub carry google::protobuf::Message
#include "runtime/tls.h"

namespace qungong::gateway {

using MessageStub =
    grpc::TemplatedGenericStub<google::protobuf::Message, google::protobuf::Message>;

// One package's service. Thread-safe.
struct Backend {
  std::shared_ptr<grpc::Channel> channel;
  MessageStub messages;
  grpc::GenericStub bytes;  // for calls that are passed through unread
};

// Thread-safe.
class Upstream {
 public:
  Upstream();
  ~Upstream();
  // "qungong.org.v1=host:port,qungong.ticket.v1=dns:///…". INVALID_ARGUMENT for anything else, and
  // for what MakeChannelCredentials refuses.
  static absl::StatusOr<std::unique_ptr<Upstream>> Make(absl::string_view backends,
                                                        const TlsOptions& tls);

  // Every call holds this until nothing of it is left, its context included: gRPC must not drop the
  // last reference to a channel on one of its own threads.
  std::shared_ptr<void> Hold() const { return sentinel_; }
  // Waits until no call is left. No new ones may begin.
  void Finish(absl::Duration patience);

  // The backend of a package, or null.
  Backend* Find(const std::string& package) const;
  const std::map<std::string, std::unique_ptr<Backend>>& backends() const { return backends_; }

 private:
  std::shared_ptr<absl::Notification> all_gone_;
  std::shared_ptr<void> sentinel_;  // notifies when the last holder lets go
  std::map<std::string, std::unique_ptr<Backend>> backends_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_UPSTREAM_H_
