#include "org-service/import_handlers.h"

#include <optional>
#include <vector>

#include "org-service/dates.h"
#include "org-service/import_store.h"
#include "org-service/listing.h"
#include "org-service/node_rules.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using v1::Import;

// Stands for "for as long as it matters": older than every ticket, younger than the municipality.
constexpr absl::CivilDay kKnownSince(2000, 1, 1);

bool HasEnded(const Import& import) {
  return import.state() != Import::PENDING && import.state() != Import::RUNNING;
}

absl::StatusOr<StoredImport> Load(Read& read, const std::string& name, RowLock lock) {
  RETURN_IF_ERROR(AuthorizeAtTop(read, name));
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("imports", name));
  ASSIGN_OR_RETURN(std::optional<StoredImport> import, FindImport(read.tx(), id, lock));
  if (import.has_value()) return *std::move(import);
  return NodeError(absl::StatusCode::kNotFound, "IMPORT_NOT_FOUND", name, "it does not exist",
                   "没有这次导入。");
}

Event ImportEvent(const StoredImport& import, const char* kind) {
  Event event;
  event.aggregate = import.resource.name();
  event.version = import.version;
  event.kind = kind;
  return event;
}

// Sends the import whenever it has changed, until it has ended.
class ImportProducer : public Producer<Import> {
 public:
  explicit ImportProducer(Uuid id) : id_(id) {}

  absl::StatusOr<StreamStep> Next(class Read& read, Import& response) override {
    if (ended_) return StreamStep::End();
    ASSIGN_OR_RETURN(const std::optional<StoredImport> import,
                     FindImport(read.tx(), id_, RowLock::kNone));
    if (!import.has_value()) return absl::InternalError("the import is gone");
    std::string bytes = import->resource.SerializeAsString();
    if (bytes == sent_) return StreamStep::Wait(absl::Milliseconds(100));
    sent_ = std::move(bytes);
    ended_ = HasEnded(import->resource);
    response = import->resource;
    return StreamStep::Send();
  }

 private:
  const Uuid id_;
  std::string sent_;
  bool ended_ = false;
};

}  // namespace

absl::Status AuthorizeAtTop(Read& read, absl::string_view resource) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  for (const Uuid& node : nodes) {
    ASSIGN_OR_RETURN(
        const std::vector<Uuid> above,
        directory::AncestorIds(read.tx(), rpc::v1::ADMINISTRATIVE_TREE, node, read.call().today));
    if (above.size() == 1) return absl::OkStatus();  // nothing but itself
  }
  return DeniedOrAbsent(resource);
}

absl::StatusOr<Import> ImportHandlers::UploadImport(Mutation& m,
                                                    const v1::UploadImportMetadata& metadata,
                                                    const std::string& content) {
  RETURN_IF_ERROR(AuthorizeAtTop(m, "imports"));
  StoredImport import;
  import.id = m.NewId();
  import.version = 1;
  ASSIGN_OR_RETURN(import.as_of,
                   ParseDay(metadata.as_of(), "as_of", FromDayNumber(m.call().today)));
  ASSIGN_OR_RETURN(import.known_since,
                   ParseDay(metadata.known_since(), "known_since", kKnownSince));
  if (import.as_of < import.known_since) {
    return InvalidField("as_of", "lies before known_since");
  }
  Import& resource = import.resource;
  resource.set_kind(metadata.kind());
  resource.set_state(Import::PENDING);
  resource.set_dry_run(metadata.dry_run());
  resource.set_file_name(metadata.file_name());
  resource.set_size_bytes(static_cast<int32_t>(content.size()));
  resource.set_creator(m.call().principal);
  RETURN_IF_ERROR(InsertImport(m.tx(), import, m.call().now, content));
  ASSIGN_OR_RETURN(const std::optional<StoredImport> stored,
                   FindImport(m.tx(), import.id, RowLock::kNone));
  m.Emit(ImportEvent(*stored, "Import.CREATED"));
  wake_();  // if this comes before the commit, the next look finds it
  return stored->resource;
}

absl::StatusOr<Import> ImportHandlers::GetImport(Read& read, const v1::GetImportRequest& request) {
  ASSIGN_OR_RETURN(StoredImport import, Load(read, request.name(), RowLock::kNone));
  return std::move(import.resource);
}

absl::StatusOr<v1::ListImportsResponse> ImportHandlers::ListImports(
    Read& read, const v1::ListImportsRequest& request) {
  RETURN_IF_ERROR(AuthorizeAtTop(read, "imports"));
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(std::vector<ListedImport> imports,
                   org::ListImports(read.tx(), page.after(), page.limit()));
  v1::ListImportsResponse response;
  if (page.Cut(imports)) response.set_next_page_token(page.NextToken(read, imports.back().key));
  for (ListedImport& listed : imports) {
    *response.add_imports() = std::move(listed.import.resource);
  }
  return response;
}

absl::StatusOr<std::unique_ptr<Producer<Import>>> ImportHandlers::WatchImport(
    Read& read, const v1::WatchImportRequest& request) {
  ASSIGN_OR_RETURN(const StoredImport import, Load(read, request.name(), RowLock::kNone));
  return std::unique_ptr<Producer<Import>>(std::make_unique<ImportProducer>(import.id));
}

absl::StatusOr<Import> ImportHandlers::CancelImport(Mutation& m,
                                                    const v1::CancelImportRequest& request) {
  ASSIGN_OR_RETURN(StoredImport import, Load(m, request.name(), RowLock::kForUpdate));
  if (HasEnded(import.resource)) {
    return NodeError(absl::StatusCode::kFailedPrecondition, "IMPORT_ENDED", request.name(),
                     "it has ended", "导入已经结束。");
  }
  const Import::State from = import.resource.state();
  ++import.version;
  import.resource.set_state(Import::CANCELLED);
  *import.resource.mutable_end_time() = ToTimestamp(m.call().now);
  RETURN_IF_ERROR(EndImport(m.tx(), import, from, m.call().now));
  m.Emit(ImportEvent(import, "Import.CANCELLED"));
  return std::move(import.resource);
}

}  // namespace qungong::org
