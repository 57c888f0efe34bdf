// The tracking code (查询码): the citizen's secret beside the ticket number.
//
// The client makes it, 80 random bits as 16 characters of Crockford's base 32, shows it as
// XXXX-XXXX-XXXX-XXXX and sends only its hash, so that the server never holds anything a thief
// could use. A code of 80 random bits cannot be found by trying, so the hash needs neither salt nor
// slowness. A client computes
//   SHA-256("qungong tracking code v1\n" + the 16 characters in upper case)
#ifndef QUNGONG_TICKET_SERVICE_TRACKING_CODE_H_
#define QUNGONG_TICKET_SERVICE_TRACKING_CODE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong::ticket {

// The 16 characters of a code as people type it: any case, full-width, with or without hyphens and
// spaces, I and L for 1, O for 0. INVALID_ARGUMENT, reason TRACKING_CODE_MALFORMED, for everything
// else; the code is not repeated.
absl::StatusOr<std::string> NormalizeTrackingCode(absl::string_view typed);

// The 32 bytes of the hash above, of a code as people type it.
absl::StatusOr<std::string> TrackingHash(absl::string_view typed);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TRACKING_CODE_H_
