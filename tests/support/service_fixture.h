// A service in the test's own process: its real handlers, workers, loops and gRPC server on a port
// of its own, on a schema of the test's MariaDB, with a clock that the test sets and tokens for
// whomever it likes to be.
//
//   class TicketServiceTest : public ::testing::Test {
//     static void SetUpTestSuite() { service_ = new TestService("ticket", TicketMigrations(),
//     Wire); } void SetUp() override { service_->Reset(); } … const auto ticket =
//     service_->Call(*stub_, &pb::TicketService::Stub::GetTicket, "accounts/0190…", request);
//     EXPECT_THAT(ticket, StatusIs(absl::StatusCode::kPermissionDenied,
//     HasReason("DENIED_OR_ABSENT")));
#ifndef QUNGONG_TESTS_SUPPORT_SERVICE_FIXTURE_H_
#define QUNGONG_TESTS_SUPPORT_SERVICE_FIXTURE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "grpcpp/grpcpp.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/chassis.h"
#include "runtime/server.h"
#include "runtime/status.h"
#include "tests/support/eventually.h"  // IWYU pragma: export
#include "tests/support/mariadb.h"

namespace qungong::testing {

// 2015-07-30 09:30 in Chongqing, a Thursday: where a service's clock stands until the test moves
// it.
inline absl::Time TestNow() { return absl::FromUnixSeconds(1438219800); }

// The contents of --token_signing_key_file and --token_keys_file, in files that last as long as the
// process.
std::string TokenSigningKeyFile();
// A key of the same name that is not the suite's.
std::string ForeignSigningKeyFile();
std::string TokenKeysFile();

// Owned by the test's main thread; calls may be made from any.
class TestService {
 public:
  using Wire = std::function<absl::StatusOr<Wiring>(Chassis&)>;
  // Called before and after every statement (see mysql::Options::fault); null: no faults.
  using Fault = std::function<absl::Status(absl::string_view sql, bool after)>;

  // `name` is "org", "ticket" or "appraisal". Migrates the schema anew.
  TestService(const std::string& name, absl::Span<const Migration> migrations, const Wire& wire);
  // One more replica, in a process of its own: on the schema as it is, with one worker and without
  // loops, so that all its statements are those of calls.
  TestService(const std::string& name, const Wire& wire, absl::Time now, Fault fault);
  ~TestService();

  // What SIGTERM does first: open streams end. Until the next Reset.
  void BeginDrain();
  // Empties the schema and sets the clock back: between tests.
  void Reset();

  Clock& clock() { return clock_; }
  Chassis& chassis() { return chassis_; }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }
  std::string target() const;
  int port() const { return port_; }

  // A token of "accounts/{uuid}", issued now.
  std::string TokenOf(absl::string_view principal);
  // For calls by hand; an empty principal gives a context without a token. The deadline is 30 s.
  std::unique_ptr<grpc::ClientContext> As(absl::string_view principal);

  // One unary call; errors keep their reason.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                absl::string_view principal, const Request& request) {
    Response response;
    const grpc::Status status = (stub.*method)(As(principal).get(), request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  // In a transaction of the service's own user, at its clock; fails the test if it fails.
  void Transact(absl::FunctionRef<absl::Status(mysql::Tx&)> f);
  // Writes directory records as if they had come with the feed.
  void ApplyDirectory(const rpc::v1::DirectoryChange& change);
  // For the statements of the workers.
  void SetFault(Fault fault);
  // Rows of a table, or of a condition: Count("events WHERE kind = 'Ticket.ACCEPTED'").
  int64_t Count(absl::string_view what);

 private:
  TestService(const std::string& name, mysql::Options database, int threads);
  void Serve(const Wire& wire);

  absl::Mutex fault_mutex_;
  Fault fault_ ABSL_GUARDED_BY(fault_mutex_);
  Clock clock_;
  const std::string schema_of_;
  const mysql::Options database_;
  const mysql::Options faulty_;  // the workers'
  const KeyRing keys_;
  const PageCodec pages_;
  std::unique_ptr<TokenSigner> signer_;
  std::unique_ptr<TokenVerifier> tokens_;
  Metrics metrics_;
  Workers workers_;
  Loops loops_;
  std::atomic<bool> draining_ = false;
  Chassis chassis_;
  mysql::Session session_;
  Wiring wiring_;
  std::unique_ptr<grpc::Service> feed_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_SERVICE_FIXTURE_H_
