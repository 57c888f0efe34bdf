// What every contract of ours keeps to, read from the linked descriptors.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/api/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "qungong/org/v1/account_service.pb.h"
#include "qungong/org/v1/appointment_service.pb.h"
#include "qungong/org/v1/calendar_service.pb.h"
#include "qungong/org/v1/division_service.pb.h"
#include "qungong/org/v1/find_service.pb.h"
#include "qungong/org/v1/grant_service.pb.h"
#include "qungong/org/v1/import_service.pb.h"
#include "qungong/org/v1/person_service.pb.h"
#include "qungong/org/v1/relation_service.pb.h"
#include "qungong/org/v1/reorganization_service.pb.h"
#include "qungong/org/v1/service_center_service.pb.h"
#include "qungong/org/v1/session_service.pb.h"
#include "qungong/org/v1/unit_service.pb.h"
#include "qungong/rpc/v1/feed_service.pb.h"
#include "qungong/rpc/v1/options.pb.h"
#include "qungong/ticket/v1/statistics_service.pb.h"
#include "qungong/ticket/v1/ticket_class_service.pb.h"
#include "qungong/ticket/v1/ticket_service.pb.h"

namespace qungong {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

// Every file that holds a service of ours; a new one is added here, or FilesAreAllListed fails.
std::vector<const FileDescriptor*> ServiceFiles() {
  return {org::v1::Account::descriptor()->file(),
          org::v1::Appointment::descriptor()->file(),
          org::v1::Calendar::descriptor()->file(),
          org::v1::Division::descriptor()->file(),
          org::v1::FoundNode::descriptor()->file(),
          org::v1::Grant::descriptor()->file(),
          org::v1::Import::descriptor()->file(),
          org::v1::Person::descriptor()->file(),
          org::v1::Relation::descriptor()->file(),
          org::v1::Reorganization::descriptor()->file(),
          org::v1::ServiceCenter::descriptor()->file(),
          org::v1::SessionToken::descriptor()->file(),
          org::v1::Unit::descriptor()->file(),
          rpc::v1::FeedEvent::descriptor()->file(),
          ticket::v1::Statistics::descriptor()->file(),
          ticket::v1::TicketClass::descriptor()->file(),
          ticket::v1::SubmitTicketRequest::descriptor()->file()};
}

std::vector<const MethodDescriptor*> Methods() {
  std::vector<const MethodDescriptor*> methods;
  for (const FileDescriptor* file : ServiceFiles()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m)
        methods.push_back(file->service(s)->method(m));
    }
  }
  return methods;
}

const rpc::v1::AccessRule& Access(const MethodDescriptor* method) {
  return method->options().GetExtension(rpc::v1::access);
}

// "POST /v1/tickets"
std::string Route(const MethodDescriptor* method) {
  const google::api::HttpRule& rule = method->options().GetExtension(google::api::http);
  if (!rule.get().empty()) return "GET " + rule.get();
  if (!rule.post().empty()) return "POST " + rule.post();
  if (!rule.patch().empty()) return "PATCH " + rule.patch();
  if (!rule.delete_().empty()) return "DELETE " + rule.delete_();
  return "";
}

bool HasField(const Descriptor* message, const char* name) {
  return message->FindFieldByName(name) != nullptr;
}

// Messages that a request can hold, at any depth.
void Collect(const Descriptor* message, std::set<const Descriptor*>& seen) {
  if (!seen.insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    if (message->field(i)->message_type() != nullptr)
      Collect(message->field(i)->message_type(), seen);
  }
}

TEST(ProtoConventionsTest, FilesAreAllListed) {
  std::set<std::string> listed;
  for (const FileDescriptor* file : ServiceFiles()) listed.insert(file->name());
  // QUNGONG_SERVICE_PROTOS is the list of files *_service.proto, from CMake.
  for (const std::string& name : std::vector<std::string>{QUNGONG_SERVICE_PROTOS}) {
    EXPECT_TRUE(listed.contains(name)) << name << " is not in ServiceFiles()";
  }
}

TEST(ProtoConventionsTest, EveryMethodSaysWhoMayCallIt) {
  for (const MethodDescriptor* method : Methods()) {
    SCOPED_TRACE(method->full_name());
    ASSERT_TRUE(method->options().HasExtension(rpc::v1::access));
    const rpc::v1::AccessRule& access = Access(method);
    const int ways = (access.roles_size() > 0 ? 1 : 0) + (access.authenticated() ? 1 : 0) +
                     (access.anonymous() ? 1 : 0);
    EXPECT_EQ(ways, 1) << "exactly one of roles, authenticated, anonymous";
  }
}

TEST(ProtoConventionsTest, EveryMethodIsRoutedOnceOrInternal) {
  std::map<std::string, std::string> routes;
  for (const MethodDescriptor* method : Methods()) {
    SCOPED_TRACE(method->full_name());
    const std::string route = Route(method);
    EXPECT_EQ(route.empty(), Access(method).internal()) << "either an HTTP rule or internal";
    if (route.empty()) continue;
    EXPECT_TRUE(routes.emplace(route, method->full_name()).second)
        << route << " is also " << routes[route];
  }
}

