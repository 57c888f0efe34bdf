// Use cases of reorganizations.
#ifndef QUNGONG_ORG_SERVICE_REORGANIZATION_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_REORGANIZATION_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/org/v1/reorganization_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Thread-safe: no state.
class ReorganizationHandlers {
 public:
  absl::StatusOr<v1::Reorganization> ReorganizeTree(Mutation& m,
                                                    const v1::ReorganizeTreeRequest& request);
  absl::StatusOr<v1::PreviewReorganizationResponse> PreviewReorganization(
      Read& read, const v1::PreviewReorganizationRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_REORGANIZATION_HANDLERS_H_
