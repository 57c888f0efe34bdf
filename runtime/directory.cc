#include "runtime/directory.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "runtime/civil.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::directory {
namespace {

using mysql::Param;
using mysql::Row;
using mysql::Rows;
using mysql::Tx;

// Nodes as of a day: the day is the first four parameters.
std::string NodesOnDay(absl::string_view from, absl::string_view where) {
  return absl::StrCat(
      "SELECT n.id, n.kind, n.level, n.subkind, n.line, l.display_name, l.code, n.division_id,"
      " n.unit_id FROM ",
      from,
      " JOIN directory_labels l ON l.node_id = n.id AND l.valid_from <= ? AND l.valid_to > ?"
      " AND n.valid_from <= ? AND n.valid_to > ? WHERE ",
      where);
}

constexpr char kNodes[] = "directory_nodes n";
constexpr char kNodesOfEdges[] = "directory_edges e JOIN directory_nodes n ON n.id = e.child_id";
constexpr char kNodesAbove[] = "directory_closure c JOIN directory_nodes n ON n.id = c.ancestor_id";

constexpr char kSelectAncestorIds[] =
    "SELECT ancestor_id FROM directory_closure"
    " WHERE tree = ? AND descendant_id = ? AND valid_from <= ? AND valid_to > ? ORDER BY depth";
constexpr char kSelectLinesUpward[] =
    "SELECT c.ancestor_id, n.line FROM directory_closure c JOIN directory_nodes n"
    " ON n.id = c.ancestor_id"
    " WHERE c.tree = ? AND c.descendant_id = ? AND c.valid_from <= ? AND c.valid_to > ?"
    " ORDER BY c.depth";
constexpr char kSelectOfLine[] =
    "SELECT c.descendant_id FROM directory_closure c JOIN directory_nodes n"
    " ON n.id = c.descendant_id"
    " WHERE c.tree = ? AND c.ancestor_id = ? AND c.valid_from <= ? AND c.valid_to > ?"
    " AND n.line = ?";
constexpr char kSelectNextChange[] =
    "SELECT MIN(CASE WHEN valid_from > ? THEN valid_from ELSE valid_to END) FROM directory_closure"
    " WHERE tree = ? AND descendant_id = ? AND valid_to > ?";
constexpr char kSelectUpward[] =
    "SELECT ancestor_id, valid_from, valid_to FROM directory_closure"
    " WHERE tree = ? AND descendant_id = ? AND valid_to > ? ORDER BY depth";
// What follows the beginning that finds the division d. The day is in all pairs of parameters.
constexpr char kGovernedUpward[] =
    " JOIN directory_closure c ON c.tree = ? AND c.descendant_id = d.id"
    " AND c.valid_from <= ? AND c.valid_to > ?"
    " JOIN directory_nodes n ON n.id = c.ancestor_id AND n.valid_from <= ? AND n.valid_to > ?"
    " JOIN directory_labels l ON l.node_id = n.id AND l.valid_from <= ? AND l.valid_to > ?"
    " LEFT JOIN directory_nodes u ON u.division_id = n.id AND u.kind = ? AND u.line = ''"
    " AND u.valid_from <= ? AND u.valid_to > ?"
    " WHERE d.kind = ? AND d.valid_from <= ? AND d.valid_to > ? ";
constexpr char kGoverned[] =
    "SELECT n.id, n.kind, n.level, n.subkind, n.line, l.display_name, l.code, n.division_id,"
    " n.unit_id, u.id FROM ";
constexpr char kSelectCommonSuperior[] =
    "SELECT a.ancestor_id FROM directory_closure a JOIN directory_closure b"
    " ON b.tree = a.tree AND b.ancestor_id = a.ancestor_id"
    " WHERE a.tree = ? AND a.descendant_id = ? AND a.valid_from <= ? AND a.valid_to > ?"
    " AND b.descendant_id = ? AND b.valid_from <= ? AND b.valid_to > ? ORDER BY a.depth LIMIT 1";
constexpr char kSelectWithin[] =
    "SELECT 1 FROM directory_closure WHERE tree = ? AND descendant_id = ? AND ancestor_id = ?"
    " AND valid_from <= ? AND valid_to > ?";
constexpr char kSelectRecords[] =
    "SELECT id, kind, level, subkind, line, division_id, unit_id, successor_id, valid_from,"
    " valid_to FROM directory_nodes WHERE id IN (@ids) ORDER BY id";
constexpr char kSelectLabels[] =
    "SELECT node_id, valid_from, valid_to, display_name, code FROM directory_labels"
    " WHERE node_id IN (@ids) ORDER BY node_id, valid_from";
constexpr char kSelectEdges[] =
    "SELECT e.child_id, e.valid_from, e.valid_to, e.tree, e.parent_id, n.kind"
    " FROM directory_edges e JOIN directory_nodes n ON n.id = e.parent_id"
    " WHERE e.tree IN (1, 2, 3) AND e.child_id IN (@ids)"
    " ORDER BY e.child_id, e.tree, e.valid_from";
constexpr char kSelectCalendars[] =
    "SELECT record FROM directory_calendars WHERE year >= ? AND year <= ? ORDER BY year";
constexpr char kSelectGrants[] =
    "SELECT role, node_id, line FROM directory_grants"
    " WHERE principal = ? AND valid_from <= ? AND valid_to > ?";

std::string Held(absl::string_view sql, Hold hold) {
  return absl::StrCat(sql, hold == Hold::kUntilCommit ? " LOCK IN SHARE MODE" : "");
}

Node ToNode(const Row& row) {
  Node node;
  node.id = row.Id(0);
  node.kind = static_cast<pb::NodeKind>(row.Int32(1));
  node.level = static_cast<pb::Level>(row.Int32(2));
  node.subkind = row.Int32(3);
  node.line = row.String(4);
  node.display_name = row.String(5);
  node.code = row.String(6);
  node.division = row.OptId(7);
  node.unit = row.OptId(8);
  return node;
}

std::vector<Node> ToNodes(const Rows& rows) {
  std::vector<Node> nodes;
  nodes.reserve(rows.size());
  for (const Row& row : rows) nodes.push_back(ToNode(row));
  return nodes;
}

std::optional<Node> FirstNode(const std::optional<Row>& row) {
  if (!row.has_value()) return std::nullopt;
  return ToNode(*row);
}

void SetInterval(const Row& row, size_t from, pb::DateInterval& interval) {
  interval.set_from_day(DayNumber(row.Day(from)));
  interval.set_to_day(DayNumber(row.Day(from + 1)));
}

pb::NodeRecord ToRecord(const Row& row) {
  pb::NodeRecord record;
  const auto kind = static_cast<pb::NodeKind>(row.Int32(1));
  record.set_name(ResourceName(CollectionOf(kind), row.Id(0)));
  record.set_kind(kind);
  record.set_level(static_cast<pb::Level>(row.Int32(2)));
  record.set_subkind(row.Int32(3));
  record.set_line(row.String(4));
  if (!row.IsNull(5)) record.set_division(ResourceName("divisions", row.Id(5)));
  if (!row.IsNull(6)) record.set_unit(ResourceName("units", row.Id(6)));
  if (!row.IsNull(7)) record.set_successor(ResourceName(CollectionOf(kind), row.Id(7)));
  SetInterval(row, 8, *record.mutable_valid());
  return record;
}

}  // namespace

