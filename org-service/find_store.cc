#include "org-service/find_store.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Param;
using mysql::Row;
using mysql::Rows;
using mysql::Tx;
using rpc::v1::NodeKind;

// Of one kind, level and probe: more than the largest page.
constexpr size_t kKeysOfRange = 60;
// A subtree of at most as many nodes (the largest district has some 750) is read whole where a
// range has more, so that what it has is not lost among what matches elsewhere.
constexpr int64_t kSmallSubtree = 1000;
// That are looked up further.
constexpr size_t kMaxCandidates = 500;

// Behind a text, it sorts after everything else that begins with the text.
constexpr char kLastCharacter[] = "\xF4\x8F\xBF\xBF";

constexpr char kRange[] =
    " AS part, kind, level, field, key_text, node_id, valid_from FROM search_keys"
    " WHERE kind = ? AND level = ? AND field = ? AND key_text BETWEEN ? AND ?"
    " ORDER BY key_text, node_id, valid_from LIMIT 60)";
constexpr char kCountSubtree[] =
    "SELECT COUNT(*) FROM (SELECT depth FROM directory_closure WHERE tree = ? AND ancestor_id = ?"
    " LIMIT 1001) AS counted";
// In the order of the joins, whatever the server believes to know of the tables.
constexpr char kSubtree[] =
    " AS part, k.kind, k.level, k.field, k.key_text, k.node_id, k.valid_from"
    " FROM directory_closure c";
constexpr char kOfNode[] = " STRAIGHT_JOIN search_keys k ON k.node_id = c.descendant_id";
constexpr char kOfDivision[] =
    " STRAIGHT_JOIN directory_nodes n ON n.division_id = c.descendant_id"
    " STRAIGHT_JOIN search_keys k ON k.node_id = n.id";
constexpr char kOfUnit[] =
    " STRAIGHT_JOIN directory_nodes n ON n.unit_id = c.descendant_id"
    " STRAIGHT_JOIN search_keys k ON k.node_id = n.id";
constexpr char kWithin[] =
    " WHERE c.tree = ? AND c.ancestor_id = ? AND c.valid_from <= ? AND c.valid_to > ?"
    " AND k.kind = ? AND (";
constexpr char kSelectOfDivisions[] =
    "SELECT id, kind, division_id FROM directory_nodes WHERE kind IN (2, 3)"
    " AND division_id IN (@ids)";

constexpr char kSelectFound[] = R"sql(
SELECT n.id, n.kind, n.level, l.display_name, IFNULL(d.code, ''), n.division_id
FROM directory_nodes n
JOIN directory_labels l ON l.node_id = n.id AND l.valid_from <= ? AND l.valid_to > ?
LEFT JOIN directory_labels d ON d.node_id = IFNULL(n.division_id, n.id)
  AND d.valid_from <= ? AND d.valid_to > ?
WHERE n.valid_from <= ? AND n.valid_to > ?)sql";
constexpr char kAndBelow[] =
    " AND EXISTS (SELECT 1 FROM directory_closure c WHERE c.tree = ? AND c.ancestor_id = ?"
    " AND c.valid_from <= ? AND c.valid_to > ? AND c.descendant_id = ";
constexpr char kSelectLabels[] =
    "SELECT node_id, valid_from, valid_to, display_name, code FROM directory_labels"
    " WHERE node_id IN (@ids)";
constexpr char kSelectAbove[] =
    "SELECT c.descendant_id, l.display_name FROM directory_closure c JOIN directory_labels l"
    " ON l.node_id = c.ancestor_id AND l.valid_from <= ? AND l.valid_to > ?"
    " WHERE c.tree = ? AND c.depth > 0 AND c.valid_from <= ? AND c.valid_to > ?"
    " AND c.descendant_id IN (@ids) ORDER BY c.descendant_id, c.depth DESC";

bool Wants(const FindQuery& query, NodeKind kind) {
  return absl::c_linear_search(query.kinds, kind);
}

// Collects what is read and keeps each node's best match.
class Collector {
 public:
  explicit Collector(const FindQuery& query) : query_(query) {}

  void Add(const Row& row) {
    const auto field = static_cast<KeyField>(row.Int32(3));
    std::optional<MatchTier> tier;
    for (const Probe& probe : query_.probes) {
      if (probe.field != field) continue;
      const std::optional<MatchTier> one = Match(probe, row.String(4));
      if (one.has_value() && (!tier.has_value() || *one < *tier)) tier = one;
    }
    if (!tier.has_value()) return;
    Candidate candidate{.node = row.Id(5),
                        .tier = *tier,
                        .level = static_cast<rpc::v1::Level>(row.Int32(2)),
                        .key = row.String(4),
                        .labeled = row.Id(5),
                        .labels = {row.Day(6)},
                        .by_code = field == KeyField::kCode};
    Keep(std::move(candidate));
  }

