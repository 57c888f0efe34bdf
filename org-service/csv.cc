#include "org-service/csv.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

// Takes records off the front of a text.
class Scanner {
 public:
  explicit Scanner(absl::string_view text) : rest_(text) {
    absl::ConsumePrefix(&rest_, "\xEF\xBB\xBF");
  }

  // False at the end of the text.
  absl::StatusOr<bool> Next(CsvRow& row) {
    SkipLinesWithoutRecord();
    row = {line_, {}};
    if (rest_.empty()) return false;
    do {
      ASSIGN_OR_RETURN(std::string field, TakeField());
      row.fields.push_back(std::move(field));
    } while (absl::ConsumePrefix(&rest_, ","));
    TakeLineEnd();
    return true;
  }

 private:
  void SkipLinesWithoutRecord() {
    while (!rest_.empty()) {
      if (rest_[0] == '#') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_[0] != '\n' && !absl::StartsWith(rest_, "\r\n")) {
        return;
      }
      TakeLineEnd();
    }
  }

  void TakeLineEnd() {
    absl::ConsumePrefix(&rest_, "\r");
    if (absl::ConsumePrefix(&rest_, "\n")) ++line_;
  }

  absl::StatusOr<std::string> TakeField() {
    if (absl::ConsumePrefix(&rest_, "\"")) return TakeQuoted();
    const std::size_t end = std::min(rest_.find_first_of(",\r\n\""), rest_.size());
    if (end < rest_.size() && rest_[end] == '"') {
      return CsvError(line_, "", "a quote stands inside a field that does not begin with one");
    }
    std::string field(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return CheckEnd(std::move(field));
  }

  absl::StatusOr<std::string> TakeQuoted() {
    const int begin = line_;
    std::string field;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"' && !absl::ConsumePrefix(&rest_, "\"")) return CheckEnd(std::move(field));
      if (c == '\n') ++line_;
      field.push_back(c);
    }
    return CsvError(begin, "", "a quoted field does not end");
  }

  absl::StatusOr<std::string> CheckEnd(std::string field) const {
    if (rest_.empty() || rest_[0] == ',' || rest_[0] == '\n' || absl::StartsWith(rest_, "\r\n")) {
      return field;
    }
    return CsvError(line_, "", "a field is followed by neither a comma nor the end of the line");
  }

  absl::string_view rest_;
  int line_ = 1;
};

// Where each wanted column stands in the header.
absl::StatusOr<std::vector<std::size_t>> Locate(const CsvRow& header,
                                                absl::Span<const absl::string_view> columns) {
  std::vector<std::size_t> places;
  for (const absl::string_view column : columns) {
    const auto it = std::find(header.fields.begin(), header.fields.end(), column);
    if (it == header.fields.end()) return CsvError(header.line, column, "the column is missing");
    if (std::find(it + 1, header.fields.end(), column) != header.fields.end()) {
      return CsvError(header.line, column, "the column comes twice");
    }
    places.push_back(static_cast<std::size_t>(it - header.fields.begin()));
  }
  return places;
}

}  // namespace

absl::Status CsvError(int line, absl::string_view column, absl::string_view message) {
  const std::string place =
      column.empty() ? absl::StrCat("line ", line) : absl::StrCat("line ", line, ", ", column);
  return WithReason(absl::InvalidArgumentError(absl::StrCat(place, ": ", message)), "CSV_INVALID",
                    {{"line", absl::StrCat(line)}, {"column", column}});
}

absl::StatusOr<std::vector<CsvRow>> ParseCsv(absl::string_view text,
                                             absl::Span<const absl::string_view> columns) {
  Scanner scanner(text);
  CsvRow header;
  ASSIGN_OR_RETURN(const bool found, scanner.Next(header));
  if (!found) return CsvError(1, "", "there is no header");
  ASSIGN_OR_RETURN(const std::vector<std::size_t> places, Locate(header, columns));
  std::vector<CsvRow> rows;
  for (CsvRow raw;;) {
    ASSIGN_OR_RETURN(const bool more, scanner.Next(raw));
    if (!more) return rows;
    if (raw.fields.size() != header.fields.size()) {
      return CsvError(raw.line, "",
                      absl::StrCat("there are ", raw.fields.size(), " fields, the header has ",
                                   header.fields.size()));
    }
    CsvRow& row = rows.emplace_back(CsvRow{raw.line, {}});
    for (const std::size_t place : places) row.fields.push_back(std::move(raw.fields[place]));
  }
}

}  // namespace qungong::org
