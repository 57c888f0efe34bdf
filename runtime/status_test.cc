#include "runtime/status.h"

#include "gmock/gmock.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

google::rpc::Status Packed(const grpc::Status& status) {
  google::rpc::Status packed;
  EXPECT_TRUE(packed.ParseFromString(status.error_details()));
  return packed;
}

template <typename Detail>
Detail DetailOf(const google::rpc::Status& packed) {
  Detail detail;
  for (const auto& any : packed.details()) {
    if (any.Is<Detail>()) any.UnpackTo(&detail);
  }
  return detail;
}

TEST(StatusTest, ReasonTravelsToTheClientAndBack) {
  const absl::Status sent = WithReason(absl::FailedPreconditionError("not yet"),
                                       "TICKET_NOT_ACCEPTED", {{"state", "SUBMITTED"}});
  const grpc::Status wire = ToGrpcStatus(sent, "ticket.qungong", "abc");
  EXPECT_EQ(wire.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(wire.error_message(), "not yet");
  EXPECT_THAT(DetailOf<google::rpc::ErrorInfo>(Packed(wire)),
              EqualsProto(R"pb(reason: "TICKET_NOT_ACCEPTED"
                               domain: "ticket.qungong"
                               metadata { key: "state" value: "SUBMITTED" })pb"));
  EXPECT_THAT(FromGrpcStatus(wire),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("TICKET_NOT_ACCEPTED")));
}

TEST(StatusTest, DomainOfTheFirstServiceIsKept) {
  const absl::Status passed_on = FromGrpcStatus(
      ToGrpcStatus(WithReason(absl::AbortedError("late"), "ETAG_MISMATCH"), "org.qungong", ""));
  const google::rpc::Status packed = Packed(ToGrpcStatus(passed_on, "ticket.qungong", ""));
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(packed).domain(), "org.qungong");
}

TEST(StatusTest, CauseOfAnInternalErrorIsNotShown) {
  for (const absl::Status& secret :
       {absl::InternalError("table people"), absl::UnknownError("SELECT phone"),
        WithReason(absl::InternalError("table"), "R")}) {
    const grpc::Status wire = ToGrpcStatus(secret, "d", "0190-ab");
    EXPECT_EQ(wire.error_message(), "internal error, 0190-ab");
    EXPECT_THAT(Packed(wire), EqualsProto(absl::StrCat("code: ", wire.error_code(),
                                                       " message: 'internal error, 0190-ab'")));
  }
}

TEST(StatusTest, AllViolationsAreToldAtOnce) {
  const absl::Status status =
      InvalidFields({{"title", "is required"}, {"reporter.phone", "is not a number"}});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD")));
  EXPECT_EQ(status.message(), "title: is required; reporter.phone: is not a number");
  const google::rpc::Status packed = Packed(ToGrpcStatus(status, "d", ""));
  EXPECT_THAT(DetailOf<google::rpc::BadRequest>(packed),
              EqualsProto(R"pb(field_violations { field: "title" description: "is required" }
                               field_violations {
                                 field: "reporter.phone"
                                 description: "is not a number"
                               })pb"));
  EXPECT_EQ(DetailOf<google::rpc::LocalizedMessage>(packed).locale(), "zh-CN");
}

// gRPC takes 8 KiB of trailing metadata in all and drops the whole error beyond that.
TEST(StatusTest, HugeErrorsStayBelowTheLimitOfTheirCarrierAndKeepTheReason) {
  const std::vector<Violation> many(1000, {std::string(5000, 'f'), std::string(5000, 'd')});
  absl::Status huge = WithReason(absl::AbortedError(std::string(100000, 'm')), "LOST");
  huge.SetPayload("type.googleapis.com/x", absl::Cord(std::string(10000, 'p')));
  for (const absl::Status& status : {InvalidFields(many), huge}) {
    const grpc::Status wire = ToGrpcStatus(status, "d", "");
    EXPECT_LT(wire.error_details().size() + wire.error_message().size(), 7000u);
    EXPECT_EQ(ReasonOf(FromGrpcStatus(wire)), ReasonOf(status));
  }
  EXPECT_THAT(std::string(InvalidFields(many).message()), HasSubstr("and 984 more"));
}

TEST(StatusTest, BytesThatAreNoTextDoNotBreakTheError) {
  const grpc::Status wire = ToGrpcStatus(absl::NotFoundError("name \xff\xc0 x"), "d", "");
  EXPECT_EQ(Packed(wire).message(), "name ?? x");
}

TEST(StatusTest, RetryAfterKeepsFractions) {
  const grpc::Status wire = ToGrpcStatus(
      WithRetryAfter(absl::UnavailableError("busy"), absl::Milliseconds(1250)), "d", "");
  EXPECT_THAT(DetailOf<google::rpc::RetryInfo>(Packed(wire)),
              EqualsProto("retry_delay { seconds: 1 nanos: 250000000 }"));
}

TEST(StatusTest, AbsentAndForbiddenAreOneAnswer) {
  const absl::Status status = DeniedOrAbsent("tickets/x");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
}

TEST(StatusTest, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus(), "d", "").ok());
  EXPECT_THAT(FromGrpcStatus(grpc::Status::OK), IsOk());
  EXPECT_EQ(ReasonOf(absl::OkStatus()), "");
}

TEST(StatusTest, PeerWithoutDetailsKeepsCodeAndMessage) {
  const absl::Status status =
      FromGrpcStatus(grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone", "not a proto \xff"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("gone")));
  EXPECT_THAT(status, Not(IsOk()));
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}
absl::StatusOr<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  RETURN_IF_ERROR(absl::OkStatus());
  return quarter;
}

TEST(StatusTest, MacrosReturnTheFirstError) {
  EXPECT_THAT(Quarter(8), testing::IsOkAndHolds(2));
  EXPECT_THAT(Quarter(6), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace qungong
