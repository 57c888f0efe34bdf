#include "runtime/validate.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/civil_time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "google/type/latlng.pb.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/ids.h"
#include "runtime/status.h"
#include "runtime/utf8.h"

namespace qungong {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using rpc::v1::FieldRule;
using rpc::v1::PatternClass;

// More than anybody reads; bounds the work on a hostile request.
constexpr size_t kMaxViolations = 100;

struct FieldPlan {
  const FieldDescriptor* field;
  FieldRule rule;
};
using Plan = std::vector<FieldPlan>;

// The rules of a message type, read from its descriptor once.
const Plan& PlanOf(const Descriptor* descriptor) {
  static absl::Mutex mutex(absl::kConstInit);
  static auto& plans = *new absl::flat_hash_map<const Descriptor*, std::unique_ptr<const Plan>>;
  {
    absl::ReaderMutexLock lock(&mutex);
    const auto found = plans.find(descriptor);
    if (found != plans.end()) return *found->second;
  }
  auto plan = std::make_unique<Plan>();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    plan->push_back({field, field->options().GetExtension(rpc::v1::rules)});
  }
  absl::MutexLock lock(&mutex);
  return *plans.try_emplace(descriptor, std::move(plan)).first->second;
}

bool AllOf(absl::string_view text, absl::string_view extra, bool (*also)(unsigned char)) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return also(static_cast<unsigned char>(c)) || absl::StrContains(extra, c);
  });
}

bool IsDigit(unsigned char c) { return absl::ascii_isdigit(c); }
bool IsLowerOrDigit(unsigned char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c); }

