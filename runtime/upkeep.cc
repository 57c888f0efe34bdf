#include "runtime/upkeep.h"

#include <malloc.h>

#include "runtime/feed.h"
#include "runtime/status.h"

namespace qungong {

void AddSequencer(Loops& loops) {
  constexpr int kLimit = 8192;
  loops.Add("sequencer", absl::Milliseconds(100),
            [](mysql::Session& session) -> absl::StatusOr<bool> {
              ASSIGN_OR_RETURN(const int numbered, SequenceEvents(session, kLimit));
              return numbered == kLimit;
            });
}

void AddUpkeep(Loops& loops, const KeyRing& keys) {
  AddSequencer(loops);
  loops.Add(
      "forget-requests", absl::Minutes(1), [](mysql::Session& session) -> absl::StatusOr<bool> {
        int64_t deleted = 0;
        RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
          ASSIGN_OR_RETURN(
              deleted,
              tx.Execute("DELETE FROM idempotency_keys WHERE expires_at < NOW(6) LIMIT 1000"));
          return absl::OkStatus();
        }));
        return deleted == 1000;
      });
  loops.Add("rewrap-keys", absl::Minutes(1),
            [&keys](mysql::Session& session) -> absl::StatusOr<bool> {
              int rewrapped = 0;
              RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
                ASSIGN_OR_RETURN(rewrapped, keys.Rewrap(tx, 200));
                return absl::OkStatus();
              }));
              return rewrapped == 200;
            });
  loops.Add("trim-memory", absl::Seconds(30), [](mysql::Session&) -> absl::StatusOr<bool> {
    malloc_trim(0);
    return false;
  });
}

void GiveMemoryBack() {
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_ARENA_MAX, 4);
}

}  // namespace qungong
