// Passwords as Argon2id hashes.
#ifndef QUNGONG_RUNTIME_PASSWORDS_H_
#define QUNGONG_RUNTIME_PASSWORDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong {

// Longer ones are refused, not cut.
inline constexpr size_t kMaxPasswordBytes = 256;

// Each of these takes some 30 ms and 32 MiB; at most two run at once, the others wait. Not for gRPC
// threads.
absl::StatusOr<std::string> HashPassword(absl::string_view password);
// An empty hash matches nothing, but takes as long as any other: an unknown login cannot be told
// from a wrong password.
bool VerifyPassword(absl::string_view hash, absl::string_view password);

// Whether the hash was made with limits that are no longer ours.
bool PasswordNeedsRehash(absl::string_view hash);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_PASSWORDS_H_
