#include "org-service/node_store.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "org-service/appointment_store.h"
#include "org-service/grant_store.h"
#include "org-service/relation_store.h"
#include "org-service/search_key_store.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Param;
using mysql::Row;
using mysql::Rows;
using mysql::Tx;

constexpr char kSelectTreeVersion[] = "SELECT version FROM tree_versions WHERE id = 1";
constexpr char kRaiseTreeVersion[] =
    "UPDATE tree_versions SET version = version + 1 WHERE id = 1 AND version = ?";
constexpr char kSelectVersions[] =
    "SELECT id, version, updated_at FROM org_nodes WHERE id IN (@ids)";
constexpr char kInsertVersions[] = "INSERT INTO org_nodes (id, version, updated_at)";
constexpr char kUpdateVersions[] =
    "ON DUPLICATE KEY UPDATE version = VALUES(version), updated_at = VALUES(updated_at)";
constexpr char kSelectCodeTaken[] =
    "SELECT 1 FROM directory_labels l JOIN directory_nodes n ON n.id = l.node_id"
    " WHERE l.code = ? AND n.kind = ? AND n.id <> ? AND l.valid_from < ? AND l.valid_to > ?"
    " LIMIT 1";
constexpr char kSelectOfDivision[] =
    "SELECT id FROM directory_nodes WHERE division_id = ? AND kind = ? AND valid_from < ?"
    " AND valid_to > ?";
// Of a node u and a day: the day of its life nearest to it is
//   LEAST(GREATEST(CAST(? AS DATE), u.valid_from), u.valid_to - INTERVAL 1 DAY).
// STRAIGHT_JOIN: left to itself the database reads the whole closure for a list of nodes.
constexpr char kSelectUnitsOver[] = R"sql(
SELECT STRAIGHT_JOIN u.id, n.id FROM directory_nodes u
JOIN directory_closure c ON c.descendant_id = u.id
  AND c.valid_from <= LEAST(GREATEST(CAST(? AS DATE), u.valid_from), u.valid_to - INTERVAL 1 DAY)
  AND c.valid_to > LEAST(GREATEST(CAST(? AS DATE), u.valid_from), u.valid_to - INTERVAL 1 DAY)
JOIN directory_nodes n ON n.division_id = c.ancestor_id
  AND n.valid_from <= LEAST(GREATEST(CAST(? AS DATE), u.valid_from), u.valid_to - INTERVAL 1 DAY)
  AND n.valid_to > LEAST(GREATEST(CAST(? AS DATE), u.valid_from), u.valid_to - INTERVAL 1 DAY)
WHERE c.tree = ? AND n.kind = ? AND n.line = '' AND u.id IN (@ids) ORDER BY c.depth)sql";
constexpr char kSelectWaysUp[] = R"sql(
SELECT STRAIGHT_JOIN past.ancestor_id, c.ancestor_id, n.line, u.id FROM directory_nodes u
JOIN directory_closure past ON past.descendant_id = u.id
  AND past.valid_from <= LEAST(GREATEST(CAST(? AS DATE), u.valid_from), u.valid_to - INTERVAL 1 DAY)
  AND past.valid_to > LEAST(GREATEST(CAST(? AS DATE), u.valid_from), u.valid_to - INTERVAL 1 DAY)
JOIN directory_closure c ON c.tree = past.tree AND c.descendant_id = past.ancestor_id
JOIN directory_nodes n ON n.id = c.ancestor_id
WHERE past.tree = ? AND c.valid_from <= ? AND c.valid_to > ? AND u.id IN (@ids)
ORDER BY u.id, past.depth, c.depth)sql";
constexpr char kSelectChild[] =
    "SELECT 1 FROM directory_edges WHERE tree = ? AND parent_id = ? AND valid_to > ? LIMIT 1";
constexpr char kSelectOf[] =
    "SELECT 1 FROM directory_nodes WHERE division_id = ? AND kind = ? AND valid_to > ? LIMIT 1";
constexpr char kSelectRunBy[] =
    "SELECT 1 FROM directory_nodes WHERE unit_id = ? AND kind = ? AND valid_to > ? LIMIT 1";

// Nodes with the name of a day, and with the code of the division that a node is, governs or
// serves. Conditions are collected with their parameters; text must outlive the query.
class NodeQuery {
 public:
  NodeQuery(rpc::v1::NodeKind kind, int32_t day) : tree_(HomeTree(kind)), on_(FromDayNumber(day)) {
    And("n.kind = ? AND n.valid_from <= ? AND n.valid_to > ?", kind, on_, on_);
  }

