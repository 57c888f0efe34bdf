#include "org-service/tree_change.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "org-service/division_rules.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

absl::Status LevelMismatch(const std::string& name) {
  return NodeError(absl::StatusCode::kInvalidArgument, "LEVEL_MISMATCH", name,
                   "the level does not fit the parent", "层级与上级不符。");
}

absl::Status ParentNotValid(const std::string& name) {
  return NodeError(absl::StatusCode::kFailedPrecondition, "PARENT_NOT_VALID", name,
                   "it or the unit that governs it does not exist for as long",
                   "上级行政区划及其管辖单位应在整个期间存续。");
}

bool IsDivision(const NodeRecord& node) { return node.kind() == rpc::v1::DIVISION_NODE; }

// Whether `name` stands above `node`, or is it, on one of the days.
bool StandsAbove(const NodeBook& book, const std::string& name, const NodeRecord& node,
                 DayInterval days) {
  if (node.name() == name) return true;
  return std::any_of(node.edges().begin(), node.edges().end(), [&](const NodeEdge& edge) {
    const DayInterval above = ToInterval(edge.valid()).Intersect(days);
    const NodeRecord* parent = book.Find(edge.parent());
    return edge.tree() == HomeTree(node.kind()) && !above.IsEmpty() && parent != nullptr &&
           StandsAbove(book, name, *parent, above);
  });
}

}  // namespace

absl::Status TreeChange::Create(const NewPlace& place, const NodeRecord& parent) {
  const rpc::v1::Level level = LevelBelow(parent.level());
  if (!IsDivision(parent) || !StandsOn(place.kind, level)) return LevelMismatch(parent.name());
  const NodeRecord* above = book_.GoverningUnit(parent.name(), place.valid.from);
  if (above == nullptr || !ToInterval(parent.valid()).Contains(place.valid) ||
      !ToInterval(above->valid()).Contains(place.valid)) {
    return ParentNotValid(parent.name());
  }
  NodeRecord unit = MakeNode({place.unit, rpc::v1::UNIT_NODE, level, GoverningKind(place.kind),
                              place.unit_name, "", above->name(), place.valid});
  unit.set_division(place.division);
  NodeRecord center = MakeNode({place.center, rpc::v1::SERVICE_CENTER_NODE, level, 0,
                                place.center_name, "", "", place.valid});
  center.set_division(place.division);
  center.set_unit(place.unit);
  book_.Create(MakeNode({place.division, rpc::v1::DIVISION_NODE, level, place.kind,
                         place.display_name, place.code, parent.name(), place.valid}));
  book_.Create(std::move(unit));
  book_.Create(std::move(center));
  return absl::OkStatus();
}

absl::Status TreeChange::Move(const NodeRecord& node, const NodeRecord& parent) {
  const NodeEdge* edge = EdgeOn(node, day_);
  const std::string left = edge == nullptr ? "" : edge->parent();
  RETURN_IF_ERROR(MoveOne(node, parent));
  if (!IsDivision(node)) return absl::OkStatus();
  // The division's unit goes with it if it stands under the unit of the parent that is left.
  const NodeRecord* unit = book_.GoverningUnit(node.name(), day_);
  const NodeRecord* left_unit = book_.GoverningUnit(left, day_);
  if (unit == nullptr || left_unit == nullptr) return absl::OkStatus();
  const NodeEdge* unit_edge = EdgeOn(*unit, day_);
  if (unit_edge == nullptr || unit_edge->parent() != left_unit->name()) return absl::OkStatus();
  const NodeRecord* parent_unit = book_.GoverningUnit(parent.name(), day_);
  return parent_unit == nullptr ? ParentNotValid(parent.name()) : MoveOne(*unit, *parent_unit);
}

