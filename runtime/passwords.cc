#include "runtime/passwords.h"

#include <sodium.h>

#include <cstdint>
#include <cstdlib>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "runtime/status.h"

namespace qungong {
namespace {

// Above the minimum that OWASP recommends for Argon2id (19 MiB, 2 passes).
constexpr uint64_t kPasses = 2;
constexpr size_t kMemoryBytes = 32u << 20;
constexpr int kMaxConcurrent = 2;

// Bounds memory, whatever the number of workers.
class Turn {
 public:
  Turn() {
    if (sodium_init() < 0) std::abort();
    absl::MutexLock lock(&mutex_);
    const auto free = []() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ < kMaxConcurrent; };
    mutex_.Await(absl::Condition(&free));
    ++running_;
  }
  ~Turn() {
    absl::MutexLock lock(&mutex_);
    --running_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  static absl::Mutex mutex_;
  static int running_ ABSL_GUARDED_BY(mutex_);
};
ABSL_CONST_INIT absl::Mutex Turn::mutex_(absl::kConstInit);
int Turn::running_ = 0;

}  // namespace

absl::StatusOr<std::string> HashPassword(absl::string_view password) {
  if (password.empty() || password.size() > kMaxPasswordBytes) {
    return InvalidField("password", "must have 1 to 256 bytes");
  }
  const Turn turn;
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(), kPasses, kMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return WithReason(absl::UnavailableError("not enough memory to hash a password"),
                      "OUT_OF_MEMORY");
  }
  return std::string(hash);
}

bool VerifyPassword(absl::string_view hash, absl::string_view password) {
  static const std::string& decoy = *new std::string(HashPassword("decoy").value_or(""));
  if (password.size() > kMaxPasswordBytes) return false;
  const std::string stored(hash.empty() ? decoy : hash);
  const Turn turn;
  return crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0 &&
         !hash.empty();
}

bool PasswordNeedsRehash(absl::string_view hash) {
  const std::string stored(hash);
  return crypto_pwhash_str_needs_rehash(stored.c_str(), kPasses, kMemoryBytes) != 0;
}

}  // namespace qungong
