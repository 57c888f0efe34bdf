// The use cases of imports; what they do is done by import_runner.h.
#ifndef QUNGONG_ORG_SERVICE_IMPORT_HANDLERS_H_
#define QUNGONG_ORG_SERVICE_IMPORT_HANDLERS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "qungong/org/v1/import_service.pb.h"
#include "runtime/operation.h"
#include "runtime/rpc.h"

namespace qungong::org {

inline constexpr size_t kMaxImportBytes = size_t{8} << 20;

// OK if the caller is a registrar of the topmost unit.
absl::Status AuthorizeAtTop(Read& read, absl::string_view resource);

// Thread-safe.
class ImportHandlers {
 public:
  // `wake` is called when there is something to run.
  explicit ImportHandlers(std::function<void()> wake) : wake_(std::move(wake)) {}

  absl::StatusOr<v1::Import> UploadImport(Mutation& m, const v1::UploadImportMetadata& metadata,
                                          const std::string& content);
  absl::StatusOr<v1::Import> GetImport(Read& read, const v1::GetImportRequest& request);
  absl::StatusOr<v1::ListImportsResponse> ListImports(Read& read,
                                                      const v1::ListImportsRequest& request);
  absl::StatusOr<std::unique_ptr<Producer<v1::Import>>> WatchImport(
      Read& read, const v1::WatchImportRequest& request);
  absl::StatusOr<v1::Import> CancelImport(Mutation& m, const v1::CancelImportRequest& request);

 private:
  const std::function<void()> wake_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_IMPORT_HANDLERS_H_
