#include "gateway/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>

namespace qungong::gateway {

RateLimit::Bucket& RateLimit::Refilled(const std::string& key, absl::Time now) {
  // Full buckets say nothing; they go when there are too many. If none is full, strangers share
  // one.
  if (buckets_.size() >= most_keys_ && !buckets_.contains(key)) {
    absl::erase_if(buckets_, [&](const auto& entry) { return now - entry.second.at >= refill_; });
  }
  const std::string& own = buckets_.size() >= most_keys_ && !buckets_.contains(key) ? "" : key;
  Bucket& bucket = buckets_.try_emplace(own, Bucket{burst_, now}).first->second;
  const double refilled = absl::FDivDuration(now - bucket.at, refill_) * burst_;
  bucket.left = std::min(burst_, bucket.left + std::max(0.0, refilled));
  bucket.at = now;
  return bucket;
}

absl::Duration RateLimit::Take(const std::string& key, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  Bucket& bucket = Refilled(key, now);
  if (bucket.left < 1) return (1 - bucket.left) / burst_ * refill_;
  bucket.left -= 1;
  return absl::ZeroDuration();
}

void RateLimit::GiveBack(const std::string& key, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  Bucket& bucket = Refilled(key, now);
  bucket.left = std::min(burst_, bucket.left + 1);
}

std::string PeerKey(const std::string& address) {
  in6_addr parsed;
  if (inet_pton(AF_INET6, address.c_str(), &parsed) != 1) return address;
  return std::string(reinterpret_cast<const char*>(&parsed), 8);
}

}  // namespace qungong::gateway
