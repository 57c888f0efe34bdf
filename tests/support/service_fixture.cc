#include "tests/support/service_fixture.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "runtime/channel.h"
#include "runtime/directory.h"
#include "runtime/feed.h"
#include "runtime/upkeep.h"
#include "tests/support/test_keys.h"

namespace qungong::testing {
namespace {

constexpr int kThreads = 4;
constexpr int kMaxPending = 256;

// A file that is removed when the process ends.
class TemporaryFile {
 public:
  TemporaryFile(absl::string_view name, absl::string_view content)
      : path_(absl::StrCat(::testing::TempDir(), "/qungong-", name, "-", getpid())) {
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

template <typename T>
T OrDie(absl::StatusOr<T> result, const char* what) {
  if (result.ok()) return *std::move(result);
  std::fprintf(stderr, "%s: %s\n", what, result.status().ToString().c_str());
  std::_Exit(1);
}

mysql::Options OptionsAt(const std::string& name, const Clock& clock) {
  mysql::Options options = MariaDb::Get().OptionsFor(name + "_app");
  options.clock = &clock;
  return options;
}

mysql::Options Migrated(const std::string& name, absl::Span<const Migration> migrations,
                        const Clock& clock) {
  MariaDb::Get().Migrate(name, migrations);
  return OptionsAt(name, clock);
}

}  // namespace

std::string TokenSigningKeyFile() {
  static const TemporaryFile kFile("signing-key", kPrivateJwk);
  return kFile.path();
}

std::string ForeignSigningKeyFile() {
  static const TemporaryFile kFile("foreign-key", kForeignJwk);
  return kFile.path();
}

std::string TokenKeysFile() {
  static const TemporaryFile kFile("token-keys", kPublicJwks);
  return kFile.path();
}

TestService::TestService(const std::string& name, absl::Span<const Migration> migrations,
                         const Wire& wire)
    : TestService(name, Migrated(name, migrations, clock_), kThreads) {
  clock_.Stand(TestNow());
  Serve(wire);
  AddSequencer(loops_);
}

TestService::TestService(const std::string& name, const Wire& wire, absl::Time now, Fault fault)
    : TestService(name, OptionsAt(name, clock_), 1) {
  clock_.Stand(now);
  SetFault(std::move(fault));
  loops_.Stop();
  Serve(wire);
}

TestService::TestService(const std::string& name, mysql::Options database, int threads)
    : schema_of_(name),
      database_(std::move(database)),
      faulty_([this] {
        mysql::Options options = database_;
        options.fault = [this](absl::string_view sql, bool after) {
          absl::MutexLock lock(&fault_mutex_);
          return fault_ ? fault_(sql, after) : absl::OkStatus();
        };
        return options;
      }()),
      keys_(KeyRing::ForTest()),
      pages_(keys_.Derive("page tokens")),
      signer_(OrDie(TokenSigner::FromFile(TokenSigningKeyFile()), "signing key")),
      tokens_(OrDie(TokenVerifier::FromFile(TokenKeysFile()), "token keys")),
      workers_(faulty_, threads, kMaxPending),
      loops_(database_, metrics_),
      chassis_{name + "-service", clock_,   faulty_,  keys_,  pages_,
               *tokens_,          metrics_, workers_, loops_, draining_},
      session_(database_) {}

void TestService::Serve(const Wire& wire) {
  wiring_ = OrDie(wire(chassis_), "wiring");
  feed_ = MakeFeedService(chassis_);
  grpc::ServerBuilder builder;
  ApplyServerArguments(builder);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(feed_.get());
  for (const auto& service : wiring_.services) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
  channel_ = Connect(target(), grpc::InsecureChannelCredentials());
}

void TestService::BeginDrain() { draining_ = true; }

TestService::~TestService() {
  server_->Shutdown(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  workers_.Drain();
  loops_.Stop();
}

void TestService::Reset() {
  MariaDb::Get().Clear(schema_of_);
  clock_.Stand(TestNow());
  draining_ = false;
}

void TestService::SetFault(Fault fault) {
  absl::MutexLock lock(&fault_mutex_);
  fault_ = std::move(fault);
}

std::string TestService::target() const { return absl::StrCat("127.0.0.1:", port_); }

std::string TestService::TokenOf(absl::string_view principal) {
  const absl::Time now = clock_.Now();
  return OrDie(signer_->Sign({std::string(principal), "", now, now + absl::Minutes(15)}), "token");
}

std::unique_ptr<grpc::ClientContext> TestService::As(absl::string_view principal) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
  if (!principal.empty())
    context->AddMetadata("authorization", absl::StrCat("Bearer ", TokenOf(principal)));
  return context;
}

void TestService::Transact(absl::FunctionRef<absl::Status(mysql::Tx&)> f) {
  const absl::Status status = session_.Transact({}, f);
  EXPECT_TRUE(status.ok()) << status;
}

void TestService::ApplyDirectory(const rpc::v1::DirectoryChange& change) {
  Transact([&](mysql::Tx& tx) { return directory::Apply(tx, change); });
}

int64_t TestService::Count(absl::string_view what) {
  int64_t count = -1;
  Transact([&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const auto row, tx.QueryOne(absl::StrCat("SELECT COUNT(*) FROM ", what)));
    count = row->Int64(0);
    return absl::OkStatus();
  });
  return count;
}

}  // namespace qungong::testing
