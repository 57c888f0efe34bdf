#include "runtime/metrics.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qungong {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class AdminServerTest : public ::testing::Test {
 protected:
  int Connect() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(under_test_.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }
  std::string Ask(const std::string& request) {
    const int fd = Connect();
    EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    std::string reply;
    char buffer[4096];
    for (ssize_t n = 0; (n = read(fd, buffer, sizeof(buffer))) > 0;)
      reply.append(buffer, static_cast<size_t>(n));
    close(fd);
    return reply;
  }
  std::string Get(const std::string& path) {
    return Ask(absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n\r\n"));
  }

  Metrics metrics_;
  absl::Status ready_ = absl::UnavailableError("draining");
  std::string checkpoint_;
  AdminServer under_test_{"127.0.0.1:0", metrics_, [] { return absl::OkStatus(); },
                          [this] { return ready_; }, [this] { return checkpoint_; }};
};

TEST_F(AdminServerTest, ServesMetrics) {
  metrics_.CountCall("GetTicket", "OK", absl::Milliseconds(3), absl::Microseconds(100));
  metrics_.CountCall("GetTicket", "OK", absl::Milliseconds(70), absl::Microseconds(100));
  metrics_.CountStatements("GetTicket", 11);
  metrics_.CountStatements("GetTicket", 8);
  metrics_.CountCall("GetTicket", "NOT_FOUND", absl::Seconds(60), absl::Seconds(1));
  metrics_.Add("qungong_events_total", 2);
  metrics_.Add("qungong_events_total");
  metrics_.Set("qungong_lag_seconds", 1.5);
  const std::string reply = Get("/metrics");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK\r\n"));
  for (const char* line :
       {R"(qungong_calls_total{code="OK",method="GetTicket"} 2)",
        R"(qungong_calls_total{code="NOT_FOUND",method="GetTicket"} 1)",
        R"(qungong_call_seconds_count{method="GetTicket"} 3)",
        R"(qungong_call_seconds_bucket{method="GetTicket",le="0.005"} 1)",
        R"(qungong_call_seconds_bucket{method="GetTicket",le="30"} 2)",
        R"(qungong_call_seconds_bucket{method="GetTicket",le="+Inf"} 3)",
        R"(qungong_call_queued_seconds_bucket{method="GetTicket",le="0.0005"} 2)",
        R"(qungong_call_statements_total{method="GetTicket"} 19)", "\nqungong_events_total 3\n",
        "\nqungong_lag_seconds 1.5\n"}) {
    EXPECT_THAT(reply, HasSubstr(line));
  }
}

TEST_F(AdminServerTest, ProbesTellLifeAndReadinessApart) {
  EXPECT_THAT(Get("/livez"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(Get("/readyz"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("draining")));
  ready_ = absl::OkStatus();
  EXPECT_THAT(Get("/readyz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, ServesTheNewestCheckpoint) {
  EXPECT_THAT(Get("/checkpoint"), StartsWith("HTTP/1.1 404 "));
  checkpoint_ = "a.b.c";
  EXPECT_THAT(Get("/checkpoint"), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("a.b.c")));
}

TEST_F(AdminServerTest, NothingElseIsServed) {
  for (const char* path : {"/", "/metrics/x", "/etc/passwd", "/../../etc/passwd", "/livezz"}) {
    EXPECT_THAT(Get(path), StartsWith("HTTP/1.1 404 ")) << path;
  }
  EXPECT_THAT(Get("/livez?verbose"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Ask("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Ask("POST /livez HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(Ask(absl::StrCat("GET /", std::string(20000, 'x'), " HTTP/1.1\r\n\r\n")),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(AdminServerTest, MoreThanASocketHoldsArrivesWhole) {
  const std::string name = "qungong_" + std::string(5000, 'x');
  for (int i = 0; i < 1000; ++i) metrics_.Set(absl::StrCat(name, i), i);
  const std::string reply = Get("/metrics");
  EXPECT_GT(reply.size(), 10'000'000u);
  EXPECT_NE(reply.find(absl::StrCat("\n", name, "999 999\n")), std::string::npos);
}

TEST_F(AdminServerTest, SilentConnectionsDoNotKeepProbesOut) {
  std::vector<int> silent;
  silent.reserve(100);
  for (int i = 0; i < 100; ++i) silent.push_back(Connect());
  EXPECT_THAT(Get("/livez"), StartsWith("HTTP/1.1 200 OK\r\n"));
  for (const int fd : silent) close(fd);
}

}  // namespace
}  // namespace qungong
