// Native gRPC through the gateway, in front of fake services.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/support/gateway_fixture.h"

namespace qungong::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using echo::v1::EchoService;
using echo::v1::Item;

class PassThroughTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", gateway_->grpc_port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = EchoService::NewStub(channel_);
    context_.AddMetadata("authorization", "Bearer some.token");
  }

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<EchoService::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(PassThroughTest, UnaryCallsGoThroughWithTheAllowListOnly) {
  context_.AddMetadata("x-request-id", "request-1234");
  context_.AddMetadata("x-admin", "yes");
  context_.AddMetadata("x-qungong-after", "org@e:5");
  echo::v1::GetItemRequest request;
  request.set_name("items/5");
  Item item;
  EXPECT_THAT(stub_->GetItem(&context_, request, &item), IsOk());
  EXPECT_EQ(item.name(), "items/5");
  EXPECT_EQ(context_.GetServerTrailingMetadata().find("x-qungong-after")->second, "echo@e:7");
  Metadata metadata = echo_.metadata();
  EXPECT_EQ(metadata["authorization"], "Bearer some.token");
  EXPECT_EQ(metadata["x-request-id"], "request-1234");
  EXPECT_EQ(metadata["x-qungong-after"], "org@e:5");
  for (const char* key :
       {"authorization", "x-request-id", "x-qungong-after", "traceparent", "user-agent"}) {
    metadata.erase(key);
  }
  EXPECT_THAT(metadata, IsEmpty());
}

TEST_F(PassThroughTest, StatusDetailsComeBack) {
  echo::v1::FailRequest request;
  request.set_code(9);
  request.set_message("closed");
  request.set_reason("CLOSED");
  Item item;
  EXPECT_THAT(stub_->Fail(&context_, request, &item),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("CLOSED")));
}

TEST_F(PassThroughTest, ServerStreamsGoThrough) {
  echo::v1::WatchItemRequest request;
  request.set_name("items/5");
  request.set_count(100);
  request.set_code(9);
  const auto reader = stub_->WatchItem(&context_, request);
  Item item;
  int count = 0;
  while (reader->Read(&item)) EXPECT_EQ(item.count(), count++);
  EXPECT_EQ(count, 100);
  EXPECT_THAT(reader->Finish(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("ENDED")));
}

TEST_F(PassThroughTest, ClientStreamsGoThrough) {
  echo::v1::UploadItemsResponse response;
  const auto writer = stub_->UploadItems(&context_, &response);
  echo::v1::UploadItemsRequest request;
  request.mutable_metadata()->set_parent("shelves/2");
  EXPECT_TRUE(writer->Write(request));
  request.set_chunk(std::string(100'000, 'x'));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(writer->Write(request));
  writer->WritesDone();
  EXPECT_THAT(writer->Finish(), IsOk());
  EXPECT_EQ(response.size(), 2'000'000);
  EXPECT_EQ(response.metadata().parent(), "shelves/2");
}

TEST_F(PassThroughTest, BothWaysGoThrough) {
  const auto stream = stub_->Chat(&context_);
  Item item;
  for (int i = 0; i < 50; ++i) {
    item.set_count(i);
    ASSERT_TRUE(stream->Write(item));
    ASSERT_TRUE(stream->Read(&item));
    EXPECT_EQ(item.count(), i + 1);
  }
  // The service ends while the client could still write.
  item.set_name("bye");
  stream->Write(item);
  EXPECT_FALSE(stream->Read(&item));
  EXPECT_THAT(stream->Finish(), StatusIs(absl::StatusCode::kAborted, HasReason("GONE")));
  EXPECT_EQ(context_.GetServerTrailingMetadata().count("x-qungong-after"), 1u);
}

TEST_F(PassThroughTest, AClientThatGoesCancelsTheCall) {
  echo::v1::WatchItemRequest request;
  request.set_count(-1);
  const auto reader = stub_->WatchItem(&context_, request);
  Item item;
  EXPECT_TRUE(reader->Read(&item));
  context_.TryCancel();
  reader->Finish();
  EXPECT_TRUE(echo_.cancelled().WaitForNotificationWithTimeout(absl::Seconds(10)));
}

TEST_F(PassThroughTest, DeadlinesTravelOnAndAreCapped) {
  echo::v1::GetItemRequest request;
  Item item;
  EXPECT_THAT(stub_->GetItem(&context_, request, &item), IsOk());
  EXPECT_LE(echo_.time_left(), absl::Milliseconds(10'200));
  grpc::ClientContext hasty;
  hasty.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(3));
  EXPECT_THAT(stub_->GetItem(&hasty, request, &item), IsOk());
  EXPECT_LE(echo_.time_left(), absl::Milliseconds(3'100));
  grpc::ClientContext patient;
  patient.set_deadline(std::chrono::system_clock::now() + std::chrono::hours(1));
  EXPECT_THAT(stub_->GetItem(&patient, request, &item), IsOk());
  EXPECT_LE(echo_.time_left(), absl::Milliseconds(30'600));
}

TEST_F(PassThroughTest, AnUnlinkableCallCarriesNothingOfItsSender) {
  Item item;
  EXPECT_THAT(stub_->CastSlip(&context_, {}, &item), IsOk());
  Metadata metadata = echo_.metadata();
  metadata.erase("user-agent");
  EXPECT_THAT(metadata, IsEmpty());
}

TEST_F(PassThroughTest, UnknownMethodsAndForeignServicesAreRefused) {
  grpc::GenericStub generic(channel_);
  for (const char* method :
       {"/qungong.echo.v1.EchoService/Nothing", "/qungong.rpc.v1.FeedService/StreamEvents",
        "/grpc.health.v1.Health/Check", "/nothing"}) {
    grpc::ClientContext context;
    const grpc::Slice empty;
    grpc::ByteBuffer request(&empty, 1);
    grpc::ByteBuffer response;
    absl::Notification done;
    grpc::Status result;
    generic.UnaryCall(&context, method, {}, &request, &response, [&](grpc::Status status) {
      result = std::move(status);
      done.Notify();
    });
    done.WaitForNotification();
    EXPECT_EQ(result.error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
  EXPECT_EQ(echo_.calls(), 0);
}

TEST_F(PassThroughTest, AServiceThatIsDownIsUnavailableAndNamesNoAddress) {
  StopBackend();
  Item item;
  const grpc::Status status = stub_->GetItem(&context_, {}, &item);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasReason("UPSTREAM_UNAVAILABLE")));
  EXPECT_THAT(status.error_message(), Not(HasSubstr("127.0.0.1")));
}

}  // namespace
}  // namespace qungong::testing
