// The national codes of organizations, people and divisions: their shapes and check characters.
// Pure.
//
// A code is read as people type it (FoldTypedCode) and returned in its one form. Errors are
// INVALID_ARGUMENT with a message that says what is wrong and never repeats the code. A right check
// character says that nothing was mistyped, not that the code was ever given; and the division
// inside a code is that of its day of issue, so that nobody's place may be derived from it
// (11500383009338112H is of a town whose district has had another code since 2006).
#ifndef QUNGONG_ORG_SERVICE_ORG_CODES_H_
#define QUNGONG_ORG_SERVICE_ORG_CODES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "qungong/rpc/v1/directory.pb.h"

namespace qungong::org {

// 统一社会信用代码 (GB 32100-2015): 18 characters of the digits and the capitals without I, O, S, V
// and Z.
absl::StatusOr<std::string> ParseCreditCode(absl::string_view typed);
// The 18th character for the first 17, which must be of that alphabet.
char CreditCodeCheckCharacter(absl::string_view first17);

// 公民身份号码 (GB 11643-1999).
struct IdNumber {
  std::string text;  // 18 characters
  absl::CivilDay birthday;
};
absl::StatusOr<IdNumber> ParseIdNumber(absl::string_view typed);
// The 18th character for the first 17, which must be digits.
char IdNumberCheckCharacter(absl::string_view first17);

// 行政区划代码 (GB/T 2260) and 统计用区划代码: 6 digits for a municipality or a district, 9 for a
// township, 12 for a village. The statistical form of 12 digits that ends in zeros (500105006000)
// is read as the short one (500105006).
struct DivisionCode {
  std::string text;  // 6, 9 or 12 digits
  rpc::v1::Level level = rpc::v1::LEVEL_UNSPECIFIED;
};
absl::StatusOr<DivisionCode> ParseDivisionCode(absl::string_view typed);
// The code of the division that a code puts it in: 500105006 -> 500105 -> 500000; "" above the
// municipality. What a division stands under today is a matter of the tree, not of its code.
std::string CodeAbove(const DivisionCode& code);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_ORG_CODES_H_
