#include "org-service/amendment_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "org-service/csv.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using Operation = Amendment::Operation;

constexpr absl::string_view kColumns[] = {
    "date", "operation", "code_or_key", "name", "parent_code_or_key", "successor", "source"};
enum Column { kDate, kOperation, kNode, kName, kParent, kSuccessor, kSource };

std::optional<Operation> ParseOperation(absl::string_view text) {
  if (text == "CREATE") return Operation::kCreate;
  if (text == "MOVE") return Operation::kMove;
  if (text == "RELABEL") return Operation::kRelabel;
  if (text == "DISSOLVE") return Operation::kDissolve;
  return std::nullopt;
}

std::optional<AmendmentNode> ParseNode(absl::string_view text) {
  AmendmentNode node;
  node.is_unit = absl::ConsumePrefix(&text, "unit:");
  node.key = std::string(text);
  const auto all = [text](auto predicate) {
    return std::all_of(text.begin(), text.end(), predicate);
  };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_word = [is_digit](char c) {
    return is_digit(c) || c == '-' || (c >= 'a' && c <= 'z');
  };
  const bool is_code = (text.size() == 6 || text.size() == 9 || text.size() == 12) && all(is_digit);
  const bool is_key = !text.empty() && text.size() <= 32 && !is_digit(text[0]) && all(is_word);
  if (!is_code && !is_key) return std::nullopt;
  return node;
}

absl::Status Error(const CsvRow& row, Column column, absl::string_view message) {
  return CsvError(row.line, kColumns[column], message);
}

// Reads a column that names a node, or must be empty.
absl::StatusOr<AmendmentNode> NodeIn(const CsvRow& row, Column column, bool wanted) {
  const std::string& text = row.fields[column];
  if (!wanted) {
    if (!text.empty()) return Error(row, column, "the operation has none");
    return AmendmentNode();
  }
  const std::optional<AmendmentNode> node = ParseNode(text);
  if (!node.has_value()) {
    return Error(row, column,
                 "neither a code of 6, 9 or 12 digits nor a key, with or without unit:");
  }
  return *node;
}

absl::StatusOr<Amendment> ParseRow(const CsvRow& row) {
  Amendment amendment;
  amendment.line = row.line;
  // Formatted again, since parsing takes 2015-02-30 for 2015-03-02.
  if (!absl::ParseCivilTime(row.fields[kDate], &amendment.day) ||
      absl::FormatCivilTime(amendment.day) != row.fields[kDate]) {
    return Error(row, kDate, "not a date of the form 2015-09-03");
  }
  const std::optional<Operation> operation = ParseOperation(row.fields[kOperation]);
  if (!operation.has_value()) {
    return Error(row, kOperation, "none of CREATE, MOVE, RELABEL and DISSOLVE");
  }
  amendment.operation = *operation;
  const bool has_parent = *operation == Operation::kCreate || *operation == Operation::kMove;
  ASSIGN_OR_RETURN(amendment.node, NodeIn(row, kNode, true));
  ASSIGN_OR_RETURN(amendment.parent, NodeIn(row, kParent, has_parent));
  ASSIGN_OR_RETURN(amendment.successor, NodeIn(row, kSuccessor, !has_parent));
  const AmendmentNode& other = has_parent ? amendment.parent : amendment.successor;
  const Column other_column = has_parent ? kParent : kSuccessor;
  if (other.is_unit != amendment.node.is_unit) {
    return Error(row, other_column, "a unit goes with units, a division with divisions");
  }
  if (other == amendment.node) return Error(row, other_column, "the node itself");
  if (*operation == Operation::kRelabel && (!amendment.node.has_code() || other.is_unit)) {
    return Error(row, kNode, "not the former code of a division");
  }
  amendment.name = row.fields[kName];
  amendment.source = row.fields[kSource];
  if (amendment.name.empty()) return Error(row, kName, "the name is missing");
  if (amendment.source.empty()) return Error(row, kSource, "the source is missing");
  return amendment;
}

}  // namespace

absl::StatusOr<std::vector<Amendment>> ParseAmendments(absl::string_view text) {
  ASSIGN_OR_RETURN(const std::vector<CsvRow> rows, ParseCsv(text, kColumns));
  std::vector<Amendment> amendments;
  for (const CsvRow& row : rows) {
    ASSIGN_OR_RETURN(Amendment amendment, ParseRow(row));
    if (!amendments.empty() && amendment.day < amendments.back().day) {
      return Error(row, kDate, "earlier than the row before");
    }
    amendments.push_back(std::move(amendment));
  }
  return amendments;
}

}  // namespace qungong::org
