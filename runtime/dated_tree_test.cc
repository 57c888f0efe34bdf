#include "runtime/dated_tree.h"

#include <optional>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/status.h"

namespace qungong {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Uuid Id(int n) {
  Uuid id;
  id.bytes[15] = static_cast<uint8_t>(n);
  return id;
}

ClosureRow Above(int ancestor, int from, int to, int depth) {
  return {Id(ancestor), {from, to}, depth};
}

TEST(DatedTree, ANodeWithoutParentIsAboveItself) {
  const DatedTree tree = {{Id(1), {{0, 10}, {}}}};
  EXPECT_THAT(ComputeClosure(tree, Id(1)).value(), ElementsAre(Above(1, 0, 10, 0)));
  EXPECT_THAT(ComputeClosure(tree, Id(9)).value(), IsEmpty());
}

TEST(DatedTree, AMoveSplitsWhatIsAboveAndJoinsWhatStaysAbove) {
  const DatedTree tree = {
      {Id(1), {{0, 100}, {}}},
      {Id(2), {{0, 100}, {{Id(1), {0, 100}}}}},
      {Id(3), {{0, 100}, {{Id(1), {0, 100}}}}},
      {Id(4), {{10, 90}, {{Id(2), {10, 50}}, {Id(3), {50, 90}}}}},
  };
  EXPECT_THAT(ComputeClosure(tree, Id(4)).value(),
              ElementsAre(Above(1, 10, 90, 2), Above(2, 10, 50, 1), Above(3, 50, 90, 1),
                          Above(4, 10, 90, 0)));
}

TEST(DatedTree, TheSameAncestorAtAnotherDepthIsAnotherRow) {
  const DatedTree tree = {
      {Id(1), {{0, 100}, {}}},
      {Id(2), {{0, 100}, {{Id(1), {0, 100}}}}},
      {Id(3), {{0, 100}, {{Id(1), {0, 40}}, {Id(2), {40, 60}}, {Id(1), {60, 100}}}}},
  };
  EXPECT_THAT(ComputeClosure(tree, Id(3)).value(),
              ElementsAre(Above(1, 0, 40, 1), Above(1, 40, 60, 2), Above(1, 60, 100, 1),
                          Above(2, 40, 60, 1), Above(3, 0, 100, 0)));
}

TEST(DatedTree, TwoNodesMayBeAboveEachOtherOnDifferentDaysOnly) {
  DatedTree tree = {
      {Id(1), {{0, 100}, {{Id(2), {0, 50}}}}},
      {Id(2), {{0, 100}, {{Id(1), {50, 100}}}}},
  };
  EXPECT_THAT(ComputeClosure(tree, Id(1)).value(),
              ElementsAre(Above(1, 0, 100, 0), Above(2, 0, 50, 1)));
  tree[Id(2)].edges[0].valid.from = 49;
  for (const int node : {1, 2}) {
    const absl::Status status = ComputeClosure(tree, Id(node)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), "TREE_CYCLE");
  }
}

TEST(DatedTree, AnUnknownParentIsRefused) {
  const DatedTree tree = {{Id(1), {{0, 10}, {{Id(2), {0, 10}}}}}};
  EXPECT_EQ(ReasonOf(ComputeClosure(tree, Id(1)).status()), "TREE_UNKNOWN_PARENT");
}

// The oracle: what is above a node on one day, found by following that day's edges.
std::optional<std::vector<Uuid>> AboveOn(const DatedTree& tree, Uuid node, int32_t day) {
  std::vector<Uuid> path;
  while (tree.at(node).valid.Contains(day)) {
    path.push_back(node);
    if (path.size() > tree.size()) return std::nullopt;
    std::optional<Uuid> parent;
    for (const DatedNode::Edge& edge : tree.at(node).edges) {
      if (edge.valid.Contains(day)) parent = edge.parent;
    }
    if (!parent.has_value()) break;
    node = *parent;
  }
  return path;
}

constexpr int kDays = 40;

DatedTree RandomTree(std::mt19937& random, int nodes) {
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  DatedTree tree;
  for (int i = 0; i < nodes; ++i) {
    DatedNode& node = tree[Id(i)];
    node.valid = {below(kDays / 2), kDays / 2 + 1 + below(kDays / 2)};
    int32_t day = node.valid.from;
    while (day < node.valid.to && i > 0 && below(8) > 0) {
      const int32_t end = std::min(node.valid.to, day + 1 + below(kDays));
      // Mostly up, seldom anywhere: trees with and without cycles.
      const int parent = below(30) > 0 ? below(i) : below(nodes);
      node.edges.push_back({Id(parent), {day, end}});
      day = end + (below(4) == 0 ? below(5) : 0);
    }
  }
  return tree;
}

TEST(DatedTree, ClosureIsWhatEachDaysEdgesSay) {
  std::mt19937 random(20150730);
  int cycles = 0;
  int rows = 0;
  for (int round = 0; round < 500; ++round) {
    const int nodes = 2 + round % 12;
    const DatedTree tree = RandomTree(random, nodes);
    for (int i = 0; i < nodes; ++i) {
      bool cyclic = false;
      for (int32_t day = 0; day < kDays; ++day)
        cyclic = cyclic || !AboveOn(tree, Id(i), day).has_value();
      const auto closure = ComputeClosure(tree, Id(i));
      ASSERT_EQ(closure.ok(), !cyclic)
          << "round " << round << " node " << i << " " << closure.status();
      if (cyclic) ++cycles;
      if (cyclic) continue;
      rows += static_cast<int>(closure->size());
      for (int32_t day = 0; day < kDays; ++day) {
        std::vector<Uuid> above(AboveOn(tree, Id(i), day)->size());
        size_t found = 0;
        for (const ClosureRow& row : *closure) {
          if (!row.valid.Contains(day)) continue;
          ASSERT_LT(static_cast<size_t>(row.depth), above.size());
          above[static_cast<size_t>(row.depth)] = row.ancestor;
          ++found;
        }
        ASSERT_EQ(found, above.size());
        ASSERT_EQ(above, *AboveOn(tree, Id(i), day))
            << "round " << round << " node " << i << " day " << day;
      }
      for (size_t r = 1; r < closure->size(); ++r) {  // nothing is left to join
        const ClosureRow& a = (*closure)[r - 1];
        const ClosureRow& b = (*closure)[r];
        ASSERT_FALSE(a.ancestor == b.ancestor && a.depth == b.depth && a.valid.to == b.valid.from);
      }
    }
  }
  // The test would show nothing if it met no cycles or no trees.
  EXPECT_GT(cycles, 50);
  EXPECT_GT(rows, 5000);
}

}  // namespace
}  // namespace qungong
