#include "runtime/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace qungong {
namespace {

constexpr size_t kDigestBytes = 32;

const uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}
uint8_t* Bytes(std::string& text) { return reinterpret_cast<uint8_t*>(text.data()); }

}  // namespace

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(Bytes(bytes), static_cast<int>(size)) != 1) std::abort();
  return bytes;
}

std::string Sha256(absl::string_view text) {
  std::string digest(kDigestBytes, '\0');
  if (EVP_Digest(text.data(), text.size(), Bytes(digest), nullptr, EVP_sha256(), nullptr) != 1)
    std::abort();
  return digest;
}

std::string HmacSha256(absl::string_view key, absl::string_view text) {
  std::string digest(kDigestBytes, '\0');
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
           Bytes(digest), nullptr) == nullptr) {
    std::abort();
  }
  return digest;
}

std::string HkdfSha256(absl::string_view key, absl::string_view info, size_t size) {
  // RFC 5869: extract with a salt of zeros, then expand block by block.
  const std::string extracted = HmacSha256(std::string(kDigestBytes, '\0'), key);
  std::string derived;
  std::string block;
  for (char i = 1; derived.size() < size; ++i) {
    block = HmacSha256(extracted, absl::StrCat(block, info, absl::string_view(&i, 1)));
    derived += block;
  }
  derived.resize(size);
  return derived;
}

bool EqualSecrets(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace qungong
