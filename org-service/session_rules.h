// When a login is locked, and how long a session lives. Pure.
#ifndef QUNGONG_ORG_SERVICE_SESSION_RULES_H_
#define QUNGONG_ORG_SERVICE_SESSION_RULES_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace qungong::org {

// What holds from a day on. A new rule is a new row, so that an old lock can still be explained.
struct SignInPolicy {
  absl::CivilDay from;
  size_t failures;        // this many failed sign-ins …
  absl::Duration window;  // … within this …
  absl::Duration lock;    // … lock the login for this
};
const SignInPolicy& SignInPolicyOn(absl::CivilDay day);

// Until when a login is locked, given its latest failures, oldest first; nullopt if it is not.
std::optional<absl::Time> LockedUntil(absl::Span<const absl::Time> failures, absl::Time now,
                                      const SignInPolicy& policy);

// The failures to remember after one more at `now`. Only for a login that is not locked.
std::vector<absl::Time> AfterFailure(std::vector<absl::Time> failures, absl::Time now,
                                     const SignInPolicy& policy);

// How long access tokens and sessions live.
struct SessionLimits {
  absl::Duration token = absl::Minutes(15);
  absl::Duration idle = absl::Minutes(30);
  absl::Duration absolute = absl::Hours(12);
};

// When a session that is used at `now` ends unless it is used again.
absl::Time IdleExpiry(absl::Time now, absl::Time expires, const SessionLimits& limits);

// Whether the row must be written to extend a session: its limit moves in steps of a minute, so
// that a busy page does not write on every click.
bool WorthExtending(absl::Time stored, absl::Time extended);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SESSION_RULES_H_
