// Load on a note service: clients that wait for their answers, and clients that do not.
#ifndef QUNGONG_TESTS_SUPPORT_NOTE_LOAD_H_
#define QUNGONG_TESTS_SUPPORT_NOTE_LOAD_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "qungong/note/v1/note_service.grpc.pb.h"
#include "tests/support/note/note_process.h"

namespace qungong::testing {

// What became of the calls of one load.
struct Load {
  absl::Duration length;
  int offered = 0;
  int good = 0;                      // answered in time
  int late = 0;                      // DEADLINE_EXCEEDED
  int otherwise = 0;                 // neither of these, nor shed as it should be
  std::vector<absl::Duration> shed;  // UNAVAILABLE, OVERLOADED, when to try again: told after this

  double GoodPerSecond() const { return good / absl::ToDoubleSeconds(length); }
  // Of the times in `shed`: 0.99 for the 99th percentile.
  absl::Duration ShedAt(double quantile) const;
  std::string ToString() const;
};

// Each client reads again as soon as it is answered; a read takes `work` milliseconds.
Load ClosedLoop(const std::string& target, int clients, int work, absl::Duration length);

// Asks at a steady rate, whatever is answered; each call has one of the deadlines in turn.
class OpenLoop {
 public:
  OpenLoop(const std::string& target, int work, std::vector<absl::Duration> deadlines,
           Way way = Way::kWithoutRetries);
  ~OpenLoop();
  Load Run(double per_second, absl::Duration length);

 private:
  struct Asked;
  void Ask(int i);
  void Note(const Asked& call, const grpc::Status& status);

  const int work_;
  const std::vector<absl::Duration> deadlines_;
  std::vector<std::unique_ptr<note::v1::NoteService::Stub>> stubs_;
  std::vector<std::unique_ptr<Asked>> asked_;
  absl::Mutex mutex_;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  Load load_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_NOTE_LOAD_H_
