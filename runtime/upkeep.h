// What every service's process does in the background to keep its own house.
#ifndef QUNGONG_RUNTIME_UPKEEP_H_
#define QUNGONG_RUNTIME_UPKEEP_H_

#include "runtime/keys.h"
#include "runtime/loops.h"

namespace qungong {

// The loop "sequencer", which numbers new events; mutations wake it.
void AddSequencer(Loops& loops);

// Loops that number new events, forget the idempotency keys that have expired, bring data keys
// under the newest master key, and give memory back. `keys` must outlive them.
void AddUpkeep(Loops& loops, const KeyRing& keys);

// Large buffers go back to the system when they are freed, and few arenas share the rest. Left to
// itself, glibc keeps tens of MiB for each thread that ever handled a batch of a feed: org-service
// took 131 MiB after an import, and 52 with this and the loop that trims.
void GiveMemoryBack();

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_UPKEEP_H_
