// directory::Apply: the only writer of the directory tables.
#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "runtime/civil.h"
#include "runtime/dated_tree.h"
#include "runtime/directory.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::directory {
namespace {

using mysql::Param;
using mysql::Row;
using mysql::Rows;
using mysql::Tx;
using UuidSet = absl::flat_hash_set<Uuid>;

constexpr pb::Tree kTrees[] = {pb::DIVISION_TREE, pb::ADMINISTRATIVE_TREE, pb::PARTY_TREE};

constexpr char kSelectValid[] =
    "SELECT id, kind, valid_from, valid_to FROM directory_nodes WHERE id IN (@ids)";
// All trees are named, so that the primary key serves.
constexpr char kSelectEdges[] =
    "SELECT child_id, tree, valid_from, valid_to, parent_id FROM directory_edges"
    " WHERE tree IN (1, 2, 3) AND child_id IN (@ids) ORDER BY child_id, tree, valid_from";
constexpr char kSelectChildren[] =
    "SELECT DISTINCT child_id FROM directory_edges WHERE tree = ? AND parent_id IN (@ids)";
constexpr char kDeleteLabels[] = "DELETE FROM directory_labels WHERE node_id IN (@ids)";
constexpr char kDeleteEdges[] =
    "DELETE FROM directory_edges WHERE tree IN (1, 2, 3) AND child_id IN (@ids)";
constexpr char kDeleteClosure[] =
    "DELETE FROM directory_closure WHERE tree = ? AND descendant_id IN (@ids)";
constexpr char kInsertNodes[] =
    "INSERT INTO directory_nodes (id, kind, level, subkind, line, division_id, unit_id,"
    " successor_id, valid_from, valid_to)";
constexpr char kUpdateNodes[] =
    "ON DUPLICATE KEY UPDATE kind = VALUES(kind), level = VALUES(level),"
    " subkind = VALUES(subkind), line = VALUES(line), division_id = VALUES(division_id),"
    " unit_id = VALUES(unit_id), successor_id = VALUES(successor_id),"
    " valid_from = VALUES(valid_from), valid_to = VALUES(valid_to)";
constexpr char kInsertLabels[] =
    "INSERT INTO directory_labels (node_id, valid_from, valid_to, code, display_name)";
constexpr char kInsertEdges[] =
    "INSERT INTO directory_edges (tree, child_id, valid_from, valid_to, parent_id)";
constexpr char kInsertClosure[] =
    "INSERT INTO directory_closure (tree, descendant_id, ancestor_id, valid_from, valid_to,"
    " depth)";
constexpr char kInsertGrants[] =
    "INSERT INTO directory_grants (id, principal, role, node_id, line, valid_from, valid_to)";
constexpr char kUpdateGrants[] =
    "ON DUPLICATE KEY UPDATE principal = VALUES(principal), role = VALUES(role),"
    " node_id = VALUES(node_id), line = VALUES(line), valid_from = VALUES(valid_from),"
    " valid_to = VALUES(valid_to)";
constexpr char kReplaceCalendar[] =
    "INSERT INTO directory_calendars (year, record) VALUES (?, ?)"
    " ON DUPLICATE KEY UPDATE record = VALUES(record)";

// What a node is in one tree, or nothing if it is not in that tree.
struct Shape {
  pb::NodeKind kind = pb::NODE_KIND_UNSPECIFIED;
  DayInterval valid;
  absl::flat_hash_map<int, std::vector<DatedNode::Edge>> edges;  // by tree

  bool IsIn(pb::Tree tree) const {
    return edges.contains(tree) || (tree == pb::DIVISION_TREE && kind == pb::DIVISION_NODE) ||
           (tree == pb::ADMINISTRATIVE_TREE && kind == pb::UNIT_NODE);
  }
  DatedNode In(pb::Tree tree) const {
    const auto it = edges.find(tree);
    return {valid, it == edges.end() ? std::vector<DatedNode::Edge>() : it->second};
  }
};
using Shapes = absl::flat_hash_map<Uuid, Shape>;

struct ParsedNode {
  const pb::NodeRecord* record = nullptr;
  Uuid id;
  std::optional<Uuid> division;
  std::optional<Uuid> unit;
  std::optional<Uuid> successor;
  Shape shape;
};

absl::Status Invalid(const pb::NodeRecord& record, absl::string_view what) {
  return WithReason(absl::InvalidArgumentError(absl::StrCat(record.name(), ": ", what)),
                    "RECORD_INVALID", {{"name", record.name()}});
}

DayInterval ToInterval(const pb::DateInterval& interval) {
  return {interval.from_day(), interval.to_day()};
}

absl::StatusOr<std::optional<Uuid>> ParseOptional(absl::string_view collection,
                                                  const std::string& name) {
  if (name.empty()) return std::optional<Uuid>();
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(collection, name));
  return std::optional<Uuid>(id);
}

