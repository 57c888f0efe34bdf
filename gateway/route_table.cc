#include "gateway/route_table.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/json_codec.h"
#include "gateway/scalar_text.h"
#include "gateway/url.h"
#include "google/api/annotations.pb.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

using google::api::HttpRule;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using google::protobuf::OneofDescriptor;
using google::protobuf::ServiceDescriptor;
using SegmentKind = TemplateSegment::Kind;

absl::Status Refuse(const MethodDescriptor& method, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(method.full_name(), ": ", why));
}

// The HTTP method and path template of a rule; both empty for a kind that is not supported.
std::pair<std::string, std::string> PatternOf(const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return {"GET", rule.get()};
    case HttpRule::kPut:
      return {"PUT", rule.put()};
    case HttpRule::kPost:
      return {"POST", rule.post()};
    case HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    default:
      return {"", ""};
  }
}

// `oneof payload { <Message> metadata; bytes chunk; }` and nothing else.
bool FindUploadFields(const Descriptor& request, Route* route) {
  const OneofDescriptor* payload = request.FindOneofByName("payload");
  if (payload == nullptr || payload->field_count() != 2 || request.field_count() != 2) return false;
  route->upload_metadata = request.FindFieldByName("metadata");
  route->upload_chunk = request.FindFieldByName("chunk");
  return route->upload_metadata != nullptr && route->upload_metadata->message_type() != nullptr &&
         route->upload_chunk != nullptr &&
         route->upload_chunk->type() == FieldDescriptor::TYPE_BYTES;
}

absl::Status SetKind(const MethodDescriptor& method, Route* route) {
  route->bound = method.input_type();
  if (!method.client_streaming()) {
    route->kind = method.server_streaming() ? Route::Kind::kServerStream : Route::Kind::kUnary;
    return absl::OkStatus();
  }
  if (method.server_streaming() || !FindUploadFields(*method.input_type(), route)) {
    return Refuse(method,
                  "client streaming has an HTTP rule but is not an upload: the request "
                  "must be oneof payload { <Message> metadata; bytes chunk; }");
  }
  route->kind = Route::Kind::kUpload;
  route->bound = route->upload_metadata->message_type();
  return absl::OkStatus();
}

absl::Status SetBody(const HttpRule& rule, Route* route) {
  const MethodDescriptor& method = *route->method;
  if (!rule.response_body().empty()) return Refuse(method, "response_body is not supported");
  if (route->kind == Route::Kind::kUpload) {
    if (route->http_method != "POST" || route->path.verb != "upload") {
      return Refuse(method, "an upload is a POST with the verb :upload");
    }
    return absl::OkStatus();
  }
  if (rule.body().empty()) return absl::OkStatus();
  if (route->http_method == "GET" || route->http_method == "DELETE") {
    return Refuse(method, absl::StrCat(route->http_method, " has no body"));
  }
  if (rule.body() == "*") {
    route->whole_body = true;
    return absl::OkStatus();
  }
  route->body_field = route->bound->FindFieldByName(rule.body());
  if (route->body_field == nullptr || route->body_field->is_repeated() ||
      route->body_field->message_type() == nullptr) {
    return Refuse(method, absl::StrCat("body field \"", rule.body(), "\" is not a single message"));
  }
  return absl::OkStatus();
}

absl::Status SetVariables(Route* route) {
  for (const TemplateVariable& variable : route->path.variables) {
    absl::string_view dotted = variable.field_path;
    if (route->kind == Route::Kind::kUpload) absl::ConsumePrefix(&dotted, "metadata.");
    absl::StatusOr<FieldPath> fields = ResolveFieldPath(*route->bound, dotted);
    if (!fields.ok()) return Refuse(*route->method, fields.status().message());
    if (fields->back()->is_repeated() || !IsTextField(*fields->back())) {
      return Refuse(*route->method,
                    absl::StrCat("path field \"", variable.field_path, "\" is not a scalar"));
    }
    route->variables.push_back(*std::move(fields));
  }
  return absl::OkStatus();
}

// Path segments that the variable covers; "**" stretches the template to the path's length.
std::pair<size_t, size_t> CoveredSegments(const HttpTemplate& path,
                                          const TemplateVariable& variable, size_t path_size) {
  const size_t stretch =
      path_size - path.segments.size();  // may wrap to "minus one": ** matched none
  size_t many = path.segments.size();
  for (size_t i = 0; i < path.segments.size(); ++i) {
    if (path.segments[i].kind == SegmentKind::kMany) many = i;
  }
  return {variable.begin > many ? variable.begin + stretch : variable.begin,
          variable.end > many ? variable.end + stretch : variable.end};
}

