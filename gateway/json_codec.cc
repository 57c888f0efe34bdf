#include "gateway/json_codec.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/json_scanner.h"
#include "gateway/scalar_text.h"
#include "runtime/status.h"
#include "runtime/utf8.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

constexpr size_t kMostViolations = 20;

// The member's field by its JSON name, or by its name in the proto.
const FieldDescriptor* FindField(const Descriptor& type, const std::string& key) {
  const FieldDescriptor* field = type.FindFieldByName(key);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(key);
}

// A key of the caller's as it may stand in an error.
std::string Shorten(const std::string& key) { return ValidUtf8Prefix(key, 64); }

absl::string_view Describe(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return "a boolean";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "a list";
    case JsonKind::kObject:
      return "an object";
  }
  return "";
}

// Walks the nodes and fills the message; collects what is wrong and goes on.
class Reader {
 public:
  explicit Reader(const JsonDocument& json) : json_(json) {}

  void ReadMessage(uint32_t index, const std::string& path, Message* message);
  std::vector<Violation>& violations() { return violations_; }

 private:
  void Complain(const std::string& path, absl::string_view what) {
    if (violations_.size() < kMostViolations) violations_.push_back({path, std::string(what)});
  }
  void Expect(const std::string& path, absl::string_view expected, const JsonNode& node) {
    Complain(path, absl::StrCat("must be ", expected, ", not ", Describe(node.kind)));
  }
  bool Full() const { return violations_.size() >= kMostViolations; }

  void ReadMembers(uint32_t index, const std::string& path, Message* message);
  void ReadField(uint32_t index, const std::string& path, const Slot& slot);
  void ReadList(uint32_t index, const std::string& path, const Slot& slot);
  void ReadMap(uint32_t index, const std::string& path, const Slot& slot);
  void ReadValue(uint32_t index, const std::string& path, const Slot& slot);
  std::string StoreScalar(const JsonNode& node, const Slot& slot);

  const JsonDocument& json_;
  std::vector<Violation> violations_;
};

