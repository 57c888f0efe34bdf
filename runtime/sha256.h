// SHA-256: 32 bytes.
#ifndef QUNGONG_RUNTIME_SHA256_H_
#define QUNGONG_RUNTIME_SHA256_H_

#include <openssl/sha.h>

#include <string>

#include "absl/strings/string_view.h"

namespace qungong {

inline std::string Sha256(absl::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_SHA256_H_
