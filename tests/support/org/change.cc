#include "tests/support/org/change.h"

#include <map>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/ids.h"
#include "tests/support/matchers.h"

namespace qungong::org {
namespace {

using google::protobuf::Message;
using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::qungong::testing::TestService;

// Code, message and details, which come in no order.
std::string Everything(const absl::Status& status) {
  std::map<std::string, std::string> parts;
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    parts[std::string(type)] = std::string(payload);
  });
  return absl::StrCat(status.code(), status.message(),
                      absl::StrJoin(parts, "", absl::PairFormatter("")));
}

}  // namespace

bool Change::IsTransition() const { return !FieldOf(*request, "name").empty(); }

std::string FieldOf(const Message& message, const char* field) {
  const auto* descriptor = message.GetDescriptor()->FindFieldByName(field);
  return descriptor == nullptr ? "" : message.GetReflection()->GetString(message, descriptor);
}

void SetField(Message& message, const char* field, const std::string& value) {
  const auto* descriptor = message.GetDescriptor()->FindFieldByName(field);
  ASSERT_NE(descriptor, nullptr) << message.GetTypeName() << " has no " << field;
  message.GetReflection()->SetString(&message, descriptor, value);
}

void ExpectRepeatable(TestService& service, const Change& change, const char* field,
                      const std::string& other) {
  SCOPED_TRACE(change.request->GetTypeName());
  SetField(*change.request, "request_id", NewUuidV7(absl::Now()).ToString());
  const int64_t before = service.Count("events");
  const auto first = change.Make();
  ASSERT_THAT(first, IsOk());
  const int64_t events = service.Count("events");
  EXPECT_GT(events, before);
  const auto again = change.Make();
  ASSERT_THAT(again, IsOk());
  EXPECT_THAT(**again, EqualsProto(**first));
  SetField(*change.request, field, other);
  EXPECT_THAT(change.Make(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("REQUEST_ID_REUSED")));
  EXPECT_EQ(service.Count("events"), events);
}

std::string ExpectEtagChecked(const Change& change, const std::string& etag) {
  SCOPED_TRACE(change.request->GetTypeName());
  for (const std::string& wrong : {std::string("\"0\""), etag + "x", std::string("etag")}) {
    SetField(*change.request, "etag", wrong);
    EXPECT_THAT(change.Make(), StatusIs(absl::StatusCode::kAborted, HasReason("ETAG_MISMATCH")));
  }
  SetField(*change.request, "etag", etag);
  const auto made = change.Make();
  EXPECT_THAT(made, IsOk());
  const std::string next = made.ok() ? FieldOf(**made, "etag") : "";
  EXPECT_NE(next, etag);
  return next;
}

void ExpectSameAsAbsent(TestService& service, Change change, const char* field) {
  SCOPED_TRACE(absl::StrCat(change.request->GetTypeName(), ".", field));
  const std::string foreign = FieldOf(*change.request, field);
  const std::string absent = ResourceName(foreign.substr(0, foreign.find('/')), NameUuid("absent"));
  const int64_t events = service.Count("events");
  const absl::Status told = change.Make().status();
  SetField(*change.request, field, absent);
  const absl::Status told_of_absent = change.Make().status();
  EXPECT_THAT(told, StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
  EXPECT_EQ(absl::StrReplaceAll(Everything(told_of_absent), {{absent, foreign}}), Everything(told));
  EXPECT_EQ(service.Count("events"), events);
}

}  // namespace qungong::org
