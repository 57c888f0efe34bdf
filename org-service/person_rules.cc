#include "org-service/person_rules.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"

namespace qungong::org {
namespace {

// GB 11643: weights of the first 17 digits, and the check digit of each remainder.
constexpr std::array<int, 17> kWeights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
constexpr char kCheckDigits[] = "10X98765432";

constexpr size_t kIdDigits = 18;
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

bool IsDate(absl::string_view yyyymmdd) {
  int number = 0;
  if (!absl::SimpleAtoi(yyyymmdd, &number)) return false;
  const int year = number / 10000;
  const int month = number / 100 % 100;
  const int day = number % 100;
  const absl::CivilDay date(year, month, day);
  return year >= 1800 && date.month() == month && date.day() == day;
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

std::string NormalizeIdNumber(absl::string_view id_number) {
  std::string text;
  for (const char c : id_number) {
    if (!absl::ascii_isspace(c)) text.push_back(absl::ascii_toupper(c));
  }
  return text;
}

bool IsIdNumber(absl::string_view id_number) {
  if (id_number.size() != kIdDigits || !AllDigits(id_number.substr(0, 17))) return false;
  if (!IsDate(id_number.substr(6, 8))) return false;
  int sum = 0;
  for (size_t i = 0; i < kWeights.size(); ++i) sum += kWeights[i] * (id_number[i] - '0');
  return kCheckDigits[sum % 11] == id_number[17];
}

}  // namespace qungong::org
