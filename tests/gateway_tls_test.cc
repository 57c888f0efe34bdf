// The gateway with certificates: HTTPS in front, mutual TLS to services and for gRPC clients.
#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "runtime/channel.h"
#include "tests/support/certificates.h"
#include "tests/support/gateway_fixture.h"

namespace qungong::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::pair<std::string, std::string> kBearer = {"Authorization", "Bearer some.token"};
const std::pair<std::string, std::string> kBytes = {"Content-Type", "application/octet-stream"};
constexpr char kItems[] = "/v1/shelves/2/items";
constexpr char kUpload[] = "/v1/shelves/2/items:upload";

class GatewayTlsTest : public GatewayTest {
 protected:
  using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }  // OpenSSL writes to gone peers

  void Configure(gateway::ProcessOptions& options) override {
    options.tls = ca_.Issue("gateway");
    options.http.tls_cert_file = options.tls.cert_file;
    options.http.tls_key_file = options.tls.key_file;
  }
  std::shared_ptr<grpc::ServerCredentials> BackendCredentials() override {
    return *MakeServerCredentials(backend_tls_, "--listen", "");
  }
  SSL_CTX* ClientTls() override { return context_.get(); }

  // A client that trusts the CA and speaks only these versions of TLS.
  Context NewContext(int least = TLS1_2_VERSION, int most = TLS1_3_VERSION) const {
    Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    EXPECT_EQ(SSL_CTX_load_verify_file(context.get(), ca_.file().c_str()), 1);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context.get(), least);
    SSL_CTX_set_max_proto_version(context.get(), most);
    return context;
  }
  HttpClient Client() { return HttpClient(port(), ClientTls()); }

  TestCa ca_;
  TlsOptions backend_tls_ = ca_.Issue("backend");
  const Context context_ = NewContext();
};

TEST_F(GatewayTlsTest, ARequestGoesThroughBothLegs) {
  const HttpReply reply = Get("/v1/items/5", {kBearer});
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(reply.body, HasSubstr(R"("name":"items/5")"));
  EXPECT_EQ(reply.Header("Strict-Transport-Security"), "max-age=31536000");
  HttpClient client = Client();
  EXPECT_EQ(client.Get(kItems).status, 200);
  EXPECT_EQ(client.Get(kItems).status, 200) << "the connection goes on";
  client.Send(
      "GET /v1/items/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n"
      "GET /v1/items/2 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n");
  EXPECT_THAT(client.ReadReply().body, HasSubstr("items/1")) << "requests sent ahead";
  EXPECT_THAT(client.ReadReply().body, HasSubstr("items/2"));
}

TEST_F(GatewayTlsTest, CookiesAreForHttpsOnly) {
  const HttpReply reply = PostJson("/v1/session", R"({"login":"wang","password":"right"})");
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(reply.Header("Set-Cookie"), HasSubstr("; Secure"));
  EXPECT_EQ(Get("/v1/session", {SignIn()}).status, 200);
}

TEST_F(GatewayTlsTest, Tls12And13AreSpokenAndNothingOlder) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const Context context = NewContext(version, version);
    EXPECT_EQ(HttpClient(port(), context.get()).Get(kItems).status, 200) << version;
  }
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const Context context = NewContext(version, version);
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    EXPECT_FALSE(HttpClient(port(), context.get()).connected()) << version;
  }
}

TEST_F(GatewayTlsTest, OfTheOfferedProtocolsHttp11IsChosen) {
  const std::string offers[] = {"\x02h2\x08http/1.1", "\x08http/1.1"};
  for (const std::string& offer : offers) {
    const Context context = NewContext();
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(offer.data()),
                            static_cast<unsigned>(offer.size()));
    HttpClient client(port(), context.get());
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &chosen, &size);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
    EXPECT_EQ(client.Get(kItems).status, 200);
  }
}

TEST_F(GatewayTlsTest, AClientCannotRenegotiate) {
  const Context context = NewContext(TLS1_2_VERSION, TLS1_2_VERSION);
  HttpClient client(port(), context.get());
  EXPECT_EQ(SSL_renegotiate(client.ssl()), 1);
  SSL_do_handshake(client.ssl());
  EXPECT_NE(client.Get(kItems).status, 200);
  EXPECT_EQ(Get(kItems).status, 200);
}

