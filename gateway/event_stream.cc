#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gateway/errors.h"
#include "gateway/json_codec.h"
#include "gateway/pending.h"
#include "gateway/transcoder.h"
#include "google/protobuf/message.h"
#include "grpcpp/alarm.h"
#include "grpcpp/support/client_callback.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Message;

constexpr absl::Duration kHeartbeat = absl::Seconds(15);
// A stream that is quiet at first is begun after this long; until then an error still gets its own
// HTTP status.
constexpr absl::Duration kPatience = absl::Seconds(1);

// Reads the next message only when the last one has been written, so a slow reader slows the
// service.
class EventStream final : public grpc::ClientBidiReactor<Message, Message> {
 public:
  explicit EventStream(MatchedCall call)
      : call_(std::move(call)),
        request_(call_.match.route->request_prototype->New()),
        message_(call_.match.route->response_prototype->New()),
        context_(std::make_shared<grpc::ClientContext>()) {}

  // Keeps itself until OnDone.
  static void Start(MatchedCall call) {
    auto stream = std::make_shared<EventStream>(std::move(call));
    const absl::Status bound = stream->Bind();
    if (!bound.ok()) return stream->call_.pending->Fail(bound);
    stream->Begin(stream);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return RemoveHold();
    Commit();
    exchange().Write(absl::StrCat("data: ", PrintJson(*message_), "\n\n"), [this](bool written) {
      if (!written) context_->TryCancel();
      StartRead(message_.get());
    });
  }

  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<EventStream> self = std::move(self_);
    alarm_.Cancel();
    Pending& pending = *call_.pending;
    const grpc::Status error = status.ok() ? status : pending.Cleaned(status);
    if (!error.ok() && Claim()) return pending.Fail(error);
    Commit();
    const std::string last = error.ok()
                                 ? std::string("event: end\ndata: {}\n\n")
                                 : absl::StrCat("event: error\ndata: ", ErrorJson(error), "\n\n");
    exchange().Write(last, [](bool) {});
    exchange().EndStream();
    pending.Streamed(error);
  }

 private:
  HttpExchange& exchange() const { return call_.pending->exchange(); }

  absl::Status Bind() {
    const HttpRequest& http = call_.pending->request();
    const std::string content_type = http.Header("Content-Type");
    return BindRequest(call_.match, {http.query, content_type, http.body}, request_.get());
  }

  void Begin(const std::shared_ptr<EventStream>& self) {
    self_ = self;
    call_.pending->forwarded.Apply(*context_);
    call_.backend->messages.PrepareBidiStreamingCall(context_.get(), call_.match.route->rpc_path,
                                                     {}, this);
    AddHold();  // reads are started from the HTTP threads
    StartWriteLast(request_.get(), {});
    StartRead(message_.get());
    StartCall();
    exchange().OnAbandoned([weak = std::weak_ptr<grpc::ClientContext>(context_)] {
      if (const auto context = weak.lock()) context->TryCancel();
    });
    alarm_.Set(absl::ToChronoTime(absl::Now() + kPatience),
               [weak = std::weak_ptr<EventStream>(self)](bool expired) {
                 const auto stream = weak.lock();
                 if (expired && stream != nullptr) stream->Commit();
               });
  }

  // Sends the head, once.
  void Commit() {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(committed_, true)) return;
    HttpResponse head;
    head.content_type = "text/event-stream";
    head.headers.emplace_back("X-Accel-Buffering",
                              "no");  // a proxy that waited would hold events back
    call_.pending->AddHeaders(&head);
    exchange().StartStream(std::move(head), ": still here\n\n", kHeartbeat);
  }
  // Whether the head was not sent; it will not be.
  bool Claim() {
    absl::MutexLock lock(&mutex_);
    return !std::exchange(committed_, true);
  }

  MatchedCall call_;
  const std::unique_ptr<Message> request_;
  const std::unique_ptr<Message> message_;
  const std::shared_ptr<grpc::ClientContext> context_;
  grpc::Alarm alarm_;
  std::shared_ptr<EventStream> self_;
  absl::Mutex mutex_;
  bool committed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

void StartEventStream(MatchedCall call) { EventStream::Start(std::move(call)); }

}  // namespace qungong::gateway
