// What the driver's errors mean.
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/mysql.h"
#include "runtime/status.h"

namespace qungong::mysql {
namespace {

constexpr char kDriverPayload[] = "qungong/driver-error";

int DriverErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kDriverPayload);
  int number = 0;
  return payload.has_value() && absl::SimpleAtoi(std::string(*payload), &number) ? number : 0;
}

// Duplicate entry '…' for key 'uq_accounts_login' -> uq_accounts_login
std::string KeyIn(absl::string_view text) {
  const size_t at = text.rfind("for key '");
  if (at == absl::string_view::npos) return "";
  absl::string_view key = text.substr(at + 9);
  key = key.substr(0, key.find('\''));
  const size_t dot = key.rfind('.');  // MySQL 8 puts the table before it
  return std::string(dot == absl::string_view::npos ? key : key.substr(dot + 1));
}

}  // namespace

absl::Status StatusFromDriver(int error, absl::string_view sql_state, absl::string_view text) {
  absl::StatusCode code = absl::StatusCode::kInternal;
  const char* reason = "DATABASE_ERROR";
  switch (error) {
    case 1062:  // duplicate key
      code = absl::StatusCode::kAlreadyExists;
      reason = "DUPLICATE";
      break;
    case 1451:  // row is referenced
    case 1452:  // referenced row is missing
      code = absl::StatusCode::kFailedPrecondition;
      reason = "REFERENCE_VIOLATED";
      break;
    case 1205:  // lock wait timeout
    case 1213:  // deadlock
    case 1020:  // snapshot conflict
      code = absl::StatusCode::kAborted;
      reason = "CONFLICT";
      break;
    case 1040:  // too many connections
    case 1203:  // of this user
    case 1053:  // server shutdown in progress
    case 1317:  // query was interrupted
    case 1927:  // connection was killed
    case 2002:
    case 2003:
    case 2006:
    case 2013:
    case 2026:  // with TLS: the same as 2006 and 2013, or a server that is not the right one
    case 2055:
      code = absl::StatusCode::kUnavailable;
      reason = "DATABASE_UNAVAILABLE";
      break;
    case 1969:  // max_statement_time, MariaDB
    case 3024:  // max_execution_time, MySQL
      code = absl::StatusCode::kDeadlineExceeded;
      reason = "DATABASE_TOO_SLOW";
      break;
    default:
      break;
  }
  // Texts of SQLSTATE classes 22 and 23 quote the data; only the key's name is kept of them.
  const bool quotes_data = absl::StartsWith(sql_state, "22") || absl::StartsWith(sql_state, "23");
  std::string message = absl::StrCat("database error ", error, " (", sql_state, ")");
  if (error == 1062) {
    absl::StrAppend(&message, " key ", KeyIn(text));
  } else if (!quotes_data) {
    absl::StrAppend(&message, ": ", text);
  }
  absl::Status status = WithReason(absl::Status(code, message), reason);
  status.SetPayload(kDriverPayload, absl::Cord(absl::StrCat(error)));
  return status;
}

bool IsRetryable(const absl::Status& status) {
  const int error = DriverErrorOf(status);
  return error == 1205 || error == 1213 || error == 1020;
}

bool IsConnectionLost(const absl::Status& status) {
  switch (DriverErrorOf(status)) {
    case 1053:
    case 1927:
    case 2002:
    case 2003:
    case 2006:
    case 2013:
    case 2026:
    case 2055:
      return true;
    default:
      return false;
  }
}

std::string ViolatedKey(const absl::Status& status) {
  if (DriverErrorOf(status) != 1062) return "";
  const absl::string_view text = status.message();
  return std::string(text.substr(text.rfind(' ') + 1));
}

}  // namespace qungong::mysql
