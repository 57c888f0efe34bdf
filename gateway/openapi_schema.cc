// The schemas of openapi.h.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/openapi.h"
#include "gateway/scalar_text.h"
#include "qungong/rpc/v1/options.pb.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using rpc::v1::FieldRule;
using rpc::v1::PatternClass;

constexpr char kUuid[] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

FieldRule RuleOf(const FieldDescriptor& field) {
  return field.options().GetExtension(rpc::v1::rules);
}

std::string PatternOf(const FieldRule& rule) {
  if (!rule.resource().empty()) return absl::StrCat("^", rule.resource(), "/[^/]+$");
  switch (rule.pattern()) {
    case PatternClass::UUID:
      return absl::StrCat("^", kUuid, "$");
    case PatternClass::DIVISION_CODE:
      return "^([0-9]{6}|[0-9]{9}|[0-9]{12})$";
    case PatternClass::PHONE:
      return "^\\+?[0-9 -]{7,20}$";
    case PatternClass::LOGIN:
      return "^[a-z][a-z0-9._-]{2,63}$";
    case PatternClass::IDENTIFIER:
      return "^[a-z][a-z0-9_]{0,63}$";
    default:
      return "";
  }
}

struct Shape {
  const char* type;
  const char* format;
};

Shape ShapeOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_BOOL:
      return {"boolean", ""};
    case FieldDescriptor::TYPE_DOUBLE:
      return {"number", "double"};
    case FieldDescriptor::TYPE_FLOAT:
      return {"number", "float"};
    case FieldDescriptor::TYPE_INT32:
    case FieldDescriptor::TYPE_SINT32:
    case FieldDescriptor::TYPE_SFIXED32:
      return {"integer", "int32"};
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return {"integer", "uint32"};
    case FieldDescriptor::TYPE_INT64:
    case FieldDescriptor::TYPE_SINT64:
    case FieldDescriptor::TYPE_SFIXED64:
      return {"string", "int64"};
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return {"string", "uint64"};
    case FieldDescriptor::TYPE_BYTES:
      return {"string", "byte"};
    default:
      return {"string", ""};
  }
}

void WriteShape(const Shape& shape, JsonWriter& json) {
  json.Field("type", shape.type);
  if (*shape.format != '\0') json.Field("format", shape.format);
}

// Leads to the values' comments: "LAMP: A lamp (路灯)."
std::string DescribeEnum(const EnumDescriptor& type, const Comments& comments) {
  std::string text = comments.Of(type.full_name());
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string comment = comments.Of(type.value(i)->full_name());
    absl::StrAppend(&text, "\n- `", type.value(i)->name(), "`: ", comment);
  }
  return text;
}

}  // namespace

void SchemaWriter::WriteReference(const std::string& full_name) {
  wanted_.insert(full_name);
  json_.Field("$ref", absl::StrCat("#/components/schemas/", full_name));
}

void SchemaWriter::WriteType(const Descriptor& type) {
  json_.BeginObject();
  switch (WellKnownOf(type)) {
    case WellKnown::kNone:
      WriteReference(type.full_name());
      break;
    case WellKnown::kTimestamp:
      WriteShape({"string", "date-time"}, json_);
      break;
    case WellKnown::kDuration:
      json_.Field("type", "string").Field("pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$");
      break;
    case WellKnown::kFieldMask:
      json_.Field("type", "string").Field("description", "Field paths, separated by commas.");
      break;
    case WellKnown::kWrapper:
      WriteShape(ShapeOf(type.FindFieldByNumber(1)->type()), json_);
      break;
  }
  json_.EndObject();
}

void SchemaWriter::WriteScalar(const FieldDescriptor& field) {
  if (field.enum_type() != nullptr) return WriteReference(field.enum_type()->full_name());
  WriteShape(ShapeOf(field.type()), json_);
}

void SchemaWriter::WriteValue(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return WriteType(*field.message_type());
  json_.BeginObject();
  WriteScalar(field);
  json_.EndObject();
}

void SchemaWriter::WriteRules(const FieldDescriptor& field) {
  const FieldRule rule = RuleOf(field);
  const bool text = field.type() == FieldDescriptor::TYPE_STRING && !field.is_repeated();
  if (rule.max_len() > 0 && text) json_.Key("maxLength").Number(int64_t{rule.max_len()});
  if (rule.min_len() > 0 && text) json_.Key("minLength").Number(int64_t{rule.min_len()});
  if (rule.max_items() > 0) json_.Key("maxItems").Number(int64_t{rule.max_items()});
  if (rule.has_min()) json_.Key("minimum").Number(rule.min());
  if (rule.has_max()) json_.Key("maximum").Number(rule.max());
  if (rule.output_only()) json_.Key("readOnly").Bool(true);
  const std::string pattern = PatternOf(rule);
  if (!pattern.empty() && text) json_.Field("pattern", pattern);
}

void SchemaWriter::WriteField(const FieldDescriptor& field) {
  json_.BeginObject();
  if (field.is_map()) {
    json_.Field("type", "object").Key("additionalProperties");
    WriteValue(*field.message_type()->map_value());
  } else if (field.is_repeated()) {
    json_.Field("type", "array").Key("items");
    WriteValue(field);
  } else if (field.message_type() != nullptr) {
    json_.Key("allOf").BeginArray();
    WriteType(*field.message_type());
    json_.EndArray();
  } else {
    WriteScalar(field);
  }
  WriteRules(field);
  const std::string comment = comments_.Of(field.full_name());
  if (!comment.empty()) json_.Field("description", comment);
  json_.EndObject();
}

void SchemaWriter::WriteMessage(const Descriptor& type) {
  json_.BeginObject().Field("type", "object");
  const std::string comment = comments_.Of(type.full_name());
  if (!comment.empty()) json_.Field("description", comment);
  json_.Key("properties").BeginObject();
  std::vector<std::string> required;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    json_.Key(field.json_name());
    WriteField(field);
    if (RuleOf(field).required()) required.push_back(field.json_name());
  }
  json_.EndObject();
  if (!required.empty()) {
    json_.Key("required").BeginArray();
    for (const std::string& name : required) json_.String(name);
    json_.EndArray();
  }
  json_.Key("additionalProperties").Bool(false).EndObject();
}

void SchemaWriter::WriteEnum(const EnumDescriptor& type) {
  json_.BeginObject().Field("type", "string").Key("enum").BeginArray();
  for (int i = 0; i < type.value_count(); ++i) json_.String(type.value(i)->name());
  json_.EndArray().Field("description", DescribeEnum(type, comments_)).EndObject();
}

void SchemaWriter::WriteAll() {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  json_.BeginObject();
  for (const auto& [name, schema] : own_) json_.Key(name).Raw(schema);
  // Writing one may want others: goes on until none is new.
  while (!wanted_.empty()) {
    const std::string name = std::move(wanted_.extract(wanted_.begin()).value());
    if (!written_.insert(name).second) continue;
    json_.Key(name);
    if (const Descriptor* type = pool.FindMessageTypeByName(name); type != nullptr) {
      WriteMessage(*type);
    } else {
      WriteEnum(*pool.FindEnumTypeByName(name));
    }
  }
  json_.EndObject();
}

}  // namespace qungong::gateway
