// Use cases of grants.
#ifndef QUNGONG_ORG_SERVICE_GRANT_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_GRANT_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/org/v1/grant_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Stateless.
class GrantHandlers {
 public:
  absl::StatusOr<v1::Grant> CreateGrant(Mutation& m, const v1::CreateGrantRequest& request);
  absl::StatusOr<v1::Grant> GetGrant(Read& read, const v1::GetGrantRequest& request);
  absl::StatusOr<v1::ListGrantsResponse> ListGrants(Read& read,
                                                    const v1::ListGrantsRequest& request);
  absl::StatusOr<v1::ListGrantsResponse> ListOwnGrants(Read& read,
                                                       const v1::ListOwnGrantsRequest& request);
  absl::StatusOr<v1::Grant> RevokeGrant(Mutation& m, const v1::RevokeGrantRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_GRANT_HANDLERS_H_
