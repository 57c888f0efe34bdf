// The use case of finding.
#ifndef QUNGONG_ORG_SERVICE_FIND_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_FIND_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/org/v1/find_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Without state.
class FindHandlers {
 public:
  absl::StatusOr<v1::FindNodesResponse> FindNodes(Read& read, const v1::FindNodesRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_FIND_HANDLERS_H_
