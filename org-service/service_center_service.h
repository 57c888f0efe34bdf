// The gRPC adapter of service centers: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_SERVICE_CENTER_SERVICE_H_
#define QUNGONG_ORG_SERVICE_SERVICE_CENTER_SERVICE_H_

#include "org-service/service_center_handlers.h"
#include "qungong/org/v1/service_center_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class ServiceCenterService final : public v1::ServiceCenterService::CallbackService {
 public:
  ServiceCenterService(Chassis& chassis, ServiceCenterHandlers& handlers)
      : rpc_(chassis, v1::ServiceCenterService::service_full_name()), handlers_(handlers) {}

  Reactor* GetServiceCenter(Context* c, const v1::GetServiceCenterRequest* q,
                            v1::ServiceCenter* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &ServiceCenterHandlers::GetServiceCenter);
  }
  Reactor* ListServiceCenters(Context* c, const v1::ListServiceCentersRequest* q,
                              v1::ListServiceCentersResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &ServiceCenterHandlers::ListServiceCenters);
  }
  Reactor* CreateServiceCenter(Context* c, const v1::CreateServiceCenterRequest* q,
                               v1::ServiceCenter* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &ServiceCenterHandlers::CreateServiceCenter);
  }
  Reactor* RenameServiceCenter(Context* c, const v1::RenameServiceCenterRequest* q,
                               v1::ServiceCenter* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &ServiceCenterHandlers::RenameServiceCenter);
  }
  Reactor* DissolveServiceCenter(Context* c, const v1::DissolveServiceCenterRequest* q,
                                 v1::ServiceCenter* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &ServiceCenterHandlers::DissolveServiceCenter);
  }

 private:
  Rpc rpc_;
  ServiceCenterHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SERVICE_CENTER_SERVICE_H_
