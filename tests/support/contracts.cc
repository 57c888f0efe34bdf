#include "tests/support/contracts.h"

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"

namespace qungong::testing {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

namespace {

struct Contracts {
  Contracts() {
    std::ifstream file(QUNGONG_DESCRIPTOR_SET, std::ios::binary);
    EXPECT_TRUE(set.ParseFromIstream(&file)) << QUNGONG_DESCRIPTOR_SET;
    for (const auto& proto : set.file()) EXPECT_NE(pool.BuildFile(proto), nullptr) << proto.name();
  }
  google::protobuf::FileDescriptorSet set;
  DescriptorPool pool;
};

const Contracts& Get() {
  static const auto& contracts = *new Contracts;
  return contracts;
}

}  // namespace

std::vector<std::string> MethodsOf(absl::string_view package) {
  std::vector<std::string> methods;
  for (const auto& proto : Get().set.file()) {
    const bool wanted = package.empty() ? absl::StartsWith(proto.package(), "qungong.")
                                        : proto.package() == package;
    if (!wanted) continue;
    for (const auto& service : proto.service()) {
      for (const auto& method : service.method())
        methods.push_back(absl::StrCat(proto.package(), ".", service.name(), "/", method.name()));
    }
  }
  return methods;
}

std::vector<std::string> MutatingMethods(absl::string_view package) {
  std::vector<std::string> mutating;
  for (const std::string& method : MethodsOf(package)) {
    if (HasRequestId(*FindMethod(method))) mutating.push_back(method);
  }
  return mutating;
}

const MethodDescriptor* FindMethod(absl::string_view method) {
  const std::string name = absl::StrReplaceAll(method, {{"/", "."}});
  const MethodDescriptor* found = Get().pool.FindMethodByName(name);
  return found != nullptr ? found : DescriptorPool::generated_pool()->FindMethodByName(name);
}

const Descriptor* AskedOf(const MethodDescriptor& method) {
  const FieldDescriptor* metadata =
      method.client_streaming() ? method.input_type()->FindFieldByName("metadata") : nullptr;
  return metadata == nullptr ? method.input_type() : metadata->message_type();
}

bool HasRequestId(const MethodDescriptor& method) {
  return AskedOf(method)->FindFieldByName("request_id") != nullptr;
}

}  // namespace qungong::testing
