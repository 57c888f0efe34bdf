#include "tests/nemesis/suite.h"

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/http_client.h"
#include "tests/support/service_fixture.h"
#include "tests/support/test_keys.h"

namespace qungong::nemesis {
namespace {

using testing::MariaDb;

constexpr char kPassword[] = "k7#mTq2pLx-w";
constexpr char kSecret[] = "0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d";

const char* SchemaOf(int service) { return service == kOrg ? "org" : "ticket"; }
const char* BinaryOf(int service) { return service == kOrg ? ORG_SERVICE : TICKET_SERVICE; }

void DieIf(const std::string& wrong) {
  if (wrong.empty()) return;
  std::fprintf(stderr, "nemesis: %s\n", wrong.c_str());
  std::exit(2);
}

std::vector<std::string> AsOwner(int service, const std::string& password_file) {
  return {"--migrate", absl::StrCat("--database_user=", SchemaOf(service), "_ddl"),
          "--database_password_file=" + password_file};
}

}  // namespace

Suite::Suite(const std::string& directory) : directory_(directory) {
  MariaDb::UseDisk();
  if (database().pid() == 0) DieIf("it needs a MariaDB of its own: unset TEST_MARIADB_SOCKET");
  for (const char* schema : {"org", "ticket"}) database().DropTables(schema);
  feed_link_ = std::make_unique<Link>("", /*database=*/false);
  for (int service = 0; service < kServices; ++service) {
    // One of them by TCP.
    const std::string socket =
        service == kTicketB ? "" : absl::StrCat("unix:", directory, "/", service);
    database_links_.push_back(std::make_unique<Link>(socket, /*database=*/true));
    database_links_.back()->SetBackend(database().address());
    client_links_.push_back(std::make_unique<Link>("", /*database=*/false));
    std::vector<std::string> command = {BinaryOf(service)};
    const std::vector<std::string> flags = FlagsOf(service);
    command.insert(command.end(), flags.begin(), flags.end());
    programs_.push_back(
        std::make_unique<Program>(kServiceNames[service], std::move(command),
                                  absl::StrCat(directory, "/", kServiceNames[service], ".log")));
    open_.push_back(false);
  }
  for (const int service : {kOrg, kTicketA}) {
    const std::string owner = absl::StrCat(SchemaOf(service), "_ddl");
    DieIf(programs_[service]->RunWith(AsOwner(service, File(owner, MariaDb::PasswordOf(owner)))));
  }
  DieIf(programs_[kOrg]->RunWith({"--bootstrap=" + BootstrapFile()}));
  for (int service = 0; service < kServices; ++service) StartService(service);
  if (!AwaitReady(absl::Minutes(1))) DieIf("the services are not ready after a minute");
}

Suite::~Suite() = default;

std::string Suite::File(const std::string& name, const std::string& content) const {
  std::string path = absl::StrCat(directory_, "/", name);
  std::ofstream(path) << content;
  return path;
}

std::string Suite::BootstrapFile() const {
  const std::string password = File("password", kPassword);
  const auto account = [&](const char* login, const char* kind, const char* role,
                           const std::string& file) {
    return absl::StrCat(R"({"login": ")", login, R"(", "displayName": ")", login, R"(", "kind": ")",
                        kind, R"(", "roles": [")", role, R"("], "passwordFile": ")", file, "\"}");
  };
  return File(
      "bootstrap.json",
      absl::StrCat(R"({"municipality": {"code": "500000", "displayName": "重庆市",
      "unitDisplayName": "重庆市人民政府"}, "accounts": [)",
                   account("system-admin", "PERSON", "SYSTEM_ADMINISTRATOR", password), ",",
                   account("security-admin", "PERSON", "SECURITY_ADMINISTRATOR", password), ",",
                   account("registrar", "PERSON", "REGISTRAR", password), ",",
                   account("ticket-service", "SERVICE", "SERVICE", File("secret", kSecret)), "]}"));
}

