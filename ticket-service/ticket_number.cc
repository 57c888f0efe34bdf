#include "ticket-service/ticket_number.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "runtime/status.h"
#include "runtime/typed_code.h"

namespace qungong::ticket {
namespace {

constexpr absl::string_view kPrefix = "QG";
// Longer input is not somebody's way to type a number.
constexpr std::size_t kLongestTyped = 256;
constexpr std::size_t kDateDigits = 8;
constexpr std::size_t kDistrictDigits = 6;
constexpr std::size_t kSequenceDigits = 6;
constexpr std::size_t kDigits = kDateDigits + kDistrictDigits + kSequenceDigits + 1;

// H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004: a totally anti-symmetric
// quasigroup of order 10 with a zero diagonal, so that the check digit is the state that the digits
// lead to.
constexpr int kDamm[10][10] = {{0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
                               {4, 2, 0, 6, 8, 7, 1, 3, 5, 9}, {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
                               {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
                               {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
                               {9, 4, 3, 8, 6, 1, 7, 2, 0, 5}, {2, 5, 8, 1, 4, 3, 6, 7, 9, 0}};

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

int32_t ToNumber(absl::string_view digits) {
  int32_t number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

absl::Status Malformed() {
  return WithChinese(WithReason(absl::InvalidArgumentError(
                                    "not a ticket number of the form QG20150730-500105-000123-7"),
                                "TICKET_NUMBER_MALFORMED"),
                     "编号格式不对。正确的编号形如 QG20150730-500105-000123-7。");
}

absl::Status Mistyped() {
  return WithChinese(
      WithReason(absl::InvalidArgumentError("the check digit does not fit: a digit was mistyped"),
                 "TICKET_NUMBER_MISTYPED"),
      "编号有误，可能输错或颠倒了数字，请对照原编号重新输入。");
}

}  // namespace

char DammCheckDigit(absl::string_view digits) {
  int state = 0;
  for (const char c : digits) state = kDamm[state][c - '0'];
  return static_cast<char>('0' + state);
}

absl::StatusOr<std::string> FormatTicketNumber(const TicketNumber& number) {
  if (number.day.year() < 1000 || number.day.year() > 9999 ||
      number.district.size() != kDistrictDigits || !AreDigits(number.district) ||
      number.sequence < 1 || number.sequence > kLastSequence) {
    return absl::InvalidArgumentError("the parts do not make a ticket number");
  }
  const std::string date =
      absl::StrFormat("%04d%02d%02d", number.day.year(), number.day.month(), number.day.day());
  const std::string sequence = absl::StrFormat("%06d", number.sequence);
  const char check = DammCheckDigit(absl::StrCat(date, number.district, sequence));
  return absl::StrCat(kPrefix, date, "-", number.district, "-", sequence, "-",
                      absl::string_view(&check, 1));
}

absl::StatusOr<TicketNumber> ParseTicketNumber(absl::string_view typed) {
  if (typed.size() > kLongestTyped) return Malformed();
  const std::string folded = FoldTypedCode(typed);
  absl::string_view digits = folded;
  if (!absl::ConsumePrefix(&digits, kPrefix) || digits.size() != kDigits || !AreDigits(digits)) {
    return Malformed();
  }
  if (DammCheckDigit(digits) != '0') return Mistyped();
  const int32_t date = ToNumber(digits.substr(0, kDateDigits));
  TicketNumber number;
  number.day = absl::CivilDay(date / 10000, date / 100 % 100, date % 100);
  number.district = std::string(digits.substr(kDateDigits, kDistrictDigits));
  number.sequence = ToNumber(digits.substr(kDateDigits + kDistrictDigits, kSequenceDigits));
  // CivilDay turns 30 February into 2 March; such a number was never given.
  if (number.day.year() != date / 10000 || number.day.month() != date / 100 % 100 ||
      number.day.day() != date % 100 || number.day.year() < 1000 || number.sequence == 0) {
    return Malformed();
  }
  return number;
}

}  // namespace qungong::ticket
