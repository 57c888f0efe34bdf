#include "tests/support/org/tree_model.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace qungong::org {
namespace {

using Step = v1::ReorganizationStep;

std::string CollectionOf(const std::string& name) { return name.substr(0, name.find('/') + 1); }

bool IsBelow(const Snapshot& tree, const std::string& node, const std::string& above) {
  for (std::string at = node; !at.empty(); at = tree.at(at).parent) {
    if (at == above) return true;
  }
  return false;
}

bool MoveOne(const std::string& name, const std::string& parent, int day, Snapshot& tree) {
  if (CollectionOf(name) != CollectionOf(parent) || CollectionOf(name) == "serviceCenters/")
    return false;
  ModelNode& node = tree.at(name);
  const int wanted = tree.at(parent).level + (node.governs ? 1 : 0);
  if (node.parent.empty() || node.level != wanted || IsBelow(tree, parent, name)) return false;
  if (node.parent != parent) node.changed = day;
  node.parent = parent;
  return true;
}

bool DissolveOne(const std::string& name, const std::string& heir, bool pass, int day,
                 Snapshot& tree) {
  const ModelNode& ending = tree.at(name);
  if (heir.empty() || heir == name || ending.held || ending.changed >= day) return false;
  for (const auto& [other, node] : tree) {
    if (node.unit == name || node.division == name) return false;
  }
  for (const std::string& child : ChildrenOf(tree, name)) {
    if (!pass || !MoveOne(child, heir, day, tree)) return false;
  }
  tree.erase(name);
  return true;
}

bool Do(const Step::Create& step, int day, Snapshot& tree) {
  const auto parent = tree.find(step.parent());
  if (parent == tree.end() || !absl::StartsWith(step.parent(), "divisions/")) return false;
  const int level = parent->second.level + 1;
  const std::string above = ServantOf(tree, "units/", step.parent());
  const int wanted = step.kind() <= v1::Division::FUNCTIONAL_AREA   ? 2
                     : step.kind() <= v1::Division::ETHNIC_TOWNSHIP ? 3
                                                                    : 4;
  if (level != wanted || above.empty()) return false;
  const std::string division = absl::StrCat("divisions/", step.label());
  const std::string unit = absl::StrCat("units/", step.label());
  tree[division] = {step.parent(), step.display_name(), level, true, "", "", false, day};
  tree[unit] = {above, "", level, true, division, "", false, day};
  tree[absl::StrCat("serviceCenters/", step.label())] = {"",       "",   level, false,
                                                         division, unit, false, day};
  return true;
}

bool Do(const Step::Rename& step, int day, Snapshot& tree) {
  const auto node = tree.find(step.name());
  if (node == tree.end()) return false;
  node->second.label = step.display_name();
  node->second.changed = day;
  return true;
}

bool Do(const Step::Move& step, int day, Snapshot& tree) {
  if (!tree.contains(step.name()) || !tree.contains(step.parent())) return false;
  const std::string left = tree.at(step.name()).parent;
  if (!MoveOne(step.name(), step.parent(), day, tree)) return false;
  const std::string unit = ServantOf(tree, "units/", step.name());
  const std::string left_unit = ServantOf(tree, "units/", left);
  if (unit.empty() || left_unit.empty() || tree.at(unit).parent != left_unit) return true;
  const std::string to = ServantOf(tree, "units/", step.parent());
  return !to.empty() && MoveOne(unit, to, day, tree);
}

bool Do(const Step::Dissolve& step, int day, Snapshot& tree) {
  const std::string& name = step.name();
  const std::string& heir = step.successor();
  if (!tree.contains(name) || !tree.contains(heir) || CollectionOf(name) != CollectionOf(heir))
    return false;
  for (const char* collection : {"serviceCenters/", "units/"}) {
    if (!absl::StartsWith(name, "divisions/")) break;
    const std::string servant = ServantOf(tree, collection, name);
    if (servant.empty()) continue;
    if (!DissolveOne(servant, ServantOf(tree, collection, heir), step.pass_children(), day, tree))
      return false;
  }
  return DissolveOne(name, heir, step.pass_children(), day, tree);
}

}  // namespace

std::string ServantOf(const Snapshot& tree, const std::string& collection,
                      const std::string& division) {
  if (!absl::StartsWith(division, "divisions/")) return "";
  for (const auto& [name, node] : tree) {
    if (node.division == division && absl::StartsWith(name, collection)) return name;
  }
  return "";
}

std::vector<std::string> ChildrenOf(const Snapshot& tree, const std::string& parent) {
  std::vector<std::string> names;
  for (const auto& [name, node] : tree) {
    if (node.parent == parent) names.push_back(name);
  }
  return names;
}

bool DoNaively(const v1::ReorganizationPlan& plan, int day, Snapshot& tree) {
  for (const Step& step : plan.steps()) {
    const bool done = step.has_create()   ? Do(step.create(), day, tree)
                      : step.has_rename() ? Do(step.rename(), day, tree)
                      : step.has_move()   ? Do(step.move(), day, tree)
                                          : Do(step.dissolve(), day, tree);
    if (!done) return false;
  }
  return true;
}

void NameCreated(const v1::Reorganization& done, Snapshot& tree) {
  std::map<std::string, std::string> names;
  for (const auto& made : done.created()) {
    names[absl::StrCat("divisions/", made.label())] = made.division();
    names[absl::StrCat("units/", made.label())] = made.unit();
    names[absl::StrCat("serviceCenters/", made.label())] = made.service_center();
  }
  const auto rename = [&names](std::string name) {
    const auto it = names.find(name);
    return it == names.end() ? name : it->second;
  };
  Snapshot renamed;
  for (auto& [name, node] : tree) {
    node.parent = rename(node.parent);
    node.division = rename(node.division);
    node.unit = rename(node.unit);
    renamed[rename(name)] = node;
  }
  tree = std::move(renamed);
}

}  // namespace qungong::org