  void Keep(Candidate candidate) {
    const auto [it, is_new] = best_.try_emplace(candidate.node, candidate);
    if (is_new) return;
    Candidate& known = it->second;
    if (candidate.tier < known.tier) {
      known = std::move(candidate);
    } else if (candidate.tier == known.tier && candidate.by_code == known.by_code) {
      known.labels.push_back(candidate.labels.front());
    }
  }

  void Clear() { best_.clear(); }
  std::vector<Candidate> Take() {
    std::vector<Candidate> list;
    list.reserve(best_.size());
    for (auto& [node, candidate] : best_) list.push_back(std::move(candidate));
    best_.clear();
    std::sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) {
      return std::tie(a.tier, a.level, a.key, a.node) < std::tie(b.tier, b.level, b.key, b.node);
    });
    return list;
  }

 private:
  const FindQuery& query_;
  absl::flat_hash_map<Uuid, Candidate> best_;
};

// A statement of several parts, with its parameters; text must outlive the query.
class Union {
 public:
  Union& Part(absl::string_view text) {
    absl::StrAppend(&sql_, parts_ == 0 ? "" : " UNION ALL ", "(SELECT ", parts_, text);
    ++parts_;
    return *this;
  }
  Union& More(absl::string_view text) {
    absl::StrAppend(&sql_, text);
    return *this;
  }
  template <typename... P>
  Union& With(const P&... params) {
    (params_.push_back(Param(params)), ...);
    return *this;
  }
  bool empty() const { return parts_ == 0; }
  size_t parts() const { return parts_; }
  absl::StatusOr<Rows> Run(Tx& tx) const { return tx.Query(sql_, absl::MakeConstSpan(params_)); }

 private:
  std::string sql_;
  std::vector<Param> params_;
  size_t parts_ = 0;
};

// The first keys of each range: of every kind on every level by every probe.
absl::Status ReadRanges(Tx& tx, const FindQuery& query, absl::Span<const std::string> ends,
                        Collector& collector, bool* more) {
  Union ranges;
  for (size_t i = 0; i < query.probes.size(); ++i) {
    const Probe& probe = query.probes[i];
    for (const NodeKind kind :
         {rpc::v1::DIVISION_NODE, rpc::v1::UNIT_NODE, rpc::v1::SERVICE_CENTER_NODE}) {
      // Divisions alone have codes.
      const bool by_code = probe.field == KeyField::kCode;
      if (by_code ? kind != rpc::v1::DIVISION_NODE : !Wants(query, kind)) continue;
      for (int level = rpc::v1::MUNICIPALITY_LEVEL; level <= rpc::v1::VILLAGE_LEVEL; ++level) {
        ranges.Part(kRange).With(kind, level, probe.field, probe.prefix, ends[i]);
      }
    }
  }
  if (ranges.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows rows, ranges.Run(tx));
  std::vector<size_t> sizes(ranges.parts());
  for (const Row& row : rows) {
    if (++sizes[static_cast<size_t>(row.Int64(0))] == kKeysOfRange) *more = true;
    collector.Add(row);
  }
  return absl::OkStatus();
}

// The keys that match of everything in a small subtree.
absl::Status ReadSubtree(Tx& tx, const FindQuery& query, absl::Span<const std::string> ends,
                         Collector& collector) {
  Union parts;
  const bool of_places = query.below->tree == rpc::v1::DIVISION_TREE;
  for (const NodeKind kind : query.kinds) {
    if (kind == rpc::v1::DIVISION_NODE && !of_places) continue;
    const bool is_own =
        (kind == rpc::v1::DIVISION_NODE) == of_places && kind != rpc::v1::SERVICE_CENTER_NODE;
    parts.Part(kSubtree)
        .More(is_own      ? kOfNode
              : of_places ? kOfDivision
                          : kOfUnit)
        .More(kWithin)
        .With(query.below->tree, query.below->node, query.day, query.day, kind);
    for (size_t i = 0; i < query.probes.size(); ++i) {
      const Probe& probe = query.probes[i];
      parts.More(i == 0 ? "" : " OR ")
          .More("k.field = ? AND k.key_text BETWEEN ? AND ?")
          .With(probe.field, probe.prefix, ends[i]);
    }
    parts.More("))");
  }
  if (parts.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows rows, parts.Run(tx));
  for (const Row& row : rows) collector.Add(row);
  return absl::OkStatus();
}