bool IsPhone(absl::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  const auto digits =
      std::count_if(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
  return digits >= 7 && digits <= 15 && AllOf(text, " -", IsDigit) && absl::ascii_isdigit(text[0]);
}

bool IsName(absl::string_view text, size_t min, size_t max, absl::string_view extra) {
  return text.size() >= min && text.size() <= max && absl::ascii_islower(text[0]) &&
         AllOf(text, extra, IsLowerOrDigit);
}

// What the text should have been, or "" if it is.
absl::string_view PatternError(PatternClass pattern, absl::string_view text) {
  switch (pattern) {
    case rpc::v1::UUID:
      return Uuid::Parse(text).ok() ? "" : "is not a UUID in lower case";
    case rpc::v1::DIVISION_CODE: {
      const bool length = text.size() == 6 || text.size() == 9 || text.size() == 12;
      return length && AllOf(text, "", IsDigit) ? ""
                                                : "is not a division code of 6, 9 or 12 digits";
    }
    case rpc::v1::PHONE:
      return IsPhone(text) ? "" : "is not a phone number of 7 to 15 digits";
    case rpc::v1::LOGIN:
      return IsName(text, 3, 64, "._-")
                 ? ""
                 : "is not a login name (3 to 64 of a-z 0-9 . _ -, beginning with a letter)";
    case rpc::v1::IDENTIFIER:
      return IsName(text, 1, 64, "_")
                 ? ""
                 : "is not an identifier (1 to 64 of a-z 0-9 _, beginning with a letter)";
    default:
      return "";
  }
}

// One request's walk.
class Walk {
 public:
  void Check(Message& message, const std::string& prefix) {
    const Reflection& reflection = *message.GetReflection();
    for (const FieldPlan& plan : PlanOf(message.GetDescriptor())) {
      if (violations_.size() >= kMaxViolations) return;
      if (plan.rule.output_only()) {
        reflection.ClearField(&message, plan.field);
      } else if (plan.field->is_repeated()) {
        CheckRepeated(message, reflection, plan, absl::StrCat(prefix, plan.field->name()));
      } else {
        CheckSingular(message, reflection, plan, absl::StrCat(prefix, plan.field->name()));
      }
    }
    CheckWellKnown(message, prefix);
  }

  absl::Status Result() const {
    return violations_.empty() ? absl::OkStatus() : InvalidFields(violations_);
  }

 private:
  void Report(const std::string& path, absl::string_view description) {
    violations_.push_back({path, std::string(description)});
  }

  void CheckSingular(Message& message, const Reflection& reflection, const FieldPlan& plan,
                     const std::string& path) {
    const FieldDescriptor* field = plan.field;
    if (!reflection.HasField(message, field)) {
      if (plan.rule.required()) Report(path, "is required");
      return;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Check(*reflection.MutableMessage(&message, field), path + ".");
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return CheckText(plan, reflection.GetStringReference(message, field, &scratch), path);
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return CheckEnum(plan, reflection.GetEnumValue(message, field), path);
      case FieldDescriptor::CPPTYPE_BOOL:
        if (plan.rule.required() && !reflection.GetBool(message, field))
          Report(path, "is required");
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckNumber(plan, reflection.GetInt32(message, field), path);
      case FieldDescriptor::CPPTYPE_INT64:
        return CheckNumber(plan, reflection.GetInt64(message, field), path);
      case FieldDescriptor::CPPTYPE_UINT32:
        return CheckNumber(plan, reflection.GetUInt32(message, field), path);
      case FieldDescriptor::CPPTYPE_UINT64:
        return CheckNumber(plan, reflection.GetUInt64(message, field), path);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return CheckNumber(plan, reflection.GetFloat(message, field), path);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return CheckNumber(plan, reflection.GetDouble(message, field), path);
    }
  }

  void CheckRepeated(Message& message, const Reflection& reflection, const FieldPlan& plan,
                     const std::string& path) {
    const FieldDescriptor* field = plan.field;
    const int size = reflection.FieldSize(message, field);
    if (plan.rule.required() && size == 0) return Report(path, "is required");
    if (plan.rule.max_items() != 0 && static_cast<uint32_t>(size) > plan.rule.max_items()) {
      return Report(path, absl::StrCat("has ", size, " items; at most ", plan.rule.max_items(),
                                       " are allowed"));
    }
    for (int i = 0; i < size && violations_.size() < kMaxViolations; ++i) {
      CheckItem(message, reflection, plan, i, absl::StrCat(path, "[", i, "]"));
    }
  }

  void CheckItem(Message& message, const Reflection& reflection, const FieldPlan& plan, int i,
                 const std::string& path) {
    const FieldDescriptor* field = plan.field;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Check(*reflection.MutableRepeatedMessage(&message, field, i), path + ".");
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        return CheckText(plan, reflection.GetRepeatedStringReference(message, field, i, &scratch),
                         path);
      }
      case FieldDescriptor::CPPTYPE_ENUM:
        return CheckEnum(plan, reflection.GetRepeatedEnumValue(message, field, i), path);
      case FieldDescriptor::CPPTYPE_BOOL:
        return;
      case FieldDescriptor::CPPTYPE_INT32:
        return CheckNumber(plan, reflection.GetRepeatedInt32(message, field, i), path);
      case FieldDescriptor::CPPTYPE_INT64:
        return CheckNumber(plan, reflection.GetRepeatedInt64(message, field, i), path);
      case FieldDescriptor::CPPTYPE_UINT32:
        return CheckNumber(plan, reflection.GetRepeatedUInt32(message, field, i), path);
      case FieldDescriptor::CPPTYPE_UINT64:
        return CheckNumber(plan, reflection.GetRepeatedUInt64(message, field, i), path);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return CheckNumber(plan, reflection.GetRepeatedFloat(message, field, i), path);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return CheckNumber(plan, reflection.GetRepeatedDouble(message, field, i), path);
    }
  }

  void CheckText(const FieldPlan& plan, const std::string& text, const std::string& path) {
    const FieldRule& rule = plan.rule;
    if (text.empty()) {  // an optional field that was set, or an item
      if (rule.required() || plan.field->is_repeated()) Report(path, "must not be empty");
      return;
    }
    const bool bytes = plan.field->type() == FieldDescriptor::TYPE_BYTES;
    size_t length = text.size();
    if (!bytes) {
      length = 0;
      for (absl::string_view rest = text; !rest.empty(); ++length) {
        const CodePoint c = DecodeUtf8(rest);
        if (c.size == 0) return Report(path, "is not valid UTF-8");
        const bool control = c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0);
        if (control && c.value != '\t' && c.value != '\n')
          return Report(path, "has a control character");
        rest.remove_prefix(c.size);
      }
    }
    const absl::string_view unit = bytes ? " bytes" : " characters";
    if (rule.max_len() != 0 && length > rule.max_len()) {
      return Report(
          path, absl::StrCat("has ", length, unit, "; at most ", rule.max_len(), " are allowed"));
    }
    if (length < rule.min_len()) {
      return Report(
          path, absl::StrCat("has ", length, unit, "; at least ", rule.min_len(), " are needed"));
    }
    const absl::string_view error = PatternError(rule.pattern(), text);
    if (!error.empty()) return Report(path, error);
    if (!rule.resource().empty() && !ParseResourceName(rule.resource(), text).ok()) {
      Report(path, absl::StrCat("is not a name of the form ", rule.resource(), "/{uuid}"));
    }
  }

  void CheckEnum(const FieldPlan& plan, int number, const std::string& path) {
    if (plan.field->enum_type()->FindValueByNumber(number) == nullptr) {
      return Report(path, absl::StrCat("has no value ", number));
    }
    if (number == 0 && (plan.rule.required() || plan.field->is_repeated()))
      Report(path, "is required");
  }

  template <typename Number>
  void CheckNumber(const FieldPlan& plan, Number value, const std::string& path) {
    const FieldRule& rule = plan.rule;
    if constexpr (std::is_floating_point_v<Number>) {
      if (!std::isfinite(value)) return Report(path, "is not a finite number");
    }
    if (rule.required() && !plan.field->is_repeated() && value == Number())
      return Report(path, "is required");
    if (rule.has_min() && Less(value, rule.min()))
      Report(path, absl::StrCat("is less than ", rule.min()));
    if (rule.has_max() && Less(rule.max(), value))
      Report(path, absl::StrCat("is more than ", rule.max()));
  }

  template <typename A, typename B>
  static bool Less(A a, B b) {
    if constexpr (std::is_floating_point_v<A> || std::is_floating_point_v<B>) {
      return static_cast<double>(a) < static_cast<double>(b);
    } else {
      return std::cmp_less(a, b);
    }
  }

  // What these types promise, but parsing does not check.
  void CheckWellKnown(const Message& message, const std::string& prefix) {
    const std::string path = prefix.substr(0, prefix.size() - std::min<size_t>(prefix.size(), 1));
    if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
      const bool valid = time->seconds() >= -62135596800 && time->seconds() <= 253402300799 &&
                         time->nanos() >= 0 && time->nanos() <= 999999999;
      if (!valid) Report(path, "is not an instant of the years 1 to 9999");
    } else if (const auto* date = dynamic_cast<const google::type::Date*>(&message)) {
      const absl::CivilDay day(date->year(), date->month(), date->day());
      const bool valid = date->year() >= 1 && date->year() <= 9999 &&
                         day.month() == date->month() && day.day() == date->day();
      const bool empty = date->year() == 0 && date->month() == 0 && date->day() == 0;
      if (!valid && !empty) Report(path, "is not a date");
    } else if (const auto* place = dynamic_cast<const google::type::LatLng*>(&message)) {
      if (std::abs(place->latitude()) > 90 || std::abs(place->longitude()) > 180)
        Report(path, "is not a place on Earth");
    }
  }

  std::vector<Violation> violations_;
};

}  // namespace

absl::Status ValidateAndClear(Message& message) {
  message.DiscardUnknownFields();
  Walk walk;
  walk.Check(message, "");
  return walk.Result();
}

}  // namespace qungong
