#include "gateway/scalar_text.h"

#include <charconv>
#include <limits>
#include <system_error>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/json_scanner.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/field_mask_util.h"
#include "google/protobuf/util/time_util.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;
using google::protobuf::util::FieldMaskUtil;
using google::protobuf::util::TimeUtil;

template <typename T>
using Putter = void (Reflection::*)(Message*, const FieldDescriptor*, T) const;

// Sets the field, or adds to it if it is repeated.
template <typename T, typename V>
void Put(const Slot& slot, Putter<T> set, Putter<T> add, V&& value) {
  const Putter<T> put = slot.field->is_repeated() ? add : set;
  (slot.message->GetReflection()->*put)(slot.message, slot.field, std::forward<V>(value));
}

bool AllDigits(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return !text.empty();
}

// An integer as JSON writes it, without fraction and exponent.
template <typename Int>
bool ParseInteger(absl::string_view text, Int* value) {
  absl::string_view digits = text;
  absl::ConsumePrefix(&digits, "-");
  if (!AllDigits(digits) || (digits.size() > 1 && digits[0] == '0')) return false;
  if (std::is_unsigned_v<Int> && text.size() != digits.size()) return false;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

template <typename Int>
std::string IntegerExpected() {
  return absl::StrCat("an integer from ", std::numeric_limits<Int>::min(), " to ",
                      std::numeric_limits<Int>::max());
}

template <typename Float>
bool ParseFloat(absl::string_view text, Float* value) {
  if (text == "NaN") *value = std::numeric_limits<Float>::quiet_NaN();
  if (text == "Infinity") *value = std::numeric_limits<Float>::infinity();
  if (text == "-Infinity") *value = -std::numeric_limits<Float>::infinity();
  if (text == "NaN" || text == "Infinity" || text == "-Infinity") return true;
  if (!IsJsonNumber(text)) return false;  // from_chars would take "inf", "nan" and ".5"
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool ParseBytes(absl::string_view text, std::string* bytes) {
  const absl::string_view data = absl::StripSuffix(absl::StripSuffix(text, "="), "=");
  if (data.size() % 4 == 1) return false;
  if (data.size() != text.size() && text.size() % 4 != 0) return false;
  bool standard = false;
  bool url_safe = false;
  for (char c : data) {
    standard |= c == '+' || c == '/';
    url_safe |= c == '-' || c == '_';
    const bool known = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' ||
                       c == '-' || c == '_';
    if (!known) return false;
  }
  if (standard && url_safe) return false;
  // Bits beyond the last byte are zero, so that bytes have one text only.
  constexpr absl::string_view kLast[] = {"", "", "AQgw", "AEIMQUYcgkosw048"};
  const absl::string_view last = kLast[data.size() % 4];
  if (!last.empty() && !absl::StrContains(last, data.back())) return false;
  return url_safe ? absl::WebSafeBase64Unescape(data, bytes) : absl::Base64Unescape(data, bytes);
}

std::string StoreString(absl::string_view text, const Slot& slot) {
  if (!IsValidUtf8(text)) return "UTF-8 text";
  Put(slot, &Reflection::SetString, &Reflection::AddString, std::string(text));
  return "";
}

std::string StoreBytes(absl::string_view text, const Slot& slot) {
  std::string bytes;
  if (!ParseBytes(text, &bytes)) return "base64";
  Put(slot, &Reflection::SetString, &Reflection::AddString, std::move(bytes));
  return "";
}

std::string StoreEnumName(absl::string_view text, const Slot& slot) {
  const EnumValueDescriptor* value = slot.field->enum_type()->FindValueByName(std::string(text));
  if (value == nullptr) return absl::StrCat("a value of ", slot.field->enum_type()->name());
  Put(slot, &Reflection::SetEnum, &Reflection::AddEnum, value);
  return "";
}

Message* MutableMessage(const Slot& slot) {
  const Reflection* reflection = slot.message->GetReflection();
  return slot.field->is_repeated() ? reflection->AddMessage(slot.message, slot.field)
                                   : reflection->MutableMessage(slot.message, slot.field);
}

std::string StoreMessage(absl::string_view text, const Slot& slot) {
  if (WellKnownOf(*slot.field->message_type()) == WellKnown::kWrapper) {
    const FieldDescriptor* value = slot.field->message_type()->FindFieldByNumber(1);
    return StoreText(text, {MutableMessage(slot), value});
  }
  return StoreWellKnown(text, MutableMessage(slot));
}

// 2015-09-01T08:00:00Z: fixed width up to the seconds, at most nine digits after them, then Z or an
// offset.
bool LooksLikeTimestamp(absl::string_view text) {
  constexpr absl::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(text[i]));
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i]) return false;
  }
  if (text.substr(17, 2) > "59") return false;  // no leap seconds: Timestamp has none
  absl::string_view rest = text.substr(kShape.size());
  if (absl::ConsumePrefix(&rest, ".")) {
    size_t digits = 0;
    while (digits < rest.size() && absl::ascii_isdigit(static_cast<unsigned char>(rest[digits]))) {
      ++digits;
    }
    if (digits == 0 || digits > 9) return false;
    rest.remove_prefix(digits);
  }
  if (rest == "Z") return true;
  return rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && AllDigits(rest.substr(1, 2)) &&
         rest[3] == ':' && AllDigits(rest.substr(4, 2));
}

