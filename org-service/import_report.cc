#include "org-service/import_report.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"

namespace qungong::org {

void ImportReport::SetTotal(size_t rows) {
  import_.set_total_rows(static_cast<int32_t>(rows));
  if (rows > kMaxRows) {
    AddError(0, "", "FILE_TOO_LARGE",
             absl::StrCat("the file has ", rows, " rows, more than ", kMaxRows));
  }
}

void ImportReport::AddError(int line, absl::string_view column, absl::string_view reason,
                            absl::string_view message) {
  import_.set_error_count(import_.error_count() + 1);
  if (import_.errors_size() >= kMaxErrors) return;
  v1::ImportError& error = *import_.add_errors();
  error.set_line(line);
  error.set_column(std::string(column));
  error.set_reason(std::string(reason));
  error.set_message(std::string(message));
}

void ImportReport::AddError(int line, absl::string_view column, const absl::Status& status) {
  google::rpc::ErrorInfo info;
  std::string type_url("type.googleapis.com/");
  if (const auto payload = status.GetPayload(type_url + info.GetTypeName())) {
    info.ParseFromString(std::string(*payload));
  }
  const auto line_of = info.metadata().find("line");
  if (line_of != info.metadata().end() && absl::SimpleAtoi(line_of->second, &line)) {
    column = info.metadata().at("column");
  }
  AddError(line, column, info.reason().empty() ? "INVALID" : info.reason(), status.message());
}

}  // namespace qungong::org
