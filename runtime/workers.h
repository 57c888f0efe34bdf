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

  // False when the queue is full or closing, or so long that the job, by what jobs took lately,
  // would hardly end before its deadline: the caller sheds the call. Otherwise those who ask for
  // more than can be done would get nothing: each answer would come just too late.
  bool TrySubmit(Job job, absl::Time deadline = absl::InfiniteFuture());
  // Takes no more jobs, runs what is queued, joins. Safe to call twice.
  void Drain();
  int pending() const;

 private:
  struct Waiting {
    Job job;
    absl::Time deadline;
  };
  void Run();
  bool WouldEndBefore(absl::Time deadline) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const mysql::Options database_;
  const int workers_;
  const size_t max_pending_;
  mutable absl::Mutex mutex_;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mutex_);
  int idle_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration usual_ ABSL_GUARDED_BY(mutex_);  // what a job takes, of late
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_WORKERS_H_
