// The sessions that this gateway knows: secret -> access token, refreshed before it ends. Bounded;
// nothing is written down.
#ifndef QUNGONG_GATEWAY_SESSION_CACHE_H_
#define QUNGONG_GATEWAY_SESSION_CACHE_H_

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/support/status.h"
#include "qungong/org/v1/session_service.pb.h"
#include "runtime/clock.h"

namespace qungong::gateway {

struct SessionResult {
  grpc::Status status;
  org::v1::SessionToken token;  // if the status is OK
};
using SessionDone = absl::AnyInvocable<void(const SessionResult&)>;

// Thread-safe.
class SessionCache {
 public:
  // Asks org-service for a fresh token; calls back on any thread.
  using Refresh = std::function<void(const std::string& secret, SessionDone done)>;

  // `clock` is the one by which tokens end. Holds at most `capacity` sessions, the most recently
  // used.
  SessionCache(const Clock& clock, size_t capacity, Refresh refresh)
      : clock_(clock), capacity_(capacity), refresh_(std::move(refresh)) {}

  // Gives a token that holds for a little while yet. However many ask at once, one refresh is under
  // way for a session; while the old token still holds they do not wait for it.
  void Get(const std::string& secret, SessionDone done);
  void Put(const std::string& secret, const org::v1::SessionToken& token);
  // Forgets a session that ends. A refresh that is under way may have been answered before: its
  // token is not kept, and who waits for it is told that the session has ended.
  void Remove(const std::string& secret);

 private:
  struct Entry {
    org::v1::SessionToken token;
    absl::Time received;
    absl::Time expires;
    std::list<std::string>::iterator used;  // in recent_
  };

  struct Waiting {
    std::vector<SessionDone> done;
    bool removed = false;  // since the refresh began
  };

  void StartRefresh(const std::string& secret, const std::string& key);
  void OnRefreshed(const std::string& key, SessionResult result);
  void Store(const std::string& key, const org::v1::SessionToken& token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Erase(const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const size_t capacity_;
  const Refresh refresh_;
  absl::Mutex mutex_;
  // By SHA-256 of the secret: a dump of this process's memory should hold few secrets.
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::list<std::string> recent_ ABSL_GUARDED_BY(mutex_);  // most recent first
  // Sessions being refreshed, and who waits for them.
  absl::flat_hash_map<std::string, Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_SESSION_CACHE_H_