std::string Join(const std::string& path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

void Reader::ReadMessage(uint32_t index, const std::string& path, Message* message) {
  const JsonNode& node = json_[index];
  switch (WellKnownOf(*message->GetDescriptor())) {
    case WellKnown::kNone:
      if (node.kind != JsonKind::kObject) return Expect(path, "an object", node);
      return ReadMembers(index, path, message);
    case WellKnown::kWrapper:
      return ReadValue(index, path, {message, message->GetDescriptor()->FindFieldByNumber(1)});
    default:
      if (node.kind != JsonKind::kString) return Expect(path, "a string", node);
      if (std::string expected = StoreWellKnown(json_.Decode(node), message); !expected.empty()) {
        Complain(path, absl::StrCat("must be ", expected));
      }
  }
}

void Reader::ReadMembers(uint32_t index, const std::string& path, Message* message) {
  const Descriptor& type = *message->GetDescriptor();
  std::vector<bool> seen(static_cast<size_t>(type.field_count()));
  std::vector<bool> chosen(static_cast<size_t>(type.oneof_decl_count()));
  const uint32_t end = json_[index].next;
  for (uint32_t at = index + 1; at < end && !Full(); at = json_[at + 1].next) {
    const std::string key = json_.Decode(json_[at]);
    const FieldDescriptor* field = FindField(type, key);
    if (field == nullptr) {
      Complain(Join(path, Shorten(key)), "no such field");
      continue;
    }
    const std::string name = Join(path, field->json_name());
    if (seen[static_cast<size_t>(field->index())]) {
      Complain(name, "is given twice");
      continue;
    }
    seen[static_cast<size_t>(field->index())] = true;
    if (json_[at + 1].kind == JsonKind::kNull) continue;  // the same as leaving it out
    if (const OneofDescriptor* oneof = field->real_containing_oneof(); oneof != nullptr) {
      if (chosen[static_cast<size_t>(oneof->index())]) {
        Complain(name, absl::StrCat("only one field of ", oneof->name(), " can be given"));
        continue;
      }
      chosen[static_cast<size_t>(oneof->index())] = true;
    }
    ReadField(at + 1, name, {message, field});
  }
}

void Reader::ReadField(uint32_t index, const std::string& path, const Slot& slot) {
  if (slot.field->is_map()) return ReadMap(index, path, slot);
  if (slot.field->is_repeated()) return ReadList(index, path, slot);
  ReadValue(index, path, slot);
}

void Reader::ReadList(uint32_t index, const std::string& path, const Slot& slot) {
  if (json_[index].kind != JsonKind::kArray) return Expect(path, "a list", json_[index]);
  const uint32_t end = json_[index].next;
  size_t position = 0;
  for (uint32_t at = index + 1; at < end && !Full(); at = json_[at].next) {
    ReadValue(at, absl::StrCat(path, "[", position++, "]"), slot);
  }
}

void Reader::ReadMap(uint32_t index, const std::string& path, const Slot& slot) {
  if (json_[index].kind != JsonKind::kObject) return Expect(path, "an object", json_[index]);
  const Descriptor& entry = *slot.field->message_type();
  absl::flat_hash_set<std::string> keys;
  const uint32_t end = json_[index].next;
  for (uint32_t at = index + 1; at < end && !Full(); at = json_[at + 1].next) {
    const std::string key = json_.Decode(json_[at]);
    const std::string name = absl::StrCat(path, "[\"", Shorten(key), "\"]");
    Message* added = slot.message->GetReflection()->AddMessage(slot.message, slot.field);
    const std::string expected = StoreText(key, {added, entry.map_key()});
    if (!expected.empty()) Complain(name, absl::StrCat("the key must be ", expected));
    if (!keys.insert(key).second) Complain(name, "is given twice");
    ReadValue(at + 1, name, {added, entry.map_value()});
  }
}

void Reader::ReadValue(uint32_t index, const std::string& path, const Slot& slot) {
  const JsonNode& node = json_[index];
  if (slot.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    const Reflection* reflection = slot.message->GetReflection();
    Message* inner = slot.field->is_repeated()
                         ? reflection->AddMessage(slot.message, slot.field)
                         : reflection->MutableMessage(slot.message, slot.field);
    return ReadMessage(index, path, inner);
  }
  std::string expected = StoreScalar(node, slot);
  if (!expected.empty()) Complain(path, absl::StrCat("must be ", expected));
}

std::string Reader::StoreScalar(const JsonNode& node, const Slot& slot) {
  const auto refuse = [&](absl::string_view expected) {
    return absl::StrCat(expected, ", not ", Describe(node.kind));
  };
  switch (slot.field->type()) {
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
      if (node.kind != JsonKind::kString) return refuse("a string");
      return StoreText(json_.Decode(node), slot);
    case FieldDescriptor::TYPE_BOOL:
      if (node.kind != JsonKind::kTrue && node.kind != JsonKind::kFalse) return refuse("a boolean");
      return StoreBool(node.kind == JsonKind::kTrue, slot);
    case FieldDescriptor::TYPE_ENUM:
      if (node.kind == JsonKind::kString) return StoreText(json_.Decode(node), slot);
      if (node.kind == JsonKind::kNumber) return StoreEnumNumber(json_.Raw(node), slot);
      return refuse("the name of an enum value");
    default:
      if (node.kind == JsonKind::kNumber) return StoreNumber(json_.Raw(node), slot);
      // int64 does not fit the numbers of JavaScript, so numbers may stand in strings.
      if (node.kind == JsonKind::kString) return StoreNumber(json_.Decode(node), slot);
      return refuse("a number");
  }
}

bool AllSupported(const Descriptor& type, absl::flat_hash_set<const Descriptor*>& seen) {
  if (!seen.insert(&type).second) return true;
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_ANY:
    case Descriptor::WELLKNOWNTYPE_STRUCT:
    case Descriptor::WELLKNOWNTYPE_VALUE:
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return false;
    default:
      break;
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.type() == FieldDescriptor::TYPE_GROUP) return false;
    if (field.message_type() != nullptr && !AllSupported(*field.message_type(), seen)) return false;
  }
  return true;
}

}  // namespace

absl::Status ParseJson(absl::string_view text, Message* message, absl::string_view prefix) {
  ASSIGN_OR_RETURN(const JsonDocument document, ScanJson(text));
  Reader reader(document);
  reader.ReadMessage(0, std::string(prefix), message);
  if (reader.violations().empty()) return absl::OkStatus();
  return InvalidFields(reader.violations());
}

bool IsSupported(const Descriptor& type) {
  absl::flat_hash_set<const Descriptor*> seen;
  return AllSupported(type, seen);
}

}  // namespace qungong::gateway
