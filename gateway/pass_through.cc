#include "gateway/pass_through.h"

#include <atomic>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gateway/errors.h"
#include "gateway/forwarded.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/support/client_callback.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/log.h"
#include "runtime/rpc.h"
#include "runtime/status.h"
#include "runtime/trace.h"

namespace qungong::gateway {
namespace {

using grpc::ByteBuffer;

std::string MetadataOf(const grpc::CallbackServerContext& context, absl::string_view key) {
  const auto found = context.client_metadata().find(grpc::string_ref(key.data(), key.size()));
  if (found == context.client_metadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

// Answers at once.
class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

// Two halves that feed each other: what the client sends goes to the backend, what the backend
// sends to the client, one message at a time each way. The halves end in either order; the relay
// lives until both have.
class PassThrough::Relay {
 public:
  static grpc::ServerGenericBidiReactor* Start(const Method& method, const std::string& path,
                                               grpc::GenericCallbackServerContext* context,
                                               Forwarded forwarded, PassThrough& owner) {
    auto* relay = new Relay(method, context, std::move(forwarded), owner);
    relay->Begin(path);
    return &relay->server_;
  }

 private:
  struct ServerHalf final : grpc::ServerGenericBidiReactor {
    explicit ServerHalf(Relay& owner) : relay(owner) {}
    void OnReadDone(bool ok) override { relay.OnClientSent(ok); }
    void OnWriteDone(bool ok) override { relay.OnClientReceived(ok); }
    void OnCancel() override { relay.client_context_.TryCancel(); }
    void OnDone() override { relay.Unref(); }
    Relay& relay;
  };
  struct ClientHalf final : grpc::ClientBidiReactor<ByteBuffer, ByteBuffer> {
    explicit ClientHalf(Relay& owner) : relay(owner) {}
    void OnWriteDone(bool ok) override { relay.OnBackendReceived(ok); }
    void OnReadDone(bool ok) override { relay.OnBackendSent(ok); }
    void OnDone(const grpc::Status& status) override { relay.OnBackendDone(status); }
    Relay& relay;
  };

  Relay(const Method& method, grpc::GenericCallbackServerContext* context, Forwarded forwarded,
        PassThrough& owner)
      : hold_(owner.upstream_.Hold()),
        counted_(owner.under_way_),
        method_(method),
        server_context_(*context),
        forwarded_(std::move(forwarded)),
        metrics_(owner.metrics_),
        arrived_(absl::Now()),
        server_(*this),
        client_(*this) {}

  void Begin(const std::string& path) {
    forwarded_.Apply(client_context_);
    method_.backend->bytes.PrepareBidiStreamingCall(&client_context_, path, {}, &client_);
    client_.AddMultipleHolds(
        2);  // one for writes, one for reads: both are started from the server's reactions
    client_.StartRead(&response_);
    client_.StartCall();
    server_.StartRead(&request_);
  }

  void OnClientSent(bool ok) {
    absl::MutexLock lock(&mutex_);
    if (!writing_) return;
    if (ok) return client_.StartWrite(&request_);
    client_.StartWritesDone();
    EndWriting();
  }
  void OnBackendReceived(bool ok) {
    absl::MutexLock lock(&mutex_);
    if (!writing_) return;
    ok ? server_.StartRead(&request_) : EndWriting();
  }
  void EndWriting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(writing_, false)) client_.RemoveHold();
  }

  void OnBackendSent(bool ok) {
    if (ok) return server_.StartWrite(&response_);
    // The backend has said all: what the client may still send is of no use.
    absl::MutexLock lock(&mutex_);
    EndWriting();
    client_.RemoveHold();
  }
  void OnClientReceived(bool ok) {
    if (!ok) client_context_.TryCancel();
    client_.StartRead(&response_);
  }

  void OnBackendDone(const grpc::Status& status) {
    for (const auto& [key, value] : client_context_.GetServerTrailingMetadata()) {
      const absl::string_view name(key.data(), key.size());
      if (absl::StartsWith(name, "grpc-")) continue;
      server_context_.AddTrailingMetadata(std::string(name), {value.data(), value.size()});
    }
    const grpc::Status answer =
        status.ok() ? status : CleanUpstreamError(status, forwarded_.request_id);
    Log(answer);
    server_.Finish(answer);
    Unref();
  }

  void Log(const grpc::Status& status) const {
    log::Line line(log::Severity::kInfo, "call");
    line.Set("method", method_.name).Set("code", CodeName(status.error_code()));
    if (!status.ok()) line.Set("reason", ReasonOfError(status));
    if (method_.unlinkable) {
      line.Coarse();
      return;
    }
    const absl::Duration latency = absl::Now() - arrived_;
    line.Set("latency_us", absl::ToInt64Microseconds(latency))
        .Set("correlation_id", forwarded_.request_id)
        .Set("trace_id", TraceId(forwarded_.traceparent));
    metrics_.CountCall(method_.name, CodeName(status.error_code()), latency, absl::ZeroDuration());
  }

  void Unref() {
    if (--refs_ == 0) delete this;
  }

  struct Counted {
    explicit Counted(std::atomic<int>& of) : count(of) { ++count; }
    ~Counted() { --count; }
    std::atomic<int>& count;
  };

  const std::shared_ptr<void> hold_;  // first, so that it goes last; see Upstream::Hold
  const Counted counted_;
  const Method& method_;
  grpc::GenericCallbackServerContext& server_context_;
  const Forwarded forwarded_;
  Metrics& metrics_;
  const absl::Time arrived_;
  grpc::ClientContext client_context_;
  ByteBuffer request_;
  ByteBuffer response_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = true;  // towards the backend
  std::atomic<int> refs_ = 2;
  ServerHalf server_;
  ClientHalf client_;
};

PassThrough::PassThrough(const Upstream& upstream, Metrics& metrics,
                         const PassThroughOptions& options)
    : upstream_(upstream), metrics_(metrics), options_(options) {}

absl::Status PassThrough::AddService(const std::string& full_name) {
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name);
  if (service == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("unknown service ", full_name));
  }
  Backend* backend = upstream_.Find(service->file()->package());
  for (int i = 0; i < service->method_count() && backend != nullptr; ++i) {
    const auto* method = service->method(i);
    if (!method->options().HasExtension(rpc::v1::access)) {
      return absl::FailedPreconditionError(
          absl::StrCat(method->full_name(), ": has no access rule (qungong.rpc.v1.access)"));
    }
    methods_[absl::StrCat("/", full_name, "/", method->name())] = {
        .name = absl::StrCat(service->name(), "/", method->name()),
        .backend = backend,
        .streaming = method->client_streaming() || method->server_streaming(),
        .unlinkable = method->options().GetExtension(rpc::v1::access).unlinkable()};
  }
  return absl::OkStatus();
}

