// Field rules from the protos' options: one walk, all violations at once.
#ifndef QUNGONG_RUNTIME_VALIDATE_H_
#define QUNGONG_RUNTIME_VALIDATE_H_

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace qungong {

// Clears output-only fields at every depth, then checks the rest. Nested messages that are set are
// checked too; enums must have a known number; text must be valid UTF-8 without control characters
// other than tab and line feed.
absl::Status ValidateAndClear(google::protobuf::Message& message);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_VALIDATE_H_
