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
  if (it == by_code_.end()) return nullptr;
  for (const std::string& name : it->second) {
    const NodeRecord* record = Find(name);
    const NodeLabel* label = LabelOn(*record, day);
    if (label != nullptr && label->code() == code) return record;
  }
  return Find(it->second.front());
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
        ExistsOn(node.record, day)) {
      names.push_back(name);
    }
  }
  return names;
}

std::vector<std::string> NodeBook::Children(const std::string& parent, int32_t day) const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) {
    const NodeEdge* edge = EdgeOn(node.record, day);
    if (edge != nullptr && edge->parent() == parent) names.push_back(name);
  }
  return names;
}

std::string NodeBook::ObstacleOf(const std::string& unit) const {
  const auto it = obstacles_.find(unit);
  return it == obstacles_.end() ? "" : it->second;
}

void NodeBook::Create(NodeRecord record) {
  const std::string name = record.name();
  nodes_[name].record = std::move(record);
  Index(nodes_[name].record);
  Edit(name);
}

NodeRecord* NodeBook::Edit(const std::string& name) {
  if (is_changed_.insert(name).second) changed_.push_back(name);
  return &nodes_.at(name).record;
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
