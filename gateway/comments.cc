#include "gateway/comments.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

// Lines without their indentation.
std::string Tidy(const std::string& comment) {
  std::vector<absl::string_view> lines = absl::StrSplit(absl::StripAsciiWhitespace(comment), '\n');
  for (absl::string_view& line : lines) line = absl::StripAsciiWhitespace(line);
  return absl::StrJoin(lines, "\n");
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