// -?digits[.digits]s
bool LooksLikeDuration(absl::string_view text) {
  absl::ConsumePrefix(&text, "-");
  if (!absl::ConsumeSuffix(&text, "s")) return false;
  const size_t point = text.find('.');
  if (point == absl::string_view::npos) return AllDigits(text);
  const absl::string_view fraction = text.substr(point + 1);
  return AllDigits(text.substr(0, point)) && AllDigits(fraction) && fraction.size() <= 9;
}

template <typename Int>
std::string StoreInteger(absl::string_view text, const Slot& slot, Putter<Int> set,
                         Putter<Int> add) {
  Int value = 0;
  if (!ParseInteger(text, &value)) return IntegerExpected<Int>();
  Put(slot, set, add, value);
  return "";
}

template <typename Float>
std::string StoreFloat(absl::string_view text, const Slot& slot, Putter<Float> set,
                       Putter<Float> add) {
  Float value = 0;
  if (!ParseFloat(text, &value)) return "a number";
  Put(slot, set, add, value);
  return "";
}

}  // namespace

WellKnown WellKnownOf(const Descriptor& type) {
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return WellKnown::kTimestamp;
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return WellKnown::kDuration;
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return WellKnown::kFieldMask;
    case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      return WellKnown::kWrapper;
    default:
      return WellKnown::kNone;
  }
}

bool IsTextField(const FieldDescriptor& field) {
  if (field.is_map() || field.type() == FieldDescriptor::TYPE_GROUP) return false;
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
         WellKnownOf(*field.message_type()) != WellKnown::kNone;
}

std::string StoreBool(bool value, const Slot& slot) {
  Put(slot, &Reflection::SetBool, &Reflection::AddBool, value);
  return "";
}

std::string StoreNumber(absl::string_view text, const Slot& slot) {
  switch (slot.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return StoreInteger<int32_t>(text, slot, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return StoreInteger<int64_t>(text, slot, &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return StoreInteger<uint32_t>(text, slot, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return StoreInteger<uint64_t>(text, slot, &Reflection::SetUInt64, &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return StoreFloat<float>(text, slot, &Reflection::SetFloat, &Reflection::AddFloat);
    default:
      return StoreFloat<double>(text, slot, &Reflection::SetDouble, &Reflection::AddDouble);
  }
}

std::string StoreEnumNumber(absl::string_view text, const Slot& slot) {
  int32_t number = 0;
  const EnumValueDescriptor* value =
      ParseInteger(text, &number) ? slot.field->enum_type()->FindValueByNumber(number) : nullptr;
  if (value == nullptr) return absl::StrCat("a value of ", slot.field->enum_type()->name());
  Put(slot, &Reflection::SetEnum, &Reflection::AddEnum, value);
  return "";
}

std::string StoreWellKnown(absl::string_view text, Message* message) {
  switch (WellKnownOf(*message->GetDescriptor())) {
    case WellKnown::kTimestamp: {
      Timestamp time;
      if (!LooksLikeTimestamp(text) || !TimeUtil::FromString(std::string(text), &time)) {
        return "a time such as 2015-09-01T08:00:00Z";
      }
      message->CopyFrom(time);
      return "";
    }
    case WellKnown::kDuration: {
      Duration duration;
      if (!LooksLikeDuration(text) || !TimeUtil::FromString(std::string(text), &duration) ||
          duration.seconds() > TimeUtil::kDurationMaxSeconds ||
          duration.seconds() < TimeUtil::kDurationMinSeconds) {
        return "a duration such as 90s";
      }
      message->CopyFrom(duration);
      return "";
    }
    case WellKnown::kFieldMask: {
      FieldMask mask;
      if (!FieldMaskUtil::FromJsonString(std::string(text), &mask)) {
        return "field paths in lowerCamelCase, separated by commas";
      }
      message->CopyFrom(mask);
      return "";
    }
    default:
      return "a value that can be written as text";
  }
}

std::string WellKnownText(const Message& message) {
  switch (WellKnownOf(*message.GetDescriptor())) {
    case WellKnown::kTimestamp:
      return TimeUtil::ToString(static_cast<const Timestamp&>(message));
    case WellKnown::kDuration:
      return TimeUtil::ToString(static_cast<const Duration&>(message));
    case WellKnown::kFieldMask: {
      std::string text;
      // A path that has no lowerCamelCase form cannot come from our services; it prints as an empty
      // mask.
      FieldMaskUtil::ToJsonString(static_cast<const FieldMask&>(message), &text);
      return text;
    }
    default:
      return "";
  }
}

std::string StoreText(absl::string_view text, const Slot& slot) {
  switch (slot.field->type()) {
    case FieldDescriptor::TYPE_STRING:
      return StoreString(text, slot);
    case FieldDescriptor::TYPE_BYTES:
      return StoreBytes(text, slot);
    case FieldDescriptor::TYPE_BOOL:
      if (text != "true" && text != "false") return "true or false";
      return StoreBool(text == "true", slot);
    case FieldDescriptor::TYPE_ENUM:
      return StoreEnumName(text, slot);
    case FieldDescriptor::TYPE_MESSAGE:
      return StoreMessage(text, slot);
    default:
      return StoreNumber(text, slot);
  }
}

}  // namespace qungong::gateway