TEST(ProtoConventionsTest, WhatChangesSomethingCanBeRepeatedSafely) {
  // POST because a secret, a filter or a plan does not belong in a URL; they change nothing.
  const std::set<std::string> reads = {"TrackTicket", "SearchPeople", "PreviewReorganization"};
  // They write, and their repetition is harmless; each says why in its handler.
  const std::set<std::string> direct = {"ChangePassword"};
  for (const MethodDescriptor* method : Methods()) {
    const std::string route = Route(method);
    if (route.empty() || absl::StartsWith(route, "GET ") || reads.contains(method->name()))
      continue;
    if (direct.contains(method->name())) continue;
    SCOPED_TRACE(method->full_name());
    const Descriptor* request = method->input_type();
    if (method->client_streaming()) {
      ASSERT_NE(request->FindFieldByName("metadata"), nullptr);
      request = request->FindFieldByName("metadata")->message_type();
    }
    const FieldDescriptor* id = request->FindFieldByName("request_id");
    ASSERT_NE(id, nullptr) << "a mutation has a request_id";
    EXPECT_EQ(id->options().GetExtension(rpc::v1::rules).pattern(), rpc::v1::UUID);
    EXPECT_TRUE(id->options().GetExtension(rpc::v1::rules).required());
    // A transition of a resource that has an etag takes one.
    if (absl::StrContains(route, "{name=") && HasField(method->output_type(), "etag")) {
      EXPECT_TRUE(HasField(request, "etag")) << "the resource has an etag, the request takes none";
    }
  }
}

TEST(ProtoConventionsTest, EveryListHasPages) {
  for (const MethodDescriptor* method : Methods()) {
    if (!absl::StartsWith(method->name(), "List") && !absl::StartsWith(method->name(), "Search"))
      continue;
    SCOPED_TRACE(method->full_name());
    EXPECT_TRUE(HasField(method->input_type(), "page_size"));
    EXPECT_TRUE(HasField(method->input_type(), "page_token"));
    EXPECT_TRUE(HasField(method->output_type(), "next_page_token"));
  }
}

TEST(ProtoConventionsTest, EveryEnumBeginsUnspecified) {
  std::set<const EnumDescriptor*> enums;
  for (const FileDescriptor* file : ServiceFiles()) {
    for (int i = 0; i < file->enum_type_count(); ++i) enums.insert(file->enum_type(i));
    for (int i = 0; i < file->message_type_count(); ++i) {
      for (int k = 0; k < file->message_type(i)->enum_type_count(); ++k)
        enums.insert(file->message_type(i)->enum_type(k));
    }
  }
  ASSERT_GT(enums.size(), 5u);
  for (const EnumDescriptor* e : enums) {
    EXPECT_EQ(e->value(0)->number(), 0) << e->full_name();
    EXPECT_TRUE(absl::EndsWith(e->value(0)->name(), "_UNSPECIFIED")) << e->full_name();
  }
}

TEST(ProtoConventionsTest, NoPublicRequestHoldsAnyOrStruct) {
  for (const MethodDescriptor* method : Methods()) {
    if (Route(method).empty()) continue;
    std::set<const Descriptor*> messages;
    Collect(method->input_type(), messages);
    for (const Descriptor* message : messages) {
      const bool open = message->full_name() == "google.protobuf.Any" ||
                        message->full_name() == "google.protobuf.Struct" ||
                        message->full_name() == "google.protobuf.Value" ||
                        message->full_name() == "google.protobuf.ListValue";
      EXPECT_FALSE(open) << method->full_name() << " takes " << message->full_name();
    }
  }
}

TEST(ProtoConventionsTest, EveryTextOfAPublicRequestIsBounded) {
  for (const MethodDescriptor* method : Methods()) {
    if (Route(method).empty()) continue;
    std::set<const Descriptor*> messages;
    Collect(method->input_type(), messages);
    for (const Descriptor* message : messages) {
      if (!absl::StartsWith(message->full_name(), "qungong.")) continue;
      for (int i = 0; i < message->field_count(); ++i) {
        const FieldDescriptor* field = message->field(i);
        const rpc::v1::FieldRule& rule = field->options().GetExtension(rpc::v1::rules);
        if (rule.output_only()) continue;
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && field->name() != "chunk") {
          EXPECT_TRUE(rule.max_len() > 0 || !rule.resource().empty() ||
                      rule.pattern() != rpc::v1::PATTERN_CLASS_UNSPECIFIED)
              << field->full_name() << " in " << method->full_name();
        }
        if (field->is_repeated()) {
          EXPECT_GT(rule.max_items(), 0u) << field->full_name() << " in " << method->full_name();
        }
      }
    }
  }
}

}  // namespace
}  // namespace qungong
