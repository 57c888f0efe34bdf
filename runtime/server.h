// ServiceMain: flags, migrations, health, reflection, TLS, signals, drain, watchdog: what every
// service binary is.
#ifndef QUNGONG_RUNTIME_SERVER_H_
#define QUNGONG_RUNTIME_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "qungong/rpc/v1/feed_service.pb.h"
#include "runtime/chassis.h"
#include "runtime/migrate.h"

namespace qungong {

// What a service adds to the chassis. Keeps its parts alive until shutdown.
struct Wiring {
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::vector<std::shared_ptr<void>>
      parts;  // handlers and whatever services refer to; destroyed after them
  // Added to readiness beside database and schema, such as "the directory was loaded once".
  std::function<absl::Status(mysql::Session&)> ready;
};

struct ServiceSpec {
  std::string name;                        // "ticket-service"
  absl::Span<const Migration> migrations;  // the service's own
  std::function<absl::StatusOr<Wiring>(Chassis&)> wire;
  // Runs instead of serving when it returns true (org-service --bootstrap); after migrations were
  // checked.
  std::function<absl::StatusOr<bool>(Chassis&)> command;
};

// Returns the exit code. Start-up problems end the process with one clear line.
int ServiceMain(int argc, char** argv, const ServiceSpec& spec);

// Follows org-service's feed into the directory tables, with the flags --org_service,
// --service_login and
// --service_secret_file, and makes readiness wait for the first load.
// `on_change` runs in the transaction that applies a batch, after the directory tables were
// changed.
using DirectoryChanged =
    std::function<absl::Status(mysql::Tx&, absl::Span<const rpc::v1::FeedEvent>)>;
absl::Status FollowDirectory(Chassis& chassis, Wiring& wiring,
                             const DirectoryChanged& on_change = nullptr);

// The content of a secret file, without surrounding white space.
absl::StatusOr<std::string> ReadSecret(const std::string& file);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_SERVER_H_
