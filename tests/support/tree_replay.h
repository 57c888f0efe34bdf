// The trees of divisions and units as of a day, by the plainest means: all divisions in a map, and
// the amendments of the time up to that day done to it one after the other. The oracle for every
// store of dated trees.
#ifndef QUNGONG_TESTS_SUPPORT_TREE_REPLAY_H_
#define QUNGONG_TESTS_SUPPORT_TREE_REPLAY_H_

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "org-service/amendment_file.h"

namespace qungong::testing {

struct TreeNode {
  std::string
      code;  // empty for a unit without a division, and for a division without a published code
  std::string name;
  std::string parent;  // key; empty for the root

  friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

// By key: "500105" and "liangjiang" for divisions, "unit:500105" and "unit:beibu" for units.
using Tree = std::map<std::string, TreeNode>;

inline bool IsUnit(const std::string& key) { return absl::StartsWith(key, "unit:"); }

inline std::string KeyOf(const org::AmendmentNode& node) {
  return absl::StrCat(node.is_unit ? "unit:" : "", node.key);
}

// The divisions with the codes of `directory`'s areas.csv, streets.csv and villages.csv that begin
// with `prefix`, under the municipality 500000, and a governing unit for each. Throws if a file or
// a parent is missing.
inline Tree ReadPackage(const std::string& directory, const std::string& prefix = "50") {
  Tree tree = {{"500000", {"500000", "重庆市", ""}}};
  const std::pair<const char*, std::size_t> files[] = {
      {"areas.csv", 6}, {"streets.csv", 9}, {"villages.csv", 12}};
  for (const auto& [file, digits] : files) {
    std::ifstream in(directory + "/" + file);
    if (!in) throw std::runtime_error(directory + "/" + file + " is missing");
    for (std::string line; std::getline(in, line);) {
      if (!absl::StartsWith(line, prefix)) continue;
      const std::string code = line.substr(0, digits);
      const std::size_t begin = line.find('"') + 1;
      const std::string name = line.substr(begin, line.find('"', begin) - begin);
      const std::string parent = digits == 6 ? "500000" : code.substr(0, digits - 3);
      if (!tree.contains(parent)) throw std::runtime_error(code + " has no parent");
      tree[code] = {code, name, parent};
    }
  }
  for (const auto& [key, node] : Tree(tree)) {
    tree["unit:" + key] = {node.code, node.name, node.parent.empty() ? "" : "unit:" + node.parent};
  }
  return tree;
}

// The node that an amendment names; throws if it is not there on that day.
inline TreeNode& NodeOf(Tree& tree, const std::string& key, const org::Amendment& amendment) {
  const auto it = tree.find(key);
  if (it != tree.end()) return it->second;
  throw std::runtime_error(absl::StrCat("line ", amendment.line, ": there is no ", key));
}

inline void MoveNode(Tree& tree, const std::string& key, const std::string& parent,
                     const org::Amendment& amendment) {
  NodeOf(tree, parent, amendment);
  const std::string left = std::exchange(NodeOf(tree, key, amendment).parent, parent);
  if (IsUnit(key)) return;
  TreeNode& unit = NodeOf(tree, "unit:" + key, amendment);
  if (unit.parent == "unit:" + left) unit.parent = "unit:" + parent;
}

inline void DissolveNode(Tree& tree, const std::string& key, const std::string& successor,
                         const org::Amendment& amendment) {
  NodeOf(tree, successor, amendment);
  if (!IsUnit(key)) DissolveNode(tree, "unit:" + key, "unit:" + successor, amendment);
  for (auto& [child, node] : tree) {
    if (node.parent == key) node.parent = successor;
  }
  NodeOf(tree, key, amendment);
  tree.erase(key);
}

// `package` with what the amendments made of it by the end of `day`.
inline Tree TreeAsOf(const Tree& package, const std::vector<org::Amendment>& amendments,
                     absl::CivilDay day) {
  using Operation = org::Amendment::Operation;
  Tree tree = package;
  for (const org::Amendment& amendment : amendments) {
    const std::string key = KeyOf(amendment.node);
    if (amendment.day > day) continue;
    if (amendment.operation == Operation::kCreate) {
      if (tree.contains(key)) throw std::runtime_error(key + " exists already");
      const std::string parent = KeyOf(amendment.parent);
      NodeOf(tree, parent, amendment);
      const std::string code =
          amendment.node.has_code() && !amendment.node.is_unit ? amendment.node.key : "";
      tree[key] = {code, amendment.name, parent};
      if (!IsUnit(key)) tree["unit:" + key] = {code, amendment.name, "unit:" + parent};
    } else if (amendment.operation == Operation::kMove) {
      MoveNode(tree, key, KeyOf(amendment.parent), amendment);
    } else if (amendment.operation == Operation::kDissolve) {
      DissolveNode(tree, key, KeyOf(amendment.successor), amendment);
    }
  }
  // The label of a day is the one that the next relabelling puts an end to.
  for (size_t i = amendments.size(); i-- > 0;) {
    const org::Amendment& amendment = amendments[i];
    if (amendment.operation != Operation::kRelabel || amendment.day <= day) continue;
    for (const std::string& key : {amendment.successor.key, "unit:" + amendment.successor.key}) {
      TreeNode& node = NodeOf(tree, key, amendment);
      node.code = amendment.node.key;
      node.name = amendment.name;
    }
  }
  return tree;
}

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_TREE_REPLAY_H_
