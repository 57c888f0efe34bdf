// Reads JSON text into a flat list of nodes, accepting RFC 8259 and nothing else. Pure and linear
// in the text.
//
// protobuf's own JSON parser accepts trailing commas, single quotes, raw control characters and
// duplicate keys, and is quadratic in depth; this one stands between the network and any message.
#ifndef QUNGONG_GATEWAY_JSON_SCANNER_H_
#define QUNGONG_GATEWAY_JSON_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong::gateway {

struct JsonLimits {
  size_t depth = 64;      // arrays and objects inside one another
  size_t nodes = 50'000;  // values and keys
};

enum class JsonKind : uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

// A value, or the key of an object's member (a kString before its value).
struct JsonNode {
  JsonKind kind;
  bool escaped = false;  // a string with backslashes
  uint32_t begin = 0;    // in the text; a string's quotes are not included
  uint32_t end = 0;
  uint32_t next = 0;  // index of the node after this one and everything inside it
};

// The nodes in the order of the text: children follow their parent. Refers to the text it was made
// from.
class JsonDocument {
 public:
  JsonDocument(absl::string_view text, std::vector<JsonNode> nodes)
      : text_(text), nodes_(std::move(nodes)) {}

  const JsonNode& operator[](uint32_t index) const { return nodes_[index]; }
  absl::string_view Raw(const JsonNode& node) const {
    return text_.substr(node.begin, node.end - node.begin);
  }
  // The value of a string node.
  std::string Decode(const JsonNode& node) const;

 private:
  absl::string_view text_;
  std::vector<JsonNode> nodes_;
};

// INVALID_ARGUMENT with reason JSON_MALFORMED (what is wrong, at which byte) or JSON_TOO_LARGE.
// Duplicate keys are left to the reader, who knows which names mean the same field.
absl::StatusOr<JsonDocument> ScanJson(absl::string_view text, const JsonLimits& limits = {});

// Well-formed UTF-8 only: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(absl::string_view text);

// Whether the whole text is one number of JSON.
bool IsJsonNumber(absl::string_view text);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_JSON_SCANNER_H_
