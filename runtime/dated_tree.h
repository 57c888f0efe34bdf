// Trees whose edges hold for intervals of days, and who is above whom on which day. Pure.
#ifndef QUNGONG_RUNTIME_DATED_TREE_H_
#define QUNGONG_RUNTIME_DATED_TREE_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/ids.h"

namespace qungong {

// Half-open interval of day numbers.
struct DayInterval {
  int32_t from = 0;
  int32_t to = 0;

  bool IsEmpty() const { return from >= to; }
  bool Contains(int32_t day) const { return from <= day && day < to; }
  bool Contains(const DayInterval& other) const { return from <= other.from && other.to <= to; }
  bool Overlaps(const DayInterval& other) const { return !Intersect(other).IsEmpty(); }
  DayInterval Intersect(const DayInterval& other) const {
    return {std::max(from, other.from), std::min(to, other.to)};
  }
  friend bool operator==(const DayInterval&, const DayInterval&) = default;
};

// A node of one tree: when it exists, and its parents in the order of their days. The parents' days
// do not overlap.
struct DatedNode {
  struct Edge {
    Uuid parent;
    DayInterval valid;
    friend bool operator==(const Edge&, const Edge&) = default;
  };
  DayInterval valid;
  std::vector<Edge> edges;
  friend bool operator==(const DatedNode&, const DatedNode&) = default;
};
using DatedTree = absl::flat_hash_map<Uuid, DatedNode>;

// `ancestor` stands `depth` steps above the node on these days; depth 0 is the node itself.
struct ClosureRow {
  Uuid ancestor;
  DayInterval valid;
  int depth = 0;
  friend bool operator==(const ClosureRow&, const ClosureRow&) = default;
};

// No tree is deeper.
inline constexpr int kMaxTreeDepth = 32;

// Everything above a node on every day, by ancestor and day; days that adjoin at the same depth are
// one row. `tree` holds the node and whatever is above it. INVALID_ARGUMENT, reason TREE_CYCLE, if
// on some day the node is above itself or deeper than kMaxTreeDepth; TREE_UNKNOWN_PARENT if a
// parent is missing.
absl::StatusOr<std::vector<ClosureRow>> ComputeClosure(const DatedTree& tree, const Uuid& node);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_DATED_TREE_H_
