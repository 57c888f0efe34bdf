#include "gateway/upstream.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/channel.h"
#include "runtime/status.h"

namespace qungong::gateway {

Upstream::Upstream() : all_gone_(std::make_shared<absl::Notification>()) {
  // The deleter keeps the notification while it is being notified.
  sentinel_ = std::shared_ptr<void>(nullptr, [gone = all_gone_](void*) { gone->Notify(); });
}

Upstream::~Upstream() = default;

void Upstream::Finish(absl::Duration patience) {
  sentinel_.reset();
  all_gone_->WaitForNotificationWithTimeout(patience);
}

absl::StatusOr<std::unique_ptr<Upstream>> Upstream::Make(absl::string_view backends,
                                                         const TlsOptions& tls) {
  auto upstream = std::make_unique<Upstream>();
  for (absl::string_view part : absl::StrSplit(backends, ',', absl::SkipWhitespace())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (pair.first.empty() || pair.second.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("not package=target: ", part));
    }
    ASSIGN_OR_RETURN(const auto credentials,
                     MakeChannelCredentials(tls, "--backends", pair.second));
    const std::shared_ptr<grpc::Channel> channel = Connect(pair.second, credentials);
    auto backend = std::make_unique<Backend>(
        Backend{channel, MessageStub(channel), grpc::GenericStub(channel)});
    if (!upstream->backends_.emplace(pair.first, std::move(backend)).second) {
      return absl::InvalidArgumentError(absl::StrCat("package given twice: ", pair.first));
    }
  }
  return upstream;
}

Backend* Upstream::Find(const std::string& package) const {
  const auto found = backends_.find(package);
  return found == backends_.end() ? nullptr : found->second.get();
}

}  // namespace qungong::gateway
