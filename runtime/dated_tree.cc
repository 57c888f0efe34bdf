#include "runtime/dated_tree.h"

#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong {
namespace {

// Walks up from one node, day interval by day interval.
class Climb {
 public:
  explicit Climb(const DatedTree& tree) : tree_(tree) {}

  // Adds `node`, `depth` steps above the start on `days`, and everything above it.
  absl::Status From(const Uuid& node, DayInterval days, int depth) {
    const auto it = tree_.find(node);
    if (it == tree_.end()) {
      return WithReason(
          absl::InvalidArgumentError(absl::StrCat("parent ", node.ToString(), " is not known")),
          "TREE_UNKNOWN_PARENT", {{"parent", node.ToString()}});
    }
    days = days.Intersect(it->second.valid);
    if (days.IsEmpty()) return absl::OkStatus();
    // On any one of these days the path up is one line, so a node that is met again is above
    // itself.
    const bool again = std::find(path_.begin(), path_.end(), node) != path_.end();
    if (again || depth > kMaxTreeDepth) {
      return WithReason(absl::InvalidArgumentError(
                            absl::StrCat("node ", node.ToString(), " would be above itself")),
                        "TREE_CYCLE", {{"node", node.ToString()}});
    }
    rows_.push_back({node, days, depth});
    path_.push_back(node);
    for (const DatedNode::Edge& edge : it->second.edges) {
      const DayInterval above = edge.valid.Intersect(days);
      if (!above.IsEmpty()) RETURN_IF_ERROR(From(edge.parent, above, depth + 1));
    }
    path_.pop_back();
    return absl::OkStatus();
  }

  std::vector<ClosureRow> TakeMerged() {
    std::sort(rows_.begin(), rows_.end(), [](const ClosureRow& a, const ClosureRow& b) {
      return std::tie(a.ancestor, a.valid.from) < std::tie(b.ancestor, b.valid.from);
    });
    std::vector<ClosureRow> merged;
    for (const ClosureRow& row : rows_) {
      ClosureRow* last = merged.empty() ? nullptr : &merged.back();
      if (last != nullptr && last->ancestor == row.ancestor && last->depth == row.depth &&
          last->valid.to == row.valid.from) {
        last->valid.to = row.valid.to;
      } else {
        merged.push_back(row);
      }
    }
    return merged;
  }

 private:
  const DatedTree& tree_;
  std::vector<Uuid> path_;
  std::vector<ClosureRow> rows_;
};

}  // namespace

absl::StatusOr<std::vector<ClosureRow>> ComputeClosure(const DatedTree& tree, const Uuid& node) {
  Climb climb(tree);
  const auto it = tree.find(node);
  if (it != tree.end()) RETURN_IF_ERROR(climb.From(node, it->second.valid, 0));
  return climb.TakeMerged();
}

}  // namespace qungong
