// The gRPC adapter of divisions: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_DIVISION_SERVICE_H_
#define QUNGONG_ORG_SERVICE_DIVISION_SERVICE_H_

#include "org-service/division_handlers.h"
#include "qungong/org/v1/division_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class DivisionService final : public v1::DivisionService::CallbackService {
 public:
  DivisionService(Chassis& chassis, DivisionHandlers& handlers)
      : rpc_(chassis, v1::DivisionService::service_full_name()), handlers_(handlers) {}

  Reactor* GetDivision(Context* c, const v1::GetDivisionRequest* q, v1::Division* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &DivisionHandlers::GetDivision);
  }
  Reactor* ListDivisions(Context* c, const v1::ListDivisionsRequest* q,
                         v1::ListDivisionsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &DivisionHandlers::ListDivisions);
  }
  Reactor* CountDivisions(Context* c, const v1::CountDivisionsRequest* q,
                          v1::CountDivisionsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &DivisionHandlers::CountDivisions);
  }
  Reactor* CreateDivision(Context* c, const v1::CreateDivisionRequest* q,
                          v1::Division* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &DivisionHandlers::CreateDivision);
  }
  Reactor* RenameDivision(Context* c, const v1::RenameDivisionRequest* q,
                          v1::Division* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &DivisionHandlers::RenameDivision);
  }
  Reactor* MoveDivision(Context* c, const v1::MoveDivisionRequest* q, v1::Division* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &DivisionHandlers::MoveDivision);
  }
  Reactor* DissolveDivision(Context* c, const v1::DissolveDivisionRequest* q,
                            v1::Division* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &DivisionHandlers::DissolveDivision);
  }

 private:
  Rpc rpc_;
  DivisionHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_DIVISION_SERVICE_H_
