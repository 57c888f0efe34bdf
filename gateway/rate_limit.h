// How often each peer may try something. Bounded in memory.
#ifndef QUNGONG_GATEWAY_RATE_LIMIT_H_
#define QUNGONG_GATEWAY_RATE_LIMIT_H_

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace qungong::gateway {

// A bucket of tokens per key, refilled evenly. Thread-safe.
class RateLimit {
 public:
  RateLimit(double burst, absl::Duration refill, size_t most_keys = 100'000)
      : burst_(burst), refill_(refill), most_keys_(most_keys) {}

  // Takes one, or says how long until there is one.
  absl::Duration Take(const std::string& key, absl::Time now);
  // Gives one back: the try was a good one.
  void GiveBack(const std::string& key, absl::Time now);

 private:
  struct Bucket {
    double left;
    absl::Time at;
  };
  Bucket& Refilled(const std::string& key, absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const double burst_;
  const absl::Duration refill_;  // of a whole bucket
  const size_t most_keys_;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Bucket> buckets_ ABSL_GUARDED_BY(mutex_);
};

// An address as the key of a limit: an IPv4 address, or the /64 of an IPv6 address, of which one
// peer has many.
std::string PeerKey(const std::string& address);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_RATE_LIMIT_H_