std::string Node::Name() const { return ResourceName(CollectionOf(kind), id); }

absl::string_view CollectionOf(pb::NodeKind kind) {
  switch (kind) {
    case pb::DIVISION_NODE:
      return "divisions";
    case pb::UNIT_NODE:
      return "units";
    case pb::SERVICE_CENTER_NODE:
      return "serviceCenters";
    default:
      return "";
  }
}

absl::StatusOr<std::vector<pb::NodeRecord>> LoadRecords(Tx& tx, absl::Span<const Uuid> ids) {
  ASSIGN_OR_RETURN(const Rows nodes, mysql::QueryIn(tx, kSelectRecords, {}, ids));
  ASSIGN_OR_RETURN(const Rows labels, mysql::QueryIn(tx, kSelectLabels, {}, ids));
  ASSIGN_OR_RETURN(const Rows edges, mysql::QueryIn(tx, kSelectEdges, {}, ids));
  std::vector<pb::NodeRecord> records;
  records.reserve(nodes.size());
  absl::flat_hash_map<Uuid, size_t> places;
  for (const Row& row : nodes) {
    if (!places.emplace(row.Id(0), records.size()).second) continue;
    records.push_back(ToRecord(row));
  }
  for (const Row& row : labels) {
    const auto it = places.find(row.Id(0));
    if (it == places.end()) continue;
    pb::NodeLabel& label = *records[it->second].add_labels();
    SetInterval(row, 1, *label.mutable_valid());
    label.set_display_name(row.String(3));
    label.set_code(row.String(4));
  }
  for (const Row& row : edges) {
    const auto it = places.find(row.Id(0));
    if (it == places.end()) continue;
    pb::NodeEdge& edge = *records[it->second].add_edges();
    SetInterval(row, 1, *edge.mutable_valid());
    edge.set_tree(static_cast<pb::Tree>(row.Int32(3)));
    edge.set_parent(ResourceName(CollectionOf(static_cast<pb::NodeKind>(row.Int32(5))), row.Id(4)));
  }
  return records;
}

