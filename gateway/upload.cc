#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "gateway/json_codec.h"
#include "gateway/pending.h"
#include "gateway/transcoder.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/client_callback.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Message;

constexpr size_t kChunkBytes = 256 << 10;

bool IsFile(const std::string& content_type) {
  const std::string type = content_type.substr(0, content_type.find(';'));
  return type == "application/octet-stream" || type == "text/csv";
}

// Reads a part of the body, writes it, reads the next: the service's pace is the peer's pace.
class Upload final : public grpc::ClientBidiReactor<Message, Message> {
 public:
  explicit Upload(MatchedCall call)
      : call_(std::move(call)),
        request_(call_.match.route->request_prototype->New()),
        response_(call_.match.route->response_prototype->New()),
        context_(std::make_shared<grpc::ClientContext>()) {}

  static void Start(MatchedCall call) {
    auto upload = std::make_unique<Upload>(std::move(call));
    const absl::Status bound = upload->Bind();
    if (!bound.ok()) return upload->call_.pending->Fail(bound);
    upload.release()->Begin();  // deletes itself in OnDone
  }

  void OnWriteDone(bool ok) override { ok ? ReadPart() : EndWriting(); }

  // The service has answered or given up: it wants no more.
  void OnReadDone(bool) override { EndWriting(); }

  void OnDone(const grpc::Status& status) override {
    const std::unique_ptr<Upload> self(this);
    Pending& pending = *call_.pending;
    if (!body_error_.ok()) return pending.Fail(body_error_);
    if (!status.ok()) return pending.Fail(pending.Cleaned(status));
    HttpResponse response;
    response.body = PrintJson(*response_);
    pending.Respond(std::move(response));
  }

 private:
  const Route& route() const { return *call_.match.route; }

  absl::Status Bind() {
    const HttpRequest& http = call_.pending->request();
    if (!IsFile(http.Header("Content-Type"))) {
      return WithReason(
          absl::InvalidArgumentError("the body must be application/octet-stream or text/csv"),
          "UNSUPPORTED_MEDIA_TYPE");
    }
    Message* metadata =
        request_->GetReflection()->MutableMessage(request_.get(), route().upload_metadata);
    return BindRequest(call_.match, {http.query, "", ""}, metadata);
  }

  void Begin() {
    call_.pending->forwarded.Apply(*context_);
    call_.backend->messages.PrepareBidiStreamingCall(context_.get(), route().rpc_path, {}, this);
    AddHold();  // writes are started from the HTTP threads
    StartWrite(request_.get());
    StartRead(response_.get());
    call_.pending->exchange().OnAbandoned([weak = std::weak_ptr<grpc::ClientContext>(context_)] {
      if (const auto context = weak.lock()) context->TryCancel();
    });
    StartCall();
  }

  void ReadPart() {
    if (!Hold()) return;
    call_.pending->exchange().Read(kChunkBytes, [this](absl::StatusOr<std::string> part) {
      WritePart(std::move(part));
      Release();
    });
  }

  void WritePart(absl::StatusOr<std::string> part) {
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return;
      if (part.ok() && !part->empty()) {
        request_->GetReflection()->SetString(request_.get(), route().upload_chunk,
                                             *std::move(part));
        return StartWrite(request_.get());
      }
      if (part.ok()) {
        StartWritesDone();
      } else {
        body_error_ = part.status();
        context_->TryCancel();
      }
    }
    EndWriting();
  }

  void EndWriting() {
    {
      absl::MutexLock lock(&mutex_);
      if (std::exchange(ended_, true)) return;
    }
    Release();
  }

  // The call lives while there may be something to write, and while a part of the body is awaited.
  bool Hold() {
    absl::MutexLock lock(&mutex_);
    if (ended_) return false;
    ++holds_;
    return true;
  }
  // Nothing may touch the upload after this.
  void Release() {
    bool last = false;
    {
      absl::MutexLock lock(&mutex_);
      last = --holds_ == 0;
    }
    if (last) RemoveHold();
  }

  MatchedCall call_;
  const std::unique_ptr<Message> request_;
  const std::unique_ptr<Message> response_;
  const std::shared_ptr<grpc::ClientContext> context_;
  absl::Status body_error_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  int holds_ ABSL_GUARDED_BY(mutex_) = 1;  // that of writing
};

}  // namespace

void StartUpload(MatchedCall call) { Upload::Start(std::move(call)); }

}  // namespace qungong::gateway
