#include "gateway/openapi.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "gateway/scalar_text.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using SegmentKind = TemplateSegment::Kind;

constexpr int kQueryDepth = 2;  // "filter.period.from" is deep enough for a query parameter

constexpr char kInfo[] =
    R"json({"title":"群工 Qungong","version":"v1","description":)json"
    R"json("群众事项、组织机构与述职评议的公共接口。错误体遵循 AIP-193；更改类请求带 requestId，可安全重试。"})json";

constexpr char kSecuritySchemes[] = R"json({
"cookie":{"type":"apiKey","in":"cookie","name":"qungong_session","description":"POST /v1/session 登录后由浏览器携带；更改类请求须带 X-Requested-With: qungong。"},
"bearer":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}})json";

constexpr char kErrorSchema[] =
    R"json({"type":"object","description":"An error as of AIP-193.","properties":{"error":{"type":"object","properties":{
"code":{"type":"integer","description":"The HTTP status."},"message":{"type":"string","description":"For developers, in English."},
"status":{"type":"string","description":"The canonical code, such as FAILED_PRECONDITION."},
"details":{"type":"array","description":"google.rpc.ErrorInfo with a reason code, LocalizedMessage in zh-CN for people, BadRequest with field violations, and others.","items":{"type":"object","properties":{"@type":{"type":"string"}},"required":["@type"]}}},
"required":["code","message","status","details"]}},"required":["error"]})json";

constexpr char kErrorResponse[] =
    R"json({"description":"An error.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}})json";

// The session endpoints are the gateway's own, so no proto describes them.
constexpr char kSessionPathItem[] = R"json({
"post":{"operationId":"Session_SignIn","tags":["Session"],"summary":"Signs in and sets the session cookie.","security":[{}],
"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","properties":{"login":{"type":"string","maxLength":64},"password":{"type":"string","maxLength":256,"format":"password"}},"required":["login","password"],"additionalProperties":false}}}},
"responses":{"200":{"description":"Signed in.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Session"}}}},"default":{"$ref":"#/components/responses/Error"}}},
"get":{"operationId":"Session_Get","tags":["Session"],"summary":"Tells who is signed in.","security":[{"cookie":[]}],
"responses":{"200":{"description":"Who is signed in.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Session"}}}},"default":{"$ref":"#/components/responses/Error"}}},
"delete":{"operationId":"Session_SignOut","tags":["Session"],"summary":"Signs out and takes the cookie away.","security":[{"cookie":[]}],
"responses":{"204":{"description":"Signed out."},"default":{"$ref":"#/components/responses/Error"}}}})json";

constexpr char kSessionSchema[] =
    R"json({"type":"object","properties":{"account":{"type":"string"},"displayName":{"type":"string"},"expireTime":{"type":"string","format":"date-time"}}})json";

// "tickets" -> "ticket", for the name of a path parameter.
std::string Singular(absl::string_view collection) {
  return std::string(absl::StripSuffix(collection, "s"));
}

struct OpenApiPath {
  std::string path;                     // "/v1/tickets/{ticket}:accept"
  std::vector<std::string> parameters;  // "ticket"
};

OpenApiPath PathOf(const HttpTemplate& path) {
  OpenApiPath out;
  std::string before = "value";
  for (const TemplateSegment& segment : path.segments) {
    if (segment.kind == SegmentKind::kLiteral) {
      absl::StrAppend(&out.path, "/", segment.literal);
      before = Singular(segment.literal);
      continue;
    }
    std::string name = before;
    while (absl::c_linear_search(out.parameters, name)) name += "2";
    absl::StrAppend(&out.path, "/{", name, "}");
    out.parameters.push_back(std::move(name));
  }
  if (!path.verb.empty()) absl::StrAppend(&out.path, ":", path.verb);
  return out;
}

std::string FirstSentence(const std::string& text) {
  const size_t end = text.find(". ");
  return absl::StrReplaceAll(text.substr(0, end == std::string::npos ? end : end + 1),
                             {{"\n", " "}});
}

class Writer {
 public:
  Writer(const RouteTable& routes, const Comments& comments)
      : routes_(routes), comments_(comments), schemas_(comments, json_) {}

  std::string Write() {
    json_.BeginObject().Field("openapi", "3.1.0").Key("info").Raw(kInfo);
    json_.Key("servers").Raw(R"([{"url":"/"}])");
    WriteTags();
    WritePaths();
    json_.Key("components").BeginObject();
    json_.Key("securitySchemes").Raw(kSecuritySchemes);
    json_.Key("responses").BeginObject().Key("Error").Raw(kErrorResponse).EndObject();
    json_.Key("schemas");
    schemas_.AddOwn("Error", kErrorSchema);
    schemas_.AddOwn("Session", kSessionSchema);
    schemas_.WriteAll();
    json_.EndObject().EndObject();
    return json_.Take();
  }

 private:
  void WriteTags() {
    json_.Key("tags").BeginArray();
    json_.BeginObject().Field("name", "Session").Field("description", "Signing in and out.");
    json_.EndObject();
    std::vector<const ServiceDescriptor*> seen;
    for (const auto& route : routes_.routes()) {
      const ServiceDescriptor* service = route->method->service();
      if (absl::c_linear_search(seen, service)) continue;
      seen.push_back(service);
      json_.BeginObject().Field("name", service->name());
      json_.Field("description", comments_.Of(service->full_name())).EndObject();
    }
    json_.EndArray();
  }

