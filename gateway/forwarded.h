// What of a caller's request travels on to a service: an allow-list, never "all headers". Pure.
#ifndef QUNGONG_GATEWAY_FORWARDED_H_
#define QUNGONG_GATEWAY_FORWARDED_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace qungong::gateway {

struct Forwarded {
  std::string authorization;  // verbatim
  std::string request_id;
  std::string traceparent;  // same trace, our span
  std::string after;        // x-qungong-after: positions that the read must have reached
  std::string position;  // x-qungong-position: tell how far others must read to know of this change
  absl::Time deadline = absl::InfiniteFuture();

  void Apply(grpc::ClientContext& context) const;
};

// Returns the value of a header, or of a key of gRPC metadata, or "".
using HeaderLookup = absl::FunctionRef<std::string(absl::string_view name)>;

// The id and trace of a request; made anew where the caller sent none that can be used.
Forwarded NewForwarded(HeaderLookup header);

// Adds who calls and what the call depends on. INVALID_ARGUMENT: HTTP_MALFORMED for values that are
// not printable ASCII, HEADER_TOO_LARGE for more than 4 KiB in all (gRPC takes 8, also for what it
// adds itself).
absl::Status AddCallerHeaders(HeaderLookup header, Forwarded* forwarded);

// Grpc-Timeout: "5S", "200m"; "" gives `otherwise`. INVALID_FIELD for anything else. Never more
// than `most`.
absl::StatusOr<absl::Duration> ParseTimeout(absl::string_view text, absl::Duration otherwise,
                                            absl::Duration most);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_FORWARDED_H_
