// proto3 JSON both ways, strictly. Pure, linear, no network.
//
// Stricter than protobuf's JsonUtil where that is lax: no bool or number in disguise ("true",
// "+5", 1.0 for an integer), no null inside a list, no unknown enum number, no field twice under
// its two names. Any, Struct and Value are not supported: a contract of ours names its fields.
#ifndef QUNGONG_GATEWAY_JSON_CODEC_H_
#define QUNGONG_GATEWAY_JSON_CODEC_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/json_writer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace qungong::gateway {

// Fills `message`, which must be empty. INVALID_ARGUMENT: JSON_MALFORMED or JSON_TOO_LARGE for the
// text, otherwise INVALID_FIELD with one violation for every field that is wrong (up to 20), each
// named by its JSON path below `prefix`.
absl::Status ParseJson(absl::string_view text, google::protobuf::Message* message,
                       absl::string_view prefix = "");

// lowerCamelCase names; fields without presence are printed even when they hold their default.
std::string PrintJson(const google::protobuf::Message& message);
void WriteJson(const google::protobuf::Message& message, JsonWriter& json);
// The members only, for a caller that has opened the object.
void WriteFields(const google::protobuf::Message& message, JsonWriter& json);

// Whether messages of this type can be read and written: it holds no Any, Struct, Value or group at
// any depth.
bool IsSupported(const google::protobuf::Descriptor& type);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_JSON_CODEC_H_
