// The one wrapper of all handlers. On the gRPC thread: build the Call, verify the token, admit or
// shed. On a worker: drop what nobody waits for, open the transaction, check the role, validate,
// run the handler, commit, map the error, write one log line, count, finish. An adapter is one line
// per RPC:
//
//   Reactor* GetTicket(Context* c, const pb::GetTicketRequest* q, pb::Ticket* r) override {
//     return rpc_.Read(__func__, c, q, r, handlers_, &TicketHandlers::GetTicket);
//   }
#ifndef QUNGONG_RUNTIME_RPC_H_
#define QUNGONG_RUNTIME_RPC_H_

#include <functional>
#include <map>
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
  absl::Duration wait;  // kWait: look again after this, at most 200 ms

  static StreamStep Send() { return {Kind::kSend, absl::ZeroDuration()}; }
  static StreamStep Wait(absl::Duration d) { return {Kind::kWait, d}; }
  static StreamStep End() { return {Kind::kEnd, absl::ZeroDuration()}; }
};

// Makes the messages of one server stream. Each Next runs in a read transaction of its own on some
// worker, never two at once; between two of them no worker is held.
template <typename Response>
class Producer {
 public:
  virtual ~Producer() = default;
  virtual absl::StatusOr<StreamStep> Next(class Read& read, Response& response) = 0;
};

// A call from admission to its end. Used by the wrapper's own reactors.
struct RunningCall {
  Call call;
  Context* context = nullptr;
  std::string log_name;  // "TicketService/AcceptTicket"
  bool unlinkable = false;
  bool heard_all = false;  // of call.after
  absl::Time arrived;      // the machine's clock, for latency
  absl::Duration queued;
};

class Rpc {
 public:
  using Message = google::protobuf::Message;
  using ReadBody = std::function<absl::Status(class Read&, const Message& request)>;
  using MutateBody = std::function<absl::Status(Mutation&, const Message& request)>;
  using DirectBody = std::function<absl::Status(const Message& request)>;

  // `service` is the full name: "qungong.ticket.v1.TicketService". A method without an access rule
  // ends the process.
  Rpc(Chassis& chassis, absl::string_view service);

  // A handler that only reads: absl::StatusOr<Response> (Read&, const Request&).
  template <typename Request, typename Response, typename Handlers>
  Reactor* Read(const char* method, Context* context, const Request* request, Response* response,
                Handlers& handlers,
                absl::StatusOr<Response> (Handlers::*handler)(class Read&, const Request&)) {
    return StartUnary(
        method, context, [=, this, &handlers](mysql::Session& session, RunningCall& running) {
          return RunRead(session, running, *request,
                         [&](class Read& read, const Message& checked) -> absl::Status {
                           return Keep(
                               (handlers.*handler)(read, static_cast<const Request&>(checked)),
                               response);
                         });
        });
  }

  // A handler that changes something: absl::StatusOr<Response> (Mutation&, const Request&). The
  // request has a field `request_id`; the same id with the same body gives the same reply for 7
  // days, with another body it is refused.
  template <typename Request, typename Response, typename Handlers>
  Reactor* Mutate(const char* method, Context* context, const Request* request, Response* response,
                  Handlers& handlers,
                  absl::StatusOr<Response> (Handlers::*handler)(Mutation&, const Request&)) {
    return StartUnary(
        method, context, [=, this, &handlers](mysql::Session& session, RunningCall& running) {
          return RunMutation(
              session, running, *request, "", *response,
              [&](Mutation& mutation, const Message& checked) -> absl::Status {
                return Keep((handlers.*handler)(mutation, static_cast<const Request&>(checked)),
                            response);
              });
        });
  }

