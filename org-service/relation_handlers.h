// Use cases of relations.
#ifndef QUNGONG_ORG_SERVICE_RELATION_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_RELATION_HANDLERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "org-service/appointment_store.h"
#include "qungong/org/v1/relation_service.pb.h"
#include "runtime/operation.h"

namespace qungong::org {

// Stateless.
class RelationHandlers {
 public:
  absl::StatusOr<v1::Relation> CreateRelation(Mutation& m,
                                              const v1::CreateRelationRequest& request);
  absl::StatusOr<v1::Relation> GetRelation(Read& read, const v1::GetRelationRequest& request);
  absl::StatusOr<v1::ListRelationsResponse> ListRelations(Read& read,
                                                          const v1::ListRelationsRequest& request);
  absl::StatusOr<v1::Relation> EndRelation(Mutation& m, const v1::EndRelationRequest& request);
};

// Relations end with the appointment that answers for them: what one has beyond the end of the
// appointment is cut off.
absl::Status EndRelationsOf(Mutation& m, const StoredAppointment& appointment);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_RELATION_HANDLERS_H_
