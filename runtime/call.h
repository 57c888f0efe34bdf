// What travels with a call: who, until when, which request, which trace.
#ifndef QUNGONG_RUNTIME_CALL_H_
#define QUNGONG_RUNTIME_CALL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/client_context.h"
#include "runtime/ids.h"

namespace qungong {

// Built once per call by the wrapper, then only read.
struct Call {
  const google::protobuf::MethodDescriptor* method = nullptr;
  // "accounts/{uuid}", or "" for a caller without a token.
  std::string principal;
  absl::Time deadline;
  absl::Time now;     // one request sees one time
  int32_t today = 0;  // civil day of `now` in Asia/Shanghai
  std::string correlation_id;
  std::string traceparent;    // W3C, with this hop's span id
  std::string authorization;  // verbatim, for calls made on behalf of the caller
  // "org@epoch:sequence" positions that this caller's reads must have reached.
  std::string after;

  // The only way to start an outgoing call: deadline minus 50 ms, correlation id, trace.
  void Apply(grpc::ClientContext& context, absl::Duration cap = absl::InfiniteDuration()) const;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_CALL_H_
