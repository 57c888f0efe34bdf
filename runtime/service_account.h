// A service's own account: signs in at org-service and keeps its access token fresh.
#ifndef QUNGONG_RUNTIME_SERVICE_ACCOUNT_H_
#define QUNGONG_RUNTIME_SERVICE_ACCOUNT_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"

namespace qungong {

// Thread-safe.
class ServiceAccount {
 public:
  ServiceAccount(std::shared_ptr<grpc::Channel> org_service, std::string login, std::string secret);

  // A token that holds for at least another minute by the machine's clock. UNAVAILABLE while
  // org-service is down and the last token is too old.
  absl::StatusOr<std::string> Token(bool fresh = false);

 private:
  const std::shared_ptr<grpc::Channel> org_service_;
  const std::string login_;
  const std::string secret_;
  absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time fresh_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_SERVICE_ACCOUNT_H_
