// Values of fields as text: what JSON strings, path variables and query parameters have in common.
// Pure.
#ifndef QUNGONG_GATEWAY_SCALAR_TEXT_H_
#define QUNGONG_GATEWAY_SCALAR_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace qungong::gateway {

// Messages that JSON writes as one string, number or boolean.
enum class WellKnown { kNone, kTimestamp, kDuration, kFieldMask, kWrapper };
WellKnown WellKnownOf(const google::protobuf::Descriptor& type);

// Whether a path variable or query parameter can set the field (once, or per element of a list).
bool IsTextField(const google::protobuf::FieldDescriptor& field);

// Where a value goes: a field of a message; an element is added to a repeated field.
struct Slot {
  google::protobuf::Message* message;
  const google::protobuf::FieldDescriptor* field;
};

// Parses a value as it stands in a URL or, for numbers, in JSON: integers without fraction or
// exponent, "true" or "false", base64 or base64url, enum names. Returns "" when it was stored, or
// what the text should have been, such as "an integer from 0 to 4294967295".
std::string StoreText(absl::string_view text, const Slot& slot);

// The parts of StoreText that JSON tells apart by token.
std::string StoreBool(bool value, const Slot& slot);
std::string StoreNumber(absl::string_view text, const Slot& slot);  // any numeric field
std::string StoreEnumNumber(absl::string_view text, const Slot& slot);
// A Timestamp, Duration or FieldMask.
std::string StoreWellKnown(absl::string_view text, google::protobuf::Message* message);
// The inverse of StoreWellKnown.
std::string WellKnownText(const google::protobuf::Message& message);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_SCALAR_TEXT_H_
