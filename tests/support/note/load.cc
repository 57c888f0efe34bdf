#include "tests/support/note/load.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "runtime/status.h"
#include "tests/support/matchers.h"
#include "tests/support/note/note_process.h"

namespace qungong::testing {
namespace {

namespace pb = note::v1;

constexpr int kConnections = 4;

bool IsShed(const absl::Status& status) {
  google::rpc::RetryInfo retry;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.RetryInfo");
  return absl::IsUnavailable(status) && ReasonOf(status) == "OVERLOADED" && payload.has_value() &&
         retry.ParseFromString(std::string(*payload)) && retry.retry_delay().nanos() > 0;
}

}  // namespace

absl::Duration Load::ShedAt(double quantile) const {
  if (shed.empty()) return absl::ZeroDuration();
  std::vector<absl::Duration> sorted = shed;
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<size_t>(quantile * static_cast<double>(sorted.size() - 1))];
}

std::string Load::ToString() const {
  return absl::StrFormat(
      "%d offered in %s: %d good (%.0f/s), %d late, %d shed (p99 %s), %d otherwise", offered,
      absl::FormatDuration(length), good, GoodPerSecond(), late, shed.size(),
      absl::FormatDuration(ShedAt(0.99)), otherwise);
}

Load ClosedLoop(const std::string& target, int clients, int work, absl::Duration length) {
  std::atomic<int> good = 0;
  const absl::Time end = absl::Now() + length;
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(clients));
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      const auto stub = pb::NoteService::NewStub(NoteChannel(target));
      while (absl::Now() < end) {
        EXPECT_THAT(ReadNote(*stub, work, absl::Seconds(10)), IsOk());
        ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Load load;
  load.length = length;
  load.offered = load.good = good;
  return load;
}

struct OpenLoop::Asked {
  std::unique_ptr<grpc::ClientContext> context;
  pb::ReadNoteRequest request;
  pb::Note note;
  absl::Time start = absl::Now();
};

OpenLoop::OpenLoop(const std::string& target, int work, std::vector<absl::Duration> deadlines,
                   Way way)
    : work_(work), deadlines_(std::move(deadlines)) {
  for (int i = 0; i < kConnections; ++i) {
    stubs_.push_back(AsyncNoteStub(target, way));
    EXPECT_THAT(ReadNote(*stubs_.back(), 0, absl::Seconds(10)), IsOk());
  }
}

OpenLoop::~OpenLoop() = default;

Load OpenLoop::Run(double per_second, absl::Duration length) {
  const absl::Time start = absl::Now();
  const auto calls = static_cast<int>(per_second * absl::ToDoubleSeconds(length));
  for (int i = 0; i < calls; ++i) {
    absl::SleepFor(start + i * length / calls - absl::Now());
    Ask(i);
  }
  absl::MutexLock lock(&mutex_);
  const auto none = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return open_ == 0; };
  mutex_.Await(absl::Condition(&none));
  load_.length = absl::Now() - start;
  load_.offered = calls;
  return load_;
}

void OpenLoop::Ask(int i) {
  const auto at = static_cast<size_t>(i);
  Asked* call = asked_.emplace_back(std::make_unique<Asked>()).get();
  call->context = NoteContext(deadlines_[at % deadlines_.size()]);
  call->request = Reading(work_);
  {
    absl::MutexLock lock(&mutex_);
    ++open_;
  }
  stubs_[at % stubs_.size()]->async()->ReadNote(
      call->context.get(), &call->request, &call->note,
      [this, call](const grpc::Status& status) { Note(*call, status); });
}

void OpenLoop::Note(const Asked& call, const grpc::Status& status) {
  const absl::Duration took = absl::Now() - call.start;
  const absl::Status answer = FromGrpcStatus(status);
  absl::MutexLock lock(&mutex_);
  if (answer.ok()) {
    ++load_.good;
  } else if (absl::IsDeadlineExceeded(answer)) {
    ++load_.late;
  } else if (IsShed(answer)) {
    load_.shed.push_back(took);
  } else {
    ++load_.otherwise;
  }
  --open_;
}

}  // namespace qungong::testing
