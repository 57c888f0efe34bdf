#include "org-service/org_codes.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/strings/match.h"
#include "runtime/typed_code.h"

namespace qungong::org {
namespace {

constexpr std::size_t kLength = 18;
// Longer input is not somebody's way to type a code.
constexpr std::size_t kLongestTyped = 256;
constexpr absl::string_view kCreditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int ToNumber(absl::string_view digits) {
  int number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

std::string Fold(absl::string_view typed) {
  if (typed.size() > kLongestTyped) return {};
  return FoldTypedCode(typed);
}

}  // namespace

char CreditCodeCheckCharacter(absl::string_view first17) {
  constexpr int kModulus = 31;
  int sum = 0;
  int weight = 1;  // 3^i mod 31
  for (const char c : first17) {
    sum += weight * static_cast<int>(kCreditAlphabet.find(c));
    weight = weight * 3 % kModulus;
  }
  return kCreditAlphabet[static_cast<std::size_t>((kModulus - sum % kModulus) % kModulus)];
}

absl::StatusOr<std::string> ParseCreditCode(absl::string_view typed) {
  const std::string code = Fold(typed);
  if (code.size() != kLength) {
    return absl::InvalidArgumentError("a unified social credit code has 18 characters");
  }
  const absl::string_view first17 = absl::string_view(code).substr(0, kLength - 1);
  for (const char c : code) {
    if (!absl::StrContains(kCreditAlphabet, c)) {
      return absl::InvalidArgumentError(
          "a unified social credit code has digits and capitals without I, O, S, V and Z");
    }
  }
  if (!AreDigits(first17.substr(2, 6))) {
    return absl::InvalidArgumentError("characters 3 to 8 must be the digits of a division");
  }
  if (CreditCodeCheckCharacter(first17) != code.back()) {
    return absl::InvalidArgumentError("the check character does not fit: something was mistyped");
  }
  return code;
}

char IdNumberCheckCharacter(absl::string_view first17) {
  constexpr int kWeights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  constexpr absl::string_view kTable = "10X98765432";
  int sum = 0;
  for (std::size_t i = 0; i < first17.size() && i < std::size(kWeights); ++i) {
    sum += kWeights[i] * (first17[i] - '0');
  }
  return kTable[static_cast<std::size_t>(sum % 11)];
}

absl::StatusOr<IdNumber> ParseIdNumber(absl::string_view typed) {
  const std::string code = Fold(typed);
  const absl::string_view first17 = absl::string_view(code).substr(0, kLength - 1);
  if (code.size() != kLength || !AreDigits(first17) ||
      (code.back() != 'X' && !AreDigits({&code.back(), 1}))) {
    return absl::InvalidArgumentError("an identity number has 17 digits and a digit or X");
  }
  const int date = ToNumber(first17.substr(6, 8));
  const absl::CivilDay birthday(date / 10000, date / 100 % 100, date % 100);
  // CivilDay turns 30 February into 2 March.
  if (date / 10000 < 1850 || birthday.year() != date / 10000 ||
      birthday.month() != date / 100 % 100 || birthday.day() != date % 100) {
    return absl::InvalidArgumentError("characters 7 to 14 must be a day of birth");
  }
  if (IdNumberCheckCharacter(first17) != code.back()) {
    return absl::InvalidArgumentError("the check character does not fit: something was mistyped");
  }
  return IdNumber{code, birthday};
}

absl::StatusOr<DivisionCode> ParseDivisionCode(absl::string_view typed) {
  std::string code = Fold(typed);
  const bool shaped =
      (code.size() == 6 || code.size() == 9 || code.size() == 12) && AreDigits(code);
  if (!shaped || code[0] == '0') {
    return absl::InvalidArgumentError("a division code has 6, 9 or 12 digits");
  }
  while (code.size() > 6 && absl::EndsWith(code, "000")) code.resize(code.size() - 3);
  rpc::v1::Level level = rpc::v1::VILLAGE_LEVEL;
  if (code.size() == 9) level = rpc::v1::TOWNSHIP_LEVEL;
  if (code.size() == 6) {
    const bool municipality = absl::EndsWith(code, "0000");
    if (!municipality && absl::EndsWith(code, "00")) {
      return absl::InvalidArgumentError("prefectures are not divisions of a municipality");
    }
    level = municipality ? rpc::v1::MUNICIPALITY_LEVEL : rpc::v1::DISTRICT_LEVEL;
  }
  if (level > rpc::v1::DISTRICT_LEVEL && absl::EndsWith(code.substr(0, 6), "00")) {
    return absl::InvalidArgumentError("a township or village code begins with that of a district");
  }
  return DivisionCode{code, level};
}

std::string CodeAbove(const DivisionCode& code) {
  switch (code.level) {
    case rpc::v1::VILLAGE_LEVEL:
      return code.text.substr(0, 9);
    case rpc::v1::TOWNSHIP_LEVEL:
      return code.text.substr(0, 6);
    case rpc::v1::DISTRICT_LEVEL:
      return code.text.substr(0, 2) + "0000";
    default:
      return "";
  }
}

}  // namespace qungong::org
