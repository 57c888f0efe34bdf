// Pages of a list: sizes coerced as in AIP-158, tokens that cannot be forged or used for another
// question.
#ifndef QUNGONG_RUNTIME_PAGE_H_
#define QUNGONG_RUNTIME_PAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong {

inline constexpr int kDefaultPageSize = 50;
inline constexpr int kMaxPageSize = 500;

// 0 becomes the default, more than the maximum the maximum; negative is an error of the field
// rules.
inline int CoercePageSize(int32_t asked) {
  if (asked <= 0) return kDefaultPageSize;
  return asked < kMaxPageSize ? asked : kMaxPageSize;
}

// Thread-safe.
class PageCodec {
 public:
  explicit PageCodec(std::string key) : key_(std::move(key)) {}

  // `question` is everything that must stay the same from page to page: principal, method, filter,
  // order.
  std::string Encode(absl::string_view question, absl::string_view cursor) const;
  // INVALID_ARGUMENT PAGE_TOKEN_INVALID for a token that was not made for this question. "" gives
  // "".
  absl::StatusOr<std::string> Decode(absl::string_view question, absl::string_view token) const;

 private:
  std::string key_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_PAGE_H_
