// The use cases of divisions.
#ifndef QUNGONG_ORG_SERVICE_DIVISION_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_DIVISION_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/org/v1/division_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Without state.
class DivisionHandlers {
 public:
  absl::StatusOr<v1::Division> GetDivision(Read& read, const v1::GetDivisionRequest& request);
  absl::StatusOr<v1::ListDivisionsResponse> ListDivisions(Read& read,
                                                          const v1::ListDivisionsRequest& request);
  absl::StatusOr<v1::CountDivisionsResponse> CountDivisions(
      Read& read, const v1::CountDivisionsRequest& request);
  absl::StatusOr<v1::Division> CreateDivision(Mutation& m,
                                              const v1::CreateDivisionRequest& request);
  absl::StatusOr<v1::Division> RenameDivision(Mutation& m,
                                              const v1::RenameDivisionRequest& request);
  absl::StatusOr<v1::Division> MoveDivision(Mutation& m, const v1::MoveDivisionRequest& request);
  absl::StatusOr<v1::Division> DissolveDivision(Mutation& m,
                                                const v1::DissolveDivisionRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_DIVISION_HANDLERS_H_