  template <typename... P>
  void And(absl::string_view condition, const P&... params) {
    absl::StrAppend(&where_, where_.empty() ? " WHERE " : " AND ", condition);
    (params_.push_back(Param(params)), ...);
  }
  void AndBelow(const Uuid& parent) {
    And("EXISTS (SELECT 1 FROM directory_closure c WHERE c.tree = ? AND c.descendant_id = n.id"
        " AND c.ancestor_id = ? AND c.depth > 0 AND c.valid_from <= ? AND c.valid_to > ?)",
        tree_, parent, on_, on_);
  }
  void AndDirectlyBelow(const Uuid& parent) {
    And("EXISTS (SELECT 1 FROM directory_edges e WHERE e.tree = ? AND e.child_id = n.id"
        " AND e.parent_id = ? AND e.valid_from <= ? AND e.valid_to > ?)",
        tree_, parent, on_, on_);
  }
  void AndRoot() {
    And("NOT EXISTS (SELECT 1 FROM directory_edges e WHERE e.tree = ? AND e.child_id = n.id"
        " AND e.valid_from <= ? AND e.valid_to > ?)",
        tree_, on_, on_);
  }

  absl::StatusOr<Rows> Run(Tx& tx, absl::string_view columns, absl::string_view tail) const {
    const std::string sql = absl::StrCat(
        "SELECT ", columns,
        " FROM directory_nodes n"
        " JOIN directory_labels l ON l.node_id = n.id AND l.valid_from <= ? AND l.valid_to > ?"
        " LEFT JOIN directory_labels d ON d.node_id = IFNULL(n.division_id, n.id)"
        " AND d.valid_from <= ? AND d.valid_to > ?",
        where_, tail);
    std::vector<Param> all(4, Param(on_));
    all.insert(all.end(), params_.begin(), params_.end());
    return tx.Query(sql, absl::MakeConstSpan(all));
  }

 private:
  const rpc::v1::Tree tree_;
  const absl::CivilDay on_;
  std::string where_;
  std::vector<Param> params_;
};

absl::Status NotFound(const std::string& name) {
  return NodeError(absl::StatusCode::kNotFound, "NODE_NOT_FOUND", name,
                   "it does not exist, or not on that day", "不存在,或在所查日期不存在。");
}

// Code, name and id of the last node of a page.
struct PageKey {
  std::string code;
  std::string name;
  std::string id;
};

absl::StatusOr<PageKey> ParseKey(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('\0', 2));
  if (parts.size() != 3) return absl::InternalError("a page key is not code, name and id");
  return PageKey{parts[0], parts[1], parts[2]};
}

}  // namespace

absl::Status LockTree(Tx& tx) {
  ASSIGN_OR_RETURN(const std::optional<Row> row, tx.QueryOne(kSelectTreeVersion));
  if (!row.has_value()) return absl::InternalError("tree_versions is empty");
  const int64_t version = row->Int64(0);
  ASSIGN_OR_RETURN(const int64_t raised, tx.Execute(kRaiseTreeVersion, version));
  if (raised == 1) return absl::OkStatus();
  // What a database with snapshot isolation says by itself: run the transaction again.
  return mysql::StatusFromDriver(1020, "HY000", "the tree has changed since it was read");
}

absl::StatusOr<absl::flat_hash_map<Uuid, Uuid>> FindUnitsOver(Tx& tx,
                                                              absl::Span<const Uuid> divisions,
                                                              int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(
      const Rows rows,
      mysql::QueryIn(tx, kSelectUnitsOver,
                     {on, on, on, on, rpc::v1::DIVISION_TREE, rpc::v1::UNIT_NODE}, divisions));
  absl::flat_hash_map<Uuid, Uuid> units;
  for (const Row& row : rows) units.emplace(row.Id(0), row.Id(1));  // the nearest comes first
  return units;
}

absl::StatusOr<std::optional<Uuid>> FindUnitOver(Tx& tx, const Uuid& division, int32_t day) {
  ASSIGN_OR_RETURN(const auto units, FindUnitsOver(tx, {division}, day));
  const auto it = units.find(division);
  return it == units.end() ? std::optional<Uuid>() : it->second;
}

absl::StatusOr<absl::flat_hash_map<Uuid, std::vector<directory::WayUp>>> WaysUpFromKeepersOf(
    Tx& tx, absl::Span<const Uuid> units, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(
      const Rows rows,
      mysql::QueryIn(tx, kSelectWaysUp, {on, on, rpc::v1::ADMINISTRATIVE_TREE, on, on}, units));
  absl::flat_hash_map<Uuid, std::vector<directory::WayUp>> ways;
  for (const Row& row : rows) {
    std::vector<directory::WayUp>& of_unit = ways[row.Id(3)];
    if (row.Id(0) == row.Id(1)) of_unit.emplace_back();  // a way begins
    of_unit.back().emplace_back(row.Id(1), row.String(2));
  }
  return ways;
}

