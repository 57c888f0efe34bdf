// Tokens that were verified, by their digest: a signature costs some 100 µs, this 1.
#ifndef QUNGONG_RUNTIME_TOKEN_CACHE_H_
#define QUNGONG_RUNTIME_TOKEN_CACHE_H_

#include <array>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "runtime/token.h"

namespace qungong {

// Bounded; the least recently used goes first. Split by digest, so that threads rarely meet.
// Thread-safe.
class TokenCache {
 public:
  static constexpr size_t kShards = 16;
  static constexpr size_t kPerShard = 512;

  std::optional<TokenClaims> Find(const std::string& digest) {
    Shard& shard = ShardOf(digest);
    absl::MutexLock lock(&shard.mutex);
    const auto found = shard.index.find(digest);
    if (found == shard.index.end()) return std::nullopt;
    shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
    return found->second->second;
  }

  void Insert(const std::string& digest, const TokenClaims& claims) {
    Shard& shard = ShardOf(digest);
    absl::MutexLock lock(&shard.mutex);
    if (shard.index.contains(digest)) return;
    if (shard.entries.size() >= kPerShard) {
      shard.index.erase(shard.entries.back().first);
      shard.entries.pop_back();
    }
    shard.entries.emplace_front(digest, claims);
    shard.index[digest] = shard.entries.begin();
  }

  void Clear() {
    for (Shard& shard : shards_) {
      absl::MutexLock lock(&shard.mutex);
      shard.index.clear();
      shard.entries.clear();
    }
  }

  size_t size() {
    size_t size = 0;
    for (Shard& shard : shards_) {
      absl::MutexLock lock(&shard.mutex);
      size += shard.entries.size();
    }
    return size;
  }

 private:
  using Entries = std::list<std::pair<std::string, TokenClaims>>;
  struct Shard {
    absl::Mutex mutex;
    Entries entries ABSL_GUARDED_BY(mutex);
    absl::flat_hash_map<std::string, Entries::iterator> index ABSL_GUARDED_BY(mutex);
  };

  Shard& ShardOf(const std::string& digest) {
    return shards_[static_cast<uint8_t>(digest[0]) % kShards];
  }

  std::array<Shard, kShards> shards_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_TOKEN_CACHE_H_