absl::StatusOr<pb::NodeRecord> LoadRecord(Tx& tx, const Uuid& id) {
  ASSIGN_OR_RETURN(std::vector<pb::NodeRecord> records, LoadRecords(tx, {id}));
  if (records.empty()) return DeniedOrAbsent(id.ToString());
  return std::move(records.front());
}

absl::StatusOr<std::optional<Node>> FindNode(Tx& tx, const Uuid& id, int32_t day) {
  ASSIGN_OR_RETURN(std::vector<Node> nodes, FindNodes(tx, {id}, day));
  if (nodes.empty()) return std::optional<Node>();
  return std::optional<Node>(std::move(nodes.front()));
}

absl::StatusOr<std::vector<Node>> FindNodes(Tx& tx, absl::Span<const Uuid> ids, int32_t day) {
  const Param on(FromDayNumber(day));
  ASSIGN_OR_RETURN(const Rows rows,
                   mysql::QueryIn(tx, NodesOnDay(kNodes, "n.id IN (@ids)"), {on, on, on, on}, ids));
  return ToNodes(rows);
}

absl::StatusOr<std::optional<Node>> FindDivisionByCode(Tx& tx, absl::string_view code,
                                                       int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(NodesOnDay(kNodes, "l.code = ? AND n.kind = ?"), on, on, on, on,
                               code, pb::DIVISION_NODE));
  return FirstNode(row);
}

namespace {

absl::StatusOr<std::vector<Governed>> GovernedUpward(Tx& tx, absl::string_view from,
                                                     absl::string_view where, const Param& what,
                                                     int32_t day) {
  const Param on(FromDayNumber(day));
  std::vector<Param> params = {pb::DIVISION_TREE, on, on, on,  on, on, on, pb::UNIT_NODE, on, on,
                               pb::DIVISION_NODE, on, on, what};
  for (size_t i = 1; i < static_cast<size_t>(std::count(where.begin(), where.end(), '?')); ++i)
    params.push_back(on);
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(absl::StrCat(kGoverned, from, kGovernedUpward, where,
                                                          " ORDER BY c.depth"),
                                             absl::MakeConstSpan(params)));
  std::vector<Governed> upward;
  for (const Row& row : rows) upward.push_back({ToNode(row), row.OptId(9)});
  return upward;
}

}  // namespace

absl::StatusOr<std::vector<Governed>> UpwardFromCode(Tx& tx, absl::string_view code, int32_t day) {
  return GovernedUpward(tx, "directory_labels p JOIN directory_nodes d ON d.id = p.node_id",
                        "AND p.code = ? AND p.valid_from <= ? AND p.valid_to > ?", Param(code),
                        day);
}

absl::StatusOr<std::vector<Governed>> UpwardFromDivision(Tx& tx, const Uuid& id, int32_t day) {
  return GovernedUpward(tx, "directory_nodes d", "AND d.id = ?", Param(id), day);
}

absl::StatusOr<std::optional<Node>> FindGoverningUnit(Tx& tx, const Uuid& division, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(
      const std::optional<Row> row,
      tx.QueryOne(NodesOnDay(kNodes, "n.division_id = ? AND n.kind = ? AND n.line = ''"), on, on,
                  on, on, division, pb::UNIT_NODE));
  return FirstNode(row);
}

absl::StatusOr<std::vector<Node>> FindDepartments(Tx& tx, const Uuid& unit, absl::string_view line,
                                                  int32_t day) {
  if (line.empty()) return std::vector<Node>();
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(NodesOnDay(kNodesOfEdges,
                          "e.tree = ? AND e.parent_id = ? AND e.valid_from <= ? AND e.valid_to > ? "
                          "AND n.kind = ? AND n.line = ? ORDER BY l.display_name, n.id"),
               on, on, on, on, pb::ADMINISTRATIVE_TREE, unit, on, on, pb::UNIT_NODE, line));
  return ToNodes(rows);
}

