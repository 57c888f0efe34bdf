// A gateway in the test's own process, in front of fake services.
#ifndef QUNGONG_TESTS_SUPPORT_GATEWAY_FIXTURE_H_
#define QUNGONG_TESTS_SUPPORT_GATEWAY_FIXTURE_H_

#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/process.h"
#include "gmock/gmock.h"
#include "tests/support/fake_services.h"
#include "tests/support/http_client.h"
#include "tests/support/matchers.h"

namespace qungong::testing {

class GatewayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    StartBackend();
    options_.listen = "127.0.0.1:0";
    options_.grpc_listen = "127.0.0.1:0";
    options_.admin_listen = "127.0.0.1:0";
    options_.descriptor_set_file = GATEWAY_TEST_DESCRIPTORS;
    Configure(options_);
    options_.backends =
        absl::StrCat("qungong.org.v1=", backend_target_, ",qungong.echo.v1=", backend_target_);
    auto started = gateway::Process::Start(options_);
    ASSERT_THAT(started, IsOk());
    gateway_ = *std::move(started);
  }
  void TearDown() override {
    if (gateway_ != nullptr) {
      EXPECT_TRUE(gateway_->Stop(absl::ZeroDuration(), absl::Seconds(10)));
    }
    if (backend_ != nullptr) backend_->Shutdown(std::chrono::system_clock::now());
  }

  // A test that wants other limits overrides this.
  virtual void Configure(gateway::ProcessOptions&) {}
  virtual std::shared_ptr<grpc::ServerCredentials> BackendCredentials() {
    return grpc::InsecureServerCredentials();
  }
  // Of the HTTP client; null: plain text.
  virtual SSL_CTX* ClientTls() { return nullptr; }

  void StartBackend() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(backend_target_, BackendCredentials());
    builder.RegisterService(&echo_);
    builder.RegisterService(&sessions_);
    backend_ = builder.BuildAndStart();
    ASSERT_NE(backend_, nullptr);
  }
  void StopBackend() {
    backend_->Shutdown(std::chrono::system_clock::now());
    backend_->Wait();
    backend_ = nullptr;
  }

  int port() const { return gateway_->port(); }
  HttpReply Get(absl::string_view target, const HttpHeaderList& headers = {}) {
    return HttpClient(port(), ClientTls()).Get(target, headers);
  }
  HttpReply PostJson(absl::string_view target, absl::string_view body,
                     const HttpHeaderList& headers = {}) {
    return HttpClient(port(), ClientTls()).PostJson(target, body, headers);
  }
  HttpReply Call(absl::string_view method, absl::string_view target,
                 const HttpHeaderList& headers = {}, absl::string_view body = "") {
    return HttpClient(port(), ClientTls()).Call(method, target, headers, body);
  }
  // The cookie of a new session, as a header.
  std::pair<std::string, std::string> SignIn() {
    const HttpReply reply = PostJson("/v1/session", R"({"login":"wang","password":"right"})");
    EXPECT_EQ(reply.status, 200) << reply.body;
    const std::string cookie = reply.Header("Set-Cookie");
    return {"Cookie", cookie.substr(0, cookie.find(';'))};
  }

  FakeEcho echo_;
  FakeSessions sessions_;
  gateway::ProcessOptions options_;
  // A socket of our own: nobody can take it while the backend is down.
  const std::string backend_target_ =
      absl::StrCat("unix:", ::testing::TempDir(), "/backend-", getpid());
  std::unique_ptr<grpc::Server> backend_;
  std::unique_ptr<gateway::Process> gateway_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_GATEWAY_FIXTURE_H_
