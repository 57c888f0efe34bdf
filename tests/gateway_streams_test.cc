// The gateway over HTTP, in front of fake services: server-sent events, uploads, limits in time,
// draining.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/support/gateway_fixture.h"
#include "tests/support/resident.h"

namespace qungong::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::pair<std::string, std::string> kBearer = {"Authorization", "Bearer some.token"};
const std::pair<std::string, std::string> kBytes = {"Content-Type", "application/octet-stream"};
constexpr char kUpload[] = "/v1/shelves/2/items:upload";

// Server-sent events.

TEST_F(GatewayTest, EachMessageIsAnEventAndTheEndIsSaid) {
  HttpClient client(port());
  const HttpReply reply = client.Get("/v1/items/5:watch?count=3");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.Header("Content-Type"), "text/event-stream");
  EXPECT_EQ(reply.Header("Cache-Control"), "no-store");
  EXPECT_THAT(reply.body, StartsWith(R"(data: {"name":"items/5",)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("count":2,)"));
  EXPECT_THAT(reply.body, EndsWith("\n\nevent: end\ndata: {}\n\n"));
  // The connection goes on.
  EXPECT_EQ(client.Get("/v1/shelves/2/items").status, 200);
}

TEST_F(GatewayTest, AnErrorBeforeTheFirstMessageHasItsOwnStatus) {
  const HttpReply reply = Get("/v1/items/5:watch?count=0&code=9");
  EXPECT_EQ(reply.status, 400);
  EXPECT_THAT(reply.body, HasSubstr(R"("reason":"ENDED")"));
  EXPECT_EQ(Get("/v1/items/5:watch?count=x").status, 400);
  EXPECT_EQ(Call("HEAD", "/v1/items/5:watch").status, 405);
}

TEST_F(GatewayTest, AnErrorAfterAMessageIsAnEvent) {
  const HttpReply reply = Get("/v1/items/5:watch?count=1&code=9");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr("\n\nevent: error\ndata: {\"error\":{\"code\":400,"));
  EXPECT_THAT(reply.body, Not(HasSubstr("event: end")));
}

TEST_F(GatewayTest, AnEmptyStreamIsAnEnd) {
  EXPECT_EQ(Get("/v1/items/5:watch").body, "event: end\ndata: {}\n\n");
}

