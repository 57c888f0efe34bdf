// W3C trace context and correlation ids, by hand: Debian's gRPC has no OpenTelemetry plugin.
#ifndef QUNGONG_RUNTIME_TRACE_H_
#define QUNGONG_RUNTIME_TRACE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace qungong {

// The given id if it is 8 to 64 of A-Z a-z 0-9 '-', otherwise a new one.
std::string CorrelationIdOrNew(absl::string_view given);
// A traceparent with the same trace and a new span; a new trace if `parent` is not a valid
// traceparent.
std::string ChildTrace(absl::string_view parent);
// The 32 hexadecimal digits of a traceparent's trace, or "".
std::string TraceId(absl::string_view traceparent);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_TRACE_H_
