// UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef QUNGONG_RUNTIME_UTF8_H_
#define QUNGONG_RUNTIME_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace qungong {

struct CodePoint {
  char32_t value = 0;
  size_t size = 0;  // bytes; 0: `text` does not begin with a valid sequence
};

// The first code point of a text that is not empty.
inline CodePoint DecodeUtf8(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t value = lead & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || surrogate || value > 0x10FFFF) return {};
  return {value, size};
}

// The longest prefix of at most `max_bytes` that does not cut a sequence; bytes that are not UTF-8
// become '?'.
inline std::string ValidUtf8Prefix(absl::string_view text, size_t max_bytes) {
  std::string valid;
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    const size_t size = c.size == 0 ? 1 : c.size;
    if (valid.size() + size > max_bytes) break;
    valid.append(c.size == 0 ? "?" : text.data(), size);
    text.remove_prefix(size);
  }
  return valid;
}

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_UTF8_H_
