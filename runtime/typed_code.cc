#include "runtime/typed_code.h"

#include <cstddef>

#include "absl/strings/ascii.h"

namespace qungong {
namespace {

// UTF-8 of what separates groups: no-break, narrow, zero-width and ideographic spaces; hyphens,
// dashes, minus signs.
constexpr absl::string_view kSeparators[] = {
    "\u00A0", "\u2002", "\u2003", "\u2009", "\u200B", "\u202F", "\u3000",            // spaces
    "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212", "\uFE63",  // dashes
    "\uFF0D", "\u30FC", "\uFEFF"};

// Length of the separator that `text` begins with, or 0.
std::size_t SeparatorLength(absl::string_view text) {
  if (text[0] == '-' || absl::ascii_isspace(static_cast<unsigned char>(text[0]))) return 1;
  for (const absl::string_view separator : kSeparators) {
    if (text.substr(0, separator.size()) == separator) return separator.size();
  }
  return 0;
}

// The ASCII character whose full-width form (U+FF01 to U+FF5E, three bytes) `text` begins with, or
// NUL.
char FullWidth(absl::string_view text) {
  if (text.size() < 3 || text[0] != '\xEF') return '\0';
  const unsigned second = static_cast<unsigned char>(text[1]);
  const unsigned third = static_cast<unsigned char>(text[2]);
  if ((second != 0xBC && second != 0xBD) || third < 0x80 || third > 0xBF) return '\0';
  const unsigned offset = (second - 0xBC) * 64 + (third - 0x80);  // from U+FF00
  return offset >= 0x01 && offset <= 0x5E ? static_cast<char>(offset + 0x20) : '\0';
}

}  // namespace

std::string FoldTypedCode(absl::string_view typed) {
  std::string folded;
  while (!typed.empty()) {
    if (const std::size_t length = SeparatorLength(typed); length > 0) {
      typed.remove_prefix(length);
      continue;
    }
    const char wide = FullWidth(typed);
    folded.push_back(
        absl::ascii_toupper(static_cast<unsigned char>(wide != '\0' ? wide : typed[0])));
    typed.remove_prefix(wide != '\0' ? 3 : 1);
  }
  return folded;
}

}  // namespace qungong
