// The number that a citizen is given and every channel prints: QG20150730-500105-000123-7.
//
// QG, the day of submission in Asia/Shanghai, the six-digit code of the district (000000 where none
// was published), the sequence within day and district, and a check digit. The check digit is
// Damm's: the only one of the usual decimal schemes that notices every single wrong digit and every
// swap of two neighbours, the two slips that make up nine of ten, without an eleventh symbol. Luhn
// overlooks 09 for 90; ISO 7064 MOD 11,10 overlooks some swaps of neighbours too; MOD 11-2 needs an
// X. ticket_number_test.cc tries them all.
#ifndef QUNGONG_TICKET_SERVICE_TICKET_NUMBER_H_
#define QUNGONG_TICKET_SERVICE_TICKET_NUMBER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace qungong::ticket {

// Stands for a district-level unit without a published code.
inline constexpr absl::string_view kNoDistrictCode = "000000";
inline constexpr int32_t kLastSequence = 999999;

struct TicketNumber {
  absl::CivilDay day;
  std::string district;  // six digits
  int32_t sequence = 0;  // 1 to kLastSequence

  friend bool operator==(const TicketNumber&, const TicketNumber&) = default;
};

// INVALID_ARGUMENT if the year has not four digits, the district not six, or the sequence is out of
// range.
absl::StatusOr<std::string> FormatTicketNumber(const TicketNumber& number);

// Reads a number as people type it: any case, full-width characters, spaces and hyphens anywhere or
// nowhere. INVALID_ARGUMENT with reason TICKET_NUMBER_MALFORMED, or TICKET_NUMBER_MISTYPED if only
// the check digit is against it.
absl::StatusOr<TicketNumber> ParseTicketNumber(absl::string_view typed);

// The digit d for which the digits followed by d pass the check. `digits` holds ASCII digits only.
char DammCheckDigit(absl::string_view digits);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TICKET_NUMBER_H_