absl::StatusOr<std::vector<directory::WayUp>> WaysUpFromKeepers(Tx& tx, const Uuid& unit,
                                                                int32_t day) {
  ASSIGN_OR_RETURN(auto ways, WaysUpFromKeepersOf(tx, {unit}, day));
  return std::move(ways[unit]);
}

absl::StatusOr<std::vector<OrgNode>> LoadNodes(Tx& tx, absl::Span<const Uuid> ids) {
  ASSIGN_OR_RETURN(std::vector<NodeRecord> records, directory::LoadRecords(tx, ids));
  ASSIGN_OR_RETURN(const Rows versions, mysql::QueryIn(tx, kSelectVersions, {}, ids));
  absl::flat_hash_map<std::string, OrgNode> known;
  absl::flat_hash_map<Uuid, const Row*> stamps;
  for (const Row& row : versions) stamps[row.Id(0)] = &row;
  for (NodeRecord& record : records) {
    const std::string name = record.name();
    known[name].record = std::move(record);
  }
  std::vector<OrgNode> nodes;
  for (const Uuid& id : ids) {
    for (const absl::string_view collection : {"divisions", "units", "serviceCenters"}) {
      const auto it = known.find(ResourceName(collection, id));
      if (it == known.end()) continue;
      if (const Row* stamp = stamps[id]; stamp != nullptr) {
        it->second.version = stamp->Int64(1);
        it->second.updated = stamp->Time(2);
      }
      nodes.push_back(it->second);
    }
  }
  return nodes;
}

absl::StatusOr<OrgNode> LoadNode(Tx& tx, const std::string& name) {
  const absl::string_view collection = absl::string_view(name).substr(0, name.find('/'));
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(collection, name));
  ASSIGN_OR_RETURN(std::vector<OrgNode> nodes, LoadNodes(tx, {id}));
  if (nodes.empty() || nodes.front().record.name() != name) return NotFound(name);
  return std::move(nodes.front());
}

absl::StatusOr<OrgNode> LoadNodeOn(Tx& tx, const std::string& name, int32_t day) {
  ASSIGN_OR_RETURN(OrgNode node, LoadNode(tx, name));
  if (!ExistsOn(node.record, day)) return NotFound(name);
  return node;
}

absl::Status SaveNodes(Tx& tx, absl::Span<const OrgNode> nodes) {
  rpc::v1::DirectoryChange change;
  std::vector<Uuid> ids;
  std::vector<KeyedNode> keyed;
  for (const OrgNode& node : nodes) {
    *change.add_nodes() = node.record;
    keyed.push_back({&node.record, node.version == 1});
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(directory::CollectionOf(node.record.kind()),
                                                      node.record.name()));
    ids.push_back(id);
  }
  RETURN_IF_ERROR(SaveSearchKeys(tx, keyed));
  RETURN_IF_ERROR(directory::Apply(tx, change));
  std::vector<Param> params;
  for (size_t i = 0; i < nodes.size(); ++i) {
    params.insert(params.end(), {ids[i], nodes[i].version, nodes[i].updated});
  }
  return tx.ExecuteMany(kInsertVersions, 3, params, kUpdateVersions);
}

absl::StatusOr<std::vector<ListedNode>> ListNodes(Tx& tx, const NodeFilter& filter, int32_t day,
                                                  absl::string_view after_key, int limit) {
  NodeQuery query(filter.kind, day);
  const bool by_level = filter.level != rpc::v1::LEVEL_UNSPECIFIED;
  if (filter.parent.has_value()) {
    by_level ? query.AndBelow(*filter.parent) : query.AndDirectlyBelow(*filter.parent);
  }
  if (by_level) query.And("n.level = ?", filter.level);
  if (!filter.code.empty()) query.And("l.code = ?", filter.code);
  if (filter.division.has_value()) query.And("n.division_id = ?", *filter.division);
  if (filter.unit.has_value()) query.And("n.unit_id = ?", *filter.unit);
  if (!filter.line.empty()) query.And("n.line = ?", filter.line);
  if (filter.roots) query.AndRoot();
  PageKey after;
  if (!after_key.empty()) {
    ASSIGN_OR_RETURN(after, ParseKey(after_key));
    query.And("(IFNULL(d.code, ''), l.display_name, n.id) > (?, ?, ?)", after.code, after.name,
              after.id);
  }
  ASSIGN_OR_RETURN(
      const Rows rows,
      query.Run(tx, "n.id, IFNULL(d.code, '') AS division_code, l.display_name",
                absl::StrCat(" ORDER BY division_code, l.display_name, n.id LIMIT ", limit)));
  std::vector<Uuid> ids;
  for (const Row& row : rows) ids.push_back(row.Id(0));
  ASSIGN_OR_RETURN(std::vector<OrgNode> nodes, LoadNodes(tx, ids));
  if (nodes.size() != rows.size()) return absl::InternalError("a listed node cannot be loaded");
  std::vector<ListedNode> listed;
  for (size_t i = 0; i < rows.size(); ++i) {
    listed.push_back({std::move(nodes[i]),
                      absl::StrCat(rows[i].String(1), absl::string_view("\0", 1), rows[i].String(2),
                                   absl::string_view("\0", 1), ids[i].View())});
  }
  return listed;
}