TEST_F(GatewayTest, APeerThatGoesCancelsTheCall) {
  HttpClient client(port());
  client.Send("GET /v1/items/5:watch?count=-1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.ReadHead(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(client.ReadChunk(), StartsWith("data: "));
  client.Close();
  EXPECT_TRUE(echo_.cancelled().WaitForNotificationWithTimeout(absl::Seconds(10)));
}

class ShortStreamTest : public GatewayTest {
 protected:
  void Configure(gateway::ProcessOptions& options) override {
    options.gateway.stream_time = absl::Milliseconds(300);
  }
};

TEST_F(ShortStreamTest, AStreamEndsWithItsTime) {
  const HttpReply reply = Get("/v1/items/5:watch?count=-1");
  EXPECT_THAT(reply.body, HasSubstr("event: error"));
  EXPECT_THAT(reply.body, HasSubstr("UPSTREAM_TIMEOUT"));
}

// Uploads.

TEST_F(GatewayTest, AnUploadIsStreamedInChunksWithItsMetadataFirst) {
  std::string content(3'000'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761u >> 13);
  const HttpReply reply =
      Call("POST", absl::StrCat(kUpload, "?validateOnly=true"), {kBearer, kBytes}, content);
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(reply.body, HasSubstr(R"("parent":"shelves/2","validateOnly":true)"));
  EXPECT_THAT(reply.body, HasSubstr(R"("size":"3000000","chunks":12)"));
  EXPECT_THAT(reply.body, HasSubstr(absl::Base64Escape(Sha256(content)).substr(0, 20)));
}

TEST_F(GatewayTest, AnUploadMayBeEmptyOrComeInHttpChunks) {
  EXPECT_THAT(Call("POST", kUpload, {kBearer, {"Content-Type", "text/csv; charset=utf-8"}}).body,
              HasSubstr(R"("size":"0")"));
  HttpClient client(port());
  client.Send(
      absl::StrCat("POST ", kUpload,
                   " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: text/csv\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n5\r\na,b,c\r\n2\r\n,d\r\n0\r\n\r\n"));
  EXPECT_THAT(client.ReadReply().body, HasSubstr(R"("size":"7")"));
  EXPECT_EQ(client.Get("/v1/shelves/2/items").status, 200);
}

TEST_F(GatewayTest, AnUploadThatAsksFirstIsToldToGoOn) {
  HttpClient client(port());
  client.Send(
      absl::StrCat("POST ", kUpload,
                   " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: text/csv\r\n"
                   "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.ReadHead(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("abcd");
  EXPECT_THAT(client.ReadReply().body, HasSubstr(R"("size":"4")"));
}

TEST_F(GatewayTest, AServiceThatHasHeardEnoughEndsTheUpload) {
  HttpClient client(port());
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
  EXPECT_EQ(reply.Header("Connection"), "close");
}

TEST_F(GatewayTest, BadUploadsAreRefused) {
  const auto expect = [&](const HttpReply& reply, int status, const char* reason) {
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_THAT(reply.body, HasSubstr(absl::StrCat("\"reason\":\"", reason, "\"")));
  };
  expect(Call("POST", kUpload, {kBearer, {"Content-Type", "application/json"}}, "{}"), 415,
         "UNSUPPORTED_MEDIA_TYPE");
  expect(Call("POST", absl::StrCat(kUpload, "?x=1"), {kBearer, kBytes}, "abc"), 400,
         "INVALID_FIELD");
  expect(Call("POST", kUpload, {kBytes, {"Cookie", "qungong_session=x"}}, "abc"), 401,
         "SESSION_ENDED");
  EXPECT_EQ(echo_.calls(), 0);
}

TEST_F(GatewayTest, APeerThatGoesInTheMiddleOfAnUploadCancelsIt) {
  HttpClient client(port());
  client.Send(
      absl::StrCat("POST ", kUpload,
                   " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: text/csv\r\n"
                   "Content-Length: 50000000\r\n\r\n",
                   std::string(1 << 20, 'x')));
  client.Close();
  // TearDown waits until nothing is under way.
}

class SmallUploadTest : public GatewayTest {
 protected:
  void Configure(gateway::ProcessOptions& options) override {
    options.http.upload_bytes = 1000;
    options.http.upload_time = absl::Seconds(20);
  }
};

TEST_F(SmallUploadTest, UploadsAreBounded) {
  EXPECT_EQ(Call("POST", kUpload, {kBearer, kBytes}, std::string(1001, 'x')).status, 413);
  HttpClient client(port());
  client.Send(
      absl::StrCat("POST ", kUpload,
                   " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: text/csv\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
                   std::string(1001, 'x'), "\r\n0\r\n\r\n"));
  const HttpReply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_THAT(reply.body, HasSubstr("BODY_TOO_LARGE"));
}

// Limits in time and number.

class ImpatientTest : public GatewayTest {
 protected:
  void Configure(gateway::ProcessOptions& options) override {
    options.http.header_time = absl::Milliseconds(200);
    options.http.body_time = absl::Milliseconds(200);
    options.http.idle_time = absl::Milliseconds(300);
    options.http.connections_per_peer = 4;
  }
};

TEST_F(ImpatientTest, WhoSendsAHeaderByDropsIsCutOff) {
  HttpClient client(port());
  client.Send("GET /v1/it");
  EXPECT_TRUE(client.ReadsToEnd());
}

TEST_F(ImpatientTest, WhoSendsABodyByDropsIsToldAndCutOff) {
  HttpClient client(port());
  client.Send(
      "POST /v1/items/5:move HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: "
      "100\r\n\r\n{");
  const HttpReply reply = client.ReadReply();
  EXPECT_EQ(reply.status, 408);
  EXPECT_THAT(reply.body, HasSubstr("REQUEST_TIMEOUT"));
  EXPECT_TRUE(client.ReadsToEnd());
  EXPECT_EQ(echo_.calls(), 0);
}

TEST_F(ImpatientTest, WhoSaysNothingIsCutOffAlsoBetweenRequests) {
  HttpClient silent(port());
  EXPECT_TRUE(silent.ReadsToEnd());
  HttpClient once(port());
  EXPECT_EQ(once.Get("/v1/shelves/2/items").status, 200);
  EXPECT_TRUE(once.ReadsToEnd());
}

TEST_F(GatewayTest, ABodyThatIsOnlyAnnouncedTakesNoMemory) {
  const int64_t before = Resident();
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port()));
    clients.back()->Send(
        "POST /v1/items/5:move HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n{");
  }
  EXPECT_EQ(Get("/v1/shelves/2/items").status, 200);
  EXPECT_EQ(Get("/v1/shelves/2/items").status, 200) << "both threads have read what came before";
  EXPECT_LT(Resident() - before, 20);
}

TEST_F(ImpatientTest, OnePeerCannotHoldAllConnections) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<HttpClient>(port()));
    EXPECT_EQ(clients.back()->Get("/v1/items/5:watch?count=1").status, 200);
  }
  EXPECT_EQ(HttpClient(port()).Get("/").status, 0);
  clients.pop_back();
  int status = 0;
  for (int i = 0; i < 1000 && status == 0; ++i) status = HttpClient(port()).Get("/").status;
  EXPECT_EQ(status, 200);
}

TEST_F(GatewayTest, ManyConnectionsAtOnceAreServed) {
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> served = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      HttpClient client(port());
      for (int i = 0; i < 200; ++i) {
        const std::string name = absl::StrCat("items/", t, "-", i);
        const HttpReply reply = client.Get(absl::StrCat("/v1/", name), {kBearer});
        if (reply.status == 200 &&
            reply.body.find(absl::StrCat("\"", name, "\"")) != std::string::npos) {
          ++served;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(served, 1600);
}

TEST_F(GatewayTest, DrainingLetsAnswersFinishEndsStreamsAndRefusesTheRest) {
  HttpClient idle(port());
  EXPECT_EQ(idle.Get("/v1/shelves/2/items").status, 200);
  HttpClient stream(port());
  stream.Send("GET /v1/items/5:watch?count=-1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(stream.ReadHead(), StartsWith("HTTP/1.1 200"));
  std::thread reader([&] { EXPECT_TRUE(stream.ReadsToEnd()); });
  EXPECT_TRUE(gateway_->Stop(absl::ZeroDuration(), absl::Seconds(10)));
  reader.join();
  EXPECT_TRUE(idle.ReadsToEnd());
  EXPECT_EQ(HttpClient(port()).Get("/").status, 0);
  EXPECT_TRUE(echo_.cancelled().HasBeenNotified() ||
              echo_.cancelled().WaitForNotificationWithTimeout(absl::Seconds(10)));
}

}  // namespace
}  // namespace qungong::testing
