#include "gateway/pending.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/errors.h"
#include "runtime/log.h"
#include "runtime/trace.h"

namespace qungong::gateway {

Pending::Pending(std::shared_ptr<HttpExchange> exchange, Metrics& metrics)
    : forwarded(
          NewForwarded([&](absl::string_view name) { return exchange->request().Header(name); })),
      exchange_(std::move(exchange)),
      metrics_(metrics) {}

grpc::Status Pending::ToError(const absl::Status& status) const {
  return GatewayError(status, forwarded.request_id);
}

grpc::Status Pending::Cleaned(const grpc::Status& status) const {
  return CleanUpstreamError(status, forwarded.request_id);
}

void Pending::AddHeaders(HttpResponse* response) const {
  if (!unlinkable) response->headers.emplace_back("X-Request-Id", forwarded.request_id);
  if (!position.empty()) response->headers.emplace_back("X-Qungong-After", position);
}

void Pending::Respond(HttpResponse response) {
  AddHeaders(&response);
  Log(response.status, grpc::Status::OK, response.body.size());
  exchange_->Respond(std::move(response));
}

void Pending::Fail(const grpc::Status& status, HttpHeaders headers) {
  HttpResponse response = ErrorResponse(status);
  for (auto& header : headers) response.headers.push_back(std::move(header));
  AddHeaders(&response);
  Log(response.status, status, response.body.size());
  exchange_->Respond(std::move(response));
}

void Pending::Streamed(const grpc::Status& status) {
  Log(status.ok() ? 200 : HttpStatusOf(status), status, 0);
}

void Pending::Log(int http_status, const grpc::Status& status, size_t bytes) const {
  const absl::Duration latency = absl::Now() - request().arrived;
  const bool ours = http_status >= 500;
  log::Line line(ours ? log::Severity::kWarning : log::Severity::kInfo, "request");
  line.Set("http_method", request().method).Set("route", route).Set("status", http_status);
  if (!rpc.empty()) line.Set("method", rpc);
  line.Set("code", CodeName(status.error_code()));
  if (!status.ok()) line.Set("reason", ReasonOfError(status));
  if (unlinkable) {
    line.Coarse();
    return;
  }
  line.Set("latency_us", absl::ToInt64Microseconds(latency))
      .Set("request_bytes", static_cast<int64_t>(request().body.size()))
      .Set("response_bytes", static_cast<int64_t>(bytes))
      .Set("correlation_id", forwarded.request_id)
      .Set("trace_id", TraceId(forwarded.traceparent));
  if (!principal.empty()) line.Set("principal", principal);
  metrics_.CountCall(rpc.empty() ? route : rpc, absl::StrCat(http_status), latency,
                     absl::ZeroDuration());
}

}  // namespace qungong::gateway
