// What a hostile peer can do to gRPC's own HTTP/2 at the pass-through port: little, as long as it
// has no certificate.
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/create_channel.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/resident.h"

namespace qungong::testing {
namespace {

using echo::v1::EchoService;
using echo::v1::Item;

constexpr size_t kFrame = 16'384;  // the largest payload of a frame
enum Type : char { kHeaders = 1, kReset = 3, kSettings = 4, kContinuation = 9 };
enum Flag : char { kNone = 0, kEndHeaders = 4 };

std::string Frame(Type type, Flag flags, uint32_t stream, absl::string_view payload) {
  std::string frame;
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(payload.size() >> shift & 0xff);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift & 0xff);
  return absl::StrCat(frame, payload);
}

// HPACK: an integer behind a prefix of seven bits, whose eighth is 0.
std::string Length(size_t length) {
  if (length < 127) return std::string(1, static_cast<char>(length));
  std::string out = "\x7f";
  for (length -= 127; length >= 128; length >>= 7) out += static_cast<char>((length & 0x7f) | 0x80);
  return out + static_cast<char>(length);
}
std::string Literal(absl::string_view name, absl::string_view value) {
  return absl::StrCat(absl::string_view("\0", 1), Length(name.size()), name, Length(value.size()),
                      value);
}

// The header of a call of GetItem: POST, http, then literals.
std::string CallHeader() {
  return absl::StrCat("\x83\x86", Literal(":path", "/qungong.echo.v1.EchoService/GetItem"),
                      Literal(":authority", "x"), Literal("content-type", "application/grpc"),
                      Literal("te", "trailers"));
}

std::string Preface() {
  return absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Frame(kSettings, kNone, 0, ""));
}

std::string CallsTakenBack(uint32_t count) {
  std::string bytes = Preface();
  const std::string header = CallHeader();
  for (uint32_t stream = 1; stream < 2 * count; stream += 2) {
    absl::StrAppend(&bytes, Frame(kHeaders, kEndHeaders, stream, header),
                    Frame(kReset, kNone, stream, absl::string_view("\0\0\0\x08", 4)));
  }
  return bytes;
}

class Http2Test : public GatewayTest {
 protected:
  virtual std::shared_ptr<grpc::ChannelCredentials> Credentials() {
    return grpc::InsecureChannelCredentials();
  }
  std::unique_ptr<EchoService::Stub> Stub() {
    return EchoService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", gateway_->grpc_port()), Credentials()));
  }
  static grpc::Status GetItem(EchoService::Stub& stub, size_t token_bytes = 10) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + std::string(token_bytes, 'x'));
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    echo::v1::GetItemRequest request;
    request.set_name("items/5");
    Item item;
    return stub.GetItem(&context, request, &item);
  }
  // Sends an attack. How much memory it took, in MiB; others are served afterwards. Waits for a
  // while until it is more than `expected`.
  int64_t Cost(HttpClient& client, absl::string_view attack, int64_t expected = -1) {
    const auto stub = Stub();
    EXPECT_THAT(GetItem(*stub), IsOk());
    malloc_trim(0);  // what tests before have left
    const int64_t before = Resident();
    client.Send(attack);
    if (expected >= 0) Eventually([&] { return Resident() - before > expected; });
    const int64_t cost = Resident() - before;
    EXPECT_TRUE(Eventually([&] { return GetItem(*stub).ok(); }));
    std::printf("%d MiB\n", static_cast<int>(cost));
    return cost;
  }
};

// The witness, and the reason why gRPC ports are not for strangers: 25 KiB for each of them, which
// none of gRPC's limits bounds.
TEST_F(Http2Test, CallsThatAreTakenBackAtOnceCostMemory) {
  HttpClient client(gateway_->grpc_port());
  EXPECT_GT(Cost(client, CallsTakenBack(5'000), 50), 50);
  // TearDown waits until nothing of them is left.
}

// As in production: peers show a certificate.
class Http2TlsTest : public Http2Test {
 protected:
  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }  // OpenSSL writes to gone peers
  void Configure(gateway::ProcessOptions& options) override { options.tls = ca_.Issue("gateway"); }
  std::shared_ptr<grpc::ServerCredentials> BackendCredentials() override {
    return *MakeServerCredentials(backend_, "--listen", "");
  }
  std::shared_ptr<grpc::ChannelCredentials> Credentials() override {
    return *MakeChannelCredentials(client_, "", "");
  }

  TestCa ca_;
  const TlsOptions backend_ = ca_.Issue("backend");
  const TlsOptions client_ = ca_.Issue("client");
};

TEST_F(Http2TlsTest, AStrangerCannotMakeThemCostAnything) {
  const std::string attack = CallsTakenBack(20'000);
  HttpClient plain(gateway_->grpc_port());
  EXPECT_LT(Cost(plain, attack), 20);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  static constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);
  HttpClient without_certificate(gateway_->grpc_port(), context.get());
  EXPECT_LT(Cost(without_certificate, attack), 20);
}

class FewCallsTest : public Http2Test {
 protected:
  void Configure(gateway::ProcessOptions& options) override { options.gateway.grpc_calls = 2; }
};

TEST_F(FewCallsTest, CallsBeyondTheLimitAreToldToTryAgain) {
  const auto stub = Stub();
  Item item;
  grpc::ClientContext contexts[2];
  std::vector<std::unique_ptr<grpc::ClientReaderWriter<Item, Item>>> chats;
  for (grpc::ClientContext& context : contexts) {
    chats.push_back(stub->Chat(&context));
    EXPECT_TRUE(chats.back()->Write(item) && chats.back()->Read(&item));
  }
  EXPECT_THAT(GetItem(*stub), StatusIs(absl::StatusCode::kUnavailable, HasReason("OVERLOADED")));
  for (const auto& chat : chats) {
    chat->WritesDone();
    EXPECT_THAT(chat->Finish(), IsOk());
  }
  EXPECT_TRUE(Eventually([&] { return GetItem(*stub).ok(); }));
}

TEST_F(Http2Test, AHeaderOfMegabytesIsRefusedAndBounded) {
  const std::string header = CallHeader() + Literal("x-large", std::string(4 << 20, 'x'));
  std::string bytes = Preface();
  for (size_t at = 0; at < header.size(); at += kFrame) {
    bytes += Frame(at == 0 ? kHeaders : kContinuation,
                   at + kFrame < header.size() ? kNone : kEndHeaders, 1, header.substr(at, kFrame));
  }
  HttpClient client(gateway_->grpc_port());
  EXPECT_LT(Cost(client, bytes), 50);
  EXPECT_EQ(echo_.calls(), 2) << "those that asked for a header of usual size";
}

TEST_F(Http2Test, MetadataBeyondFourKibibytesGoNoFurther) {
  const auto stub = Stub();
  EXPECT_THAT(GetItem(*stub, 3'500), IsOk());
  EXPECT_THAT(GetItem(*stub, 4'200),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("HEADER_TOO_LARGE")));
  EXPECT_THAT(GetItem(*stub, 20'000), StatusIs(absl::StatusCode::kResourceExhausted))
      << "by gRPC itself";
  EXPECT_EQ(echo_.calls(), 1);
}

}  // namespace
}  // namespace qungong::testing
