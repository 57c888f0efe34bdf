// How personal data is shown to staff, and made comparable: 张*, 138****5678.
#ifndef QUNGONG_TICKET_SERVICE_MASKS_H_
#define QUNGONG_TICKET_SERVICE_MASKS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "qungong/ticket/v1/ticket.pb.h"

namespace qungong::ticket {

// The first character of a name, an asterisk for each other.
std::string MaskName(absl::string_view name);

// The first three and last four digits of a mobile number; the last three of any other.
std::string MaskPhone(absl::string_view phone);

// The digits alone, without +86 or 0086: what the blind index is made of.
std::string NormalizePhone(absl::string_view phone);

v1::Reporter MaskReporter(const v1::Reporter& reporter);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_MASKS_H_
