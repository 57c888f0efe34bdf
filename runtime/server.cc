#include "runtime/server.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "runtime/channel.h"
#include "runtime/checkpoint.h"
#include "runtime/feed.h"
#include "runtime/log.h"
#include "runtime/probe.h"
#include "runtime/process.h"
#include "runtime/service_account.h"
#include "runtime/status.h"
#include "runtime/tls.h"
#include "runtime/upkeep.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:0", "gRPC listener, host:port");
ABSL_FLAG(std::string, admin_listen, "127.0.0.1:0",
          "HTTP listener for /metrics, /livez and /readyz, host:port");
ABSL_FLAG(std::string, database, "", "unix:/path/to.sock or host:port of MariaDB");
ABSL_FLAG(std::string, database_schema, "", "schema of this service");
ABSL_FLAG(std::string, database_user, "", "database user");
ABSL_FLAG(std::string, database_password_file, "", "file that holds the database user's password");
ABSL_FLAG(std::string, database_tls_ca_file, "",
          "PEM CA of the database's certificate, which must be for the name in --database; empty: "
          "plain text, on this machine only. Read at every new connection");
ABSL_FLAG(bool, migrate, false, "apply the embedded migrations and exit");
ABSL_FLAG(int, db_threads, 8, "workers, each with one database connection (1-64)");
ABSL_FLAG(int, max_pending, 64, "calls that may wait for a worker; more are shed");
ABSL_FLAG(absl::Duration, drain, absl::Seconds(10),
          "how long running calls may take to end after SIGTERM");
ABSL_FLAG(absl::Duration, drain_delay, absl::ZeroDuration(),
          "wait between NOT_SERVING and the end of accepting");
ABSL_FLAG(std::string, token_keys_file, "", "public keys of access tokens, a JWKS");
ABSL_FLAG(std::string, master_key_file, "",
          "master keys of personal data: lines of ID BASE64(32 bytes)");
ABSL_FLAG(
    std::string, checkpoint_key_file, "",
    "private key, a JWK, that signs checkpoints of the chain of events; empty: none are made");
ABSL_FLAG(std::string, checkpoint_file, "",
          "file that checkpoints are appended to, outside the database; --verify_chain reads it");
ABSL_FLAG(std::string, checkpoint_keys_file, "",
          "--verify_chain: public keys of checkpoints, a JWKS");
ABSL_FLAG(absl::Duration, checkpoint_every, absl::Minutes(1),
          "how often the chain's end is signed, when it has grown");
ABSL_FLAG(bool, verify_chain, false,
          "derive the chain of events again, hold it against the checkpoints, and exit: 0 if it "
          "holds, 2 if it does not (the first event that does not fit is named), 1 if that cannot "
          "be told");
ABSL_FLAG(
    std::string, tls_cert_file, "",
    "PEM certificate and chain of this service, as server and as client; empty: plain text, on "
    "this machine only. Read at start: restart after it is renewed");
ABSL_FLAG(std::string, tls_key_file, "", "PEM key of --tls_cert_file");
ABSL_FLAG(std::string, tls_ca_file, "",
          "PEM CA that the certificates of all peers must come from: TLS is mutual");
ABSL_FLAG(bool, allow_plain_text, false,
          "plain text to and from other machines too: for networks that nobody else can read");
ABSL_FLAG(std::string, test_clock_file, "",
          "tests and demo: time stands at the RFC 3339 instant in this file");
ABSL_FLAG(std::string, org_service, "", "gRPC target of org-service");
ABSL_FLAG(std::string, service_login, "", "login of this service's account in org-service");
ABSL_FLAG(std::string, service_secret_file, "", "file that holds the service account's secret");

