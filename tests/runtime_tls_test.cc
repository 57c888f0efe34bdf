// TLS where processes meet: gRPC on both ends, and the database.
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/feed_service.grpc.pb.h"
#include "runtime/channel.h"
#include "runtime/mysql.h"
#include "runtime/tls.h"
#include "tests/support/certificates.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"
#include "tests/support/spawn.h"

namespace qungong::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace pb = ::qungong::rpc::v1;

// Databases first: MariaDb forks, which it may not do after gRPC has started.

std::string ContentOf(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class DatabaseTlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MariaDb::Get().Migrate("ticket"); }
  static void TearDownTestSuite() { Restart({}); }

  static void Restart(const std::vector<std::string>& options) {
    MariaDb::Get().Kill();
    MariaDb::Get().Start(options);
  }
  void ListenOnTcp(const std::vector<std::string>& options) {
    std::vector<std::string> all = {"--skip-networking=0", "--bind-address=127.0.0.1",
                                    absl::StrCat("--port=", port_)};
    all.insert(all.end(), options.begin(), options.end());
    Restart(all);
  }
  void ListenWith(const TlsOptions& tls) {
    ListenOnTcp({"--ssl-cert=" + tls.cert_file, "--ssl-key=" + tls.key_file});
  }
  mysql::Options OptionsWith(const std::string& ca_file) const {
    mysql::Options options = MariaDb::Get().OptionsFor("ticket_app");
    options.address = absl::StrCat("127.0.0.1:", port_);
    options.tls_ca_file = ca_file;
    return options;
  }
  // "" for a session without TLS.
  absl::StatusOr<std::string> Cipher(const std::string& ca_file) const {
    mysql::Session session(OptionsWith(ca_file));
    ASSIGN_OR_RETURN(const mysql::Rows rows,
                     session.QueryDirect("SHOW SESSION STATUS LIKE 'Ssl_cipher'"));
    return rows.at(0).String(1);
  }

  TestCa ca_;
  const int port_ = FreePort();
};

TEST_F(DatabaseTlsTest, ASessionWithACaIsEncrypted) {
  ListenWith(ca_.Issue("database"));
  EXPECT_THAT(Cipher(ca_.file()), IsOkAndHolds(Not(IsEmpty())));
  EXPECT_THAT(Cipher(""), IsOkAndHolds(IsEmpty()));
}

TEST_F(DatabaseTlsTest, AServerOfAnotherCaIsRefused) {
  TestCa stranger;
  ListenWith(stranger.Issue("database"));
  EXPECT_THAT(Cipher(ca_.file()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("TLS")));
}

TEST_F(DatabaseTlsTest, AServerOfAnotherNameIsRefused) {
  ListenWith(ca_.Issue("database", "DNS:elsewhere.example"));
  EXPECT_THAT(Cipher(ca_.file()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("TLS")));
}

TEST_F(DatabaseTlsTest, AServerWithoutTlsIsRefused) {
  ListenOnTcp({});
  EXPECT_THAT(Cipher(ca_.file()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("TLS")));
  EXPECT_THAT(Cipher(""), IsOkAndHolds(IsEmpty()));
}

// With TLS the driver has one number for all that can happen to a connection, and it is another one
// than without.
TEST_F(DatabaseTlsTest, AConnectionThatIsLostIsKnownToBe) {
  ListenWith(ca_.Issue("database"));
  mysql::Session session(OptionsWith(ca_.file()));
  int runs = 0;
  const auto lose_once = [&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const mysql::Rows id, tx.Query("SELECT CONNECTION_ID()"));
    if (++runs == 1) MariaDb::Get().Query(absl::StrCat("KILL ", id.at(0).Int64(0)));
    return absl::OkStatus();
  };
  EXPECT_THAT(session.Transact({}, lose_once),
              StatusIs(absl::StatusCode::kUnavailable, HasReason("COMMIT_IN_DOUBT")));
  runs = 0;
  EXPECT_THAT(session.Transact({.repeatable = true}, lose_once), IsOk());
  EXPECT_EQ(runs, 2);
  runs = 0;
  EXPECT_THAT(session.Transact({},
                               [&](mysql::Tx& tx) -> absl::Status {
                                 RETURN_IF_ERROR(lose_once(tx));
                                 return tx.Query("SELECT 1").status();
                               }),
              IsOk());
  EXPECT_EQ(runs, 2);
  MariaDb::Get().Kill();
  EXPECT_TRUE(mysql::IsConnectionLost(session.Ping()));
  EXPECT_THAT(session.Ping(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(DatabaseTlsTest, ACaThatIsNotThereIsRefused) {
  ListenWith(ca_.Issue("database"));
  EXPECT_THAT(Cipher(ca_.file() + ".absent"), Not(IsOk()));
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
