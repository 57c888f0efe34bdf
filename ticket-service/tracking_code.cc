#include "ticket-service/tracking_code.h"

#include <openssl/sha.h>

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "runtime/status.h"
#include "runtime/typed_code.h"

namespace qungong::ticket {
namespace {

constexpr std::size_t kLength = 16;
// Longer input is not somebody's way to type a code.
constexpr std::size_t kLongestTyped = 256;
constexpr absl::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
// Tells this hash from every other hash of the same characters.
constexpr absl::string_view kDomain = "qungong tracking code v1\n";

absl::Status Malformed() {
  return WithChinese(WithReason(absl::InvalidArgumentError("not a tracking code of 16 characters"),
                                "TRACKING_CODE_MALFORMED"),
                     "查询码格式不对，应为16位字母和数字。");
}

}  // namespace

absl::StatusOr<std::string> NormalizeTrackingCode(absl::string_view typed) {
  if (typed.size() > kLongestTyped) return Malformed();
  std::string code = FoldTypedCode(typed);
  for (char& c : code) {
    if (c == 'I' || c == 'L') c = '1';
    if (c == 'O') c = '0';
  }
  if (code.size() != kLength ||
      code.find_first_not_of(std::string(kAlphabet)) != std::string::npos) {
    return Malformed();
  }
  return code;
}

absl::StatusOr<std::string> TrackingHash(absl::string_view typed) {
  ASSIGN_OR_RETURN(const std::string code, NormalizeTrackingCode(typed));
  const std::string input = absl::StrCat(kDomain, code);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest);
  return std::string(reinterpret_cast<const char*>(digest), sizeof digest);
}

}  // namespace qungong::ticket
