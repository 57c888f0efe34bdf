// A request on its way through the gateway: answered once, logged once.
#ifndef QUNGONG_GATEWAY_PENDING_H_
#define QUNGONG_GATEWAY_PENDING_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gateway/forwarded.h"
#include "gateway/http.h"
#include "gateway/route_table.h"
#include "gateway/upstream.h"
#include "grpcpp/support/status.h"
#include "runtime/metrics.h"

namespace qungong::gateway {

// Owned by whoever works on the request at the time; handed on, never used by two at once.
class Pending {
 public:
  Pending(std::shared_ptr<HttpExchange> exchange, Metrics& metrics);

  HttpExchange& exchange() { return *exchange_; }
  const HttpRequest& request() const { return exchange_->request(); }

  // Exactly one of these ends it. A request id is added to every answer.
  void Respond(HttpResponse response);
  void Fail(const grpc::Status& status, HttpHeaders headers = {});
  void Fail(const absl::Status& status) { Fail(ToError(status)); }
  // Ends the story of an answer that was streamed.
  void Streamed(const grpc::Status& status);

  grpc::Status ToError(const absl::Status& status) const;
  // What a service answered, as the caller may see it.
  grpc::Status Cleaned(const grpc::Status& status) const;
  void AddHeaders(HttpResponse* response) const;

  Forwarded forwarded;
  std::string route;        // for log and metrics: a pattern, never the path itself
  std::string rpc;          // "TicketService/AcceptTicket", or ""
  std::string principal;    // "accounts/…", if known here
  std::string position;     // x-qungong-after of the answer
  bool unlinkable = false;  // neither who nor when may be told

 private:
  void Log(int http_status, const grpc::Status& status, size_t bytes) const;

  const std::shared_ptr<HttpExchange> exchange_;
  Metrics& metrics_;
};

// A match with everything that its call needs; made by the gateway, consumed by one of the three.
struct MatchedCall {
  std::shared_ptr<void> hold;  // first, so that it goes last; see Upstream::Hold
  std::unique_ptr<Pending> pending;
  Match match;
  Backend* backend;
};

// Unary: the body becomes a message, the reply becomes JSON.
void StartUnaryCall(MatchedCall call);
// Server stream: each message becomes a server-sent event.
void StartEventStream(MatchedCall call);
// Upload: the body's bytes become a client stream, 256 KiB at a time, no faster than the service
// takes them.
void StartUpload(MatchedCall call);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_PENDING_H_
