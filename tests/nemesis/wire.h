// How clients reach the suite: any unary method, as any account, over channels with and without
// gRPC's own retries.
#ifndef QUNGONG_TESTS_NEMESIS_WIRE_H_
#define QUNGONG_TESTS_NEMESIS_WIRE_H_

#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/generic/generic_stub.h"
#include "runtime/token.h"
#include "tests/nemesis/history.h"

namespace qungong::nemesis {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;
using Random = std::mt19937_64;

inline int Between(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}
inline bool Chance(Random& random, int percent) { return Between(random, 1, 100) <= percent; }
template <typename T>
const T& OneOf(Random& random, const std::vector<T>& all) {
  return all[static_cast<size_t>(Between(random, 0, static_cast<int>(all.size()) - 1))];
}

// Over what a call goes.
enum Route { kWithRetries, kWithoutRetries, kReplicaA, kReplicaB };

// Thread-safe.
class Wire {
 public:
  // Addresses of org-service and of the replicas of ticket-service.
  Wire(const std::string& org, const std::string& ticket_a, const std::string& ticket_b);

  // `method`: "TicketService/GetTicket", of the package of the request. `principal`: "" for a
  // citizen.
  absl::StatusOr<MessagePtr> Call(const std::string& method, const std::string& principal,
                                  const google::protobuf::Message& request, absl::Duration deadline,
                                  Route route = kWithRetries);
  template <typename Response>
  absl::StatusOr<Response> Get(const std::string& method, const std::string& principal,
                               const google::protobuf::Message& request, absl::Duration deadline,
                               Route route = kWithRetries) {
    absl::StatusOr<MessagePtr> reply = Call(method, principal, request, deadline, route);
    if (!reply.ok()) return std::move(reply).status();
    return static_cast<const Response&>(**reply);
  }

  // Sends a write once: its intent is on record before, its outcome after. The reply if it was
  // acknowledged.
  MessagePtr Send(History& history, Write* write, const std::string& request_id,
                  absl::Duration deadline, Route route, bool quiet = false);

 private:
  using Stub = grpc::TemplatedGenericStub<google::protobuf::Message, google::protobuf::Message>;

  std::string TokenOf(const std::string& principal);

  std::vector<std::unique_ptr<Stub>> org_;     // by route
  std::vector<std::unique_ptr<Stub>> ticket_;  // by route
  const std::unique_ptr<TokenSigner> signer_;
  absl::Mutex mutex_;
  std::map<std::string, std::pair<std::string, absl::Time>> tokens_ ABSL_GUARDED_BY(mutex_);
};

// A new write of a message without request_id.
template <typename Request>
Write NewWrite(std::string method, std::string principal, Request request,
               std::string marker = "") {
  Write write;
  write.method = std::move(method);
  write.principal = std::move(principal);
  write.marker = std::move(marker);
  write.request = std::make_shared<Request>(std::move(request));
  return write;
}

std::string NewRequestId();

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_WIRE_H_
