// Background loops: each is a thread with its own session that does a little, waits, and does it
// again, and due rows: effects that the schedule, not a caller, starts.
#ifndef QUNGONG_RUNTIME_LOOPS_H_
#define QUNGONG_RUNTIME_LOOPS_H_

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "runtime/ids.h"
#include "runtime/metrics.h"
#include "runtime/mysql.h"

namespace qungong {

// Thread-safe.
class Loops {
 public:
  // One pass; true if there is probably more to do at once.
  using Pass = std::function<absl::StatusOr<bool>(mysql::Session&)>;

  Loops(mysql::Options database, Metrics& metrics);
  ~Loops();

  // Runs `pass` again and again, `period` apart or, after 20 ms of rest, as soon as Wake(name) is
  // called. A failing pass is logged and tried again with back-off up to 5 s.
  void Add(const std::string& name, absl::Duration period, Pass pass);
  void Wake(absl::string_view name);
  // Ends all loops after their current pass and joins.
  void Stop();
  // For passes that take long: whether to come to an end.
  bool stopping() {
    absl::MutexLock lock(&mutex_);
    return stopping_;
  }

 private:
  struct Loop;
  void Run(Loop& loop);

  const mysql::Options database_;
  Metrics& metrics_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::list<std::unique_ptr<Loop>> loops_ ABSL_GUARDED_BY(mutex_);
};

// A due row: something that must happen at an instant, exactly once, whatever number of replicas
// looks for it.
struct Due {
  Uuid id;
  std::string kind;    // "ticket.light"
  Uuid subject;        // which ticket
  std::string detail;  // small, no personal data
  absl::Time due;
};

// Puts or moves the due row of (kind, subject); one per pair.
absl::Status Schedule(mysql::Tx& tx, const Uuid& id, absl::string_view kind, const Uuid& subject,
                      absl::Time due, absl::string_view detail = "");
absl::Status Unschedule(mysql::Tx& tx, absl::string_view kind, const Uuid& subject);

// Runs the effects of `kind` that are due by the database's clock, oldest first, at most `limit`.
// Each is claimed by deleting its row, compare-and-set, in the effect's own transaction: a crash
// leaves it due, a second replica finds nothing. An effect that fails is put off by a minute and
// logged; one that met a conflict, or a database that went away (UNAVAILABLE), stays due.
absl::StatusOr<int> RunDue(mysql::Session& session, absl::string_view kind, int limit,
                           const std::function<absl::Status(mysql::Tx&, const Due&)>& effect);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_LOOPS_H_
