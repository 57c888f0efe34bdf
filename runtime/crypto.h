// The few cryptographic functions that several files need, over OpenSSL. They do not fail: a
// process without memory or randomness must not go on.
#ifndef QUNGONG_RUNTIME_CRYPTO_H_
#define QUNGONG_RUNTIME_CRYPTO_H_

#include <string>

#include "absl/strings/string_view.h"

namespace qungong {

std::string RandomBytes(size_t size);
std::string Sha256(absl::string_view text);
std::string HmacSha256(absl::string_view key, absl::string_view text);
// HKDF without salt: `size` bytes for one purpose.
std::string HkdfSha256(absl::string_view key, absl::string_view info, size_t size);
// In a time that does not depend on where they differ.
bool EqualSecrets(absl::string_view a, absl::string_view b);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_CRYPTO_H_