namespace qungong {
namespace {

TlsOptions TlsFlags() {
  return {.cert_file = absl::GetFlag(FLAGS_tls_cert_file),
          .key_file = absl::GetFlag(FLAGS_tls_key_file),
          .ca_file = absl::GetFlag(FLAGS_tls_ca_file),
          .allow_plain_text = absl::GetFlag(FLAGS_allow_plain_text)};
}

int Die(absl::string_view what, absl::string_view why) {
  log::Line(log::Severity::kError, "cannot start").Set("step", what).Set("cause", why);
  std::fprintf(stderr, "cannot start: %s: %s\n", std::string(what).c_str(),
               std::string(why).c_str());
  return 1;
}

absl::Status ApplyMigrations(const mysql::Options& options,
                             absl::Span<const Migration> migrations) {
  mysql::Session session(options);
  return Migrate(session, migrations);
}

// The runtime's migrations, then the service's own.
std::vector<Migration> AllMigrations(const ServiceSpec& spec) {
  std::vector<Migration> all(RuntimeMigrations().begin(), RuntimeMigrations().end());
  all.insert(all.end(), spec.migrations.begin(), spec.migrations.end());
  return all;
}

// The database may come up a little later than we do.
absl::Status WaitForDatabase(mysql::Session& session) {
  const absl::Time last = absl::Now() + absl::Seconds(15);
  absl::Status status = session.Ping();
  while (!status.ok() && absl::Now() < last) {
    absl::SleepFor(absl::Milliseconds(100));
    status = session.Ping();
  }
  return status;
}

// Null without a key: the log says so, because then a rewritten history would not be noticed.
absl::StatusOr<std::unique_ptr<Checkpoints>> MakeCheckpoints(const std::string& service) {
  const std::string key = absl::GetFlag(FLAGS_checkpoint_key_file);
  if (key.empty()) {
    log::Warning("no --checkpoint_key_file: the chain of events is not signed");
    return nullptr;
  }
  ASSIGN_OR_RETURN(auto signer, JwsSigner::FromFile(key));
  auto checkpoints = std::make_unique<Checkpoints>(service, std::move(signer),
                                                   absl::GetFlag(FLAGS_checkpoint_file));
  RETURN_IF_ERROR(checkpoints->Open());
  return checkpoints;
}

class Server {
 public:
  Server(const ServiceSpec& spec, mysql::Options database, const Clock& clock, KeyRing keys,
         std::unique_ptr<TokenVerifier> tokens)
      : spec_(spec),
        database_(std::move(database)),
        clock_(clock),
        keys_(std::move(keys)),
        pages_(keys_.Derive("page tokens")),
        tokens_(std::move(tokens)),
        workers_(database_, absl::GetFlag(FLAGS_db_threads), absl::GetFlag(FLAGS_max_pending)),
        loops_(database_, metrics_),
        chassis_{spec.name, clock_,   database_, keys_,  pages_,
                 *tokens_,  metrics_, workers_,  loops_, draining_} {}

  Chassis& chassis() { return chassis_; }

  absl::Status Start(Wiring wiring);
  void Stop();

 private:
  absl::Status Ready(mysql::Session& session);
  void AddLoops();
  void StartAdmin();

