// The gRPC adapter of finding: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_FIND_SERVICE_H_
#define QUNGONG_ORG_SERVICE_FIND_SERVICE_H_

#include "org-service/find_handlers.h"
#include "qungong/org/v1/find_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class FindService final : public v1::FindService::CallbackService {
 public:
  FindService(Chassis& chassis, FindHandlers& handlers)
      : rpc_(chassis, v1::FindService::service_full_name()), handlers_(handlers) {}

  Reactor* FindNodes(Context* c, const v1::FindNodesRequest* q, v1::FindNodesResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &FindHandlers::FindNodes);
  }

 private:
  Rpc rpc_;
  FindHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_FIND_SERVICE_H_
