// TLS where processes meet: gRPC on both ends.
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/feed_service.grpc.pb.h"
#include "runtime/channel.h"
#include "runtime/tls.h"
#include "tests/support/certificates.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

using ::testing::HasSubstr;

namespace pb = ::qungong::rpc::v1;

std::string ContentOf(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class FakeFeed final : public pb::FeedService::Service {
  grpc::Status StreamEvents(grpc::ServerContext*, const pb::StreamEventsRequest*,
                            grpc::ServerWriter<pb::StreamEventsResponse>*) override {
    return grpc::Status::OK;
  }
};

class GrpcTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    ApplyServerArguments(builder);
    const auto credentials = MakeServerCredentials(ca_.Issue("server"), "--listen", "127.0.0.1:0");
    ASSERT_THAT(credentials, IsOk());
    builder.AddListeningPort("127.0.0.1:0", *credentials, &port_);
    builder.RegisterService(&feed_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void TearDown() override { server_->Shutdown(std::chrono::system_clock::now()); }

  absl::Status Call(const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                    absl::string_view host = "127.0.0.1") {
    const auto stub =
        pb::FeedService::NewStub(Connect(absl::StrCat(host, ":", port_), credentials));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    pb::StreamEventsResponse response;
    const auto reader = stub->StreamEvents(&context, {});
    while (reader->Read(&response)) {
    }
    return FromGrpcStatus(reader->Finish());
  }
  absl::Status CallAs(const TlsOptions& client, absl::string_view host = "127.0.0.1") {
    const auto credentials = MakeChannelCredentials(client, "--org_service", host);
    return credentials.ok() ? Call(*credentials, host) : credentials.status();
  }

  TestCa ca_;
  TestCa stranger_;
  FakeFeed feed_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

TEST_F(GrpcTlsTest, WhoHasACertificateOfTheCaIsServed) {
  EXPECT_THAT(CallAs(ca_.Issue("client", "DNS:ticket-service")), IsOk());
  EXPECT_THAT(CallAs(ca_.Issue("local"), "localhost"), IsOk());
}

TEST_F(GrpcTlsTest, WhoHasNoneIsNot) {
  const auto refused = StatusIs(absl::StatusCode::kUnavailable);
  EXPECT_THAT(Call(grpc::InsecureChannelCredentials()), refused) << "plain text";
  grpc::SslCredentialsOptions anonymous;
  anonymous.pem_root_certs = ContentOf(ca_.file());
  EXPECT_THAT(Call(grpc::SslCredentials(anonymous)), refused) << "no certificate";
  TlsOptions foreign = stranger_.Issue("foreign");
  foreign.ca_file = ca_.file();
  EXPECT_THAT(CallAs(foreign), refused) << "a certificate of another CA";
  EXPECT_THAT(CallAs(ca_.Issue("client")), IsOk()) << "the server goes on";
}

TEST_F(GrpcTlsTest, ACertificateThatEndsWhileItsProcessRunsIsRefused) {
  const auto credentials =
      MakeChannelCredentials(ca_.Issue("brief", TestCa::kHere, absl::Seconds(1)), "", "");
  ASSERT_THAT(credentials, IsOk());
  const absl::Time end = absl::Now() + absl::Seconds(10);
  absl::Status status;
  while (status.ok() && absl::Now() < end) status = Call(*credentials);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(GrpcTlsTest, AClientSpeaksOnlyToTheServerThatItMeans) {
  const auto refused = StatusIs(absl::StatusCode::kUnavailable);
  TlsOptions trusts_others = ca_.Issue("client");
  trusts_others.ca_file = stranger_.file();
  EXPECT_THAT(CallAs(trusts_others), refused);
  EXPECT_THAT(CallAs(ca_.Issue("other"), "127.0.0.2"), refused) << "not the server's name";
}

TEST_F(GrpcTlsTest, PlainTextNeedsNoFilesAndStaysOnThisMachine) {
  EXPECT_THAT(MakeServerCredentials({}, "--listen", "127.0.0.1:0"), IsOk());
  EXPECT_THAT(MakeServerCredentials({}, "--listen", "0.0.0.0:0"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--listen=0.0.0.0:0")));
  EXPECT_THAT(MakeChannelCredentials({}, "--org_service", "dns:///org-service:50051"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--org_service=dns:///")));
  TlsOptions allowed;
  allowed.allow_plain_text = true;
  EXPECT_THAT(MakeServerCredentials(allowed, "--listen", "0.0.0.0:0"), IsOk());
  EXPECT_THAT(MakeServerCredentials(ca_.Issue("any"), "--listen", "0.0.0.0:0"), IsOk());
}

TEST_F(GrpcTlsTest, FilesThatCannotWorkAreRefusedAtStart) {
  const TlsOptions good = ca_.Issue("good");
  const TlsOptions other = ca_.Issue("other");
  struct Case {
    const char* what;
    TlsOptions tls;
    const char* says;
  };
  const Case cases[] = {
      {"no CA", {good.cert_file, good.key_file, ""}, "mutual"},
      {"no key", {good.cert_file, "", good.ca_file}, "mutual"},
      {"no certificate", {"", good.key_file, good.ca_file}, "mutual"},
      {"an absent file", {good.cert_file, "/absent.key", good.ca_file}, "cannot read /absent.key"},
      {"another's key", {good.cert_file, other.key_file, good.ca_file}, "is not the key of"},
      {"a key for a certificate", {good.key_file, good.key_file, good.ca_file}, "no PEM"},
      {"a key for a CA", {good.cert_file, good.key_file, good.key_file}, "no PEM"},
      {"ended", ca_.Issue("ended", TestCa::kHere, -absl::Minutes(1)), "has ended"},
  };
  for (const Case& c : cases) {
    const auto refused = StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.says));
    EXPECT_THAT(MakeServerCredentials(c.tls, "--listen", "127.0.0.1:0"), refused) << c.what;
    EXPECT_THAT(MakeChannelCredentials(c.tls, "--org_service", "a:1"), refused) << c.what;
  }
}

}  // namespace
}  // namespace qungong::testing
