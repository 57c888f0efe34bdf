// Errors: absl::Status inside, google.rpc.Status on the wire.
//
// An error that a client can act on carries a reason code (google.rpc.ErrorInfo) and, where a
// person will read it, a Chinese text (google.rpc.LocalizedMessage). Both travel as payloads of the
// absl::Status.
#ifndef QUNGONG_RUNTIME_STATUS_H_
#define QUNGONG_RUNTIME_STATUS_H_

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/support/status.h"

namespace qungong {

using ReasonMetadata = std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

// Adds a reason code, such as "TICKET_NOT_ACCEPTED", with facts that help the client.
absl::Status WithReason(absl::Status status, absl::string_view reason,
                        ReasonMetadata metadata = {});

// Adds a fact to a status that has a reason; changes nothing of one that has none.
absl::Status WithMetadata(absl::Status status, absl::string_view key, absl::string_view value);

// Adds what a person should read, in Chinese: what is wrong and what to do.
absl::Status WithChinese(absl::Status status, absl::string_view text);

// Adds when a client may try again.
absl::Status WithRetryAfter(absl::Status status, absl::Duration delay);

// One field that does not hold what it must.
struct Violation {
  std::string field;
  std::string description;
};

// INVALID_ARGUMENT with all violations at once; reason INVALID_FIELD.
absl::Status InvalidFields(const std::vector<Violation>& violations);
absl::Status InvalidField(absl::string_view field, absl::string_view description);

// The one answer for what is absent and for what is not the caller's: the two cannot be told apart.
absl::Status DeniedOrAbsent(absl::string_view resource);

// Reason code of a status, or "".
std::string ReasonOf(const absl::Status& status);

// Packs code, message and payloads into a gRPC status. INTERNAL and UNKNOWN lose their message:
// only the correlation id is shown, the cause belongs in the log.
grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view domain,
                          absl::string_view correlation_id);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace qungong

#define QUNGONG_CONCAT_(a, b) a##b
#define QUNGONG_CONCAT(a, b) QUNGONG_CONCAT_(a, b)

// The counter makes the name unique even where one macro stands inside a lambda in another's
// argument.
#define RETURN_IF_ERROR(expression) \
  RETURN_IF_ERROR_(QUNGONG_CONCAT(status_, __COUNTER__), expression)
#define RETURN_IF_ERROR_(result, expression) \
  do {                                       \
    absl::Status result = (expression);      \
    if (!result.ok()) return result;         \
  } while (false)

#define ASSIGN_OR_RETURN(left, expression) \
  ASSIGN_OR_RETURN_(QUNGONG_CONCAT(status_or_, __COUNTER__), left, expression)
#define ASSIGN_OR_RETURN_(temporary, left, expression)       \
  auto temporary = (expression);                             \
  if (!temporary.ok()) return std::move(temporary).status(); \
  left = *std::move(temporary)

#endif  // QUNGONG_RUNTIME_STATUS_H_
