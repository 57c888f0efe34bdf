// The gRPC adapter of reorganizations: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_REORGANIZATION_SERVICE_H_
#define QUNGONG_ORG_SERVICE_REORGANIZATION_SERVICE_H_

#include "org-service/reorganization_handlers.h"
#include "qungong/org/v1/reorganization_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class ReorganizationService final : public v1::ReorganizationService::CallbackService {
 public:
  ReorganizationService(Chassis& chassis, ReorganizationHandlers& handlers)
      : rpc_(chassis, v1::ReorganizationService::service_full_name()), handlers_(handlers) {}

  Reactor* ReorganizeTree(Context* c, const v1::ReorganizeTreeRequest* q,
                          v1::Reorganization* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &ReorganizationHandlers::ReorganizeTree);
  }
  Reactor* PreviewReorganization(Context* c, const v1::PreviewReorganizationRequest* q,
                                 v1::PreviewReorganizationResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &ReorganizationHandlers::PreviewReorganization);
  }

 private:
  Rpc rpc_;
  ReorganizationHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_REORGANIZATION_SERVICE_H_
