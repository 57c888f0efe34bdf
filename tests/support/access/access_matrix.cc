#include "tests/support/access/access_matrix.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/options.pb.h"
#include "tests/support/contracts.h"

namespace qungong::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using Where = AccessLine::Where;

constexpr char kHeader[] = "method,who,where,of,scoped,open,why";

const std::map<std::string, Where, std::less<>>& Places() {
  static const auto& places =
      *new std::map<std::string, Where, std::less<>>{{"everywhere", Where::kEverywhere},
                                                     {"at or above", Where::kAtOrAbove},
                                                     {"any line at or above", Where::kAnyLine},
                                                     {"top", Where::kTop},
                                                     {"shows own", Where::kShowsOwn},
                                                     {"own", Where::kOwn},
                                                     {"by secret", Where::kBySecret}};
  return places;
}

std::vector<std::string> Words(absl::string_view text) {
  return absl::StrSplit(text, ' ', absl::SkipEmpty());
}

std::vector<std::string> WhoByContract(const MethodDescriptor& method) {
  const rpc::v1::AccessRule& rule = method.options().GetExtension(rpc::v1::access);
  if (rule.anonymous()) return AccessLine::Anonymous();
  if (rule.authenticated()) return AccessLine::Authenticated();
  std::vector<std::string> roles;
  for (const int role : rule.roles()) roles.push_back(rpc::v1::Role_Name(role));
  return roles;
}

std::vector<std::string> Sorted(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return words;
}

// Whether each field that names a resource is judged once, and each judged field is there.
void CheckFields(const AccessLine& line, const Descriptor& asked, std::vector<std::string>& wrong) {
  std::set<std::string> judged;
  for (const std::vector<std::string>& fields : {line.scoped, line.open}) {
    for (const std::string& field : fields) {
      if (asked.FindFieldByName(field) == nullptr)
        wrong.push_back(absl::StrCat(line.method, ": the request has no field ", field));
      if (!judged.insert(field).second)
        wrong.push_back(absl::StrCat(line.method, ": ", field, " stands twice"));
    }
  }
  for (int i = 0; i < asked.field_count(); ++i) {
    const FieldDescriptor* field = asked.field(i);
    const bool names = !field->options().GetExtension(rpc::v1::rules).resource().empty();
    if (names && !judged.contains(field->name()))
      wrong.push_back(
          absl::StrCat(line.method, ": ", field->name(), " is neither scoped nor open"));
  }
}

void CheckLine(const AccessLine& line, const MethodDescriptor& method,
               std::vector<std::string>& wrong) {
  const std::vector<std::string> who = WhoByContract(method);
  if (Sorted(line.who) != Sorted(who)) {
    wrong.push_back(absl::StrCat(line.method, ": the table admits ", absl::StrJoin(line.who, " "),
                                 "; the contract ", absl::StrJoin(who, " ")));
  }
  const bool placed =
      line.IsAtOrAbove() || line.where == Where::kTop || line.where == Where::kShowsOwn;
  if (placed != line.NeedsRole() && line.where != Where::kEverywhere)
    wrong.push_back(absl::StrCat(line.method, ": only a role holds at a place"));
  if (line.IsAtOrAbove() && line.scoped.empty())
    wrong.push_back(absl::StrCat(line.method, ": nothing in the request is scoped"));
  CheckFields(line, *AskedOf(method), wrong);
}

}  // namespace

bool AccessLine::Admits(const std::string& role) const {
  return !NeedsRole() || std::find(who.begin(), who.end(), role) != who.end();
}

absl::StatusOr<std::vector<AccessLine>> ParseAccessMatrix(absl::string_view csv) {
  std::vector<AccessLine> table;
  int number = 0;
  for (const absl::string_view text : absl::StrSplit(csv, '\n')) {
    ++number;
    if (text.empty()) continue;
    const auto wrong = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", what));
    };
    if (number == 1) {
      if (text != kHeader) return wrong(absl::StrCat("is not ", kHeader));
      continue;
    }
    const std::vector<std::string> columns = absl::StrSplit(text, absl::MaxSplits(',', 6));
    if (columns.size() != 7) return wrong("has fewer than 7 columns");
    const auto place = Places().find(columns[2]);
    if (place == Places().end()) return wrong(absl::StrCat("knows no place ", columns[2]));
    if (columns[1].empty() || columns[6].empty()) return wrong("does not say who or why");
    table.push_back({columns[0], Words(columns[1]), place->second, columns[3], Words(columns[4]),
                     Words(columns[5]), columns[6]});
  }
  return table;
}

std::vector<AccessLine> LoadAccessMatrix() {
  std::ifstream file(absl::StrCat(QUNGONG_SOURCE_DIR, "/tests/access_matrix.csv"));
  std::stringstream text;
  text << file.rdbuf();
  absl::StatusOr<std::vector<AccessLine>> table = ParseAccessMatrix(text.str());
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? *std::move(table) : std::vector<AccessLine>();
}

std::vector<std::string> CompareWithContracts(const std::vector<AccessLine>& table,
                                              const std::vector<std::string>& methods) {
  std::vector<std::string> wrong;
  std::map<std::string, int> lines;
  for (const AccessLine& line : table) ++lines[line.method];
  for (const auto& [method, count] : lines) {
    if (count > 1) wrong.push_back(absl::StrCat(method, ": has ", count, " lines"));
    if (std::find(methods.begin(), methods.end(), method) == methods.end())
      wrong.push_back(absl::StrCat(method, ": is no method of the contracts"));
  }
  for (const std::string& method : methods) {
    if (!lines.contains(method)) wrong.push_back(absl::StrCat(method, ": has no line"));
  }
  for (const AccessLine& line : table) {
    if (const MethodDescriptor* method = FindMethod(line.method)) CheckLine(line, *method, wrong);
  }
  return wrong;
}

}  // namespace qungong::testing
