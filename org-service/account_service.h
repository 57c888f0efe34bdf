// The gRPC adapter of accounts: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_ACCOUNT_SERVICE_H_
#define QUNGONG_ORG_SERVICE_ACCOUNT_SERVICE_H_

#include "org-service/account_handlers.h"
#include "qungong/org/v1/account_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class AccountService final : public v1::AccountService::CallbackService {
 public:
  AccountService(Chassis& chassis, AccountHandlers& handlers)
      : rpc_(chassis, v1::AccountService::service_full_name()), handlers_(handlers) {}

  Reactor* CreateAccount(Context* c, const v1::CreateAccountRequest* q, v1::Account* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &AccountHandlers::CreateAccount);
  }
  Reactor* GetAccount(Context* c, const v1::GetAccountRequest* q, v1::Account* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &AccountHandlers::GetAccount);
  }
  Reactor* GetOwnAccount(Context* c, const v1::GetOwnAccountRequest* q, v1::Account* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &AccountHandlers::GetOwnAccount);
  }
  Reactor* ListAccounts(Context* c, const v1::ListAccountsRequest* q,
                        v1::ListAccountsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &AccountHandlers::ListAccounts);
  }
  Reactor* DisableAccount(Context* c, const v1::DisableAccountRequest* q, v1::Account* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &AccountHandlers::DisableAccount);
  }
  Reactor* EnableAccount(Context* c, const v1::EnableAccountRequest* q, v1::Account* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &AccountHandlers::EnableAccount);
  }
  Reactor* ResetPassword(Context* c, const v1::ResetPasswordRequest* q, v1::Account* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &AccountHandlers::ResetPassword);
  }
  Reactor* ChangePassword(Context* c, const v1::ChangePasswordRequest* q, v1::Account* r) override {
    return rpc_.Direct(__func__, c, q, r, handlers_, &AccountHandlers::ChangePassword);
  }

 private:
  Rpc rpc_;
  AccountHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_ACCOUNT_SERVICE_H_
