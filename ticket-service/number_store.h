// Ticket numbers: claimed per day and district in blocks, so that no row is hot. What is left of a
// block when the process ends is a gap, which is allowed; a number is never given twice.
#ifndef QUNGONG_TICKET_SERVICE_NUMBER_STORE_H_
#define QUNGONG_TICKET_SERVICE_NUMBER_STORE_H_

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "ticket-service/aside.h"

namespace qungong::ticket {

// Thread-safe.
class NumberBlocks {
 public:
  explicit NumberBlocks(Aside& aside, int32_t block = 50) : aside_(aside), block_(block) {}

  // The next number of a day and district. RESOURCE_EXHAUSTED NUMBERS_EXHAUSTED after 999,999 of
  // them.
  absl::StatusOr<std::string> Next(absl::CivilDay day, const std::string& district_code,
                                   absl::Time deadline);

  // Gives up what is left of all blocks: the database is not the one they were claimed in, but
  // restored from an earlier state.
  void Forget() {
    absl::MutexLock lock(&mutex_);
    blocks_.clear();
  }

 private:
  using Key = std::pair<absl::CivilDay, std::string>;
  struct Block {
    int32_t next = 0;
    int32_t end = 0;
  };
  absl::StatusOr<Block> Claim(const Key& key, absl::Time deadline);

  Aside& aside_;
  const int32_t block_;
  absl::Mutex mutex_;
  std::map<Key, Block> blocks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_NUMBER_STORE_H_
