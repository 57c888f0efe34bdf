#include "ticket-service/masks.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/utf8.h"

namespace qungong::ticket {

std::string MaskName(absl::string_view name) {
  std::string masked;
  while (!name.empty()) {
    const size_t size = std::max<size_t>(1, DecodeUtf8(name).size);
    absl::StrAppend(&masked, masked.empty() ? name.substr(0, size) : "*");
    name.remove_prefix(size);
  }
  return masked;
}

std::string NormalizePhone(absl::string_view phone) {
  std::string digits;
  for (const char c : phone) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c))) digits.push_back(c);
  }
  if (absl::StartsWith(digits, "00")) digits.erase(0, 2);
  if (digits.size() == 13 && absl::StartsWith(digits, "86")) digits.erase(0, 2);
  return digits;
}

std::string MaskPhone(absl::string_view phone) {
  if (phone.empty()) return "";
  const std::string digits = NormalizePhone(phone);
  const absl::string_view view = digits;
  if (view.size() == 11 && view[0] == '1')
    return absl::StrCat(view.substr(0, 3), "****", view.substr(7));
  return absl::StrCat("****", view.size() > 3 ? view.substr(view.size() - 3) : "");
}

v1::Reporter MaskReporter(const v1::Reporter& reporter) {
  v1::Reporter masked;
  masked.set_display_name(MaskName(reporter.display_name()));
  masked.set_phone(MaskPhone(reporter.phone()));
  return masked;
}

}  // namespace qungong::ticket
