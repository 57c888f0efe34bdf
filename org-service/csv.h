// Reads comma-separated files: the reference data of this folder and what people upload.
#ifndef QUNGONG_ORG_SERVICE_CSV_H_
#define QUNGONG_ORG_SERVICE_CSV_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace qungong::org {

// One record; `line` is where it begins, counted from 1.
struct CsvRow {
  int line = 0;
  std::vector<std::string> fields;
};

// The records of `text` (RFC 4180; a byte order mark, lines that begin with # and empty lines are
// passed over) with the fields that `columns` names, in that order. The first record is the header:
// it must name each of them once, may name others, and has as many fields as every record. All or
// nothing: INVALID_ARGUMENT, reason CSV_INVALID, with the line and, where one field is to blame,
// the column.
absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text,
                                             absl::Span<const absl::string_view> columns);

// The error of that shape, for what a reader of the fields finds wrong; `column` may be empty.
absl::Status CsvError(int line, absl::string_view column, absl::string_view message);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_CSV_H_
