#include "org-service/find_store.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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
    " AS part, level, field, key_text, node_id, node_id AS labeled_id, valid_from FROM search_keys"
    " WHERE kind = ? AND level = ? AND field = ? AND key_text BETWEEN ? AND ?"
    " ORDER BY key_text, node_id, valid_from LIMIT 60)";
// The units that govern and the centers that serve the divisions of a range.
constexpr char kRangeOfDivisions[] =
    " AS part, k.level, k.field, k.key_text, n.id, k.node_id, k.valid_from FROM"
    " (SELECT level, field, key_text, node_id, valid_from FROM search_keys"
    " WHERE kind = ? AND level = ? AND field = ? AND key_text BETWEEN ? AND ?"
    " ORDER BY key_text, node_id, valid_from LIMIT 60) AS k"
    " STRAIGHT_JOIN directory_nodes n FORCE INDEX (ix_directory_nodes_division)"
    " ON n.division_id = k.node_id)";
constexpr char kCountSubtree[] =
    "SELECT COUNT(*) FROM (SELECT depth FROM directory_closure WHERE tree = ? AND ancestor_id = ?"
    " LIMIT 1001) AS counted";
// All by these keys and in this order, whatever the server believes to know of tables that have
// just grown: it would read some of them whole.
constexpr char kSubtree[] =
    " AS part, n.kind, n.level, l.node_id, l.valid_from, l.display_name, l.code"
    " FROM directory_closure c FORCE INDEX (ix_directory_closure_down)"
    " STRAIGHT_JOIN directory_nodes n FORCE INDEX (";
constexpr char kWithin[] =
    " = c.descendant_id"
    " STRAIGHT_JOIN directory_labels l FORCE INDEX (PRIMARY) ON l.node_id = n.id"
    " WHERE c.tree = ? AND c.ancestor_id = ? AND c.valid_from <= ? AND c.valid_to > ?"
    " AND n.kind = ?)";
constexpr char kSelectFound[] = R"sql(
SELECT n.id, n.kind, n.level, l.display_name, IFNULL(d.code, ''), n.division_id
FROM directory_nodes n FORCE INDEX (PRIMARY)
STRAIGHT_JOIN directory_labels l FORCE INDEX (PRIMARY)
  ON l.node_id = n.id AND l.valid_from <= ? AND l.valid_to > ?
LEFT JOIN directory_labels d FORCE INDEX (PRIMARY) ON d.node_id = IFNULL(n.division_id, n.id)
  AND d.valid_from <= ? AND d.valid_to > ?
WHERE n.valid_from <= ? AND n.valid_to > ?)sql";
// Not EXISTS, for which a server may read everything below.
constexpr char kAndBelow[] =
    " AND 0 < (SELECT COUNT(*) FROM directory_closure c WHERE c.tree = ? AND c.ancestor_id = ?"
    " AND c.valid_from <= ? AND c.valid_to > ? AND c.descendant_id = ";
constexpr char kSelectLabels[] =
    "SELECT node_id, valid_from, valid_to, display_name, code FROM directory_labels"
    " FORCE INDEX (PRIMARY) WHERE node_id IN (@ids)";
