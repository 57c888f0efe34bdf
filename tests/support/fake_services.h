// Services that say what they were asked, for tests of the gateway.
#ifndef QUNGONG_TESTS_SUPPORT_FAKE_SERVICES_H_
#define QUNGONG_TESTS_SUPPORT_FAKE_SERVICES_H_

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/util/time_util.h"
#include "grpcpp/grpcpp.h"
#include "qungong/echo/v1/echo_service.grpc.pb.h"
#include "qungong/org/v1/session_service.grpc.pb.h"
#include "runtime/crypto.h"
#include "runtime/status.h"

namespace qungong::testing {

using Metadata = std::map<std::string, std::string>;

// Thread-safe.
class FakeEcho final : public echo::v1::EchoService::Service {
 public:
  using Item = echo::v1::Item;
  using Status = grpc::Status;
  using Context = grpc::ServerContext;

  // Of the last call.
  Metadata metadata() const {
    absl::MutexLock lock(&mutex_);
    return metadata_;
  }
  absl::Duration time_left() const {
    absl::MutexLock lock(&mutex_);
    return time_left_;
  }
  int calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  absl::Notification& cancelled() { return cancelled_; }

  Status GetItem(Context* context, const echo::v1::GetItemRequest* request, Item* item) override {
    Note(*context);
    item->set_name(request->name());
    context->AddTrailingMetadata("x-qungong-after", "echo@e:7");
    context->AddTrailingMetadata("x-private", "not for callers");
    return Status::OK;
  }
  Status GetFile(Context* context, const echo::v1::GetItemRequest* request, Item* item) override {
    return GetItem(context, request, item);
  }
  Status ListItems(Context* context, const echo::v1::ListItemsRequest* request,
                   echo::v1::ListItemsResponse* response) override {
    Note(*context);
    *response->add_items() = request->like();
    response->mutable_items(0)->set_shelf(request->parent());
    response->mutable_items(0)->set_count(request->page_size());
    return Status::OK;
  }
  Status CreateItem(Context* context, const echo::v1::CreateItemRequest* request,
                    Item* item) override {
    Note(*context);
    *item = request->item();
    item->set_name(request->parent() + "/items/1");
    return Status::OK;
  }
  Status UpdateItem(Context* context, const echo::v1::UpdateItemRequest* request,
                    Item* item) override {
    Note(*context);
    *item = request->item();
    *item->mutable_mask() = request->update_mask();
    return Status::OK;
  }
  Status MoveItem(Context* context, const echo::v1::MoveItemRequest* request, Item* item) override {
    Note(*context);
    item->set_name(request->name());
    item->set_shelf(request->shelf());
    return Status::OK;
  }
  Status DeleteItem(Context* context, const echo::v1::DeleteItemRequest*,
                    google::protobuf::Empty*) override {
    Note(*context);
    return Status::OK;
  }
  Status Fail(Context* context, const echo::v1::FailRequest* request, Item*) override {
    Note(*context);
    absl::Status status(static_cast<absl::StatusCode>(request->code()), request->message());
    if (request->reason().empty()) {
      return {static_cast<grpc::StatusCode>(request->code()), request->message()};
    }
    status = WithReason(std::move(status), request->reason(), {{"key", "value"}});
    if (!request->chinese().empty()) status = WithChinese(std::move(status), request->chinese());
    if (request->retry_seconds() > 0) {
      status = WithRetryAfter(std::move(status), absl::Seconds(request->retry_seconds()));
    }
    return ToGrpcStatus(status, "echo.qungong", "id");
  }
  Status CastSlip(Context* context, const echo::v1::CastSlipRequest*, Item* item) override {
    Note(*context);
    item->set_name("items/cast");
    return Status::OK;
  }
  Status WatchItem(Context* context, const echo::v1::WatchItemRequest* request,
                   grpc::ServerWriter<Item>* writer) override {
    Note(*context);
    Item item;
    item.set_name(request->name());
    for (int i = 0; request->count() < 0 || i < request->count(); ++i) {
      item.set_count(i);
      if (!writer->Write(item)) break;
    }
    if (context->IsCancelled()) cancelled_.Notify();
    if (request->code() == 0) return Status::OK;
    return ToGrpcStatus(
        WithReason(absl::Status(static_cast<absl::StatusCode>(request->code()), "ended badly"),
                   "ENDED"),
        "echo.qungong", "id");
  }
  Status UploadItems(Context* context, grpc::ServerReader<echo::v1::UploadItemsRequest>* reader,
                     echo::v1::UploadItemsResponse* response) override {
    Note(*context);
    std::string content;
    echo::v1::UploadItemsRequest request;
    while (reader->Read(&request)) {
      if (request.has_metadata()) *response->mutable_metadata() = request.metadata();
      if (!request.has_chunk()) continue;
      content += request.chunk();
      response->set_chunks(response->chunks() + 1);
      if (content.size() > 4 && content.substr(0, 4) == "STOP") {
        return ToGrpcStatus(WithReason(absl::InvalidArgumentError("stop"), "STOPPED"),
                            "echo.qungong", "id");
      }
    }
    response->set_size(static_cast<int64_t>(content.size()));
    response->set_digest(Sha256(content));
    return Status::OK;
  }
  Status Chat(Context* context, grpc::ServerReaderWriter<Item, Item>* stream) override {
    Note(*context);
    Item item;
    while (stream->Read(&item)) {
      if (item.name() == "bye") break;
      item.set_count(item.count() + 1);
      stream->Write(item);
    }
    context->AddTrailingMetadata("x-qungong-after", "echo@e:9");
    if (item.name() != "bye") return Status::OK;
    return ToGrpcStatus(WithReason(absl::AbortedError("gone"), "GONE"), "echo.qungong", "id");
  }

