// The use cases of units.
#ifndef QUNGONG_ORG_SERVICE_UNIT_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_UNIT_HANDLERS_H_

#include "absl/status/statusor.h"
#include "qungong/org/v1/unit_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Without state.
class UnitHandlers {
 public:
  absl::StatusOr<v1::Unit> GetUnit(Read& read, const v1::GetUnitRequest& request);
  absl::StatusOr<v1::ListUnitsResponse> ListUnits(Read& read, const v1::ListUnitsRequest& request);
  absl::StatusOr<v1::CountUnitsResponse> CountUnits(Read& read,
                                                    const v1::CountUnitsRequest& request);
  absl::StatusOr<v1::Unit> CreateUnit(Mutation& m, const v1::CreateUnitRequest& request);
  absl::StatusOr<v1::Unit> RenameUnit(Mutation& m, const v1::RenameUnitRequest& request);
  absl::StatusOr<v1::Unit> MoveUnit(Mutation& m, const v1::MoveUnitRequest& request);
  absl::StatusOr<v1::Unit> DissolveUnit(Mutation& m, const v1::DissolveUnitRequest& request);
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_UNIT_HANDLERS_H_
