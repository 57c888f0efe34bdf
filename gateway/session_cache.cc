#include "gateway/session_cache.h"

#include <utility>

#include "google/protobuf/util/time_util.h"
#include "runtime/crypto.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

// A token must reach the service and be verified there before it ends.
constexpr absl::Duration kReserve = absl::Seconds(15);
// From this part of its life on, a token is refreshed when it is used.
constexpr double kFresh = 0.75;

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(timestamp));
}

SessionResult Ended() {
  return {
      ToGrpcStatus(WithReason(absl::UnauthenticatedError("the session has ended"), "SESSION_ENDED"),
                   "org.qungong", ""),
      {}};
}

}  // namespace

void SessionCache::Get(const std::string& secret, SessionDone done) {
  const std::string key = Sha256(secret);
  const absl::Time now = clock_.Now();
  SessionResult held;
  bool holds = false;
  bool refresh = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      const Entry& entry = found->second;
      recent_.splice(recent_.begin(), recent_, entry.used);
      holds = now + kReserve < entry.expires;
      refresh = now - entry.received > kFresh * (entry.expires - entry.received);
      if (holds) held.token = entry.token;
    }
    refresh = (refresh || !holds) && !waiting_.contains(key);
    if (refresh) waiting_.try_emplace(key);
    if (!holds) waiting_[key].done.push_back(std::exchange(done, nullptr));
  }
  if (refresh) StartRefresh(secret, key);
  if (done) done(held);
}

void SessionCache::StartRefresh(const std::string& secret, const std::string& key) {
  refresh_(secret, [this, key](const SessionResult& result) { OnRefreshed(key, result); });
}

void SessionCache::OnRefreshed(const std::string& key, SessionResult result) {
  Waiting waiting;
  {
    absl::MutexLock lock(&mutex_);
    waiting = std::move(waiting_.extract(key).mapped());
    if (waiting.removed) result = Ended();
    if (result.status.ok()) Store(key, result.token);
    // Only org-service's word ends a session. While it cannot be reached, tokens serve until they
    // end.
    if (result.status.error_code() == grpc::StatusCode::UNAUTHENTICATED) Erase(key);
  }
  for (SessionDone& done : waiting.done) done(result);
}

void SessionCache::Put(const std::string& secret, const org::v1::SessionToken& token) {
  absl::MutexLock lock(&mutex_);
  Store(Sha256(secret), token);
}

void SessionCache::Remove(const std::string& secret) {
  const std::string key = Sha256(secret);
  absl::MutexLock lock(&mutex_);
  Erase(key);
  const auto waiting = waiting_.find(key);
  if (waiting != waiting_.end()) waiting->second.removed = true;
}

void SessionCache::Store(const std::string& key, const org::v1::SessionToken& token) {
  Erase(key);
  recent_.push_front(key);
  entries_.emplace(key, Entry{.token = token,
                              .received = clock_.Now(),
                              .expires = ToTime(token.token_expire_time()),
                              .used = recent_.begin()});
  if (entries_.size() > capacity_) Erase(std::string(recent_.back()));
}

void SessionCache::Erase(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  recent_.erase(found->second.used);
  entries_.erase(found);
}

}  // namespace qungong::gateway
