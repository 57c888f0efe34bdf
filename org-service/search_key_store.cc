#include "org-service/search_key_store.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "org-service/find_rules.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Param;
using mysql::Row;
using mysql::Rows;

constexpr char kSelectLabels[] =
    "SELECT n.kind, n.level, n.id, l.valid_from, l.display_name, l.code, n.division_id"
    " FROM directory_nodes n JOIN directory_labels l ON l.node_id = n.id WHERE n.id IN (@ids)";
constexpr char kDelete[] =
    "DELETE FROM search_keys WHERE kind = ? AND level = ? AND field = ? AND key_text = ?"
    " AND node_id = ? AND valid_from = ?";
// While all keys are made anew, some may be there.
constexpr char kInsert[] =
    "INSERT IGNORE INTO search_keys (kind, level, field, key_text, node_id, valid_from)";

struct KeyRow {
  int kind = 0;
  int level = 0;
  int field = 0;
  std::string text;
  Uuid node;
  absl::CivilDay from;

  friend bool operator<(const KeyRow& a, const KeyRow& b) {
    return std::tie(a.kind, a.level, a.field, a.text, a.node, a.from) <
           std::tie(b.kind, b.level, b.field, b.text, b.node, b.from);
  }
};
using KeyRows = std::set<KeyRow>;  // in the order of the table

struct Label {
  absl::string_view display_name;
  absl::string_view code;
  bool of_division = false;
};

void AddRows(const KeyRow& row, const Label& label, KeyRows* rows) {
  const Parts parts = label.of_division ? Parts::kOfDivision : Parts::kOwn;
  for (SearchKey& key : KeysOf(label.display_name, label.code, parts)) {
    KeyRow one = row;
    one.field = static_cast<int>(key.field);
    one.text = std::move(key.text);
    rows->insert(std::move(one));
  }
}

absl::Status AddRows(const rpc::v1::NodeRecord& record, KeyRows* rows) {
  ASSIGN_OR_RETURN(const Uuid id,
                   ParseResourceName(directory::CollectionOf(record.kind()), record.name()));
  for (const rpc::v1::NodeLabel& label : record.labels()) {
    AddRows({record.kind(), record.level(), 0, "", id, FromDayNumber(label.valid().from_day())},
            {label.display_name(), label.code(), !record.division().empty()}, rows);
  }
  return absl::OkStatus();
}

// The keys of what is stored.
absl::StatusOr<KeyRows> StoredRows(mysql::Tx& tx, absl::Span<const Uuid> ids) {
  ASSIGN_OR_RETURN(const Rows labels, mysql::QueryIn(tx, kSelectLabels, {}, ids));
  KeyRows rows;
  for (const Row& row : labels) {
    AddRows({row.Int32(0), row.Int32(1), 0, "", row.Id(2), row.Day(3)},
            {row.String(4), row.String(5), !row.IsNull(6)}, &rows);
  }
  return rows;
}

std::vector<Param> ParamsOf(absl::Span<const KeyRow> rows) {
  std::vector<Param> params;
  params.reserve(6 * rows.size());
  for (const KeyRow& row : rows) {
    params.insert(params.end(), {row.kind, row.level, row.field, row.text, row.node, row.from});
  }
  return params;
}

}  // namespace

absl::Status SaveSearchKeys(mysql::Tx& tx, absl::Span<const KeyedNode> nodes) {
  KeyRows wanted;
  std::vector<Uuid> known;
  for (const KeyedNode& node : nodes) {
    RETURN_IF_ERROR(AddRows(*node.record, &wanted));
    if (node.is_new) continue;
    ASSIGN_OR_RETURN(
        known.emplace_back(),
        ParseResourceName(directory::CollectionOf(node.record->kind()), node.record->name()));
  }
  ASSIGN_OR_RETURN(const KeyRows stored, StoredRows(tx, known));
  std::vector<KeyRow> gone;
  std::set_difference(stored.begin(), stored.end(), wanted.begin(), wanted.end(),
                      std::back_inserter(gone));
  for (const KeyRow& row : gone) {
    RETURN_IF_ERROR(
        tx.Execute(kDelete, row.kind, row.level, row.field, row.text, row.node, row.from).status());
  }
  std::vector<KeyRow> fresh;
  std::set_difference(wanted.begin(), wanted.end(), stored.begin(), stored.end(),
                      std::back_inserter(fresh));
  return tx.LaterMany(kInsert, 6, ParamsOf(fresh));
}

absl::Status AddSearchKeys(mysql::Tx& tx, absl::Span<const rpc::v1::NodeRecord> nodes) {
  KeyRows wanted;
  for (const rpc::v1::NodeRecord& node : nodes) RETURN_IF_ERROR(AddRows(node, &wanted));
  const std::vector<KeyRow> rows(wanted.begin(), wanted.end());
  return tx.LaterMany(kInsert, 6, ParamsOf(rows));
}

}  // namespace qungong::org
