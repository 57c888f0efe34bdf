#include "gateway/transcoder.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gateway/json_codec.h"
#include "gateway/scalar_text.h"
#include "gateway/url.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;

// "ticket.createTime": the field as its JSON has it.
std::string JsonPath(const FieldPath& path) {
  return absl::StrJoin(path, ".", [](std::string* out, const FieldDescriptor* field) {
    out->append(field->json_name());
  });
}

// The message that holds the last field of the path; makes those on the way.
Slot Descend(const FieldPath& path, Message* message) {
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, path[i]);
  }
  return {message, path.back()};
}

// application/json, also with a charset of UTF-8, or nothing at all.
bool IsJson(absl::string_view content_type) {
  const std::vector<std::string> parts = absl::StrSplit(absl::AsciiStrToLower(content_type), ';');
  if (absl::StripAsciiWhitespace(parts[0]) != "application/json") return content_type.empty();
  return parts.size() == 1 || absl::StripAsciiWhitespace(parts[1]) == "charset=utf-8";
}

class Binder {
 public:
  Binder(const Match& match, Message* request) : match_(match), request_(request) {}

  absl::Status Bind(const HttpInput& input) {
    RETURN_IF_ERROR(BindBody(input));
    for (size_t i = 0; i < match_.values.size(); ++i) {
      BindVariable(match_.route->variables[i], match_.values[i]);
    }
    RETURN_IF_ERROR(BindQuery(input.query));
    return violations_.empty() ? absl::OkStatus() : InvalidFields(violations_);
  }

 private:
  void Complain(const FieldPath& path, absl::string_view what) {
    violations_.push_back({JsonPath(path), std::string(what)});
  }

  absl::Status BindBody(const HttpInput& input) {
    const Route& route = *match_.route;
    if (input.body.empty()) return absl::OkStatus();
    if (!route.whole_body && route.body_field == nullptr) {
      return WithReason(absl::InvalidArgumentError("this method takes no body"),
                        "BODY_NOT_EXPECTED");
    }
    if (!IsJson(input.content_type)) {
      return WithReason(absl::InvalidArgumentError("the body must be application/json in UTF-8"),
                        "UNSUPPORTED_MEDIA_TYPE");
    }
    if (route.whole_body) return ParseJson(input.body, request_);
    Message* part = request_->GetReflection()->MutableMessage(request_, route.body_field);
    return ParseJson(input.body, part, route.body_field->json_name());
  }

  void BindVariable(const FieldPath& path, const std::string& value) {
    const Slot slot = Descend(path, request_);
    if (slot.message->GetReflection()->HasField(*slot.message, slot.field)) {
      // A resource in the body may repeat its own name, but not contradict the path.
      const bool same =
          slot.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
          slot.message->GetReflection()->GetString(*slot.message, slot.field) == value;
      if (!same) Complain(path, "differs from the path");
      return;
    }
    Store(path, value, slot);
  }

  absl::Status BindQuery(absl::string_view query) {
    const auto parameters = ParseQuery(query);
    if (!parameters.has_value()) {
      return WithReason(absl::InvalidArgumentError("the query string is malformed"),
                        "QUERY_MALFORMED");
    }
    for (const auto& [name, value] : *parameters) BindParameter(name, value);
    return absl::OkStatus();
  }

  void BindParameter(const std::string& name, const std::string& value) {
    const Route& route = *match_.route;
    const absl::StatusOr<FieldPath> path = ResolveFieldPath(*route.bound, name);
    if (!path.ok() || route.whole_body || !IsTextField(*path->back())) {
      violations_.push_back({name, "no such query parameter"});
      return;
    }
    if (path->front() == route.body_field) return Complain(*path, "is given in the body");
    for (const FieldPath& variable : route.variables) {
      if (*path == variable) return Complain(*path, "is given in the path");
    }
    if (!path->back()->is_repeated() && !given_.insert(JsonPath(*path)).second) {
      return Complain(*path, "is given twice");
    }
    const Slot slot = Descend(*path, request_);
    const OneofDescriptor* oneof = slot.field->real_containing_oneof();
    if (oneof != nullptr && slot.message->GetReflection()->HasOneof(*slot.message, oneof)) {
      return Complain(*path, absl::StrCat("only one field of ", oneof->name(), " can be given"));
    }
    Store(*path, value, slot);
  }

  void Store(const FieldPath& path, const std::string& value, const Slot& slot) {
    if (std::string expected = StoreText(value, slot); !expected.empty()) {
      Complain(path, absl::StrCat("must be ", expected));
    }
  }

  const Match& match_;
  Message* const request_;
  absl::flat_hash_set<std::string> given_;
  std::vector<Violation> violations_;
};

}  // namespace

absl::Status BindRequest(const Match& match, const HttpInput& input, Message* request) {
  return Binder(match, request).Bind(input);
}

}  // namespace qungong::gateway