  const ServiceSpec& spec_;
  const mysql::Options database_;
  const Clock& clock_;
  const KeyRing keys_;
  const PageCodec pages_;
  const std::unique_ptr<TokenVerifier> tokens_;
  Metrics metrics_;
  Workers workers_;
  Loops loops_;
  std::atomic<bool> draining_ = false;
  Chassis chassis_;
  Wiring wiring_;
  std::unique_ptr<Checkpoints> checkpoints_;  // null: no key
  std::unique_ptr<grpc::Service> feed_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AdminServer> admin_;
  int port_ = 0;
  absl::Mutex mutex_;
  absl::Status ready_ ABSL_GUARDED_BY(mutex_) = absl::UnavailableError("starting");
};

absl::Status Server::Ready(mysql::Session& session) {
  RETURN_IF_ERROR(CheckSchema(session, AllMigrations(spec_)));
  if (wiring_.ready) RETURN_IF_ERROR(wiring_.ready(session));
  return absl::OkStatus();
}

void Server::AddLoops() {
  AddUpkeep(loops_, keys_);
  if (checkpoints_ != nullptr) {
    loops_.Add("checkpoint", absl::GetFlag(FLAGS_checkpoint_every),
               [this](mysql::Session& session) -> absl::StatusOr<bool> {
                 RETURN_IF_ERROR(checkpoints_->Take(session, absl::Now()).status());
                 return false;
               });
  }
  loops_.Add("readiness", absl::Milliseconds(500),
             [this](mysql::Session& session) -> absl::StatusOr<bool> {
               const absl::Status status = Ready(session);
               absl::MutexLock lock(&mutex_);
               if (status.ok() != ready_.ok()) {
                 log::Line(log::Severity::kInfo, status.ok() ? "ready" : "not ready")
                     .Set("cause", status.message());
                 server_->GetHealthCheckService()->SetServingStatus("ready", status.ok());
               }
               ready_ = status;
               return false;
             });
}

void Server::StartAdmin() {
  const std::string host =
      absl::GetFlag(FLAGS_listen).substr(0, absl::GetFlag(FLAGS_listen).rfind(':'));
  const int port = port_;
  // Alive means: a new connection to our own port is served (gRPC 1.51 can stop accepting for ever,
  // after one moment without a free descriptor).
  admin_ = std::make_unique<AdminServer>(
      absl::GetFlag(FLAGS_admin_listen), metrics_,
      [host, port] { return ProbeListener(host, port); },
      [this] {
        absl::MutexLock lock(&mutex_);
        return ready_;
      },
      [this] { return checkpoints_ == nullptr ? "" : checkpoints_->newest(); });
}

absl::Status Server::Start(Wiring wiring) {
  wiring_ = std::move(wiring);
  const TlsOptions tls = TlsFlags();
  ASSIGN_OR_RETURN(const auto credentials,
                   MakeServerCredentials(tls, "--listen", absl::GetFlag(FLAGS_listen)));
  if (tls.Enabled()) RETURN_IF_ERROR(ShowCertificateEnd(tls.cert_file, metrics_));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  ApplyServerArguments(builder);
  builder.AddListeningPort(absl::GetFlag(FLAGS_listen), credentials, &port_);
  feed_ = MakeFeedService(chassis_);
  builder.RegisterService(feed_.get());
  for (const auto& service : wiring_.services) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr)
    return absl::UnavailableError(absl::StrCat("cannot listen on ", absl::GetFlag(FLAGS_listen)));
  server_->GetHealthCheckService()->SetServingStatus("ready", false);
  ASSIGN_OR_RETURN(checkpoints_, MakeCheckpoints(chassis_.service));
  AddLoops();
  StartAdmin();
  log::Line(log::Severity::kInfo, "serving").Set("port", port_).Set("admin_port", admin_->port());
  return absl::OkStatus();
}

void Server::Stop() {
  const absl::Duration drain = absl::GetFlag(FLAGS_drain);
  {
    absl::MutexLock lock(&mutex_);
    ready_ = absl::UnavailableError("draining");
  }
  server_->GetHealthCheckService()->SetServingStatus(false);
  absl::SleepFor(absl::GetFlag(FLAGS_drain_delay));
  draining_ = true;
  server_->Shutdown(absl::ToChronoTime(absl::Now() + drain));
  workers_.Drain();
  loops_.Stop();
  log::Info("stopped");
}

// The environment a process needs before anything else is made.
absl::StatusOr<mysql::Options> DatabaseOptions(const Clock& clock) {
  mysql::Options options;
  options.address = absl::GetFlag(FLAGS_database);
  options.schema = absl::GetFlag(FLAGS_database_schema);
  options.user = absl::GetFlag(FLAGS_database_user);
  options.tls_ca_file = absl::GetFlag(FLAGS_database_tls_ca_file);
  options.clock = &clock;
  if (options.address.empty() || options.schema.empty() || options.user.empty()) {
    return absl::InvalidArgumentError(
        "--database, --database_schema and --database_user are required");
  }
  if (options.tls_ca_file.empty()) {
    RETURN_IF_ERROR(CheckPlainText("--database", options.address, TlsFlags().allow_plain_text));
  }
  if (!absl::GetFlag(FLAGS_database_password_file).empty()) {
    ASSIGN_OR_RETURN(options.password, ReadSecret(absl::GetFlag(FLAGS_database_password_file)));
  }
  return options;
}

}  // namespace

absl::StatusOr<std::string> ReadSecret(const std::string& file) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", file));
  std::stringstream text;
  text << in.rdbuf();
  return std::string(absl::StripAsciiWhitespace(text.str()));
}

