// What an import finds: counts of rows, and errors with their places.
#ifndef QUNGONG_ORG_SERVICE_IMPORT_REPORT_H_
#define QUNGONG_ORG_SERVICE_IMPORT_REPORT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "qungong/org/v1/import_service.pb.h"

namespace qungong::org {

// Fills the counts and errors of an Import.
class ImportReport {
 public:
  static constexpr int kMaxErrors = 100;  // kept; all are counted
  static constexpr int kMaxRows = 50'000;

  void CountCreated() { import_.set_created_rows(import_.created_rows() + 1); }
  void CountChanged() { import_.set_changed_rows(import_.changed_rows() + 1); }
  void CountUnchanged() { import_.set_unchanged_rows(import_.unchanged_rows() + 1); }
  void SetTotal(size_t rows);

  void AddError(int line, absl::string_view column, absl::string_view reason,
                absl::string_view message);
  // The reason and the text of a status; line and column are the status's own if it has them.
  void AddError(int line, absl::string_view column, const absl::Status& status);

  bool ok() const { return import_.error_count() == 0; }
  const v1::Import& import() const { return import_; }

 private:
  v1::Import import_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_IMPORT_REPORT_H_
