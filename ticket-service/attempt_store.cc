#include "ticket-service/attempt_store.h"

#include "qungong/ticket/v1/errors.pb.h"
#include "runtime/status.h"

namespace qungong::ticket {
namespace {

// Assignments are made from left to right: failures looks at the old started_at.
constexpr char kCount[] = R"sql(
  INSERT INTO tracking_attempts (number, failures, started_at) VALUES (?, 1, ?)
  ON DUPLICATE KEY UPDATE failures = IF(started_at <= ?, 1, LEAST(failures + 1, 1000)),
    started_at = IF(started_at <= ?, VALUES(started_at), started_at))sql";

}  // namespace

absl::Status CheckAttempts(mysql::Tx& tx, const std::string& number, absl::Time now) {
  ASSIGN_OR_RETURN(
      const auto row,
      tx.QueryOne("SELECT failures, started_at FROM tracking_attempts WHERE number = ?", number));
  if (!row.has_value() || row->Int32(0) < kMaxAttempts) return absl::OkStatus();
  const absl::Duration left = row->Time(1) + kAttemptWindow - now;
  if (left <= absl::ZeroDuration()) return absl::OkStatus();
  return WithChinese(
      WithRetryAfter(
          WithReason(absl::ResourceExhaustedError("too many wrong tracking codes for this number"),
                     v1::ErrorReason_Name(v1::TOO_MANY_ATTEMPTS)),
          left),
      "查询码错误次数过多,请一小时后再试。");
}

absl::Status CountAttempt(mysql::Tx& tx, const std::string& number, absl::Time now) {
  const absl::Time over = now - kAttemptWindow;
  return tx.Execute(kCount, number, now, over, over).status();
}

absl::StatusOr<int64_t> ForgetAttempts(mysql::Tx& tx, absl::Time now, int limit) {
  return tx.Execute(
      "DELETE FROM tracking_attempts WHERE started_at <= ? ORDER BY started_at LIMIT ?",
      now - kAttemptWindow, limit);
}

}  // namespace qungong::ticket
