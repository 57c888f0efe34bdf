#include <memory>
#include <utility>

#include "gateway/json_codec.h"
#include "gateway/pending.h"
#include "gateway/transcoder.h"
#include "google/protobuf/arena.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Arena;
using google::protobuf::Message;

// Lives until the reply has come.
struct UnaryCall {
  explicit UnaryCall(MatchedCall matched)
      : call(std::move(matched)),
        request(call.match.route->request_prototype->New(&arena)),
        response(call.match.route->response_prototype->New(&arena)) {}

  Arena arena;
  MatchedCall call;
  Message* const request;
  Message* const response;
  grpc::ClientContext context;
};

void OnReply(UnaryCall& unary, const grpc::Status& status) {
  Pending& pending = *unary.call.pending;
  const auto& trailers = unary.context.GetServerTrailingMetadata();
  if (const auto after = trailers.find("x-qungong-after"); after != trailers.end()) {
    pending.position.assign(after->second.data(), after->second.size());
  }
  if (!status.ok()) return pending.Fail(pending.Cleaned(status));
  HttpResponse response;
  response.body = PrintJson(*unary.response);
  pending.Respond(std::move(response));
}

}  // namespace

void StartUnaryCall(MatchedCall call) {
  const auto unary = std::make_shared<UnaryCall>(std::move(call));
  const MatchedCall& held = unary->call;
  Pending& pending = *held.pending;
  const HttpRequest& http = pending.request();
  const std::string content_type = http.Header("Content-Type");
  const absl::Status bound =
      BindRequest(held.match, {http.query, content_type, http.body}, unary->request);
  if (!bound.ok()) return pending.Fail(bound);
  pending.forwarded.Apply(unary->context);
  pending.exchange().OnAbandoned([weak = std::weak_ptr<UnaryCall>(unary)] {
    if (const auto abandoned = weak.lock()) abandoned->context.TryCancel();
  });
  held.backend->messages.UnaryCall(
      &unary->context, held.match.route->rpc_path, {}, unary->request, unary->response,
      [unary](const grpc::Status& status) { OnReply(*unary, status); });
}

}  // namespace qungong::gateway
