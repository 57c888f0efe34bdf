#include "tests/support/access/raw_call.h"

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/generic/generic_stub.h"

namespace qungong::testing {
namespace {

// Remembers the statements for as long as it lives.
class Recorder {
 public:
  explicit Recorder(TestService& service) : service_(service) {
    service_.SetFault([this](absl::string_view sql, bool after) {
      absl::MutexLock lock(&mutex_);
      if (!after) statements_.emplace_back(sql);
      return absl::OkStatus();
    });
  }
  ~Recorder() { service_.SetFault(nullptr); }
  std::vector<std::string> statements() {
    absl::MutexLock lock(&mutex_);
    return statements_;
  }

 private:
  TestService& service_;
  absl::Mutex mutex_;
  std::vector<std::string> statements_ ABSL_GUARDED_BY(mutex_);
};

// Waits for the one thing that was begun.
bool Await(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

RawAnswer CallRaw(TestService& service, const google::protobuf::MethodDescriptor& method,
                  const std::vector<std::string>& messages, const std::string& token) {
  Recorder recorder(service);
  RawAnswer answer;
  grpc::GenericStub stub(service.channel());
  const auto context = service.As("");
  if (!token.empty()) context->AddMetadata("authorization", absl::StrCat("Bearer ", token));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(
      context.get(), absl::StrCat("/", method.service()->full_name(), "/", method.name()), &queue);
  call->StartCall(nullptr);
  bool ok = Await(queue);
  for (size_t i = 0; i < messages.size() && ok; ++i) {
    const grpc::Slice slice(messages[i]);
    const grpc::ByteBuffer buffer(&slice, 1);
    if (i + 1 == messages.size()) {
      call->WriteLast(buffer, grpc::WriteOptions(), nullptr);
    } else {
      call->Write(buffer, nullptr);
    }
    ok = Await(queue);  // false: the service has answered already
  }
  grpc::ByteBuffer reply;
  call->Read(&reply, nullptr);
  const bool read = Await(queue);
  if (read) answer.reply = BytesOf(reply);
  const bool cut = read && method.server_streaming();
  if (cut) context->TryCancel();
  call->Finish(&answer.status, nullptr);
  Await(queue);
  if (cut) answer.status = grpc::Status::OK;
  answer.statements = recorder.statements();
  return answer;
}

}  // namespace qungong::testing
