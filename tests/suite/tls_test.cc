// Real processes with certificates: every connection between them and to the database is TLS, and
// what would not be does not start.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "tests/support/certificates.h"
#include "tests/support/http_client.h"
#include "tests/support/mariadb.h"
#include "tests/support/service_fixture.h"
#include "tests/support/spawn.h"

namespace qungong::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kPassword[] = "correct horse battery staple";
constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";

using Flags = std::vector<std::string>;

Flags With(Flags flags, const Flags& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

// One running binary, its log in a file.
class Binary {
 public:
  Binary(const std::string& path, const Flags& flags, std::string log)
      : log_(std::move(log)), pid_(Spawn(With({path}, flags), log_)) {}
  ~Binary() {
    if (pid_ != 0) kill(pid_, SIGKILL);
    if (pid_ != 0) waitpid(pid_, nullptr, 0);
  }
  Binary(const Binary&) = delete;
  Binary& operator=(const Binary&) = delete;

  std::string log() const {
    std::stringstream text;
    text << std::ifstream(log_).rdbuf();
    return text.str();
  }
  // A number of the line that says it serves: "port", "admin_port". 0 if it ends before.
  int Served(absl::string_view key) {
    const std::string wanted = absl::StrCat("\"", key, "\":");
    while (true) {
      const bool running = waitpid(pid_, nullptr, WNOHANG) == 0;
      const std::string text = log();
      const size_t line = text.find("\"message\":\"serving\"");
      const size_t at = line == std::string::npos ? line : text.find(wanted, line);
      if (at != std::string::npos) return std::atoi(text.c_str() + at + wanted.size());
      if (!running) return pid_ = 0;
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
  int ExitCode() {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int Stop() {
    kill(pid_, SIGTERM);
    return ExitCode();
  }

 private:
  const std::string log_;
  pid_t pid_ = 0;
};

class TlsSuiteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(directory_);
    MariaDb::Get().DropTables("org");
    MariaDb::Get().DropTables("appraisal");
    MariaDb::Get().Kill();
    MariaDb::Get().Start({"--skip-networking=0", "--bind-address=127.0.0.1",
                          absl::StrCat("--port=", database_port_),
                          "--ssl-cert=" + database_.cert_file, "--ssl-key=" + database_.key_file});
    for (const char* user : {"org_app", "org_ddl", "appraisal_app", "appraisal_ddl"}) {
      MariaDb::Get().Query(absl::StrCat("ALTER USER ", user, " REQUIRE SSL"));
    }
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string File(const std::string& name, absl::string_view content) {
    std::string path = directory_ / name;
    std::ofstream(path) << content;
    return path;
  }
  static Flags Files(const TlsOptions& tls) {
    return {"--tls_cert_file=" + tls.cert_file, "--tls_key_file=" + tls.key_file,
            "--tls_ca_file=" + tls.ca_file};
  }
  // What a service is started with: "org".
  Flags FlagsOf(const std::string& service, const std::string& role = "app") {
    const std::string user = absl::StrCat(service, "_", role);
    return {"--listen=127.0.0.1:0",
            "--admin_listen=127.0.0.1:0",
            absl::StrCat("--database=127.0.0.1:", database_port_),
            "--database_tls_ca_file=" + ca_.file(),
            "--database_schema=qungong_" + service,
            "--database_user=" + user,
            "--database_password_file=" + File(user, MariaDb::PasswordOf(user)),
            "--token_keys_file=" + TokenKeysFile(),
            "--master_key_file=" +
                File("master", "20150730 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")};
  }
  Flags OrgFlags() {
    return With(FlagsOf("org"), {"--token_signing_key_file=" + TokenSigningKeyFile()});
  }
  std::unique_ptr<Binary> Start(const std::string& path, const Flags& flags) {
    return std::make_unique<Binary>(path, flags, directory_ / absl::StrCat("log", ++started_));
  }
  void Run(const std::string& path, const Flags& flags) {
    const auto ran = Start(path, flags);
    EXPECT_EQ(ran->ExitCode(), 0) << path << ran->log();
  }
  std::string BootstrapFile() {
    const std::string password = File("password", kPassword);
    const std::string secret = File("secret", kSecret);
    return File("bootstrap.json", absl::StrCat(R"({
      "municipality": {"code": "500000", "displayName": "重庆市", "unitDisplayName": "市政府"},
      "accounts": [
        {"login": "registrar", "displayName": "a", "kind": "PERSON", "roles": ["REGISTRAR"],
         "passwordFile": ")",
                                               password, R"("},
        {"login": "appraisal-service", "displayName": "b", "kind": "SERVICE", "roles": ["SERVICE"],
         "passwordFile": ")",
                                               secret, R"("}]})"));
  }

  const fs::path directory_ =
      fs::temp_directory_path() / absl::StrCat("qungong-tls-test-", getpid());
  TestCa ca_;
  const TlsOptions database_ = ca_.Issue("database");
  const int database_port_ = FreePort();
  int started_ = 0;
};

TEST_F(TlsSuiteTest, EveryConnectionIsEncryptedWhenCertificatesAreConfigured) {
  Run(ORG_SERVICE, With(FlagsOf("org", "ddl"), {"--migrate"}));
  Run(APPRAISAL_SERVICE, With(FlagsOf("appraisal", "ddl"), {"--migrate"}));
  Run(ORG_SERVICE, With(OrgFlags(), {"--bootstrap=" + BootstrapFile()}));

  const auto org = Start(ORG_SERVICE, With(OrgFlags(), Files(ca_.Issue("org-service"))));
  ASSERT_NE(org->Served("port"), 0) << org->log();
  const std::string org_target = absl::StrCat("127.0.0.1:", org->Served("port"));
  const auto appraisal = Start(
      APPRAISAL_SERVICE, With(With(FlagsOf("appraisal"), Files(ca_.Issue("appraisal-service"))),
                              {"--org_service=" + org_target, "--service_login=appraisal-service",
                               "--service_secret_file=" + File("secret", kSecret)}));
  ASSERT_NE(appraisal->Served("port"), 0) << appraisal->log();
  const auto gateway = Start(
      GATEWAY,
      With(Files(ca_.Issue("gateway")),
           {"--listen=127.0.0.1:0", "--admin_listen=127.0.0.1:0", "--grpc_listen=127.0.0.1:0",
            "--backends=qungong.org.v1=" + org_target, "--token_keys_file=" + TokenKeysFile()}));
  ASSERT_NE(gateway->Served("port"), 0) << gateway->log();

  // The directory came over the feed of org-service: mutual TLS between two services.
  const int admin = appraisal->Served("admin_port");
  EXPECT_TRUE(Eventually([&] { return HttpClient(admin).Get("/readyz").status == 200; }))
      << appraisal->log();
  EXPECT_THAT(HttpClient(admin).Get("/metrics").body,
              HasSubstr("qungong_certificate_end_seconds "));

  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls(SSL_CTX_new(TLS_client_method()),
                                                              &SSL_CTX_free);
  SSL_CTX_load_verify_file(tls.get(), ca_.file().c_str());
  SSL_CTX_set_verify(tls.get(), SSL_VERIFY_PEER, nullptr);
  HttpClient client(gateway->Served("port"), tls.get());
  const HttpReply signed_in = client.PostJson(
      "/v1/session", absl::StrCat(R"({"login":"registrar","password":")", kPassword, "\"}"));
  EXPECT_EQ(signed_in.status, 200) << signed_in.body << org->log();
  const std::string cookie = signed_in.Header("Set-Cookie");
  const HttpReply account =
      client.Get("/v1/account", {{"Cookie", cookie.substr(0, cookie.find(';'))}});
  EXPECT_EQ(account.status, 200) << account.body;
  EXPECT_THAT(account.body, HasSubstr("registrar"));

  EXPECT_EQ(gateway->Stop(), 0);
  EXPECT_EQ(appraisal->Stop(), 0);
  EXPECT_EQ(org->Stop(), 0);
}

TEST_F(TlsSuiteTest, WhatWouldBePlainTextBeyondThisMachineDoesNotStart) {
  Run(ORG_SERVICE, With(FlagsOf("org", "ddl"), {"--migrate"}));
  Run(APPRAISAL_SERVICE, With(FlagsOf("appraisal", "ddl"), {"--migrate"}));
  const TlsOptions tls = ca_.Issue("service");
  const Flags follower = With(
      FlagsOf("appraisal"),
      {"--service_login=appraisal-service", "--service_secret_file=" + File("secret", kSecret)});
  struct Case {
    std::string binary;
    Flags flags;
    const char* says;
  };
  const Case cases[] = {
      {ORG_SERVICE, With(OrgFlags(), {"--listen=0.0.0.0:0"}), "--listen=0.0.0.0:0 would be plain"},
      {ORG_SERVICE,
       With(OrgFlags(), {"--tls_cert_file=" + tls.cert_file, "--tls_key_file=" + tls.key_file}),
       "TLS is mutual"},
      {ORG_SERVICE, With(OrgFlags(), {"--database=192.0.2.1:3306", "--database_tls_ca_file="}),
       "--database=192.0.2.1:3306 would be plain"},
      {APPRAISAL_SERVICE, With(follower, {"--org_service=dns:///org-service:50051"}),
       "--org_service=dns:///org-service:50051 would be plain"},
      {GATEWAY,
       {"--listen=0.0.0.0:0", "--backends=qungong.org.v1=127.0.0.1:1"},
       "--listen=0.0.0.0:0 would be plain"},
  };
  for (const Case& c : cases) {
    const auto refused = Start(c.binary, c.flags);
    EXPECT_EQ(refused->ExitCode(), 1) << c.says;
    EXPECT_THAT(refused->log(), HasSubstr(c.says));
  }
}

}  // namespace
}  // namespace qungong::testing
