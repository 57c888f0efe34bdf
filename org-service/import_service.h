// The gRPC adapter of imports: one line per RPC.
#ifndef QUNGONG_ORG_SERVICE_IMPORT_SERVICE_H_
#define QUNGONG_ORG_SERVICE_IMPORT_SERVICE_H_

#include "org-service/import_handlers.h"
#include "qungong/org/v1/import_service.grpc.pb.h"
#include "runtime/rpc.h"

namespace qungong::org {

class ImportService final : public v1::ImportService::CallbackService {
 public:
  ImportService(Chassis& chassis, ImportHandlers& handlers)
      : rpc_(chassis, v1::ImportService::service_full_name()), handlers_(handlers) {}

  grpc::ServerReadReactor<v1::UploadImportRequest>* UploadImport(Context* c,
                                                                 v1::Import* r) override {
    return rpc_.Upload<v1::UploadImportRequest>(__func__, c, r, kMaxImportBytes, handlers_,
                                                &ImportHandlers::UploadImport);
  }
  Reactor* GetImport(Context* c, const v1::GetImportRequest* q, v1::Import* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &ImportHandlers::GetImport);
  }
  Reactor* ListImports(Context* c, const v1::ListImportsRequest* q,
                       v1::ListImportsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &ImportHandlers::ListImports);
  }
  grpc::ServerWriteReactor<v1::Import>* WatchImport(Context* c,
                                                    const v1::WatchImportRequest* q) override {
    return rpc_.Stream(__func__, c, q, handlers_, &ImportHandlers::WatchImport);
  }
  Reactor* CancelImport(Context* c, const v1::CancelImportRequest* q, v1::Import* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &ImportHandlers::CancelImport);
  }

 private:
  Rpc rpc_;
  ImportHandlers& handlers_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_IMPORT_SERVICE_H_
