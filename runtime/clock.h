// What time it is. One request sees one time; a test or the demo can make it stand still.
#ifndef QUNGONG_RUNTIME_CLOCK_H_
#define QUNGONG_RUNTIME_CLOCK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace qungong {

// Thread-safe.
class Clock {
 public:
  // Reads the machine's clock; or, while `file` exists and holds an RFC 3339 instant, that instant.
  explicit Clock(std::string file = "") : file_(std::move(file)) {}

  absl::Time Now() const;
  // The instant at which time was made to stand, if it was: what a database session must be told
  // too.
  std::optional<absl::Time> Standing() const;
  // Makes time stand at an instant, or run again, at once: for tests in the same process. The file
  // is read no more.
  void Stand(std::optional<absl::Time> at);

 private:
  mutable absl::Mutex mutex_;
  std::string file_ ABSL_GUARDED_BY(mutex_);
  mutable int64_t read_at_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::optional<absl::Time> standing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_CLOCK_H_
