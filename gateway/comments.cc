#include "gateway/comments.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::ServiceDescriptor;
using google::protobuf::SourceLocation;

// A comment without the indentation and the breaks that its file gave it: a line a paragraph, and a
// line an item of a list.
std::string Tidy(const std::string& comment) {
  std::string text;
  bool begins = true;
  for (absl::string_view line :
       absl::StrSplit(absl::StripAsciiWhitespace(comment), absl::ByChar('\n'))) {
    line = absl::StripAsciiWhitespace(line);
    const bool item = absl::StartsWith(line, "- ") || absl::StartsWith(line, "* ");
    if (line.empty() || item) begins = true;
    if (!text.empty()) absl::StrAppend(&text, begins ? "\n" : " ");
    absl::StrAppend(&text, line);
    begins = line.empty();
  }
  return text;
}

template <typename AnyDescriptor>
void Add(const AnyDescriptor& descriptor, Comments& comments) {
  SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return;
  std::string text = Tidy(location.leading_comments);
  if (!text.empty()) comments.by_name[descriptor.full_name()] = std::move(text);
}

void AddEnum(const EnumDescriptor& type, Comments& comments) {
  Add(type, comments);
  for (int i = 0; i < type.value_count(); ++i) Add(*type.value(i), comments);
}

void AddMessage(const Descriptor& type, Comments& comments) {
  Add(type, comments);
  for (int i = 0; i < type.field_count(); ++i) Add(*type.field(i), comments);
  for (int i = 0; i < type.enum_type_count(); ++i) AddEnum(*type.enum_type(i), comments);
  for (int i = 0; i < type.nested_type_count(); ++i) AddMessage(*type.nested_type(i), comments);
}

void AddService(const ServiceDescriptor& service, Comments& comments) {
  Add(service, comments);
  for (int i = 0; i < service.method_count(); ++i) Add(*service.method(i), comments);
  comments.services[service.file()->package()].push_back(service.full_name());
}

void AddFile(const FileDescriptor& file, Comments& comments) {
  comments.services.try_emplace(file.package());
  for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i), comments);
  for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i), comments);
  for (int i = 0; i < file.service_count(); ++i) AddService(*file.service(i), comments);
}

}  // namespace

std::string Comments::Of(const std::string& full_name) const {
  const auto found = by_name.find(full_name);
  return found == by_name.end() ? "" : found->second;
}

absl::StatusOr<Comments> ReadComments(absl::string_view descriptor_set) {
  FileDescriptorSet set;
  if (!set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size())) ||
      set.file_size() == 0) {
    return absl::InvalidArgumentError("not a descriptor set");
  }
  Comments comments;
  DescriptorPool pool;
  for (const auto& file : set.file()) {
    const FileDescriptor* built = pool.BuildFile(file);
    if (built == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("descriptor set: ", file.name(), " cannot be built"));
    }
    AddFile(*built, comments);
  }
  return comments;
}

}  // namespace qungong::gateway
