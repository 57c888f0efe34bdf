#include "runtime/workers.h"

#include <utility>

namespace qungong {

Workers::Workers(mysql::Options database, int threads, int max_pending)
    : database_(std::move(database)), max_pending_(static_cast<size_t>(max_pending)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

Workers::~Workers() { Drain(); }

bool Workers::TrySubmit(Job job) {
  absl::MutexLock lock(&mutex_);
  if (closing_ || queue_.size() >= max_pending_) return false;
  queue_.push_back(std::move(job));
  return true;
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
    Job job;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&awake));
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job(session);
  }
}

}  // namespace qungong
