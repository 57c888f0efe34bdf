// The gRPC adapter of relations: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_RELATION_SERVICE_H_
#define QUNGONG_ORG_SERVICE_RELATION_SERVICE_H_

#include "org-service/relation_handlers.h"
#include "qungong/org/v1/relation_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class RelationService final : public v1::RelationService::CallbackService {
 public:
  RelationService(Chassis& chassis, RelationHandlers& handlers)
      : rpc_(chassis, v1::RelationService::service_full_name()), handlers_(handlers) {}

  Reactor* CreateRelation(Context* c, const v1::CreateRelationRequest* q,
                          v1::Relation* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &RelationHandlers::CreateRelation);
  }
  Reactor* GetRelation(Context* c, const v1::GetRelationRequest* q, v1::Relation* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &RelationHandlers::GetRelation);
  }
  Reactor* ListRelations(Context* c, const v1::ListRelationsRequest* q,
                         v1::ListRelationsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &RelationHandlers::ListRelations);
  }
  Reactor* EndRelation(Context* c, const v1::EndRelationRequest* q, v1::Relation* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &RelationHandlers::EndRelation);
  }

 private:
  Rpc rpc_;
  RelationHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_RELATION_SERVICE_H_