// Intervals in order, not empty, within the node's, not overlapping.
bool AreInOrder(const std::vector<DayInterval>& intervals, const DayInterval& within) {
  for (size_t i = 0; i < intervals.size(); ++i) {
    if (intervals[i].IsEmpty() || !within.Contains(intervals[i])) return false;
    if (i > 0 && intervals[i].from < intervals[i - 1].to) return false;
  }
  return true;
}

absl::Status ParseEdges(const pb::NodeRecord& record, ParsedNode& node) {
  for (const pb::NodeEdge& edge : record.edges()) {
    const absl::string_view name = edge.parent();
    ASSIGN_OR_RETURN(const Uuid parent, ParseResourceName(name.substr(0, name.find('/')), name));
    node.shape.edges[edge.tree()].push_back({parent, ToInterval(edge.valid())});
  }
  for (auto& [tree, edges] : node.shape.edges) {
    std::vector<DayInterval> intervals;
    std::sort(edges.begin(), edges.end(),
              [](const auto& a, const auto& b) { return a.valid.from < b.valid.from; });
    for (const DatedNode::Edge& edge : edges) intervals.push_back(edge.valid);
    if (!AreInOrder(intervals, node.shape.valid)) {
      return Invalid(record, "parents overlap or leave the days of the node");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ParsedNode> Parse(const pb::NodeRecord& record) {
  ParsedNode node;
  node.record = &record;
  const absl::string_view collection = CollectionOf(record.kind());
  if (collection.empty()) return Invalid(record, "unknown kind");
  ASSIGN_OR_RETURN(node.id, ParseResourceName(collection, record.name()));
  ASSIGN_OR_RETURN(node.division, ParseOptional("divisions", record.division()));
  ASSIGN_OR_RETURN(node.unit, ParseOptional("units", record.unit()));
  ASSIGN_OR_RETURN(node.successor, ParseOptional(collection, record.successor()));
  node.shape.kind = record.kind();
  node.shape.valid = ToInterval(record.valid());
  if (node.shape.valid.IsEmpty()) return Invalid(record, "it never exists");
  std::vector<DayInterval> labels;
  for (const pb::NodeLabel& label : record.labels()) labels.push_back(ToInterval(label.valid()));
  if (!AreInOrder(labels, node.shape.valid)) {
    return Invalid(record, "names overlap or leave the days of the node");
  }
  RETURN_IF_ERROR(ParseEdges(record, node));
  return node;
}

// The last record of each node.
absl::StatusOr<std::vector<ParsedNode>> ParseAll(const pb::DirectoryChange& change) {
  std::vector<ParsedNode> nodes;
  absl::flat_hash_map<Uuid, size_t> places;
  for (const pb::NodeRecord& record : change.nodes()) {
    ASSIGN_OR_RETURN(ParsedNode node, Parse(record));
    const auto [it, is_new] = places.emplace(node.id, nodes.size());
    if (is_new) {
      nodes.push_back(std::move(node));
    } else {
      nodes[it->second] = std::move(node);
    }
  }
  return nodes;
}

absl::StatusOr<Shapes> LoadShapes(Tx& tx, absl::Span<const Uuid> ids) {
  ASSIGN_OR_RETURN(const Rows nodes, mysql::QueryIn(tx, kSelectValid, {}, ids));
  ASSIGN_OR_RETURN(const Rows edges, mysql::QueryIn(tx, kSelectEdges, {}, ids));
  Shapes shapes;
  for (const Row& row : nodes) {
    Shape& shape = shapes[row.Id(0)];
    shape.kind = static_cast<pb::NodeKind>(row.Int32(1));
    shape.valid = {DayNumber(row.Day(2)), DayNumber(row.Day(3))};
  }
  for (const Row& row : edges) {
    shapes[row.Id(0)].edges[row.Int32(1)].push_back(
        {row.Id(4), {DayNumber(row.Day(2)), DayNumber(row.Day(3))}});
  }
  return shapes;
}

absl::Status WriteLabels(Tx& tx, absl::Span<const ParsedNode> nodes) {
  std::vector<Param> params;
  for (const ParsedNode& node : nodes) {
    for (const pb::NodeLabel& label : node.record->labels()) {
      params.insert(params.end(),
                    {node.id, FromDayNumber(label.valid().from_day()),
                     FromDayNumber(label.valid().to_day()), label.code(), label.display_name()});
    }
  }
  return tx.ExecuteMany(kInsertLabels, 5, params);
}

absl::Status WriteEdges(Tx& tx, absl::Span<const ParsedNode> nodes) {
  std::vector<Param> params;
  for (const ParsedNode& node : nodes) {
    for (const auto& [tree, edges] : node.shape.edges) {
      for (const DatedNode::Edge& edge : edges) {
        params.insert(params.end(), {tree, node.id, FromDayNumber(edge.valid.from),
                                     FromDayNumber(edge.valid.to), edge.parent});
      }
    }
  }
  return tx.ExecuteMany(kInsertEdges, 5, params);
}

absl::Status WriteNodes(Tx& tx, absl::Span<const ParsedNode> nodes, const Shapes& known) {
  std::vector<Uuid> replaced;
  std::vector<Param> params;
  for (const ParsedNode& node : nodes) {
    if (known.contains(node.id)) replaced.push_back(node.id);
    params.insert(params.end(),
                  {node.id, node.record->kind(), node.record->level(), node.record->subkind(),
                   node.record->line(), node.division, node.unit, node.successor,
                   FromDayNumber(node.shape.valid.from), FromDayNumber(node.shape.valid.to)});
  }
  RETURN_IF_ERROR(tx.ExecuteMany(kInsertNodes, 10, params, kUpdateNodes));
  RETURN_IF_ERROR(mysql::ExecuteIn(tx, kDeleteLabels, {}, replaced));
  RETURN_IF_ERROR(WriteLabels(tx, nodes));
  RETURN_IF_ERROR(mysql::ExecuteIn(tx, kDeleteEdges, {}, replaced));
  return WriteEdges(tx, nodes);
}

// The closure of one tree, brought up to date after its nodes and edges were written.
class ClosureUpdate {
 public:
  ClosureUpdate(Tx& tx, pb::Tree tree, Shapes& shapes) : tx_(tx), tree_(tree), shapes_(shapes) {}

  // `changed` have other days or edges than before; those of them that were `known` may have
  // nodes below them.
  absl::Status Run(const UuidSet& changed, const UuidSet& known) {
    RETURN_IF_ERROR(FindAffected(changed, known));
    RETURN_IF_ERROR(LoadAbove());
    RETURN_IF_ERROR(mysql::ExecuteIn(tx_, kDeleteClosure, {Param(tree_)},
                                     std::vector<Uuid>(replaced_.begin(), replaced_.end())));
    return Insert();
  }

 private:
  // The changed nodes and all that is below them on any day.
  absl::Status FindAffected(const UuidSet& changed, const UuidSet& known) {
    affected_ = changed;
    replaced_ = known;
    std::vector<Uuid> frontier(known.begin(), known.end());
    while (!frontier.empty()) {
      ASSIGN_OR_RETURN(const Rows rows,
                       mysql::QueryIn(tx_, kSelectChildren, {Param(tree_)}, frontier));
      frontier.clear();
      for (const Row& row : rows) {
        const Uuid child = row.Id(0);
        affected_.insert(child);
        // A new node's children are new too, and have nothing to replace.
        if (replaced_.insert(child).second) frontier.push_back(child);
      }
    }
    return absl::OkStatus();
  }

  // Completes tree_nodes_ with the affected nodes and all that is above them on any day.
  absl::Status LoadAbove() {
    UuidSet asked;
    std::vector<Uuid> missing(affected_.begin(), affected_.end());
    while (!missing.empty()) {
      std::vector<Uuid> unread;
      for (const Uuid& id : missing) {
        asked.insert(id);
        if (!shapes_.contains(id)) unread.push_back(id);
      }
      ASSIGN_OR_RETURN(Shapes loaded, LoadShapes(tx_, unread));
      for (auto& [id, shape] : loaded) shapes_.emplace(id, std::move(shape));
      UuidSet parents;
      for (const Uuid& id : missing) {
        const auto it = shapes_.find(id);
        if (it == shapes_.end()) continue;
        const DatedNode& node = tree_nodes_.emplace(id, it->second.In(tree_)).first->second;
        for (const DatedNode::Edge& edge : node.edges) {
          if (!asked.contains(edge.parent)) parents.insert(edge.parent);
        }
      }
      missing.assign(parents.begin(), parents.end());
    }
    return absl::OkStatus();
  }

  absl::Status Insert() {
    std::deque<Uuid> ids;  // what the parameters refer to
    std::vector<Param> params;
    for (const Uuid& id : affected_) {
      if (!shapes_.at(id).IsIn(tree_)) continue;
      ASSIGN_OR_RETURN(const std::vector<ClosureRow> rows, ComputeClosure(tree_nodes_, id));
      for (const ClosureRow& row : rows) {
        params.insert(params.end(),
                      {tree_, id, ids.emplace_back(row.ancestor), FromDayNumber(row.valid.from),
                       FromDayNumber(row.valid.to), row.depth});
      }
    }
    return tx_.ExecuteMany(kInsertClosure, 6, params);
  }

  Tx& tx_;
  const pb::Tree tree_;
  Shapes& shapes_;
  UuidSet affected_;
  UuidSet replaced_;
  DatedTree tree_nodes_;
};

absl::Status ApplyNodes(Tx& tx, const pb::DirectoryChange& change) {
  if (change.nodes().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<ParsedNode> nodes, ParseAll(change));
  std::vector<Uuid> ids;
  ids.reserve(nodes.size());
  for (const ParsedNode& node : nodes) ids.push_back(node.id);
  ASSIGN_OR_RETURN(const Shapes before, LoadShapes(tx, ids));
  RETURN_IF_ERROR(WriteNodes(tx, nodes, before));
  Shapes shapes;
  for (const ParsedNode& node : nodes) shapes.emplace(node.id, node.shape);
  for (const pb::Tree tree : kTrees) {
    UuidSet changed;
    UuidSet known;
    for (const ParsedNode& node : nodes) {
      // A node without edges in this tree may still stand above others in it.
      const auto it = before.find(node.id);
      if (it == before.end() ? !node.shape.IsIn(tree)
                             : it->second.In(tree) == node.shape.In(tree)) {
        continue;
      }
      changed.insert(node.id);
      if (it != before.end()) known.insert(node.id);
    }
    if (!changed.empty()) RETURN_IF_ERROR(ClosureUpdate(tx, tree, shapes).Run(changed, known));
  }
  return absl::OkStatus();
}

absl::Status ApplyGrants(Tx& tx, const pb::DirectoryChange& change) {
  std::deque<Uuid> ids;
  std::vector<Param> params;
  for (const pb::GrantRecord& grant : change.grants()) {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("grants", grant.name()));
    ASSIGN_OR_RETURN(const Uuid node, ParseResourceName("units", grant.node()));
    params.insert(params.end(),
                  {ids.emplace_back(id), grant.principal(), grant.role(), ids.emplace_back(node),
                   grant.line(), FromDayNumber(grant.valid().from_day()),
                   FromDayNumber(grant.valid().to_day())});
  }
  return tx.ExecuteMany(kInsertGrants, 7, params, kUpdateGrants);
}

}  // namespace

absl::Status Apply(Tx& tx, const pb::DirectoryChange& change) {
  RETURN_IF_ERROR(ApplyNodes(tx, change));
  RETURN_IF_ERROR(ApplyGrants(tx, change));
  for (const pb::CalendarRecord& calendar : change.calendars()) {
    const std::string record = calendar.SerializeAsString();
    RETURN_IF_ERROR(tx.Execute(kReplaceCalendar, calendar.year(), record).status());
  }
  return absl::OkStatus();
}

}  // namespace qungong::directory
