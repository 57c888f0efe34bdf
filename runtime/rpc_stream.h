// Reactors of server streams and uploads; included by rpc.h.
//
// At any time exactly one thing drives a reactor: a worker's job, a read, a write, or an alarm.
// Only the driver calls Finish, and after it nothing drives, so OnDone can delete.
#ifndef QUNGONG_RUNTIME_RPC_STREAM_H_
#define QUNGONG_RUNTIME_RPC_STREAM_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "grpcpp/alarm.h"
#include "runtime/crypto.h"
#include "runtime/rpc.h"
#include "runtime/status.h"

namespace qungong {

template <typename Request, typename Response>
class StreamReactor : public grpc::ServerWriteReactor<Response> {
 public:
  using Make =
      std::function<absl::StatusOr<std::unique_ptr<Producer<Response>>>(Read&, const Request&)>;

  StreamReactor(Rpc& rpc, absl::StatusOr<std::shared_ptr<RunningCall>> running, Request request,
                Make make)
      : rpc_(rpc), request_(std::move(request)), make_(std::move(make)) {
    if (!running.ok()) {
      this->Finish(ToGrpcStatus(running.status(), "", ""));
      return;
    }
    running_ = *std::move(running);
    Submit();
  }
  void OnWriteDone(bool ok) override {
    ok ? Submit() : Stop(absl::CancelledError("the client went away"));
  }
  void OnDone() override { delete this; }

 private:
  void Submit() {
    if (running_->context->IsCancelled()) return Stop(absl::CancelledError("cancelled"));
    if (rpc_.chassis().draining) return Stop(Draining());
    if (!rpc_.chassis().workers.TrySubmit([this](mysql::Session& session) { Step(session); })) {
      Wait(absl::Milliseconds(50));  // a stream that has begun is not shed
    }
  }
  void Wait(absl::Duration d) {
    const absl::Time at = absl::Now() + std::min(d, absl::Milliseconds(200));
    alarm_.Set(absl::ToChronoTime(at), [this](bool) { Submit(); });
  }
  void Step(mysql::Session& session) {
    StreamStep step = StreamStep::End();
    // Each step has time of its own: the stream's deadline is not the step's.
    const absl::Time deadline = running_->call.deadline;
    running_->call.deadline = std::min(deadline, absl::Now() + absl::Seconds(10));
    const absl::Status status = rpc_.RunRead(
        session, *running_, request_, [&](Read& read, const google::protobuf::Message& checked) {
          if (producer_ == nullptr) {
            auto made = make_(read, static_cast<const Request&>(checked));
            if (!made.ok()) return made.status();
            producer_ = *std::move(made);
          }
          response_.Clear();
          auto next = producer_->Next(read, response_);
          if (next.ok()) step = *next;
          return next.status();
        });
    running_->call.deadline = deadline;
    if (!status.ok()) return Stop(status);
    if (absl::Now() >= deadline)
      return Stop(absl::DeadlineExceededError("the stream's time is over"));
    switch (step.kind) {
      case StreamStep::Kind::kSend:
        return this->StartWrite(&response_);
      case StreamStep::Kind::kWait:
        return Wait(step.wait);
      case StreamStep::Kind::kEnd:
        return Stop(absl::OkStatus());
    }
  }
  void Stop(const absl::Status& status) { this->Finish(rpc_.End(*running_, status)); }

  Rpc& rpc_;
  const Request request_;
  const Make make_;
  std::shared_ptr<RunningCall> running_;
  std::unique_ptr<Producer<Response>> producer_;
  Response response_;
  grpc::Alarm alarm_;
};

template <typename Request, typename Response, typename Handlers>
grpc::ServerWriteReactor<Response>* Rpc::Stream(
    const char* method, Context* context, const Request* request, Handlers& handlers,
    absl::StatusOr<std::unique_ptr<Producer<Response>>> (Handlers::*handler)(class Read&,
                                                                             const Request&)) {
  return new StreamReactor<Request, Response>(
      *this, Begin(method, context), *request,
      [&handlers, handler](class Read& read, const Request& checked) {
        return (handlers.*handler)(read, checked);
      });
}

template <typename Request, typename Metadata, typename Response>
class UploadReactor : public grpc::ServerReadReactor<Request> {
 public:
  using Handle =
      std::function<absl::StatusOr<Response>(Mutation&, const Metadata&, const std::string&)>;

  UploadReactor(Rpc& rpc, absl::StatusOr<std::shared_ptr<RunningCall>> running, Response* response,
                size_t max_bytes, Handle handle)
      : rpc_(rpc), response_(response), max_bytes_(max_bytes), handle_(std::move(handle)) {
    if (!running.ok()) {
      this->Finish(ToGrpcStatus(running.status(), "", ""));
      return;
    }
    running_ = *std::move(running);
    this->StartRead(&message_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return AllRead();
    if (message_.has_metadata()) {
      if (has_metadata_ || !content_.empty())
        return Stop(InvalidField("metadata", "comes once, first"));
      metadata_ = message_.metadata();
      has_metadata_ = true;
    } else {
      if (!has_metadata_) return Stop(InvalidField("metadata", "comes first"));
      if (content_.size() + message_.chunk().size() > max_bytes_) {
        return Stop(
            WithReason(absl::InvalidArgumentError("the upload is too large"), "UPLOAD_TOO_LARGE"));
      }
      content_.append(message_.chunk());
    }
    this->StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  void AllRead() {
    if (running_->context->IsCancelled()) return Stop(absl::CancelledError("cancelled"));
    if (!has_metadata_) return Stop(InvalidField("metadata", "is required"));
    if (!rpc_.chassis().workers.TrySubmit([this](mysql::Session& session) { Run(session); },
                                          running_->call.deadline)) {
      Stop(Overloaded());
    }
  }
  void Run(mysql::Session& session) {
    const absl::Status begun = Rpc::Dequeue(*running_);
    if (!begun.ok()) return Stop(begun);
    Stop(rpc_.RunMutation(session, *running_, metadata_, Sha256(content_), *response_,
                          [this](Mutation& mutation, const google::protobuf::Message& checked) {
                            return Rpc::Keep(
                                handle_(mutation, static_cast<const Metadata&>(checked), content_),
                                response_);
                          }));
  }
  void Stop(const absl::Status& status) { this->Finish(rpc_.End(*running_, status)); }

  Rpc& rpc_;
  Response* response_;
  const size_t max_bytes_;
  const Handle handle_;
  std::shared_ptr<RunningCall> running_;
  Request message_;
  Metadata metadata_;
  bool has_metadata_ = false;
  std::string content_;
};

template <typename Request, typename Metadata, typename Response, typename Handlers>
grpc::ServerReadReactor<Request>* Rpc::Upload(
    const char* method, Context* context, Response* response, size_t max_bytes, Handlers& handlers,
    absl::StatusOr<Response> (Handlers::*handler)(Mutation&, const Metadata&,
                                                  const std::string& content)) {
  return new UploadReactor<Request, Metadata, Response>(
      *this, Begin(method, context), response, max_bytes,
      [&handlers, handler](Mutation& mutation, const Metadata& metadata,
                           const std::string& content) {
        return (handlers.*handler)(mutation, metadata, content);
      });
}

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_RPC_STREAM_H_