absl::Status NotFound() {
  return WithReason(absl::NotFoundError("there is nothing at this path"), "ROUTE_NOT_FOUND");
}

absl::Status MethodNotAllowed(std::vector<std::string> allowed) {
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  return WithReason(absl::UnimplementedError("this path does not have this HTTP method"),
                    "METHOD_NOT_ALLOWED", {{"allow", absl::StrJoin(allowed, ", ")}});
}

absl::StatusOr<Match> Capture(const Route& route, absl::Span<const absl::string_view> segments) {
  Match match{.route = &route, .values = {}};
  for (const TemplateVariable& variable : route.path.variables) {
    const auto [begin, end] = CoveredSegments(route.path, variable, segments.size());
    std::optional<std::string> value =
        PercentDecode(absl::StrJoin(segments.subspan(begin, end - begin), "/"),
                      variable.multi ? Decode::kKeepSlash : Decode::kAll);
    if (!value.has_value()) {
      return WithReason(absl::InvalidArgumentError("the path has a malformed escape or character"),
                        "PATH_MALFORMED");
    }
    match.values.push_back(*std::move(value));
  }
  return match;
}

}  // namespace

struct RouteTable::Node {
  absl::flat_hash_map<std::string, std::unique_ptr<Node>> literals;
  std::unique_ptr<Node> one;
  std::unique_ptr<Node> many;
  absl::flat_hash_map<std::string, std::vector<const Route*>> ends;  // by verb

  Node& Child(const TemplateSegment& segment) {
    std::unique_ptr<Node>& child = segment.kind == SegmentKind::kLiteral ? literals[segment.literal]
                                   : segment.kind == SegmentKind::kOne   ? one
                                                                         : many;
    if (child == nullptr) child = std::make_unique<Node>();
    return *child;
  }
};

RouteTable::RouteTable() : root_(std::make_unique<Node>()) {}
RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;

absl::Status RouteTable::AddService(const std::string& full_name) {
  const ServiceDescriptor* service = DescriptorPool::generated_pool()->FindServiceByName(full_name);
  if (service == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("unknown service ", full_name));
  }
  for (int i = 0; i < service->method_count(); ++i) {
    RETURN_IF_ERROR(AddMethod(*service->method(i)));
  }
  return absl::OkStatus();
}

absl::Status RouteTable::AddMethod(const MethodDescriptor& method) {
  if (!method.options().HasExtension(rpc::v1::access)) {
    return Refuse(method, "has no access rule (qungong.rpc.v1.access)");
  }
  Route common;
  common.access = method.options().GetExtension(rpc::v1::access);
  if (common.access.internal() || !method.options().HasExtension(google::api::http)) {
    return absl::OkStatus();
  }
  common.method = &method;
  common.rpc_path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
  RETURN_IF_ERROR(SetKind(method, &common));
  if (!IsSupported(*method.input_type()) || !IsSupported(*method.output_type())) {
    return Refuse(method, "Any, Struct and Value have no place in a public message");
  }
  MessageFactory* factory = MessageFactory::generated_factory();
  common.request_prototype = factory->GetPrototype(method.input_type());
  common.response_prototype = factory->GetPrototype(method.output_type());
  const HttpRule& rule = method.options().GetExtension(google::api::http);
  RETURN_IF_ERROR(AddRule(common, rule));
  for (const HttpRule& binding : rule.additional_bindings()) {
    RETURN_IF_ERROR(AddRule(common, binding));
  }
  return absl::OkStatus();
}

absl::Status RouteTable::AddRule(const Route& common, const HttpRule& rule) {
  auto route = std::make_unique<Route>(common);
  std::tie(route->http_method, route->pattern) = PatternOf(rule);
  if (route->http_method.empty()) {
    return Refuse(*common.method, "the HTTP rule must be get, put, post, delete or patch");
  }
  absl::StatusOr<HttpTemplate> path = ParseHttpTemplate(route->pattern);
  if (!path.ok()) return Refuse(*common.method, path.status().message());
  route->path = *std::move(path);
  RETURN_IF_ERROR(SetBody(rule, route.get()));
  RETURN_IF_ERROR(SetVariables(route.get()));
  return Insert(std::move(route));
}

