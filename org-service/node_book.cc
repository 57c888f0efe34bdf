#include "org-service/node_book.h"

#include <algorithm>
#include <utility>

namespace qungong::org {

void NodeBook::Index(const NodeRecord& record) {
  if (!record.division().empty()) by_division_[record.division()].push_back(record.name());
  if (record.kind() != rpc::v1::DIVISION_NODE) return;
  for (const NodeLabel& label : record.labels()) {
    if (!label.code().empty()) by_code_[label.code()].push_back(record.name());
  }
}

void NodeBook::AddKnown(OrgNode node) {
  const std::string name = node.record.name();
  const auto [it, is_new] = nodes_.emplace(name, std::move(node));
  if (is_new) Index(it->second.record);
}

void NodeBook::AddObstacle(const std::string& unit, const std::string& reason) {
  obstacles_[unit] = reason;
}

const NodeRecord* NodeBook::Find(const std::string& name) const {
  const auto it = nodes_.find(name);
  return it == nodes_.end() ? nullptr : &it->second.record;
}

const NodeRecord* NodeBook::FindByCode(const std::string& code, int32_t day) const {
  const auto it = by_code_.find(code);
  if (it == by_code_.end() || it->second.empty()) return nullptr;
  for (const NodeRecord* record : AllByCode(code)) {
    const NodeLabel* label = LabelOn(*record, day);
    if (label != nullptr && label->code() == code) return record;
  }
  return Find(it->second.front());
}

std::vector<const NodeRecord*> NodeBook::AllByCode(const std::string& code) const {
  std::vector<const NodeRecord*> records;
  const auto it = by_code_.find(code);
  if (it == by_code_.end()) return records;
  for (const std::string& name : it->second) records.push_back(Find(name));
  return records;
}

const NodeRecord* NodeBook::OfDivision(rpc::v1::NodeKind kind, const std::string& division,
                                       int32_t day) const {
  const auto it = by_division_.find(division);
  if (it == by_division_.end()) return nullptr;
  for (const std::string& name : it->second) {
    const NodeRecord* record = Find(name);
    if (record->kind() == kind && ExistsOn(*record, day)) return record;
  }
  return nullptr;
}

const NodeRecord* NodeBook::GoverningUnit(const std::string& division, int32_t day) const {
  return OfDivision(rpc::v1::UNIT_NODE, division, day);
}

const NodeRecord* NodeBook::ServiceCenterOf(const std::string& division, int32_t day) const {
  return OfDivision(rpc::v1::SERVICE_CENTER_NODE, division, day);
}

std::vector<std::string> NodeBook::ServiceCentersRunBy(const std::string& unit, int32_t day) const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) {
    if (node.record.kind() == rpc::v1::SERVICE_CENTER_NODE && node.record.unit() == unit &&
        node.record.valid().to_day() > day) {
      names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string> NodeBook::NodesOf(const std::string& division, rpc::v1::NodeKind kind,
                                           int32_t day) const {
  std::vector<std::string> names;
  const auto it = by_division_.find(division);
  if (it == by_division_.end()) return names;
  for (const std::string& name : it->second) {
    const NodeRecord* record = Find(name);
    if (record->kind() == kind && record->valid().to_day() > day) names.push_back(name);
  }
  return names;
}

std::vector<std::string> NodeBook::Children(const std::string& parent, int32_t day) const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) {
    const rpc::v1::Tree tree = HomeTree(node.record.kind());
    const bool below = std::any_of(
        node.record.edges().begin(), node.record.edges().end(), [&](const NodeEdge& edge) {
          return edge.tree() == tree && edge.parent() == parent && edge.valid().to_day() > day;
        });
    if (below) names.push_back(name);
  }
  return names;
}

std::string NodeBook::ObstacleOf(const std::string& unit) const {
  const auto it = obstacles_.find(unit);
  return it == obstacles_.end() ? "" : it->second;
}

void NodeBook::Create(NodeRecord record) {
  const std::string name = record.name();
  if (is_marked_ && is_since_mark_.insert(name).second) {
    since_mark_.push_back({name, false, std::nullopt});
  }
  nodes_[name].record = std::move(record);
  Index(nodes_[name].record);
  Edit(name);
}

NodeRecord* NodeBook::Edit(const std::string& name) {
  OrgNode& node = nodes_.at(name);
  const bool is_new = is_changed_.insert(name).second;
  if (is_marked_ && is_since_mark_.insert(name).second) {
    since_mark_.push_back({name, !is_new, node});
  }
  if (is_new) changed_.push_back(name);
  return &node.record;
}

void NodeBook::Mark() {
  is_marked_ = true;
  since_mark_.clear();
  is_since_mark_.clear();
}

void NodeBook::Undo() {
  for (Before& before : since_mark_) {
    if (!before.was_changed) {
      is_changed_.erase(before.name);
      changed_.erase(std::find(changed_.begin(), changed_.end(), before.name));
    }
    OrgNode& node = nodes_.at(before.name);
    if (before.node.has_value()) {
      node = *std::move(before.node);
      continue;
    }
    for (const NodeLabel& label : node.record.labels()) {
      if (by_code_.contains(label.code())) std::erase(by_code_[label.code()], before.name);
    }
    std::erase(by_division_[node.record.division()], before.name);
    nodes_.erase(before.name);
  }
  Mark();
}

std::vector<OrgNode> NodeBook::Changed() const {
  std::vector<OrgNode> nodes;
  absl::flat_hash_set<std::string> seen;
  for (const std::string& name : changed_) Visit(name, &seen, &nodes);
  return nodes;
}

void NodeBook::Visit(const std::string& name, absl::flat_hash_set<std::string>* seen,
                     std::vector<OrgNode>* nodes) const {
  if (!is_changed_.contains(name) || !seen->insert(name).second) return;
  const OrgNode& node = nodes_.at(name);
  for (const NodeEdge& edge : node.record.edges()) Visit(edge.parent(), seen, nodes);
  nodes->push_back(node);
}

}  // namespace qungong::org
