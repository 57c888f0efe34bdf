#include "gateway/url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "gateway/json_scanner.h"

namespace qungong::gateway {
namespace {

constexpr size_t kMostParameters = 256;

bool IsPrintableUtf8(absl::string_view text) {
  for (char c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return false;
  }
  return IsValidUtf8(text);
}

}  // namespace

std::optional<std::string> PercentDecode(absl::string_view text, Decode mode) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && mode == Decode::kForm) {
      out.push_back(' ');
      continue;
    }
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 || !absl::ascii_isxdigit(static_cast<unsigned char>(digits[0])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(digits[1]))) {
      return std::nullopt;
    }
    const std::string byte = absl::HexStringToBytes(digits);
    out.append(byte == "/" && mode == Decode::kKeepSlash ? std::string(text.substr(i, 3)) : byte);
    i += 2;
  }
  if (!IsPrintableUtf8(out)) return std::nullopt;
  return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> ParseQuery(
    absl::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    if (parameters.size() == kMostParameters) return std::nullopt;
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    std::optional<std::string> key = PercentDecode(pair.first, Decode::kForm);
    std::optional<std::string> value = PercentDecode(pair.second, Decode::kForm);
    if (!key.has_value() || !value.has_value()) return std::nullopt;
    parameters.emplace_back(*std::move(key), *std::move(value));
  }
  return parameters;
}

}  // namespace qungong::gateway