constexpr char kSelectAbove[] =
    "SELECT c.descendant_id, l.display_name FROM directory_closure c FORCE INDEX (PRIMARY)"
    " STRAIGHT_JOIN directory_labels l FORCE INDEX (PRIMARY)"
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

  // A key by which a node may match, and the label that it is of.
  void Add(const SearchKey& key, rpc::v1::Level level, const Uuid& node, const Uuid& labeled,
           absl::CivilDay label) {
    std::optional<MatchTier> tier;
    for (const Probe& probe : query_.probes) {
      if (probe.field != key.field) continue;
      const std::optional<MatchTier> one = Match(probe, key.text);
      if (one.has_value() && (!tier.has_value() || *one < *tier)) tier = one;
    }
    if (!tier.has_value()) return;
    Keep({.node = node,
          .tier = *tier,
          .level = level,
          .key = key.text,
          .labeled = labeled,
          .labels = {label},
          .field = key.field});
  }

  void Keep(Candidate candidate) {
    const auto [it, is_new] = best_.try_emplace(candidate.node, candidate);
    if (is_new) return;
    Candidate& known = it->second;
    if (candidate.tier < known.tier) {
      known = std::move(candidate);
    } else if (candidate.tier == known.tier && candidate.labeled == known.labeled) {
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
class Ranges {
 public:
  explicit Ranges(const FindQuery& query) {
    for (const Probe& probe : query.probes) {
      ends_.push_back(absl::StrCat(probe.prefix, kLastCharacter));
    }
    for (size_t i = 0; i < query.probes.size(); ++i) {
      const Probe& probe = query.probes[i];
      // What governs or serves a division is found by its code and by parts of its name, too.
      const bool of_division = probe.field == KeyField::kCode || probe.field == KeyField::kPart;
      if (of_division || Wants(query, rpc::v1::DIVISION_NODE)) {
        Add(kRange, rpc::v1::DIVISION_NODE, probe, ends_[i]);
      }
      const bool units = Wants(query, rpc::v1::UNIT_NODE);
      const bool centers = Wants(query, rpc::v1::SERVICE_CENTER_NODE);
      if (of_division && (units || centers)) {
        Add(kRangeOfDivisions, rpc::v1::DIVISION_NODE, probe, ends_[i]);
      }
      if (probe.field == KeyField::kCode) continue;  // divisions alone have codes
      if (units) Add(kRange, rpc::v1::UNIT_NODE, probe, ends_[i]);
      if (centers) Add(kRange, rpc::v1::SERVICE_CENTER_NODE, probe, ends_[i]);
    }
  }

  absl::Status Read(Tx& tx, Collector& collector, bool* more) const {
    ASSIGN_OR_RETURN(const Rows rows, ranges_.Run(tx));
    std::vector<size_t> sizes(ranges_.parts());
    for (const Row& row : rows) {
      // Of a range of divisions alone: those of which others are found are read with these.
      if (row.Id(4) == row.Id(5) && ++sizes[row.Uint64(0)] == kKeysOfRange) *more = true;
      collector.Add({static_cast<KeyField>(row.Int32(2)), row.String(3)},
                    static_cast<rpc::v1::Level>(row.Int32(1)), row.Id(4), row.Id(5), row.Day(6));
    }
    return absl::OkStatus();
  }

 private:
  void Add(const char* sql, NodeKind kind, const Probe& probe, const std::string& end) {
    for (int level = rpc::v1::MUNICIPALITY_LEVEL; level <= rpc::v1::VILLAGE_LEVEL; ++level) {
      ranges_.Part(sql).With(kind, level, probe.field, probe.prefix, end);
    }
  }

  std::vector<std::string> ends_;
  Union ranges_;
};

// Whatever matches in a small subtree: its labels are read, and their keys made.
absl::Status ReadSubtree(Tx& tx, const FindQuery& query, Collector& collector) {
  Union parts;
  const bool of_places = query.below->tree == rpc::v1::DIVISION_TREE;
  for (const NodeKind kind : query.kinds) {
    if (kind == rpc::v1::DIVISION_NODE && !of_places) continue;
    const bool is_own = kind == (of_places ? rpc::v1::DIVISION_NODE : rpc::v1::UNIT_NODE);
    const char* key = is_own      ? "PRIMARY) ON n.id"
                      : of_places ? "ix_directory_nodes_division) ON n.division_id"
                                  : "ix_directory_nodes_unit) ON n.unit_id";
    parts.Part(absl::StrCat(kSubtree, key, kWithin))
        .With(query.below->tree, query.below->node, query.day, query.day, kind);
  }
  if (parts.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Rows rows, parts.Run(tx));
  for (const Row& row : rows) {
    for (const SearchKey& key : KeysOf(row.String(5), row.String(6))) {
      collector.Add(key, static_cast<rpc::v1::Level>(row.Int32(2)), row.Id(3), row.Id(3),
                    row.Day(4));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> IsSmall(Tx& tx, const FindQuery::Below& below) {
  ASSIGN_OR_RETURN(const std::optional<Row> row,
                   tx.QueryOne(kCountSubtree, below.tree, below.node));
  return row.has_value() && row->Int64(0) <= kSmallSubtree;
}

}  // namespace

absl::StatusOr<Candidates> FindCandidates(Tx& tx, const FindQuery& query) {
  Candidates found;
  Collector collector(query);
  RETURN_IF_ERROR(Ranges(query).Read(tx, collector, &found.more));
  // Codes say themselves where a place lies.
  const bool by_code = query.probes.front().field == KeyField::kCode;
  if (found.more && query.below.has_value() && !by_code) {
    ASSIGN_OR_RETURN(const bool small, IsSmall(tx, *query.below));
    if (small) {
      found.more = false;
      collector.Clear();
      RETURN_IF_ERROR(ReadSubtree(tx, query, collector));
    }
  }
  found.list = collector.Take();
  if (found.list.size() > kMaxCandidates) {
    found.more = true;
    found.list.resize(kMaxCandidates);
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
  absl::StrAppend(&sql, " AND n.kind IN (", absl::StrJoin(query.kinds, ", "),
                  ") AND n.id IN (@ids)");
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
