// Path templates of google.api.http. Pure.
//
//   Template = "/" Segments [ Verb ]
//   Segments = Segment { "/" Segment }
//   Segment  = "*" | "**" | LITERAL | Variable
//   Variable = "{" FieldPath [ "=" Segments ] "}"
//   FieldPath = IDENT { "." IDENT }
//   Verb     = ":" LITERAL
//
// "*" matches one segment, "**" any number of them, also none; after "**" only literals may follow.
// Variables do not nest.
#ifndef QUNGONG_GATEWAY_HTTP_TEMPLATE_H_
#define QUNGONG_GATEWAY_HTTP_TEMPLATE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong::gateway {

struct TemplateSegment {
  enum class Kind { kLiteral, kOne, kMany };
  Kind kind;
  std::string literal;  // kLiteral only
};

struct TemplateVariable {
  std::string field_path;  // "name", "ticket.name"
  size_t begin;            // first segment that it covers
  size_t end;              // one past the last
  // Covers more than one "*": its value keeps "%2F" apart from "/".
  bool multi;
};

struct HttpTemplate {
  std::vector<TemplateSegment> segments;
  std::vector<TemplateVariable> variables;
  std::string verb;  // without the colon
};

// INVALID_ARGUMENT says where and what.
absl::StatusOr<HttpTemplate> ParseHttpTemplate(absl::string_view text);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_HTTP_TEMPLATE_H_
