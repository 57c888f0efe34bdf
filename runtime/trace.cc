#include "runtime/trace.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace qungong {
namespace {

std::string RandomHex(size_t bytes) {
  thread_local absl::BitGen random;
  std::string raw(bytes, '\0');
  for (char& c : raw) c = static_cast<char>(absl::Uniform<int>(random, 0, 256));
  raw[0] = static_cast<char>(raw[0] | 1);  // all zeros is not a valid id
  return absl::BytesToHexString(raw);
}

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'a' && c <= 'f');
  });
}

// 00-<32 hex>-<16 hex>-<2 hex>, ids not all zero.
bool IsTraceparent(absl::string_view t) {
  return t.size() == 55 && t.substr(0, 3) == "00-" && t[35] == '-' && t[52] == '-' &&
         IsLowerHex(t.substr(3, 32)) && IsLowerHex(t.substr(36, 16)) && IsLowerHex(t.substr(53)) &&
         t.substr(3, 32).find_first_not_of('0') != absl::string_view::npos &&
         t.substr(36, 16).find_first_not_of('0') != absl::string_view::npos;
}

}  // namespace

std::string CorrelationIdOrNew(absl::string_view given) {
  const bool usable = given.size() >= 8 && given.size() <= 64 &&
                      std::all_of(given.begin(), given.end(), [](char c) {
                        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
                      });
  return usable ? std::string(given) : RandomHex(12);
}

std::string ChildTrace(absl::string_view parent) {
  if (!IsTraceparent(parent)) return absl::StrCat("00-", RandomHex(16), "-", RandomHex(8), "-00");
  return absl::StrCat(parent.substr(0, 36), RandomHex(8), parent.substr(52));
}

std::string TraceId(absl::string_view traceparent) {
  return IsTraceparent(traceparent) ? std::string(traceparent.substr(3, 32)) : "";
}

}  // namespace qungong
