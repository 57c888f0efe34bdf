// What the public listener does with a request: pages, sessions, and the routes of the API.
#ifndef QUNGONG_GATEWAY_GATEWAY_H_
#define QUNGONG_GATEWAY_GATEWAY_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "gateway/http.h"
#include "gateway/pages.h"
#include "gateway/pending.h"
#include "gateway/route_table.h"
#include "gateway/session_api.h"
#include "gateway/upstream.h"
#include "runtime/clock.h"
#include "runtime/metrics.h"
#include "runtime/token.h"

namespace qungong::gateway {

struct GatewayOptions {
  absl::Duration default_time = absl::Seconds(10);  // of a call whose caller names no limit
  absl::Duration longest_time = absl::Seconds(30);
  absl::Duration stream_time = absl::Minutes(15);  // no longer than a token holds
  absl::Duration upload_time = absl::Minutes(10);
  int grpc_calls = 1'000;  // under way at the gRPC port; more are shed
  SessionOptions sessions;
};

// Thread-safe. Everything that it is given must outlive it.
class Gateway final : public HttpHandler {
 public:
  // `tokens` may be null: then only the services verify Bearer tokens, as they always do.
  Gateway(const RouteTable& routes, const Upstream& upstream, const Pages& pages,
          const Clock& clock, TokenVerifier* tokens, Metrics& metrics,
          const GatewayOptions& options);

  Body BodyOf(const HttpRequest& head) const override;
  void Handle(std::shared_ptr<HttpExchange> exchange) override;
  HttpResponse Refuse(const absl::Status& status) const override;

 private:
  void Dispatch(std::unique_ptr<Pending> pending);
  void Call(std::unique_ptr<Pending> pending, Match match);
  absl::Status Prepare(const Match& match, Pending& pending);
  absl::Status VerifyBearer(Pending& pending) const;

  const RouteTable& routes_;
  const Upstream& upstream_;
  const Pages& pages_;
  const Clock& clock_;
  TokenVerifier* const tokens_;
  Metrics& metrics_;
  const GatewayOptions options_;
  SessionApi sessions_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_GATEWAY_H_