// The units that govern and the centers that serve what was found by its code, in its place.
absl::StatusOr<std::vector<Candidate>> WithThoseOfDivisions(Tx& tx, const FindQuery& query,
                                                            std::vector<Candidate> found) {
  std::vector<Uuid> divisions;
  absl::flat_hash_map<Uuid, const Candidate*> by_division;
  for (const Candidate& candidate : found) {
    if (!candidate.by_code) continue;
    divisions.push_back(candidate.node);
    by_division[candidate.node] = &candidate;
  }
  Collector collector(query);
  if (Wants(query, rpc::v1::UNIT_NODE) || Wants(query, rpc::v1::SERVICE_CENTER_NODE)) {
    ASSIGN_OR_RETURN(const Rows rows,
                     mysql::QueryIn(tx, kSelectOfDivisions, {}, absl::MakeConstSpan(divisions)));
    for (const Row& row : rows) {
      if (!Wants(query, static_cast<NodeKind>(row.Int32(1)))) continue;
      Candidate candidate = *by_division[row.Id(2)];
      candidate.node = row.Id(0);
      collector.Keep(std::move(candidate));
    }
  }
  for (Candidate& candidate : found) {
    if (candidate.by_code && !Wants(query, rpc::v1::DIVISION_NODE)) continue;
    collector.Keep(std::move(candidate));
  }
  return collector.Take();
}

absl::StatusOr<bool> IsSmall(Tx& tx, const FindQuery::Below& below) {
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(kCountSubtree, below.tree, below.node));
  return row.has_value() && row->Int64(0) <= kSmallSubtree;
}

}  // namespace

absl::StatusOr<Candidates> FindCandidates(Tx& tx, const FindQuery& query) {
  std::vector<std::string> ends;
  bool by_code = false;
  for (const Probe& probe : query.probes) {
    ends.push_back(absl::StrCat(probe.prefix, kLastCharacter));
    by_code = by_code || probe.field == KeyField::kCode;
  }
  Candidates found;
  Collector collector(query);
  RETURN_IF_ERROR(ReadRanges(tx, query, ends, collector, &found.more));
  // Codes say themselves where a place lies.
  if (found.more && query.below.has_value() && !by_code) {
    ASSIGN_OR_RETURN(const bool small, IsSmall(tx, *query.below));
    if (small) {
      found.more = false;
      collector.Clear();
      RETURN_IF_ERROR(ReadSubtree(tx, query, ends, collector));
    }
  }
  found.list = collector.Take();
  if (found.list.size() > kMaxCandidates) {
    found.more = true;
    found.list.resize(kMaxCandidates);
  }
  if (by_code) {
    ASSIGN_OR_RETURN(found.list, WithThoseOfDivisions(tx, query, std::move(found.list)));
  }
  return found;
}

absl::StatusOr<std::vector<NodeOnDay>> LoadFound(Tx& tx, const FindQuery& query,
                                                 absl::Span<const Candidate> candidates) {
  std::vector<Uuid> ids;
  ids.reserve(candidates.size());
  for (const Candidate& candidate : candidates) ids.push_back(candidate.node);
  std::string sql = kSelectFound;
  std::vector<Param> params(6, Param(query.day));
  if (query.below.has_value()) {
    const bool of_places = query.below->tree == rpc::v1::DIVISION_TREE;
    absl::StrAppend(&sql, kAndBelow,
                    of_places ? "IFNULL(n.division_id, n.id))" : "IFNULL(n.unit_id, n.id))");
    params.insert(params.end(), {query.below->tree, query.below->node, query.day, query.day});
  }
  absl::StrAppend(&sql, " AND n.id IN (@ids)");
  ASSIGN_OR_RETURN(const Rows rows, mysql::QueryIn(tx, sql, params, absl::MakeConstSpan(ids)));
  std::vector<NodeOnDay> nodes;
  nodes.reserve(rows.size());
  for (const Row& row : rows) {
    nodes.push_back({row.Id(0), static_cast<NodeKind>(row.Int32(1)),
                     static_cast<rpc::v1::Level>(row.Int32(2)), row.String(3), row.String(4),
                     row.OptId(5)});
  }
  return nodes;
}

absl::StatusOr<std::vector<DatedLabel>> LoadLabels(Tx& tx, absl::Span<const Uuid> nodes) {
  ASSIGN_OR_RETURN(const Rows rows, mysql::QueryIn(tx, kSelectLabels, {}, nodes));
  std::vector<DatedLabel> labels;
  labels.reserve(rows.size());
  for (const Row& row : rows) {
    labels.push_back({row.Id(0), row.Day(1), row.Day(2), row.String(3), row.String(4)});
  }
  return labels;
}

absl::StatusOr<std::vector<NameAbove>> LoadNamesAbove(Tx& tx, rpc::v1::Tree tree,
                                                      absl::Span<const Uuid> nodes,
                                                      absl::CivilDay day) {
  const Param params[] = {day, day, tree, day, day};
  ASSIGN_OR_RETURN(const Rows rows, mysql::QueryIn(tx, kSelectAbove, params, nodes));
  std::vector<NameAbove> names;
  names.reserve(rows.size());
  for (const Row& row : rows) names.push_back({row.Id(0), row.String(1)});
  return names;
}

}  // namespace qungong::org
