// The printing half of json_codec.h.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/json_codec.h"
#include "gateway/scalar_text.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kSingular = -1;

template <typename Float>
void WriteFloat(Float value, JsonWriter& json) {
  if (std::isnan(value)) {
    json.String("NaN");
  } else if (std::isinf(value)) {
    json.String(value > 0 ? "Infinity" : "-Infinity");
  } else {
    json.Number(value);
  }
}

void WriteEnum(const FieldDescriptor& field, int number, JsonWriter& json) {
  // A newer service may know more values than this gateway.
  const EnumValueDescriptor* value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) {
    json.Number(int64_t{number});
  } else {
    json.String(value->name());
  }
}

void WriteText(const FieldDescriptor& field, const std::string& text, JsonWriter& json) {
  json.String(field.type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text);
}

void WriteValue(const Message& m, const FieldDescriptor& f, int i, JsonWriter& json) {
  const Reflection& r = *m.GetReflection();
  const bool one = i == kSingular;
  switch (f.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      json.Number(int64_t{one ? r.GetInt32(m, &f) : r.GetRepeatedInt32(m, &f, i)});
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      json.Number(int64_t{one ? r.GetUInt32(m, &f) : r.GetRepeatedUInt32(m, &f, i)});
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      json.String(absl::StrCat(one ? r.GetInt64(m, &f) : r.GetRepeatedInt64(m, &f, i)));
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      json.String(absl::StrCat(one ? r.GetUInt64(m, &f) : r.GetRepeatedUInt64(m, &f, i)));
      return;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return WriteFloat(one ? r.GetDouble(m, &f) : r.GetRepeatedDouble(m, &f, i), json);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return WriteFloat(one ? r.GetFloat(m, &f) : r.GetRepeatedFloat(m, &f, i), json);
    case FieldDescriptor::CPPTYPE_BOOL:
      json.Bool(one ? r.GetBool(m, &f) : r.GetRepeatedBool(m, &f, i));
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      return WriteEnum(f, one ? r.GetEnumValue(m, &f) : r.GetRepeatedEnumValue(m, &f, i), json);
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return WriteText(f,
                       one ? r.GetStringReference(m, &f, &scratch)
                           : r.GetRepeatedStringReference(m, &f, i, &scratch),
                       json);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return WriteJson(one ? r.GetMessage(m, &f) : r.GetRepeatedMessage(m, &f, i), json);
  }
}

void WriteList(const Message& message, const FieldDescriptor& field, JsonWriter& json) {
  json.BeginArray();
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) WriteValue(message, field, i, json);
  json.EndArray();
}

// A map key is printed as the value of its type would be, without a second pair of quotes.
std::string KeyText(const Message& entry, const FieldDescriptor& key) {
  JsonWriter writer;
  if (key.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return entry.GetReflection()->GetString(entry, &key);
  }
  WriteValue(entry, key, kSingular, writer);
  std::string text = writer.Take();
  text.erase(std::remove(text.begin(), text.end(), '"'), text.end());
  return text;
}

void WriteMap(const Message& message, const FieldDescriptor& field, JsonWriter& json) {
  const Reflection& reflection = *message.GetReflection();
  const Descriptor& type = *field.message_type();
  std::vector<std::pair<std::string, const Message*>> entries;
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    entries.emplace_back(KeyText(entry, *type.map_key()), &entry);
  }
  std::sort(entries.begin(), entries.end());  // the same map always gives the same text
  json.BeginObject();
  for (const auto& [key, entry] : entries) {
    json.Key(key);
    WriteValue(*entry, *type.map_value(), kSingular, json);
  }
  json.EndObject();
}

}  // namespace

void WriteFields(const Message& message, JsonWriter& json) {
  const Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.has_presence() && !reflection.HasField(message, &field)) continue;
    json.Key(field.json_name());
    if (field.is_map()) {
      WriteMap(message, field, json);
    } else if (field.is_repeated()) {
      WriteList(message, field, json);
    } else {
      WriteValue(message, field, kSingular, json);
    }
  }
}

void WriteJson(const Message& message, JsonWriter& json) {
  const Descriptor& type = *message.GetDescriptor();
  switch (WellKnownOf(type)) {
    case WellKnown::kNone:
      json.BeginObject();
      WriteFields(message, json);
      json.EndObject();
      return;
    case WellKnown::kWrapper:
      return WriteValue(message, *type.FindFieldByNumber(1), kSingular, json);
    default:
      json.String(WellKnownText(message));
  }
}

std::string PrintJson(const Message& message) {
  JsonWriter json;
  WriteJson(message, json);
  return json.Take();
}

}  // namespace qungong::gateway
