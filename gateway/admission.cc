#include "gateway/admission.h"

#include <utility>

namespace qungong::gateway {
namespace {

constexpr size_t kSmallAnswer = 16 << 10;

}  // namespace

Admission::Seat::Seat(Admission& admission, std::string peer)
    : admission_(admission), peer_(std::move(peer)) {}

Admission::Seat::~Seat() {
  Release();
  admission_.Leave(peer_);
}

bool Admission::Seat::Hold(size_t bytes) {
  Release();
  if (!admission_.Hold(peer_, bytes)) return false;
  held_ = bytes;
  return true;
}

void Admission::Seat::Release() {
  if (held_ > 0) admission_.Release(peer_, std::exchange(held_, 0));
}

std::unique_ptr<Admission::Seat> Admission::Enter(const std::string& peer) {
  absl::MutexLock lock(&mutex_);
  if (all_.connections >= limits_.connections) return nullptr;
  Use& of_peer = peers_[peer];
  if (of_peer.connections >= limits_.connections_per_peer) return nullptr;
  ++all_.connections;
  ++of_peer.connections;
  return std::make_unique<Seat>(*this, peer);
}

bool Admission::Hold(const std::string& peer, size_t bytes) {
  absl::MutexLock lock(&mutex_);
  Use& of_peer = peers_[peer];
  const bool room = all_.bytes + bytes <= limits_.unread_bytes &&
                    of_peer.bytes + bytes <= limits_.unread_bytes / 4;
  if (!room && bytes > kSmallAnswer) return false;
  all_.bytes += bytes;
  of_peer.bytes += bytes;
  return true;
}

void Admission::Release(const std::string& peer, size_t bytes) {
  absl::MutexLock lock(&mutex_);
  all_.bytes -= bytes;
  peers_[peer].bytes -= bytes;
}

void Admission::Leave(const std::string& peer) {
  absl::MutexLock lock(&mutex_);
  --all_.connections;
  const auto found = peers_.find(peer);
  if (--found->second.connections == 0) peers_.erase(found);
}

size_t Admission::open() const {
  absl::MutexLock lock(&mutex_);
  return all_.connections;
}

bool Admission::AwaitNone(absl::Duration patience) const {
  absl::MutexLock lock(&mutex_);
  const auto none = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return all_.connections == 0; };
  return mutex_.AwaitWithTimeout(absl::Condition(&none), patience);
}

}  // namespace qungong::gateway
