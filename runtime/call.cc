#include "runtime/call.h"

#include <algorithm>

namespace qungong {
namespace {

// What a reply needs to come back and be passed on.
constexpr absl::Duration kReserve = absl::Milliseconds(50);

void AddUnlessEmpty(grpc::ClientContext& context, const char* key, const std::string& value) {
  if (!value.empty()) context.AddMetadata(key, value);
}

}  // namespace

void Call::Apply(grpc::ClientContext& context, absl::Duration cap) const {
  // Deadlines are of the machine's clock, even where `now` was made to stand still.
  const absl::Time until = std::min(deadline - kReserve, absl::Now() + cap);
  if (until != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(until));
  AddUnlessEmpty(context, "authorization", authorization);
  AddUnlessEmpty(context, "x-request-id", correlation_id);
  AddUnlessEmpty(context, "traceparent", traceparent);
  AddUnlessEmpty(context, "x-qungong-after", after);
}

}  // namespace qungong
