// The one wrapper of all handlers. On the gRPC thread: build the Call, verify the token, admit or shed. On a worker: drop
// what nobody waits for, open the transaction, check the role, validate, run the handler, commit, map the error, write
// one log line, count, finish. STYLE: an adapter is one line per RPC:
//
//   Reactor* GetTicket(Context* c, const pb::GetTicketRequest* q, pb::Ticket* r) override {
//     return rpc_.Read(__func__, c, q, r, handlers_, &TicketHandlers::GetTicket);
//   }
#ifndef QUNGONG_RUNTIME_RPC_H_
#define QUNGONG_RUNTIME_RPC_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "runtime/chassis.h"
#include "runtime/operation.h"

namespace qungong {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// What a producer of a server stream says after each step.
struct StreamStep {
  enum class Kind { kSend, kWait, kEnd } kind;
  absl::Duration wait;  // kWait: look again after this

  static StreamStep Send() { return {Kind::kSend, absl::ZeroDuration()}; }
  static StreamStep Wait(absl::Duration d) { return {Kind::kWait, d}; }
  static StreamStep End() { return {Kind::kEnd, absl::ZeroDuration()}; }
};

// Makes the messages of one server stream. Each Next runs in a transaction of its own on some worker, never two at once;
// between two of them no worker is held.
template <typename Response>
class Producer {
 public:
  virtual ~Producer() = default;
  virtual absl::StatusOr<StreamStep> Next(class Read& read, Response& response) = 0;
};

// Type-erased parts of the wrapper; rpc.cc.
class Rpc {
 public:
  // `service` is the full name: "qungong.ticket.v1.TicketService".
  Rpc(Chassis& chassis, absl::string_view service);

  // A handler that only reads: absl::StatusOr<Response> (Read&, const Request&).
  template <typename Request, typename Response, typename Handlers>
  Reactor* Read(const char* method, Context* context, const Request* request, Response* response, Handlers& handlers,
                absl::StatusOr<Response> (Handlers::*handler)(class Read&, const Request&)) {
    return StartRead(method, context, *request, *response,
                     [&handlers, handler](class Read& read, const google::protobuf::Message& q,
                                          google::protobuf::Message& r) -> absl::Status {
                       absl::StatusOr<Response> result = (handlers.*handler)(read, static_cast<const Request&>(q));
                       if (result.ok()) static_cast<Response&>(r) = *std::move(result);
                       return result.status();
                     });
  }

  // A handler that changes something: absl::StatusOr<Response> (Mutation&, const Request&). The request has a field
  // `request_id`; the same id with the same body gives the same reply for 7 days, with another body it is refused.
  template <typename Request, typename Response, typename Handlers>
  Reactor* Mutate(const char* method, Context* context, const Request* request, Response* response, Handlers& handlers,
                  absl::StatusOr<Response> (Handlers::*handler)(Mutation&, const Request&)) {
    return StartMutation(method, context, *request, *response,
                         [&handlers, handler](Mutation& mutation, const google::protobuf::Message& q,
                                              google::protobuf::Message& r) -> absl::Status {
                           absl::StatusOr<Response> result =
                               (handlers.*handler)(mutation, static_cast<const Request&>(q));
                           if (result.ok()) static_cast<Response&>(r) = *std::move(result);
                           return result.status();
                         });
  }

  // A server stream: handler makes a Producer once, after the role was checked and the request validated.
  template <typename Request, typename Response, typename Handlers>
  grpc::ServerWriteReactor<Response>* Stream(
      const char* method, Context* context, const Request* request, Handlers& handlers,
      absl::StatusOr<std::unique_ptr<Producer<Response>>> (Handlers::*handler)(class Read&, const Request&));

  // An upload: a client stream of messages with `oneof payload { Metadata metadata; bytes chunk; }`, metadata first. The
  // chunks are collected up to `max_bytes`; then it is a mutation like any other, whose request is the metadata.
  template <typename Request, typename Metadata, typename Response, typename Handlers>
  grpc::ServerReadReactor<Request>* Upload(
      const char* method, Context* context, Response* response, int64_t max_bytes, Handlers& handlers,
      absl::StatusOr<Response> (Handlers::*handler)(Mutation&, const Metadata&, const std::string& content));

  using ReadBody = std::function<absl::Status(class Read&, const google::protobuf::Message&, google::protobuf::Message&)>;
  using MutateBody = std::function<absl::Status(Mutation&, const google::protobuf::Message&, google::protobuf::Message&)>;

 private:
  struct Method;
  struct Started;  // a call that was admitted: Call, options, times

  Reactor* StartRead(const char* method, Context* context, const google::protobuf::Message& request,
                     google::protobuf::Message& response, ReadBody body);
  Reactor* StartMutation(const char* method, Context* context, const google::protobuf::Message& request,
                         google::protobuf::Message& response, MutateBody body);

  Chassis& chassis_;
  const google::protobuf::ServiceDescriptor* service_;
  std::string domain_;  // "ticket.qungong"
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_RPC_H_
