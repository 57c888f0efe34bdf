#include "runtime/service_account.h"

#include <utility>

#include "qungong/org/v1/session_service.grpc.pb.h"
#include "runtime/status.h"

namespace qungong {

// A token lives longer than this; a new one is asked for before it ends. Counted on the machine's
// clock, so that a clock made to stand still keeps nobody's token for ever.
constexpr absl::Duration kKeep = absl::Minutes(5);

ServiceAccount::ServiceAccount(std::shared_ptr<grpc::Channel> org_service, std::string login,
                               std::string secret)
    : org_service_(std::move(org_service)), login_(std::move(login)), secret_(std::move(secret)) {}

absl::StatusOr<std::string> ServiceAccount::Token(bool fresh) {
  {
    absl::MutexLock lock(&mutex_);
    if (!fresh && absl::Now() < fresh_until_) return token_;
  }
  org::v1::CreateServiceTokenRequest request;
  request.set_login(login_);
  request.set_secret(secret_);
  org::v1::SessionToken reply;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  const auto stub = org::v1::SessionService::NewStub(org_service_);
  RETURN_IF_ERROR(FromGrpcStatus(stub->CreateServiceToken(&context, request, &reply)));
  absl::MutexLock lock(&mutex_);
  token_ = reply.access_token();
  fresh_until_ = absl::Now() + kKeep;
  return token_;
}

}  // namespace qungong
