#include "gateway/errors.h"

#include <string>

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

TEST(Errors, HttpStatusFollowsTheCanonicalTable) {
  const std::pair<grpc::StatusCode, int> table[] = {{grpc::StatusCode::CANCELLED, 499},
                                                    {grpc::StatusCode::UNKNOWN, 500},
                                                    {grpc::StatusCode::INVALID_ARGUMENT, 400},
                                                    {grpc::StatusCode::DEADLINE_EXCEEDED, 504},
                                                    {grpc::StatusCode::NOT_FOUND, 404},
                                                    {grpc::StatusCode::ALREADY_EXISTS, 409},
                                                    {grpc::StatusCode::PERMISSION_DENIED, 403},
                                                    {grpc::StatusCode::UNAUTHENTICATED, 401},
                                                    {grpc::StatusCode::RESOURCE_EXHAUSTED, 429},
                                                    {grpc::StatusCode::FAILED_PRECONDITION, 400},
                                                    {grpc::StatusCode::ABORTED, 409},
                                                    {grpc::StatusCode::OUT_OF_RANGE, 400},
                                                    {grpc::StatusCode::UNIMPLEMENTED, 501},
                                                    {grpc::StatusCode::INTERNAL, 500},
                                                    {grpc::StatusCode::UNAVAILABLE, 503},
                                                    {grpc::StatusCode::DATA_LOSS, 500}};
  for (const auto& [code, http] : table) {
    EXPECT_EQ(ErrorResponse(grpc::Status(code, "x")).status, http) << code;
  }
}

TEST(Errors, BodyIsThatOfAip193) {
  absl::Status status = absl::FailedPreconditionError("tickets/5 is closed");
  status = WithReason(std::move(status), "TICKET_CLOSED", {{"state", "CLOSED"}});
  status = WithChinese(std::move(status), "该事项已办结。");
  EXPECT_EQ(
      ErrorJson(ToGrpcStatus(status, "ticket.qungong", "r")),
      R"({"error":{"code":400,"message":"tickets/5 is closed","status":"FAILED_PRECONDITION","details":[)"
      R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"TICKET_CLOSED","domain":"ticket.qungong","metadata":{"state":"CLOSED"}},)"
      R"({"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"zh-CN","message":"该事项已办结。"}]}})");
}

TEST(Errors, ChineseTextIsAddedByReasonOrByCode) {
  const auto json = [](const absl::Status& status, const char* domain) {
    return ErrorJson(ToGrpcStatus(status, domain, "r"));
  };
  EXPECT_THAT(json(WithReason(absl::UnauthenticatedError("x"), "SESSION_ENDED"), kGatewayDomain),
              HasSubstr("登录已失效，请重新登录。"));
  EXPECT_THAT(json(WithReason(absl::AbortedError("x"), "OTHER"), "ticket.qungong"),
              HasSubstr("内容已被他人修改"));
  EXPECT_THAT(ErrorJson(grpc::Status(grpc::StatusCode::NOT_FOUND, "x")), HasSubstr("不存在"));
}

TEST(Errors, ViolationsAreListed) {
  const std::string json = ErrorJson(GatewayError(InvalidFields({{"count", "must be less"}}), "r"));
  EXPECT_THAT(json,
              HasSubstr(R"("fieldViolations":[{"field":"count","description":"must be less")"));
}

TEST(Errors, OnlyTheGatewaysOwnReasonChangesTheStatus) {
  const absl::Status status = WithReason(absl::InvalidArgumentError("x"), "BODY_TOO_LARGE");
  EXPECT_EQ(ErrorResponse(GatewayError(status, "r")).status, 413);
  EXPECT_EQ(ErrorResponse(ToGrpcStatus(status, "org.qungong", "r")).status, 400);
}

TEST(Errors, HeadersTellWhatToDoNext) {
  EXPECT_THAT(
      ErrorResponse(
          GatewayError(WithRetryAfter(absl::UnavailableError("x"), absl::Milliseconds(1500)), "r"))
          .headers,
      ::testing::Contains(Pair("Retry-After", "2")));
  EXPECT_THAT(ErrorResponse(GatewayError(absl::UnauthenticatedError("x"), "r")).headers,
              ::testing::Contains(Pair("WWW-Authenticate", "Bearer")));
  EXPECT_THAT(ErrorResponse(GatewayError(WithReason(absl::UnimplementedError("x"),
                                                    "METHOD_NOT_ALLOWED", {{"allow", "GET"}}),
                                         "r"))
                  .headers,
              ::testing::Contains(Pair("Allow", "GET")));
}

TEST(Errors, TransportErrorsDoNotTellAddresses) {
  const grpc::Status raw(grpc::StatusCode::UNAVAILABLE, "connect to 10.0.0.7:443 failed");
  const grpc::Status clean = CleanUpstreamError(raw, "r");
  EXPECT_EQ(ReasonOfError(clean), "UPSTREAM_UNAVAILABLE");
  EXPECT_THAT(ErrorJson(clean), Not(HasSubstr("10.0.0.7")));
  EXPECT_EQ(CleanUpstreamError({grpc::StatusCode::INTERNAL, "stack trace"}, "id-1").error_message(),
            "internal error, id-1");
  // What a service says with details is passed on as it is.
  const grpc::Status said = ToGrpcStatus(
      WithReason(absl::UnavailableError("queue is full"), "QUEUE_FULL"), "org.qungong", "r");
  EXPECT_EQ(CleanUpstreamError(said, "r").error_message(), "queue is full");
}

TEST(Errors, UnknownAndPrivateDetailsStayInside) {
  google::rpc::Status packed;
  google::rpc::DebugInfo debug;
  debug.set_detail("secret");
  packed.add_details()->PackFrom(debug);
  packed.add_details()->set_type_url("type.googleapis.com/some.Other");
  packed.add_details()->set_type_url("no slash");
  google::protobuf::Any* broken = packed.add_details();
  broken->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  broken->set_value("\xff\xff");
  const std::string json = ErrorJson({grpc::StatusCode::INTERNAL, "x", packed.SerializeAsString()});
  EXPECT_THAT(json, Not(HasSubstr("secret")));
  EXPECT_THAT(json, Not(HasSubstr("some.Other")));
  EXPECT_THAT(ErrorJson({grpc::StatusCode::INTERNAL, "x", "not a proto"}),
              HasSubstr("\"code\":500"));
}

}  // namespace
}  // namespace qungong::gateway