absl::Status TreeChange::MoveOne(const NodeRecord& node, const NodeRecord& parent) {
  if (HomeTree(node.kind()) == rpc::v1::TREE_UNSPECIFIED || node.kind() != parent.kind()) {
    return LevelMismatch(parent.name());
  }
  const bool steps_down = IsDivision(node) || Governs(static_cast<v1::Unit::Kind>(node.subkind()));
  if (node.level() != (steps_down ? LevelBelow(parent.level()) : parent.level())) {
    return LevelMismatch(parent.name());
  }
  RETURN_IF_ERROR(CheckCovers(parent, {day_, node.valid().to_day()}, "PARENT_NOT_VALID",
                              "上级应在整个期间存续。"));
  RETURN_IF_ERROR(CheckNotBelow(node, parent));
  return Reparent(day_, parent.name(), book_.Edit(node.name()));
}

absl::Status TreeChange::CheckNotBelow(const NodeRecord& node, const NodeRecord& parent) const {
  const DayInterval days = {day_, node.valid().to_day()};
  if (!StandsAbove(book_, node.name(), parent, days)) return absl::OkStatus();
  return NodeError(absl::StatusCode::kInvalidArgument, "TREE_CYCLE", node.name(),
                   "it would be above itself", "上级不能是自己或自己的下级。");
}

absl::Status TreeChange::Dissolve(const NodeRecord& node, const NodeRecord& successor,
                                  bool pass_children) {
  if (node.kind() != successor.kind()) {
    return NodeError(absl::StatusCode::kFailedPrecondition, "SUCCESSOR_NOT_VALID", successor.name(),
                     "it is of another kind", "承接者应为同类。");
  }
  if (IsDivision(node)) RETURN_IF_ERROR(DissolveWhatServes(node, successor, pass_children));
  return DissolveOne(node, successor, pass_children);
}

absl::Status TreeChange::DissolveWhatServes(const NodeRecord& division, const NodeRecord& successor,
                                            bool pass_children) {
  for (const auto kind : {rpc::v1::SERVICE_CENTER_NODE, rpc::v1::UNIT_NODE}) {
    const bool is_unit = kind == rpc::v1::UNIT_NODE;
    const NodeRecord* node = is_unit ? book_.GoverningUnit(division.name(), day_)
                                     : book_.ServiceCenterOf(division.name(), day_);
    if (node == nullptr) continue;
    const NodeRecord* heir = is_unit ? book_.GoverningUnit(successor.name(), day_)
                                     : book_.ServiceCenterOf(successor.name(), day_);
    if (heir == nullptr) {
      return NodeError(absl::StatusCode::kFailedPrecondition, "SUCCESSOR_NOT_VALID",
                       successor.name(), "it has no unit or service center to take over",
                       "承接的行政区划没有相应的管辖单位或服务中心。");
    }
    RETURN_IF_ERROR(DissolveOne(*node, *heir, pass_children));
  }
  return absl::OkStatus();
}

absl::Status TreeChange::DissolveOne(const NodeRecord& node, const NodeRecord& successor,
                                     bool pass_children) {
  RETURN_IF_ERROR(CheckSuccessor(node, successor, day_));
  const std::string& name = node.name();
  if (const std::string right = book_.ObstacleOf(name); !right.empty())
    return Obstacle(name, right);
  if (IsDivision(node)) {
    if (!book_.NodesOf(name, rpc::v1::SERVICE_CENTER_NODE, day_).empty())
      return Obstacle(name, "HAS_SERVICE_CENTERS");
    if (!book_.NodesOf(name, rpc::v1::UNIT_NODE, day_).empty()) return Obstacle(name, "HAS_UNITS");
  } else if (!book_.ServiceCentersRunBy(name, day_).empty()) {
    return Obstacle(name, "HAS_SERVICE_CENTERS");
  }
  for (const std::string& child : book_.Children(name, day_)) {
    if (!pass_children) return Obstacle(name, "HAS_CHILDREN");
    RETURN_IF_ERROR(MoveOne(*book_.Find(child), successor));
  }
  return End(day_, successor.name(), book_.Edit(name));
}

}  // namespace qungong::org
