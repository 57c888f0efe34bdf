#include "org-service/person_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace qungong::org {
namespace {

constexpr size_t kMobileDigits = 11;

bool IsContinuation(char c) { return (c & '\xC0') == '\x80'; }

bool AllDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// The first `head` and last `tail` bytes, with a star for each between them.
std::string Stars(absl::string_view text, size_t head, size_t tail) {
  if (text.size() <= head + tail) return std::string(text.size(), '*');
  return absl::StrCat(text.substr(0, head), std::string(text.size() - head - tail, '*'),
                      text.substr(text.size() - tail));
}

}  // namespace

std::string MaskName(absl::string_view name) {
  size_t first = std::min<size_t>(1, name.size());
  while (first < name.size() && IsContinuation(name[first])) ++first;
  const auto rest = name.substr(first);
  const auto others =
      rest.size() - static_cast<size_t>(std::count_if(rest.begin(), rest.end(), IsContinuation));
  if (others == 0) return name.empty() ? "" : "*";
  return absl::StrCat(name.substr(0, first), std::string(others, '*'));
}

std::string MaskPhone(absl::string_view phone) {
  if (phone.size() == kMobileDigits && AllDigits(phone)) return Stars(phone, 3, 4);
  return Stars(phone, 0, 2);
}

std::string MaskIdNumber(absl::string_view id_number) { return Stars(id_number, 3, 2); }

std::string NormalizePhone(absl::string_view phone) {
  std::string digits;
  for (const char c : phone) {
    if (absl::ascii_isdigit(c) || (c == '+' && digits.empty())) digits.push_back(c);
  }
  absl::string_view rest = digits;
  if (absl::ConsumePrefix(&rest, "+86") || absl::ConsumePrefix(&rest, "0086"))
    return std::string(rest);
  return digits;
}

}  // namespace qungong::org
