#include "runtime/workers.h"

#include <utility>

#include "absl/time/clock.h"

namespace qungong {

Workers::Workers(mysql::Options database, int threads, int max_pending)
    : database_(std::move(database)),
      workers_(threads),
      max_pending_(static_cast<size_t>(max_pending)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Workers::~Workers() { Drain(); }

bool Workers::TrySubmit(Job job, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  if (closing_ || queue_.size() >= max_pending_ || !WouldEndBefore(deadline)) return false;
  queue_.push_back({std::move(job), deadline});
  return true;
}

// A quarter of the time is left for what is not foreseen. A free worker is never refused: it is
// what brings news of how long jobs take.
bool Workers::WouldEndBefore(absl::Time deadline) const {
  const int ahead = static_cast<int>(queue_.size());
  if (ahead < idle_) return true;
  const absl::Duration expected = usual_ * (ahead + 1 + workers_) / workers_;
  return expected <= (deadline - absl::Now()) * 3 / 4;
}

void Workers::Drain() {
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

int Workers::pending() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(queue_.size());
}

void Workers::Run() {
  const mysql::ThreadInit thread_init;
  mysql::Session session(database_);
  const auto awake = [this] {
    mutex_.AssertReaderHeld();
    return closing_ || !queue_.empty();
  };
  while (true) {
    Waiting next;
    {
      absl::MutexLock lock(&mutex_);
      ++idle_;
      mutex_.Await(absl::Condition(&awake));
      --idle_;
      if (queue_.empty()) return;
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    const absl::Time start = absl::Now();
    next.job(session);
    next.job = nullptr;
    const absl::Time end = absl::Now();
    absl::MutexLock lock(&mutex_);
    // What was too late was dropped, not done.
    if (start < next.deadline) usual_ += (end - start - usual_) / 16;
  }
}

}  // namespace qungong