 private:
  void Note(const Context& context) {
    absl::MutexLock lock(&mutex_);
    ++calls_;
    time_left_ = absl::FromChrono(context.deadline()) - absl::Now();
    metadata_.clear();
    for (const auto& [key, value] : context.client_metadata()) {
      metadata_[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
    }
  }

  mutable absl::Mutex mutex_;
  Metadata metadata_ ABSL_GUARDED_BY(mutex_);
  absl::Duration time_left_ ABSL_GUARDED_BY(mutex_);
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Notification cancelled_;
};

// One account: "wang" with the password "right". Thread-safe.
class FakeSessions final : public org::v1::SessionService::Service {
 public:
  using Context = grpc::ServerContext;
  using Token = org::v1::SessionToken;

  void set_token_life(absl::Duration life) {
    absl::MutexLock lock(&mutex_);
    token_life_ = life;
  }
  int refreshes() const {
    absl::MutexLock lock(&mutex_);
    return refreshes_;
  }
  // To be set before any call.
  void set_before_delete(std::function<void()> f) { before_delete_ = std::move(f); }
  void EndAll() {
    absl::MutexLock lock(&mutex_);
    sessions_.clear();
  }

  grpc::Status CreateSession(Context*, const org::v1::CreateSessionRequest* request,
                             Token* token) override {
    absl::MutexLock lock(&mutex_);
    if (request->login() != "wang" || request->password() != "right") {
      return Refuse("SIGN_IN_FAILED");
    }
    sessions_[request->secret_hash()] = 0;
    *token = Make(0);
    return grpc::Status::OK;
  }
  grpc::Status RefreshSession(Context*, const org::v1::RefreshSessionRequest* request,
                              Token* token) override {
    absl::MutexLock lock(&mutex_);
    ++refreshes_;
    const auto found = sessions_.find(Sha256(request->secret()));
    if (found == sessions_.end()) return Refuse("SESSION_ENDED");
    *token = Make(++found->second);
    return grpc::Status::OK;
  }
  grpc::Status DeleteSession(Context*, const org::v1::DeleteSessionRequest* request,
                             google::protobuf::Empty*) override {
    if (before_delete_) before_delete_();
    absl::MutexLock lock(&mutex_);
    sessions_.erase(Sha256(request->secret()));
    return grpc::Status::OK;
  }

 private:
  static grpc::Status Refuse(absl::string_view reason) {
    return ToGrpcStatus(WithReason(absl::UnauthenticatedError("no"), reason), "org.qungong", "id");
  }
  Token Make(int generation) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    using google::protobuf::util::TimeUtil;
    Token token;
    token.set_account("accounts/1");
    token.set_display_name("王");
    token.set_access_token("token-" + std::to_string(generation));
    const absl::Time expires = absl::Now() + token_life_;
    *token.mutable_token_expire_time() =
        TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(expires));
    *token.mutable_session_expire_time() =
        TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(absl::Now() + absl::Hours(8)));
    return token;
  }

  std::function<void()> before_delete_;
  mutable absl::Mutex mutex_;
  absl::Duration token_life_ ABSL_GUARDED_BY(mutex_) = absl::Minutes(15);
  std::map<std::string, int> sessions_ ABSL_GUARDED_BY(mutex_);  // refreshes, by hash of the secret
  int refreshes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAKE_SERVICES_H_
