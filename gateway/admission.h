// What peers may use up of the HTTP listener: connections, and memory for answers that they are
// slow to read.
#ifndef QUNGONG_GATEWAY_ADMISSION_H_
#define QUNGONG_GATEWAY_ADMISSION_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace qungong::gateway {

// Thread-safe. Must outlive its seats.
class Admission {
 public:
  struct Limits {
    size_t connections = 0;           // in all
    size_t connections_per_peer = 0;  // of one address
    size_t unread_bytes = 0;          // in all; of one address a quarter
  };

  // The place of one connection, until it is destroyed.
  class Seat {
   public:
    Seat(Admission& admission, std::string peer);
    ~Seat();
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    // Takes room for an answer until Release. False if there is none; up to 16 KiB, which the
    // kernel takes at once, there always is, so that an error can still be said.
    bool Hold(size_t bytes);
    void Release();

   private:
    Admission& admission_;
    const std::string peer_;
    size_t held_ = 0;
  };

  explicit Admission(const Limits& limits) : limits_(limits) {}

  // Null if there is no place left, or none for this address.
  std::unique_ptr<Seat> Enter(const std::string& peer);
  size_t open() const;
  // Whether the last one leaves in time.
  bool AwaitNone(absl::Duration patience) const;

 private:
  struct Use {
    size_t connections = 0;
    size_t bytes = 0;
  };
  bool Hold(const std::string& peer, size_t bytes);
  void Release(const std::string& peer, size_t bytes);
  void Leave(const std::string& peer);

  const Limits limits_;
  mutable absl::Mutex mutex_;
  Use all_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Use> peers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_ADMISSION_H_