std::vector<std::string> Suite::FlagsOf(int service) const {
  const std::string user = absl::StrCat(SchemaOf(service), "_app");
  std::vector<std::string> flags = {
      "--listen=127.0.0.1:0",
      "--admin_listen=127.0.0.1:0",
      "--database=" + database_links_[service]->address(),
      absl::StrCat("--database_schema=qungong_", SchemaOf(service)),
      "--database_user=" + user,
      "--database_password_file=" + File(user, MariaDb::PasswordOf(user)),
      "--token_keys_file=" + testing::TokenKeysFile(),
      "--master_key_file=" +
          File("master", "20150730 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"),
      "--checkpoint_key_file=" + testing::TokenSigningKeyFile(),
      "--checkpoint_keys_file=" + testing::TokenKeysFile(),
      absl::StrCat("--checkpoint_file=", directory_, "/checkpoints.", service),
      "--checkpoint_every=500ms",
  };
  const std::vector<std::string> own =
      service == kOrg
          ? std::vector<std::string>{"--token_signing_key_file=" + testing::TokenSigningKeyFile()}
          : std::vector<std::string>{"--org_service=" + feed_link_->address(),
                                     "--service_login=ticket-service",
                                     "--service_secret_file=" + File("secret", kSecret)};
  flags.insert(flags.end(), own.begin(), own.end());
  return flags;
}

void Suite::StartService(int service) { programs_[service]->Start(); }

void Suite::Close(int service) {
  open_[service] = false;
  client_links_[service]->SetBackend("");
  if (service == kOrg) feed_link_->SetBackend("");
}

void Suite::KillService(int service) {
  Close(service);
  programs_[service]->Kill();
}

void Suite::PauseDatabase() { kill(database().pid(), SIGSTOP); }
void Suite::ResumeDatabase() { kill(database().pid(), SIGCONT); }
void Suite::KillDatabase() { database().Kill(); }
void Suite::StartDatabase() { database().Start(); }

std::vector<std::string> Suite::Look() {
  std::vector<std::string> died;
  for (int service = 0; service < kServices; ++service) {
    Program& program = *programs_[service];
    if (std::string how = program.Died(); !how.empty()) {
      died.push_back(std::move(how));
      Close(service);
      program.Start();
    }
    const int port = !open_[service] && program.running() ? program.Served("port") : 0;
    if (port == 0) continue;
    open_[service] = true;
    client_links_[service]->SetBackend(absl::StrCat("127.0.0.1:", port));
    if (service == kOrg) feed_link_->SetBackend(absl::StrCat("127.0.0.1:", port));
  }
  return died;
}

bool Suite::AwaitReady(absl::Duration patience) {
  const absl::Time until = absl::Now() + patience;
  for (int ready = 0; ready < kServices;) {
    if (absl::Now() > until) return false;
    Look();
    const int admin = open_[ready] ? programs_[ready]->Served("admin_port") : 0;
    if (admin != 0 && testing::HttpClient(admin).Get("/readyz").status == 200) {
      ++ready;
    } else {
      absl::SleepFor(absl::Milliseconds(20));
    }
  }
  return true;
}

std::vector<std::string> Suite::Stop() {
  std::vector<std::string> wrong;
  for (const int service : {kTicketA, kTicketB, kOrg}) {
    if (!programs_[service]->running()) continue;
    std::string how = programs_[service]->Terminate(absl::Seconds(20));
    if (!how.empty()) wrong.push_back(std::move(how));
  }
  return wrong;
}

std::vector<std::string> Suite::VerifyChains() {
  std::vector<std::string> wrong;
  for (int service = 0; service < kServices; ++service) {
    std::string what = programs_[service]->RunWith({"--verify_chain"});
    if (!what.empty()) wrong.push_back(std::move(what));
  }
  return wrong;
}

}  // namespace qungong::nemesis
