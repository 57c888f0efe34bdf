#include "runtime/ids.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/status.h"

namespace qungong {
namespace {

// Version 5 of the name "qungong" in RFC 9562's namespace for DNS: names of other systems cannot
// meet ours.
constexpr uint8_t kNamespace[16] = {0x38, 0x48, 0x24, 0x85, 0xcd, 0x1d, 0x54, 0x1e,
                                    0xad, 0x35, 0xf4, 0xa9, 0x4d, 0x98, 0xad, 0x05};

bool IsHyphen(size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

void SetVersion(Uuid& id, int version) {
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0F) | (version << 4));
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3F) | 0x80);
}

}  // namespace

std::string Uuid::ToString() const {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (const uint8_t byte : bytes) {
    if (IsHyphen(text.size())) text.push_back('-');
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 0x0F]);
  }
  return text;
}

absl::string_view Uuid::View() const {
  return absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

absl::StatusOr<Uuid> Uuid::Parse(absl::string_view text) {
  const absl::Status invalid = absl::InvalidArgumentError("not a UUID in its canonical form");
  if (text.size() != 36) return invalid;
  Uuid id;
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsHyphen(i)) {
      if (text[i] != '-') return invalid;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return invalid;
    uint8_t& byte = id.bytes[digits / 2];
    byte = static_cast<uint8_t>((byte << 4) | value);
    ++digits;
  }
  return id;
}

absl::StatusOr<Uuid> Uuid::FromBytes(absl::string_view bytes) {
  if (bytes.size() != 16) return absl::InvalidArgumentError("a UUID has 16 bytes");
  Uuid id;
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

Uuid NewUuidV7(absl::Time now) {
  Uuid id;
  // A process without randomness must not go on: ids are also what makes names unguessable.
  if (RAND_bytes(id.bytes.data(), static_cast<int>(id.bytes.size())) != 1) std::abort();
  const int64_t ms = std::max<int64_t>(absl::ToUnixMillis(now), 0);
  for (size_t i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  SetVersion(id, 7);
  return id;
}

Uuid NameUuid(absl::string_view name) {
  std::string text(reinterpret_cast<const char*>(kNamespace), sizeof(kNamespace));
  text.append(name.data(), name.size());
  uint8_t digest[EVP_MAX_MD_SIZE];
  if (EVP_Digest(text.data(), text.size(), digest, nullptr, EVP_sha1(), nullptr) != 1) std::abort();
  Uuid id;
  std::copy_n(digest, id.bytes.size(), id.bytes.begin());
  SetVersion(id, 5);
  return id;
}

Uuid IdSource::Next() {
  if (next_ == made_.size()) made_.push_back(NewUuidV7(now_));
  return made_[next_++];
}

std::string ResourceName(absl::string_view collection, const Uuid& id) {
  return absl::StrCat(collection, "/", id.ToString());
}

absl::StatusOr<Uuid> ParseResourceName(absl::string_view collection, absl::string_view name) {
  absl::string_view rest = name;
  if (absl::ConsumePrefix(&rest, collection) && absl::ConsumePrefix(&rest, "/")) {
    absl::StatusOr<Uuid> id = Uuid::Parse(rest);
    if (id.ok()) return id;
  }
  return WithReason(absl::InvalidArgumentError(
                        absl::StrCat("a name of the form ", collection, "/{uuid} is expected")),
                    "INVALID_NAME", {{"collection", collection}});
}

}  // namespace qungong
