// Bounded workers: one thread owns one database session. Nothing else blocks, nothing else queues.
#ifndef QUNGONG_RUNTIME_WORKERS_H_
#define QUNGONG_RUNTIME_WORKERS_H_

#include <deque>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "runtime/mysql.h"

namespace qungong {

// Thread-safe.
class Workers {
 public:
  using Job = absl::AnyInvocable<void(mysql::Session&)>;

  Workers(mysql::Options database, int threads, int max_pending);
  ~Workers();

  // False when the queue is full or closing: the caller sheds the call.
  bool TrySubmit(Job job);
  // Takes no more jobs, runs what is queued, joins. Safe to call twice.
  void Drain();
  int pending() const;

 private:
  void Run();

  const mysql::Options database_;
  const size_t max_pending_;
  mutable absl::Mutex mutex_;
  std::deque<Job> queue_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_WORKERS_H_
