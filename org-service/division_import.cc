#include "org-service/division_import.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "org-service/csv.h"
#include "org-service/division_rules.h"
#include "org-service/tree_change.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "runtime/utf8.h"

namespace qungong::org {
namespace {

constexpr size_t kMaxNameLength = 100;

bool IsCode(absl::string_view text, size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// Code points of a text without control characters; 0 if it is not such a text.
size_t NameLength(absl::string_view text) {
  size_t length = 0;
  while (!text.empty()) {
    const CodePoint point = DecodeUtf8(text);
    if (point.size == 0 || point.value < 0x20 || point.value == 0x7F) return 0;
    text.remove_prefix(point.size);
    ++length;
  }
  return length;
}

// What is wrong with the row by itself: a column and a text, or empty texts.
std::pair<absl::string_view, std::string> FindFault(const DivisionRow& row) {
  if (!rpc::v1::Level_IsValid(row.level) || row.level == rpc::v1::LEVEL_UNSPECIFIED) {
    return {"level", "is not one of 1 (municipality), 2 (district), 3 (township), 4 (village)"};
  }
  if (!IsCode(row.code, CodeLength(row.level))) {
    return {"code", absl::StrCat("has not ", CodeLength(row.level), " digits")};
  }
  const size_t length = NameLength(row.name);
  if (length == 0 || length > kMaxNameLength) {
    return {"name", "is not a name of 1 to 100 characters in UTF-8"};
  }
  if (row.level == rpc::v1::MUNICIPALITY_LEVEL) {
    if (!row.parent_code.empty()) return {"parent_code", "the municipality has no parent"};
  } else if (!IsCode(row.parent_code, CodeLength(static_cast<rpc::v1::Level>(row.level - 1)))) {
    return {"parent_code", "is not the code of a division one level up"};
  }
  return {"", ""};
}

// What a known division is not as the row says: a column and a text, or empty texts.
std::pair<absl::string_view, std::string> FindDifference(const DivisionRow& row,
                                                         const NodeRecord& known,
                                                         const NodeRecord* parent, int32_t day) {
  if (!ExistsOn(known, day)) return {"code", "is known, but not on the file's day"};
  if (known.level() != row.level) return {"level", "is known to be another"};
  const NodeLabel* label = LabelOn(known, day);
  if (label == nullptr || label->code() != row.code) {
    return {"code", "was another on the file's day"};
  }
  const std::string name = NameDivision(row.level, row.name).display_name;
  if (label->display_name() != name) {
    return {"name", absl::StrCat("is known to be ", label->display_name())};
  }
  const NodeEdge* edge = EdgeOn(known, day);
  const std::string parent_name = parent == nullptr ? "" : parent->name();
  if ((edge == nullptr ? "" : edge->parent()) != parent_name) {
    return {"parent_code", "is known to be another"};
  }
  return {"", ""};
}

const NodeRecord* FindDivision(const NodeBook& book, const std::string& code, int32_t day) {
  const NodeRecord* known = book.FindByCode(code, day);
  return known != nullptr ? known : book.Find(ResourceName("divisions", DivisionId(code)));
}

void PlanRow(const DivisionRow& row, const DivisionDays& days, NodeBook* book,
             ImportReport* report) {
  const NodeRecord* known = FindDivision(*book, row.code, days.as_of);
  const NodeRecord* parent = nullptr;
  if (row.level != rpc::v1::MUNICIPALITY_LEVEL) {
    parent = FindDivision(*book, row.parent_code, days.as_of);
    if (parent == nullptr) {
      return report->AddError(row.line, "parent_code", "PARENT_UNKNOWN",
                              absl::StrCat(row.parent_code, " is neither here nor known"));
    }
  }
  if (known != nullptr) {
    const auto [column, difference] = FindDifference(row, *known, parent, days.as_of);
    if (column.empty()) return report->CountUnchanged();
    return report->AddError(row.line, column, "DIVISION_DIFFERS",
                            absl::StrCat(row.code, ": the ", column, " ", difference));
  }
  if (parent == nullptr) {
    return report->AddError(row.line, "code", "DIVISION_UNKNOWN",
                            absl::StrCat(row.code, " is not this installation's municipality"));
  }
  const absl::Status created = CreateDivisionIn(
      {row.code, row.code, row.name, row.level, {days.known_since, kNoEndDay}}, *parent, book);
  if (!created.ok()) return report->AddError(row.line, "", created);
  report->CountCreated();
}

}  // namespace

std::vector<DivisionRow> ParseDivisions(absl::string_view text, ImportReport* report) {
  std::vector<DivisionRow> rows;
  absl::StatusOr<std::vector<CsvRow>> parsed =
      ParseCsv(text, {"code", "name", "parent_code", "level"});
  if (!parsed.ok()) {
    report->AddError(0, "", parsed.status());
    return rows;
  }
  report->SetTotal(parsed->size());
  absl::flat_hash_map<std::string, int> lines;
  for (CsvRow& csv : *parsed) {
    DivisionRow row{csv.line, std::move(csv.fields[0]), std::move(csv.fields[1]),
                    std::move(csv.fields[2])};
    int level = 0;
    if (absl::SimpleAtoi(csv.fields[3], &level) && rpc::v1::Level_IsValid(level)) {
      row.level = static_cast<rpc::v1::Level>(level);
    }
    const auto [column, fault] = FindFault(row);
    const auto [before, is_new] = lines.emplace(row.code, row.line);
    if (!column.empty()) {
      report->AddError(row.line, column, "INVALID_FIELD", absl::StrCat(column, " ", fault));
    } else if (!is_new) {
      report->AddError(row.line, "code", "CODE_REPEATED",
                       absl::StrCat(row.code, " came in line ", before->second));
    } else {
      rows.push_back(std::move(row));
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const DivisionRow& a, const DivisionRow& b) { return a.level < b.level; });
  return rows;
}

void PlanDivisions(const std::vector<DivisionRow>& rows, const DivisionDays& days, NodeBook* book,
                   ImportReport* report) {
  for (const DivisionRow& row : rows) PlanRow(row, days, book, report);
}

absl::Status CreateDivisionIn(const NewDivision& division, const NodeRecord& parent,
                              NodeBook* book) {
  const NamedDivision named = NameDivision(division.level, division.file_name);
  if (named.kind == v1::Division::KIND_UNSPECIFIED) {
    return WithReason(absl::InvalidArgumentError(
                          absl::StrCat(division.file_name, " does not tell what kind it is")),
                      "KIND_UNKNOWN");
  }
  if (LevelBelow(parent.level()) != division.level) {
    return WithReason(absl::InvalidArgumentError("the parent does not stand one level up"),
                      "LEVEL_MISMATCH");
  }
  return TreeChange(division.valid.from, *book)
      .Create({ResourceName("divisions", DivisionId(division.key)),
               ResourceName("units", UnitId(division.key)),
               ResourceName("serviceCenters", ServiceCenterId(division.key)), named.kind,
               named.display_name, named.unit_name, ServiceCenterName(named.display_name),
               division.code, division.valid},
              parent);
}

}  // namespace qungong::org