TEST_F(GatewayTlsTest, PlainTextGetsNoAnswerAndDoesNoHarm) {
  HttpClient plain(port());
  EXPECT_EQ(plain.Get(kItems).status, 0);
  EXPECT_EQ(HttpClient(port()).Get(absl::StrCat("/", std::string(100'000, 'x'))).status, 0);
  EXPECT_EQ(echo_.calls(), 0);
  EXPECT_EQ(Get(kItems).status, 200);
}

TEST_F(GatewayTlsTest, EventsComeOneByOneAndEndWithTheirPeer) {
  const HttpReply reply = Get("/v1/items/5:watch?count=300");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.Header("Content-Type"), "text/event-stream");
  EXPECT_THAT(reply.body, HasSubstr(R"("count":299,)"));
  EXPECT_THAT(reply.body, EndsWith("\n\nevent: end\ndata: {}\n\n"));
  HttpClient client = Client();
  client.Send("GET /v1/items/5:watch?count=-1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadHead(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(client.ReadChunk(), StartsWith("data: {"));
  client.Close();
  EXPECT_TRUE(echo_.cancelled().WaitForNotificationWithTimeout(absl::Seconds(10)));
}

TEST_F(GatewayTlsTest, UploadsArriveWhole) {
  std::string content(3'000'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761u >> 13);
  const HttpReply reply = Call("POST", kUpload, {kBearer, kBytes}, content);
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(reply.body, HasSubstr(R"("size":"3000000","chunks":12)"));
  EXPECT_THAT(reply.body, HasSubstr(absl::Base64Escape(Sha256(content)).substr(0, 20)));
}

TEST_F(GatewayTlsTest, AnUploadThatIsRefusedIsAnswered) {
  HttpClient client = Client();
  client.Send(
      absl::StrCat("POST ", kUpload,
                   " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: text/csv\r\n"
                   "Content-Length: 50000000\r\n\r\nSTOP"));
  const std::string part(1 << 20, 'x');
  for (int i = 0; i < 40 && client.Send(part); ++i) {
  }
  const HttpReply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr("STOPPED"));
}

TEST_F(GatewayTlsTest, ManyConnectionsAtOnceAreServed) {
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> served = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      HttpClient client = Client();
      for (int i = 0; i < 50; ++i) {
        const std::string name = absl::StrCat("items/", t, "-", i);
        const HttpReply reply = client.Get(absl::StrCat("/v1/", name), {kBearer});
        if (reply.body.find(absl::StrCat("\"", name, "\"")) != std::string::npos) ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 400);
}

TEST_F(GatewayTlsTest, DrainingLetsAnswersFinishAndEndsTheRest) {
  HttpClient idle = Client();
  EXPECT_EQ(idle.Get(kItems).status, 200);
  HttpClient stream = Client();
  stream.Send("GET /v1/items/5:watch?count=-1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(stream.ReadHead(), StartsWith("HTTP/1.1 200"));
  std::thread reader([&] { EXPECT_TRUE(stream.ReadsToEnd()); });
  EXPECT_TRUE(gateway_->Stop(absl::ZeroDuration(), absl::Seconds(10)));
  reader.join();
  EXPECT_TRUE(idle.ReadsToEnd());
}

// gRPC clients.

TEST_F(GatewayTlsTest, GrpcClientsShowACertificate) {
  const auto call = [&](const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    const auto stub = echo::v1::EchoService::NewStub(
        Connect(absl::StrCat("127.0.0.1:", gateway_->grpc_port()), credentials));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.AddMetadata("authorization", "Bearer some.token");
    echo::v1::GetItemRequest request;
    request.set_name("items/5");
    echo::v1::Item item;
    return stub->GetItem(&context, request, &item);
  };
  EXPECT_THAT(call(*MakeChannelCredentials(ca_.Issue("client"), "", "")), IsOk());
  EXPECT_THAT(call(grpc::InsecureChannelCredentials()), StatusIs(absl::StatusCode::kUnavailable));
  TestCa stranger;
  TlsOptions foreign = stranger.Issue("client");
  foreign.ca_file = ca_.file();
  EXPECT_THAT(call(*MakeChannelCredentials(foreign, "", "")),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(echo_.calls(), 1);
}

// Services.

class ForeignBackendTest : public GatewayTlsTest {
 protected:
  ForeignBackendTest() { backend_tls_ = stranger_.Issue("backend"); }

  TestCa stranger_;
};

TEST_F(ForeignBackendTest, AServiceOfAnotherCaIsNotSpokenTo) {
  const HttpReply reply = Get("/v1/items/5", {kBearer});
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("UPSTREAM_UNAVAILABLE"));
  EXPECT_EQ(echo_.calls(), 0);
}

// Only in front.

class HttpsOnlyTest : public GatewayTlsTest {
 protected:
  void Configure(gateway::ProcessOptions& options) override {
    GatewayTlsTest::Configure(options);
    options.tls = {};
  }
  std::shared_ptr<grpc::ServerCredentials> BackendCredentials() override {
    return grpc::InsecureServerCredentials();
  }
};

TEST_F(HttpsOnlyTest, WithoutACaServicesOnThisMachineArePlain) {
  EXPECT_EQ(Get("/v1/items/5", {kBearer}).status, 200);
}

// Time and number.

class ImpatientTlsTest : public GatewayTlsTest {
 protected:
  void Configure(gateway::ProcessOptions& options) override {
    GatewayTlsTest::Configure(options);
    options.http.header_time = absl::Milliseconds(300);
    options.http.idle_time = absl::Milliseconds(300);
    options.http.connections_per_peer = 4;
  }
};

TEST_F(ImpatientTlsTest, AHandshakeThatDoesNotEndIsCutOff) {
  HttpClient silent(port());
  HttpClient slow(port());
  slow.Send(absl::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_TRUE(silent.ReadsToEnd());
  EXPECT_TRUE(slow.ReadsToEnd());
  EXPECT_EQ(Get(kItems).status, 200);
}

TEST_F(ImpatientTlsTest, HandshakesThatDoNotEndGiveTheirPlacesBack) {
  std::vector<std::unique_ptr<HttpClient>> silent;
  for (int i = 0; i < 4; ++i) silent.push_back(std::make_unique<HttpClient>(port()));
  for (const auto& client : silent) EXPECT_TRUE(client->ReadsToEnd());
  EXPECT_EQ(Get(kItems).status, 200);
}

TEST_F(ImpatientTlsTest, WhoSaysNothingAfterTheHandshakeIsCutOff) {
  HttpClient silent = Client();
  EXPECT_TRUE(silent.connected());
  EXPECT_TRUE(silent.ReadsToEnd());
  HttpClient dropwise = Client();
  dropwise.Send("GET /v1/it");
  EXPECT_TRUE(dropwise.ReadsToEnd());
}

// What does not start.

TEST(GatewayStartTest, PlainTextBeyondThisMachineAndUselessFilesAreRefused) {
  TestCa ca;
  const TlsOptions good = ca.Issue("gateway");
  const TlsOptions other = ca.Issue("other");
  struct Case {
    const char* what;
    std::function<void(gateway::ProcessOptions&)> change;
    const char* says;
  };
  const Case cases[] = {
      {"HTTP", [](auto& o) { o.listen = "0.0.0.0:0"; }, "--listen=0.0.0.0:0"},
      {"gRPC", [](auto& o) { o.grpc_listen = "[::]:0"; }, "--grpc_listen=[::]:0"},
      {"a service", [](auto& o) { o.backends = "qungong.org.v1=dns:///org-service:1"; },
       "--backends=dns:///org-service:1"},
      {"no key", [&](auto& o) { o.http.tls_cert_file = good.cert_file; }, "cannot be used"},
      {"no certificate", [&](auto& o) { o.http.tls_key_file = good.key_file; }, "cannot be used"},
      {"another's key",
       [&](auto& o) {
         o.http.tls_cert_file = good.cert_file;
         o.http.tls_key_file = other.key_file;
       },
       "cannot be used"},
      {"a CA alone", [&](auto& o) { o.tls.ca_file = good.ca_file; }, "mutual"},
  };
  for (const Case& c : cases) {
    gateway::ProcessOptions options;
    options.listen = options.grpc_listen = options.admin_listen = "127.0.0.1:0";
    options.descriptor_set_file = GATEWAY_TEST_DESCRIPTORS;
    options.backends = "qungong.org.v1=127.0.0.1:1";
    c.change(options);
    EXPECT_THAT(gateway::Process::Start(options),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.says)))
        << c.what;
  }
}

TEST(GatewayStartTest, PlainTextIsAllowedWhereAskedFor) {
  gateway::ProcessOptions options;
  options.listen = options.grpc_listen = options.admin_listen = "127.0.0.1:0";
  options.descriptor_set_file = GATEWAY_TEST_DESCRIPTORS;
  options.backends = "qungong.org.v1=dns:///org-service:1";
  options.tls.allow_plain_text = true;
  EXPECT_THAT(gateway::Process::Start(options), IsOk());
}

}  // namespace
}  // namespace qungong::testing
