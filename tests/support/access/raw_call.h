// A call of any method, with any token, by the bytes.
#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_RAW_CALL_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_RAW_CALL_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "grpcpp/support/status.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

struct RawAnswer {
  grpc::Status status;
  std::string reply;                    // the only message, of a stream the first
  std::vector<std::string> statements;  // that the service's workers began meanwhile
};

// Sends the serialized messages and half-closes; of a stream only the first message is awaited.
// An empty token sends none.
RawAnswer CallRaw(TestService& service, const google::protobuf::MethodDescriptor& method,
                  const std::vector<std::string>& messages, const std::string& token);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_RAW_CALL_H_
