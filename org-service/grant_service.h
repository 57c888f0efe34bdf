// The gRPC adapter of grants: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_GRANT_SERVICE_H_
#define QUNGONG_ORG_SERVICE_GRANT_SERVICE_H_

#include "org-service/grant_handlers.h"
#include "qungong/org/v1/grant_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class GrantService final : public v1::GrantService::CallbackService {
 public:
  GrantService(Chassis& chassis, GrantHandlers& handlers)
      : rpc_(chassis, v1::GrantService::service_full_name()), handlers_(handlers) {}

  Reactor* CreateGrant(Context* c, const v1::CreateGrantRequest* q, v1::Grant* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &GrantHandlers::CreateGrant);
  }
  Reactor* GetGrant(Context* c, const v1::GetGrantRequest* q, v1::Grant* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &GrantHandlers::GetGrant);
  }
  Reactor* ListGrants(Context* c, const v1::ListGrantsRequest* q,
                      v1::ListGrantsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &GrantHandlers::ListGrants);
  }
  Reactor* ListOwnGrants(Context* c, const v1::ListOwnGrantsRequest* q,
                         v1::ListGrantsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &GrantHandlers::ListOwnGrants);
  }
  Reactor* RevokeGrant(Context* c, const v1::RevokeGrantRequest* q, v1::Grant* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &GrantHandlers::RevokeGrant);
  }

 private:
  Rpc rpc_;
  GrantHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_GRANT_SERVICE_H_