grpc::ServerGenericBidiReactor* PassThrough::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  const auto header = [context](absl::string_view name) { return MetadataOf(*context, name); };
  Forwarded forwarded = NewForwarded(header);
  const auto found = methods_.find(context->method());
  if (found == methods_.end()) {
    return new Refusal(GatewayError(
        WithReason(absl::UnimplementedError("this method is not served here"), "ROUTE_NOT_FOUND"),
        forwarded.request_id));
  }
  const Method& method = found->second;
  if (under_way_ >= options_.calls)
    return new Refusal(GatewayError(Overloaded(), forwarded.request_id));
  if (method.unlinkable) {
    forwarded = {};
  } else if (const absl::Status status = AddCallerHeaders(header, &forwarded); !status.ok()) {
    return new Refusal(GatewayError(status, forwarded.request_id));
  }
  const absl::Time now = absl::Now();
  const absl::Time asked = absl::FromChrono(context->deadline());
  const bool given = asked < now + absl::Hours(24 * 365);
  const absl::Duration most = method.streaming ? options_.stream_time : options_.longest_time;
  const absl::Duration usual = method.streaming ? options_.stream_time : options_.default_time;
  forwarded.deadline = std::min(given ? asked : now + usual, now + most);
  return Relay::Start(method, context->method(), context, std::move(forwarded), *this);
}

}  // namespace qungong::gateway