  void WritePaths() {
    // Sorted, so that the same protos always give the same document.
    std::map<std::string, std::map<std::string, const Route*>> paths;
    for (const auto& route : routes_.routes()) {
      paths[PathOf(route->path).path][absl::AsciiStrToLower(route->http_method)] = route.get();
    }
    json_.Key("paths").BeginObject().Key("/v1/session").Raw(kSessionPathItem);
    for (const auto& [path, methods] : paths) {
      json_.Key(path).BeginObject();
      for (const auto& [http_method, route] : methods) {
        json_.Key(http_method);
        WriteOperation(*route);
      }
      json_.EndObject();
    }
    json_.EndObject();
  }

  void WriteOperation(const Route& route) {
    const MethodDescriptor& method = *route.method;
    const std::string comment = comments_.Of(method.full_name());
    std::string id = absl::StrCat(method.service()->name(), "_", method.name());
    const int binding = bindings_[id]++;
    if (binding > 0) absl::StrAppend(&id, "_", binding + 1);
    json_.BeginObject().Field("operationId", id);
    json_.Key("tags").BeginArray().String(method.service()->name()).EndArray();
    json_.Field("summary", FirstSentence(comment)).Field("description", comment);
    WriteSecurity(route);
    json_.Key("parameters").BeginArray();
    for (const std::string& name : PathOf(route.path).parameters) WritePathParameter(name);
    if (!route.whole_body) WriteQuery(route, *route.bound, "", kQueryDepth);
    json_.EndArray();
    WriteBody(route);
    WriteResponses(route);
    json_.EndObject();
  }

  void WriteSecurity(const Route& route) {
    json_.Key("security").BeginArray();
    if (route.access.anonymous()) json_.Raw("{}");
    if (!route.access.unlinkable()) json_.Raw(R"({"cookie":[]})").Raw(R"({"bearer":[]})");
    json_.EndArray();
    if (route.access.roles().empty()) return;
    json_.Key("x-roles").BeginArray();
    for (const int role : route.access.roles()) {
      json_.String(rpc::v1::Role_Name(static_cast<rpc::v1::Role>(role)));
    }
    json_.EndArray();
  }

  void WritePathParameter(const std::string& name) {
    json_.BeginObject().Field("name", name).Field("in", "path").Key("required").Bool(true);
    json_.Key("schema").Raw(R"({"type":"string"})").EndObject();
  }

  // Fields that path and body leave to the query.
  void WriteQuery(const Route& route, const Descriptor& type, const std::string& prefix,
                  int depth) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const std::string name = absl::StrCat(prefix, field.json_name());
      if (prefix.empty() && &field == route.body_field) continue;
      if (prefix.empty() && IsBoundByPath(route, field)) continue;
      if (IsTextField(field)) {
        WriteQueryParameter(name, field);
      } else if (depth > 0 && !field.is_repeated()) {
        WriteQuery(route, *field.message_type(), absl::StrCat(name, "."), depth - 1);
      }
    }
  }

  static bool IsBoundByPath(const Route& route, const FieldDescriptor& field) {
    return absl::c_any_of(route.variables, [&](const FieldPath& variable) {
      return variable.size() == 1 && variable[0] == &field;
    });
  }

  void WriteQueryParameter(const std::string& name, const FieldDescriptor& field) {
    json_.BeginObject().Field("name", name).Field("in", "query");
    if (field.options().GetExtension(rpc::v1::rules).required()) json_.Key("required").Bool(true);
    const std::string comment = comments_.Of(field.full_name());
    if (!comment.empty()) json_.Field("description", comment);
    json_.Key("schema");
    schemas_.WriteField(field);
    json_.EndObject();
  }

  void WriteBody(const Route& route) {
    if (route.kind == Route::Kind::kUpload) {
      json_.Key("requestBody")
          .Raw(R"({"required":true,"content":{"application/octet-stream":{},"text/csv":{}}})");
      return;
    }
    const Descriptor* type = route.whole_body              ? route.bound
                             : route.body_field != nullptr ? route.body_field->message_type()
                                                           : nullptr;
    if (type == nullptr) return;
    json_.Key("requestBody").BeginObject();
    WriteContent("application/json", *type);
    json_.EndObject();
  }

  void WriteContent(absl::string_view content_type, const Descriptor& type) {
    json_.Key("content").BeginObject().Key(content_type).BeginObject().Key("schema");
    schemas_.WriteType(type);
    json_.EndObject().EndObject();
  }

  void WriteResponses(const Route& route) {
    const bool stream = route.kind == Route::Kind::kServerStream;
    json_.Key("responses").BeginObject().Key("200").BeginObject();
    json_.Field("description", stream ? "Server-sent events: one JSON message each, then the event "
                                        "\"end\", or \"error\" with an error."
                                      : "OK.");
    WriteContent(stream ? "text/event-stream" : "application/json", *route.method->output_type());
    json_.EndObject().Key("default").Raw(R"({"$ref":"#/components/responses/Error"})").EndObject();
  }

  const RouteTable& routes_;
  const Comments& comments_;
  JsonWriter json_;
  SchemaWriter schemas_;
  std::map<std::string, int> bindings_;
};

}  // namespace

std::string MakeOpenApi(const RouteTable& routes, const Comments& comments) {
  return Writer(routes, comments).Write();
}

}  // namespace qungong::gateway