absl::StatusOr<std::vector<Node>> Ancestors(Tx& tx, pb::Tree tree, const Uuid& node, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const Rows rows,
                   tx.Query(NodesOnDay(kNodesAbove,
                                       "c.tree = ? AND c.descendant_id = ? AND c.valid_from <= ? "
                                       "AND c.valid_to > ? ORDER BY c.depth"),
                            on, on, on, on, tree, node, on, on));
  return ToNodes(rows);
}

absl::StatusOr<std::vector<Uuid>> AncestorIds(Tx& tx, pb::Tree tree, const Uuid& node, int32_t day,
                                              Hold hold) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(Held(kSelectAncestorIds, hold), tree, node, on, on));
  std::vector<Uuid> ids;
  for (const Row& row : rows) ids.push_back(row.Id(0));
  return ids;
}

absl::StatusOr<Upward> UpwardAndNextChange(Tx& tx, pb::Tree tree, const Uuid& node, int32_t day,
                                           Hold hold) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(Held(kSelectUpward, hold), tree, node, on));
  Upward upward;
  upward.next_change = kNoEndDay;
  for (const Row& row : rows) {
    const bool begun = row.Day(1) <= on;
    if (begun) upward.ids.push_back(row.Id(0));
    upward.next_change = std::min(upward.next_change, DayNumber(row.Day(begun ? 2 : 1)));
  }
  return upward;
}

absl::StatusOr<WayUp> LinesUpward(Tx& tx, pb::Tree tree, const Uuid& node, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(kSelectLinesUpward, tree, node, on, on));
  WayUp upward;
  for (const Row& row : rows) upward.emplace_back(row.Id(0), row.String(1));
  return upward;
}

absl::StatusOr<std::vector<Uuid>> NodesOfLine(Tx& tx, pb::Tree tree, const Uuid& node,
                                              absl::string_view line, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(kSelectOfLine, tree, node, on, on, line));
  std::vector<Uuid> nodes;
  for (const Row& row : rows) nodes.push_back(row.Id(0));
  return nodes;
}

absl::StatusOr<int32_t> NextChangeAbove(Tx& tx, pb::Tree tree, const Uuid& node, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(kSelectNextChange, on, tree, node, on));
  return row.has_value() && !row->IsNull(0) ? DayNumber(row->Day(0)) : kNoEndDay;
}

absl::StatusOr<std::optional<Node>> NearestCommonSuperior(Tx& tx, pb::Tree tree, const Uuid& a,
                                                          const Uuid& b, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(kSelectCommonSuperior, tree, a, on, on, b, on, on));
  if (!row.has_value()) return std::optional<Node>();
  return FindNode(tx, row->Id(0), day);
}

absl::StatusOr<bool> IsWithin(Tx& tx, pb::Tree tree, const Uuid& node, const Uuid& ancestor,
                              int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(kSelectWithin, tree, node, ancestor, on, on));
  return row.has_value();
}

absl::StatusOr<std::vector<Node>> Children(Tx& tx, pb::Tree tree, const Uuid& parent, int32_t day,
                                           absl::string_view after_key, int limit) {
  const absl::CivilDay on = FromDayNumber(day);
  const size_t cut = std::min(after_key.find('\0'), after_key.size());
  const absl::string_view code = after_key.substr(0, cut);
  const absl::string_view name = after_key.substr(std::min(cut + 1, after_key.size()));
  ASSIGN_OR_RETURN(
      const Rows rows,
      tx.Query(NodesOnDay(kNodesOfEdges,
                          "e.tree = ? AND e.parent_id = ? AND e.valid_from <= ? AND e.valid_to > ? "
                          "AND (l.code > ? OR (l.code = ? AND l.display_name > ?)) ORDER BY "
                          "l.code, l.display_name LIMIT ?"),
               on, on, on, on, tree, parent, on, on, code, code, name, limit));
  return ToNodes(rows);
}

absl::StatusOr<std::vector<pb::CalendarRecord>> LoadCalendars(Tx& tx, int from_year, int to_year,
                                                              Hold hold) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(Held(kSelectCalendars, hold), from_year, to_year));
  std::vector<pb::CalendarRecord> records(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!records[i].ParseFromString(rows[i].String(0))) {
      return absl::InternalError("a stored calendar cannot be read");
    }
  }
  return records;
}

absl::StatusOr<std::vector<Grant>> LoadGrants(Tx& tx, absl::string_view principal, int32_t day) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(kSelectGrants, principal, on, on));
  std::vector<Grant> grants;
  for (const Row& row : rows) {
    grants.push_back({static_cast<pb::Role>(row.Int32(0)), row.Id(1), row.String(2)});
  }
  return grants;
}

}  // namespace qungong::directory
