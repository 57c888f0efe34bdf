// Small writes that must outlive the caller's transaction whatever becomes of it: a claimed block
// of numbers, a wrong tracking code. They have a session of their own.
#ifndef QUNGONG_TICKET_SERVICE_ASIDE_H_
#define QUNGONG_TICKET_SERVICE_ASIDE_H_

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "runtime/mysql.h"

namespace qungong::ticket {

// Thread-safe: one write at a time. Call from threads that use sessions (workers, loops).
class Aside {
 public:
  explicit Aside(const mysql::Options& database) : session_(database) {}

  absl::Status Transact(absl::Time deadline, absl::FunctionRef<absl::Status(mysql::Tx&)> f) {
    absl::MutexLock lock(&mutex_);
    return session_.Transact({.deadline = deadline}, f);
  }

 private:
  absl::Mutex mutex_;
  mysql::Session session_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_ASIDE_H_
