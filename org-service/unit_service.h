// The gRPC adapter of units: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_UNIT_SERVICE_H_
#define QUNGONG_ORG_SERVICE_UNIT_SERVICE_H_

#include "org-service/unit_handlers.h"
#include "qungong/org/v1/unit_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class UnitService final : public v1::UnitService::CallbackService {
 public:
  UnitService(Chassis& chassis, UnitHandlers& handlers)
      : rpc_(chassis, v1::UnitService::service_full_name()), handlers_(handlers) {}

  Reactor* GetUnit(Context* c, const v1::GetUnitRequest* q, v1::Unit* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &UnitHandlers::GetUnit);
  }
  Reactor* ListUnits(Context* c, const v1::ListUnitsRequest* q, v1::ListUnitsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &UnitHandlers::ListUnits);
  }
  Reactor* CountUnits(Context* c, const v1::CountUnitsRequest* q,
                      v1::CountUnitsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &UnitHandlers::CountUnits);
  }
  Reactor* CreateUnit(Context* c, const v1::CreateUnitRequest* q, v1::Unit* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &UnitHandlers::CreateUnit);
  }
  Reactor* RenameUnit(Context* c, const v1::RenameUnitRequest* q, v1::Unit* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &UnitHandlers::RenameUnit);
  }
  Reactor* MoveUnit(Context* c, const v1::MoveUnitRequest* q, v1::Unit* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &UnitHandlers::MoveUnit);
  }
  Reactor* DissolveUnit(Context* c, const v1::DissolveUnitRequest* q, v1::Unit* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &UnitHandlers::DissolveUnit);
  }

 private:
  Rpc rpc_;
  UnitHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_UNIT_SERVICE_H_
