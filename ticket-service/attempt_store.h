// Wrong tracking codes are counted per number, known or not, so that codes cannot be found by
// trying.
#ifndef QUNGONG_TICKET_SERVICE_ATTEMPT_STORE_H_
#define QUNGONG_TICKET_SERVICE_ATTEMPT_STORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "runtime/mysql.h"

namespace qungong::ticket {

inline constexpr int kMaxAttempts = 10;
inline constexpr absl::Duration kAttemptWindow = absl::Hours(1);

// RESOURCE_EXHAUSTED TOO_MANY_ATTEMPTS if the number has had its wrong codes.
absl::Status CheckAttempts(mysql::Tx& tx, const std::string& number, absl::Time now);
absl::Status CountAttempt(mysql::Tx& tx, const std::string& number, absl::Time now);
// Forgets counts whose hour has passed, at most `limit`; returns how many.
absl::StatusOr<int64_t> ForgetAttempts(mysql::Tx& tx, absl::Time now, int limit);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_ATTEMPT_STORE_H_
