// The use cases of service centers.
#ifndef QUNGONG_ORG_SERVICE_SERVICE_CENTER_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_SERVICE_CENTER_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/org/v1/service_center_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Without state.
class ServiceCenterHandlers {
 public:
  absl::StatusOr<v1::ServiceCenter> GetServiceCenter(Read& read,
                                                     const v1::GetServiceCenterRequest& request);
  absl::StatusOr<v1::ListServiceCentersResponse> ListServiceCenters(
      Read& read, const v1::ListServiceCentersRequest& request);
  absl::StatusOr<v1::ServiceCenter> CreateServiceCenter(
      Mutation& m, const v1::CreateServiceCenterRequest& request);
  absl::StatusOr<v1::ServiceCenter> RenameServiceCenter(
      Mutation& m, const v1::RenameServiceCenterRequest& request);
  absl::StatusOr<v1::ServiceCenter> DissolveServiceCenter(
      Mutation& m, const v1::DissolveServiceCenterRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SERVICE_CENTER_HANDLERS_H_