absl::StatusOr<std::vector<NodeCount>> CountNodes(Tx& tx, rpc::v1::NodeKind kind,
                                                  const std::optional<Uuid>& parent, int32_t day) {
  NodeQuery query(kind, day);
  if (parent.has_value()) query.AndBelow(*parent);
  ASSIGN_OR_RETURN(
      const Rows rows,
      query.Run(tx,
                absl::StrCat("n.level, n.subkind, IF(n.level = ", rpc::v1::DISTRICT_LEVEL,
                             ", RIGHT(l.display_name, 3), '') AS ending, l.code <> '' AS has_code,"
                             " COUNT(*)"),
                " GROUP BY n.level, n.subkind, ending, has_code ORDER BY n.level, n.subkind"));
  std::vector<NodeCount> counts;
  for (const Row& row : rows) {
    counts.push_back({static_cast<rpc::v1::Level>(row.Int32(0)), row.Int32(1), row.String(2),
                      row.Bool(3), row.Int32(4)});
  }
  return counts;
}

absl::StatusOr<bool> IsCodeTaken(Tx& tx, absl::string_view code, const Uuid& except,
                                 DayInterval days) {
  if (code.empty()) return false;
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(kSelectCodeTaken, code, rpc::v1::DIVISION_NODE, except,
                               FromDayNumber(days.to), FromDayNumber(days.from)));
  return row.has_value();
}

absl::StatusOr<std::vector<Uuid>> NodesOfDivision(Tx& tx, rpc::v1::NodeKind kind,
                                                  const Uuid& division, DayInterval days) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(kSelectOfDivision, division, kind,
                                             FromDayNumber(days.to), FromDayNumber(days.from)));
  std::vector<Uuid> ids;
  for (const Row& row : rows) ids.push_back(row.Id(0));
  return ids;
}

absl::StatusOr<std::string> FindRights(Tx& tx, const NodeRecord& unit, int32_t day) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("units", unit.name()));
  ASSIGN_OR_RETURN(const bool has_appointments, HasAppointments(tx, id, FromDayNumber(day)));
  if (has_appointments) return "HAS_APPOINTMENTS";
  ASSIGN_OR_RETURN(const bool has_relations, HasRelations(tx, id, FromDayNumber(day)));
  if (has_relations) return "HAS_RELATIONS";
  ASSIGN_OR_RETURN(const bool has_grants, HasGrants(tx, id, FromDayNumber(day)));
  return has_grants ? "HAS_GRANTS" : "";
}

absl::StatusOr<std::string> FindObstacle(Tx& tx, const NodeRecord& record, int32_t day) {
  ASSIGN_OR_RETURN(const Uuid id,
                   ParseResourceName(directory::CollectionOf(record.kind()), record.name()));
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const Rows children, tx.Query(kSelectChild, HomeTree(record.kind()), id, on));
  if (!children.empty()) return "HAS_CHILDREN";
  if (record.kind() == rpc::v1::SERVICE_CENTER_NODE) return "";
  const bool is_division = record.kind() == rpc::v1::DIVISION_NODE;
  ASSIGN_OR_RETURN(const Rows centers, tx.Query(is_division ? kSelectOf : kSelectRunBy, id,
                                                rpc::v1::SERVICE_CENTER_NODE, on));
  if (!centers.empty()) return "HAS_SERVICE_CENTERS";
  if (!is_division) return FindRights(tx, record, day);
  ASSIGN_OR_RETURN(const Rows units, tx.Query(kSelectOf, id, rpc::v1::UNIT_NODE, on));
  return units.empty() ? "" : "HAS_UNITS";
}

}  // namespace qungong::org