absl::Status FollowDirectory(Chassis& chassis, Wiring& wiring, const DirectoryChanged& on_change) {
  const std::string target = absl::GetFlag(FLAGS_org_service);
  ASSIGN_OR_RETURN(const auto credentials,
                   MakeChannelCredentials(TlsFlags(), "--org_service", target));
  ASSIGN_OR_RETURN(const std::string secret, ReadSecret(absl::GetFlag(FLAGS_service_secret_file)));
  const std::shared_ptr<grpc::Channel> channel = Connect(target, credentials);
  auto account =
      std::make_shared<ServiceAccount>(channel, absl::GetFlag(FLAGS_service_login), secret);
  FeedSource source;
  source.name = "org";
  source.channel = channel;
  source.token = [account](bool fresh) { return account->Token(fresh); };
  source.apply = [on_change](mysql::Tx& tx,
                             absl::Span<const rpc::v1::FeedEvent> events) -> absl::Status {
    RETURN_IF_ERROR(ApplyDirectoryEvents(tx, events));
    return on_change ? on_change(tx, events) : absl::OkStatus();
  };
  source.reset = ResetDirectory;
  FollowFeed(chassis, std::move(source));
  // Loaded once is enough: tickets go on when org-service is down.
  wiring.ready = [](mysql::Session& session) {
    return session.Transact({.read_only = true}, [](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const FeedPosition position, LoadFeedPosition(tx, "org"));
      return position.loaded ? absl::OkStatus()
                             : absl::UnavailableError("the directory was never loaded");
    });
  };
  return absl::OkStatus();
}

int ServiceMain(int argc, char** argv, const ServiceSpec& spec) {
  // Before the first thread, so that all inherit it: the signal is taken by sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  GiveMemoryBack();

  absl::SetProgramUsageMessage(spec.name);
  absl::ParseCommandLine(argc, argv);
  log::SetService(spec.name);
  const Clock clock(absl::GetFlag(FLAGS_test_clock_file));
  absl::StatusOr<mysql::Options> database = DatabaseOptions(clock);
  if (!database.ok()) return Die("flags", database.status().message());
  const mysql::ThreadInit thread_init;
  mysql::Session session(*database);
  if (const absl::Status s = WaitForDatabase(session); !s.ok()) return Die("database", s.message());
  if (absl::GetFlag(FLAGS_migrate)) {
    const absl::Status s = ApplyMigrations(*database, AllMigrations(spec));
    return s.ok() ? 0 : Die("migrations", s.message());
  }
  if (const absl::Status s = CheckSchema(session, AllMigrations(spec)); !s.ok())
    return Die("schema", s.message());
  if (const absl::Status s = CheckDatabaseSettings(session); !s.ok())
    return Die("database settings", s.message());
  if (absl::GetFlag(FLAGS_verify_chain)) {
    const absl::StatusOr<std::string> found =
        DescribeChain(session, spec.name, absl::GetFlag(FLAGS_checkpoint_file),
                      absl::GetFlag(FLAGS_checkpoint_keys_file));
    if (!found.ok()) {
      std::printf("%s: %s\n", spec.name.c_str(), std::string(found.status().message()).c_str());
      // A broken chain, or a checkpoint that its service did not sign.
      return absl::IsDataLoss(found.status()) || absl::IsInvalidArgument(found.status()) ? 2 : 1;
    }
    std::puts(found->c_str());
    return 0;
  }
  auto keys = KeyRing::FromFile(absl::GetFlag(FLAGS_master_key_file));
  if (!keys.ok()) return Die("--master_key_file", keys.status().message());
  auto tokens = TokenVerifier::FromFile(absl::GetFlag(FLAGS_token_keys_file));
  if (!tokens.ok()) return Die("--token_keys_file", tokens.status().message());

  Server server(spec, *database, clock, *std::move(keys), *std::move(tokens));
  if (spec.command) {
    const absl::StatusOr<bool> done = spec.command(server.chassis());
    if (!done.ok()) return Die("command", done.status().message());
    if (*done) return 0;
  }
  absl::StatusOr<Wiring> wiring = spec.wire(server.chassis());
  if (!wiring.ok()) return Die("wiring", wiring.status().message());
  if (const absl::Status s = server.Start(*std::move(wiring)); !s.ok())
    return Die("listener", s.message());
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  // First of all. What hangs is ended, be it a handler, a reactor (it would hold Shutdown for ever)
  // or the log.
  EndAfter(absl::GetFlag(FLAGS_drain_delay) + absl::GetFlag(FLAGS_drain) + absl::Seconds(5));
  log::Line(log::Severity::kInfo, "stopping").Set("signal", signal_number);
  server.Stop();
  std::fflush(nullptr);
  _exit(0);  // all is joined; static destructors of the libraries have nothing to add
}

}  // namespace qungong