  // A handler that opens its own transactions: absl::StatusOr<Response> (const Call&,
  // mysql::Session&, const Request&). For the few methods that work slowly between reading and
  // writing, or must write although they fail (a failed sign-in is counted): neither a read nor the
  // mutation protocol fits. Such a method takes no idempotency key, so it is harmless to repeat and
  // says why; it is anonymous or open to any authenticated caller, because roles are checked in a
  // transaction.
  template <typename Request, typename Response, typename Handlers>
  Reactor* Direct(const char* method, Context* context, const Request* request, Response* response,
                  Handlers& handlers,
                  absl::StatusOr<Response> (Handlers::*handler)(const Call&, mysql::Session&,
                                                                const Request&)) {
    return StartUnary(
        method, context, [=, this, &handlers](mysql::Session& session, RunningCall& running) {
          return RunDirect(session, running, *request, [&](const Message& checked) -> absl::Status {
            return Keep(
                (handlers.*handler)(running.call, session, static_cast<const Request&>(checked)),
                response);
          });
        });
  }

  // A server stream: the handler makes a Producer once, after the role was checked and the request
  // validated.
  template <typename Request, typename Response, typename Handlers>
  grpc::ServerWriteReactor<Response>* Stream(const char* method, Context* context,
                                             const Request* request, Handlers& handlers,
                                             absl::StatusOr<std::unique_ptr<Producer<Response>>> (
                                                 Handlers::*handler)(class Read&, const Request&));

  // An upload: a client stream of messages with `oneof payload { Metadata metadata; bytes chunk;
  // }`, metadata first. The chunks are collected up to `max_bytes`; then it is a mutation like any
  // other, whose request is the metadata.
  template <typename Request, typename Metadata, typename Response, typename Handlers>
  grpc::ServerReadReactor<Request>* Upload(
      const char* method, Context* context, Response* response, size_t max_bytes,
      Handlers& handlers,
      absl::StatusOr<Response> (Handlers::*handler)(Mutation&, const Metadata&,
                                                    const std::string& content));

  // The parts, for the reactors of streams and uploads (rpc_stream.h).
  using Run = std::function<absl::Status(mysql::Session&, RunningCall&)>;
  absl::StatusOr<std::shared_ptr<RunningCall>> Begin(const char* method, Context* context);
  // On the worker: notes how long the call waited; an error if nobody waits for it any more.
  static absl::Status Dequeue(RunningCall& running);
  absl::Status RunRead(mysql::Session& session, RunningCall& running, const Message& request,
                       const ReadBody& body);
  absl::Status RunMutation(mysql::Session& session, RunningCall& running, const Message& request,
                           absl::string_view content_hash, Message& response,
                           const MutateBody& body);
  absl::Status RunDirect(mysql::Session& session, RunningCall& running, const Message& request,
                         const DirectBody& body);
  grpc::Status End(RunningCall& running, const absl::Status& status);
  Chassis& chassis() { return chassis_; }

  template <typename Response>
  static absl::Status Keep(absl::StatusOr<Response> result, Response* response) {
    if (!result.ok()) return std::move(result).status();
    *response = *std::move(result);
    return absl::OkStatus();
  }

 private:
  Reactor* StartUnary(const char* method, Context* context, Run run);
  // For a client that asks (x-qungong-position): how far another service must have read to know of
  // this change.
  void TellPosition(mysql::Session& session, RunningCall& running);
  absl::Status Replay(mysql::Session& session, const RunningCall& running, const Uuid& request_id,
                      absl::string_view body_hash, Message& response, bool* found);
  // Until this service has heard of what the caller says has happened (x-qungong-after); all three
  // ways to run begin with it.
  absl::Status WaitForPosition(mysql::Session& session, RunningCall& running);

  Chassis& chassis_;
  std::map<std::string, const google::protobuf::MethodDescriptor*, std::less<>> methods_;
  std::string domain_;  // "ticket.qungong"
};

// The answer to a call that was shed: try again soon.
absl::Status Overloaded();
// How a stream ends when its process stops: go on with another replica.
absl::Status Draining();

}  // namespace qungong

#include "runtime/rpc_stream.h"  // IWYU pragma: export

#endif  // QUNGONG_RUNTIME_RPC_H_