absl::Status RouteTable::Insert(std::unique_ptr<Route> route) {
  Node* node = root_.get();
  for (const TemplateSegment& segment : route->path.segments) node = &node->Child(segment);
  std::vector<const Route*>& ends = node->ends[route->path.verb];
  for (const Route* other : ends) {
    if (other->http_method == route->http_method) {
      return Refuse(*route->method,
                    absl::StrCat("the route ", route->http_method, " ", route->pattern,
                                 " is already that of ", other->method->full_name()));
    }
  }
  ends.push_back(route.get());
  if (!route->path.verb.empty()) verbs_.insert(route->path.verb);
  routes_.push_back(std::move(route));
  return absl::OkStatus();
}

bool RouteTable::VisitEnds(const Node& node, absl::string_view verb, Visitor visitor) {
  const auto found = node.ends.find(verb);
  return found != node.ends.end() && visitor(found->second);
}

// Visits the ends that match, most literal first, until the visitor returns true.
bool RouteTable::Visit(const Node& node, Segments rest, absl::string_view verb, Visitor visitor) {
  if (rest.empty()) {
    if (VisitEnds(node, verb, visitor)) return true;
  } else {
    const auto literal = node.literals.find(rest[0]);
    if (literal != node.literals.end() && Visit(*literal->second, rest.subspan(1), verb, visitor)) {
      return true;
    }
    if (node.one != nullptr && !rest[0].empty() &&
        Visit(*node.one, rest.subspan(1), verb, visitor)) {
      return true;
    }
  }
  return node.many != nullptr && VisitSuffix(*node.many, rest, verb, visitor);
}

// Below "**" there are only literals: tries to match them with the last segments, the longest tail
// first.
bool RouteTable::VisitSuffix(const Node& node, Segments rest, absl::string_view verb,
                             Visitor visitor) {
  for (size_t skip = 0; skip < rest.size(); ++skip) {
    const Node* at = &node;
    for (size_t i = skip; i < rest.size() && at != nullptr; ++i) {
      const auto literal = at->literals.find(rest[i]);
      at = literal == at->literals.end() ? nullptr : literal->second.get();
    }
    if (at != nullptr && VisitEnds(*at, verb, visitor)) return true;
  }
  return VisitEnds(node, verb, visitor);
}

const Route* RouteTable::Find(absl::string_view http_method, Segments segments,
                              absl::string_view verb, std::vector<std::string>* allowed) const {
  const Route* result = nullptr;
  Visit(*root_, segments, verb, [&](const std::vector<const Route*>& ends) {
    for (const Route* route : ends) {
      if (route->http_method == http_method) result = route;
      allowed->push_back(route->http_method);
    }
    return result != nullptr;
  });
  return result;
}

absl::StatusOr<Match> RouteTable::Lookup(absl::string_view http_method,
                                         absl::string_view path) const {
  if (!absl::ConsumePrefix(&path, "/")) return NotFound();
  std::vector<absl::string_view> segments = absl::StrSplit(path, '/');
  std::vector<std::string> allowed;
  const Route* route = nullptr;
  const absl::string_view last = segments.back();
  const size_t colon = last.rfind(':');
  // A colon begins a verb only if some route has that verb: "tickets/a:b" may be a name.
  if (colon != absl::string_view::npos && verbs_.contains(last.substr(colon + 1))) {
    segments.back() = last.substr(0, colon);
    route = Find(http_method, segments, last.substr(colon + 1), &allowed);
    if (route == nullptr) segments.back() = last;
  }
  if (route == nullptr) route = Find(http_method, segments, "", &allowed);
  if (route != nullptr) return Capture(*route, segments);
  return allowed.empty() ? NotFound() : MethodNotAllowed(std::move(allowed));
}

absl::StatusOr<FieldPath> ResolveFieldPath(const Descriptor& type, absl::string_view dotted) {
  FieldPath path;
  const Descriptor* at = &type;
  for (absl::string_view part : absl::StrSplit(dotted, '.')) {
    const std::string name(part);
    const FieldDescriptor* field = at == nullptr ? nullptr : at->FindFieldByName(name);
    if (field == nullptr && at != nullptr) field = at->FindFieldByCamelcaseName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("no such field: ", dotted));
    }
    path.push_back(field);
    at = field->is_repeated() ? nullptr : field->message_type();
  }
  return path;
}

}  // namespace qungong::gateway
