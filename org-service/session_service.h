// The gRPC adapter of sessions: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_SESSION_SERVICE_H_
#define QUNGONG_ORG_SERVICE_SESSION_SERVICE_H_

#include "org-service/session_handlers.h"
#include "qungong/org/v1/session_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class SessionService final : public v1::SessionService::CallbackService {
 public:
  SessionService(Chassis& chassis, SessionHandlers& handlers)
      : rpc_(chassis, v1::SessionService::service_full_name()), handlers_(handlers) {}

  Reactor* CreateSession(Context* c, const v1::CreateSessionRequest* q,
                         v1::SessionToken* r) override {
    return rpc_.Direct(__func__, c, q, r, handlers_, &SessionHandlers::CreateSession);
  }
  Reactor* RefreshSession(Context* c, const v1::RefreshSessionRequest* q,
                          v1::SessionToken* r) override {
    return rpc_.Direct(__func__, c, q, r, handlers_, &SessionHandlers::RefreshSession);
  }
  Reactor* DeleteSession(Context* c, const v1::DeleteSessionRequest* q,
                         google::protobuf::Empty* r) override {
    return rpc_.Direct(__func__, c, q, r, handlers_, &SessionHandlers::DeleteSession);
  }
  Reactor* CreateServiceToken(Context* c, const v1::CreateServiceTokenRequest* q,
                              v1::SessionToken* r) override {
    return rpc_.Direct(__func__, c, q, r, handlers_, &SessionHandlers::CreateServiceToken);
  }

 private:
  Rpc rpc_;
  SessionHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SESSION_SERVICE_H_
