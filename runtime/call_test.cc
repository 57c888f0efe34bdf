#include "runtime/call.h"

#include "grpcpp/grpcpp.h"
#include "grpcpp/test/client_context_test_peer.h"
#include "gtest/gtest.h"

namespace qungong {
namespace {

TEST(CallTest, OutgoingCallEndsBeforeTheIncomingOne) {
  Call call;
  call.deadline = absl::Now() + absl::Seconds(3);
  grpc::ClientContext context;
  call.Apply(context);
  EXPECT_EQ(absl::FromChrono(context.deadline()), call.deadline - absl::Milliseconds(50));
}

TEST(CallTest, CapShortensButNeverLengthens) {
  Call call;
  call.deadline = absl::Now() + absl::Seconds(100);
  grpc::ClientContext capped;
  call.Apply(capped, absl::Seconds(1));
  EXPECT_LT(absl::FromChrono(capped.deadline()), call.deadline - absl::Seconds(90));
  grpc::ClientContext uncapped;
  call.Apply(uncapped, absl::Hours(1));
  EXPECT_LT(absl::FromChrono(uncapped.deadline()), call.deadline);
}

TEST(CallTest, CarriesIdentityTraceAndPositionAndNothingEmpty) {
  Call call;
  call.deadline = absl::InfiniteFuture();
  call.authorization = "Bearer t";
  call.correlation_id = "0190";
  call.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  grpc::ClientContext context;
  call.Apply(context);
  const auto metadata = grpc::testing::ClientContextTestPeer(&context).GetSendInitialMetadata();
  const std::multimap<std::string, std::string> expected = {{"authorization", call.authorization},
                                                            {"traceparent", call.traceparent},
                                                            {"x-request-id", "0190"}};
  EXPECT_EQ(metadata, expected);
}

}  // namespace
}  // namespace qungong
