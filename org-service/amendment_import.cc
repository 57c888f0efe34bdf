#include "org-service/amendment_import.h"

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "org-service/division_import.h"
#include "org-service/division_rules.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using Operation = Amendment::Operation;

enum class Effect { kCreated, kChanged, kUnchanged };

absl::Status Unknown(const AmendmentNode& node) {
  return WithReason(absl::FailedPreconditionError(absl::StrCat(
                        node.is_unit ? "the unit of " : "", node.key, " is not known on that day")),
                    "DIVISION_UNKNOWN");
}

absl::Status Differs(const AmendmentNode& node) {
  return WithReason(
      absl::FailedPreconditionError(absl::StrCat(node.key, " is known, and not as this row says")),
      "DIVISION_DIFFERS");
}

// One amendment on the book.
class Step {
 public:
  Step(const Amendment& amendment, NodeBook& book)
      : amendment_(amendment), book_(book), day_(DayNumber(amendment.day)) {}

  absl::StatusOr<Effect> Run() {
    switch (amendment_.operation) {
      case Operation::kCreate:
        return Create();
      case Operation::kMove:
        return Move();
      case Operation::kRelabel:
        return RelabelOne();
      case Operation::kDissolve:
        return DissolveOne();
    }
    return absl::InternalError("unknown operation");
  }

 private:
  const NodeRecord* Division(const std::string& key) const {
    const NodeRecord* known = book_.FindByCode(key, day_);
    return known != nullptr ? known : book_.Find(ResourceName("divisions", DivisionId(key)));
  }
  // What a row names: a division, the unit that governs one, or a unit that governs none.
  const NodeRecord* Node(const AmendmentNode& node, int32_t day) const {
    const NodeRecord* division = Division(node.key);
    if (!node.is_unit) return division;
    if (division != nullptr) return book_.GoverningUnit(division->name(), day);
    return book_.Find(ResourceName("units", UnitId(node.key)));
  }
  const NodeRecord* NodeNow(const AmendmentNode& node) const {
    const NodeRecord* record = Node(node, day_);
    return record != nullptr && ExistsOn(*record, day_) ? record : nullptr;
  }

  absl::StatusOr<Effect> Create() {
    const AmendmentNode& key = amendment_.node;
    const NodeRecord* parent = NodeNow(amendment_.parent);
    if (parent == nullptr) return Unknown(amendment_.parent);
    const rpc::v1::Level level = LevelBelow(parent->level());
    if (const NodeRecord* known = Node(key, day_); known != nullptr) {
      const std::string name =
          key.is_unit ? amendment_.name : NameDivision(level, amendment_.name).display_name;
      const NodeEdge* edge = EdgeOn(*known, day_);
      const bool same = known->valid().from_day() == day_ && edge != nullptr &&
                        edge->parent() == parent->name() &&
                        LabelOn(*known, day_)->display_name() == name;
      if (!same) return Differs(key);
      return Effect::kUnchanged;
    }
    const DayInterval valid = {day_, kNoEndDay};
    if (!key.is_unit) {
      RETURN_IF_ERROR(
          CreateDivisionIn({key.key, key.has_code() ? key.key : "", amendment_.name, level, valid},
                           *parent, &book_));
      return Effect::kCreated;
    }
    RETURN_IF_ERROR(CheckCovers(*parent, valid, "PARENT_NOT_VALID", ""));
    book_.Create(MakeNode({ResourceName("units", UnitId(key.key)), rpc::v1::UNIT_NODE, level,
                           v1::Unit::FUNCTIONAL_AREA_COMMITTEE, amendment_.name, "", parent->name(),
                           valid}));
    return Effect::kCreated;
  }

  absl::StatusOr<Effect> Move() {
    const NodeRecord* node = NodeNow(amendment_.node);
    const NodeRecord* parent = NodeNow(amendment_.parent);
    if (node == nullptr) return Unknown(amendment_.node);
    if (parent == nullptr) return Unknown(amendment_.parent);
    const NodeEdge* edge = EdgeOn(*node, day_);
    if (edge == nullptr) return Differs(amendment_.node);
    if (edge->parent() == parent->name()) return Effect::kUnchanged;
    const std::string left = edge->parent();
    RETURN_IF_ERROR(MoveTo(*node, *parent));
    if (amendment_.node.is_unit) return Effect::kChanged;
    // The division's unit goes with it if it stands under the unit of the parent that is left.
    const NodeRecord* unit = book_.GoverningUnit(node->name(), day_);
    const NodeRecord* left_unit = book_.GoverningUnit(left, day_);
    const NodeRecord* parent_unit = book_.GoverningUnit(parent->name(), day_);
    if (unit == nullptr || left_unit == nullptr) return Effect::kChanged;
    const NodeEdge* unit_edge = EdgeOn(*unit, day_);
    if (unit_edge == nullptr || unit_edge->parent() != left_unit->name()) return Effect::kChanged;
    if (parent_unit == nullptr) return Unknown({true, amendment_.parent.key});
    RETURN_IF_ERROR(MoveTo(*unit, *parent_unit));
    return Effect::kChanged;
  }

  absl::Status MoveTo(const NodeRecord& node, const NodeRecord& parent) {
    const bool governs = node.kind() == rpc::v1::DIVISION_NODE ||
                         Governs(static_cast<v1::Unit::Kind>(node.subkind()));
    if (node.level() != (governs ? LevelBelow(parent.level()) : parent.level())) {
      return WithReason(absl::InvalidArgumentError("the levels do not fit"), "LEVEL_MISMATCH");
    }
    RETURN_IF_ERROR(CheckCovers(parent, {day_, node.valid().to_day()}, "PARENT_NOT_VALID", ""));
    return Reparent(day_, parent.name(), book_.Edit(node.name()));
  }

  absl::StatusOr<Effect> RelabelOne() {
    const NodeRecord* division = Division(amendment_.successor.key);
    if (division == nullptr) return Unknown(amendment_.successor);
    const std::string& name = amendment_.name;
    const v1::Division::Kind kind = KindOfName(division->level(), name);
    ASSIGN_OR_RETURN(bool changed, LabelUntilNow(division, name, amendment_.node.key));
    ASSIGN_OR_RETURN(
        const bool unit_changed,
        LabelUntilNow(book_.GoverningUnit(division->name(), day_), GoverningName(kind, name), ""));
    ASSIGN_OR_RETURN(
        const bool center_changed,
        LabelUntilNow(book_.ServiceCenterOf(division->name(), day_), ServiceCenterName(name), ""));
    changed = changed || unit_changed || center_changed;
    return changed ? Effect::kChanged : Effect::kUnchanged;
  }

  // Whether that was not known already.
  absl::StatusOr<bool> LabelUntilNow(const NodeRecord* node, absl::string_view name,
                                     absl::string_view code) {
    if (node == nullptr) return false;
    NodeRecord edited = *node;
    RETURN_IF_ERROR(RelabelBefore(day_, name, code, &edited));
    if (edited.SerializeAsString() == node->SerializeAsString()) return false;
    *book_.Edit(edited.name()) = edited;
    return true;
  }

  absl::StatusOr<Effect> DissolveOne() {
    const NodeRecord* successor = NodeNow(amendment_.successor);
    if (successor == nullptr) return Unknown(amendment_.successor);
    // Ended already, it is found on the day before.
    const NodeRecord* node = Node(amendment_.node, day_ - 1);
    if (node == nullptr) return Unknown(amendment_.node);
    if (node->valid().to_day() == day_ && node->successor() == successor->name()) {
      return Effect::kUnchanged;
    }
    if (!amendment_.node.is_unit) {
      const NodeRecord* unit = book_.GoverningUnit(node->name(), day_);
      const NodeRecord* heir = book_.GoverningUnit(successor->name(), day_);
      const NodeRecord* center = book_.ServiceCenterOf(node->name(), day_);
      const NodeRecord* heir_center = book_.ServiceCenterOf(successor->name(), day_);
      if (heir == nullptr || heir_center == nullptr) return Unknown(amendment_.successor);
      if (center != nullptr) {
        RETURN_IF_ERROR(CheckSuccessor(*center, *heir_center, day_));
        RETURN_IF_ERROR(End(day_, heir_center->name(), book_.Edit(center->name())));
      }
      if (unit != nullptr) RETURN_IF_ERROR(DissolveInto(*unit, *heir));
    }
    RETURN_IF_ERROR(DissolveInto(*node, *successor));
    return Effect::kChanged;
  }

  // What stands below passes to the successor.
  absl::Status DissolveInto(const NodeRecord& node, const NodeRecord& successor) {
    RETURN_IF_ERROR(CheckSuccessor(node, successor, day_));
    std::string obstacle = book_.ObstacleOf(node.name());
    if (!book_.ServiceCentersRunBy(node.name(), day_).empty()) obstacle = "HAS_SERVICE_CENTERS";
    if (!obstacle.empty()) {
      return WithReason(
          absl::FailedPreconditionError(absl::StrCat("something rests on ", node.name())),
          obstacle);
    }
    for (const std::string& child : book_.Children(node.name(), day_)) {
      RETURN_IF_ERROR(MoveTo(*book_.Find(child), successor));
    }
    return End(day_, successor.name(), book_.Edit(node.name()));
  }

  const Amendment& amendment_;
  NodeBook& book_;
  const int32_t day_;
};

}  // namespace

void PlanAmendments(const std::vector<Amendment>& amendments, NodeBook* book,
                    ImportReport* report) {
  for (const Amendment& amendment : amendments) {
    const absl::StatusOr<Effect> effect = Step(amendment, *book).Run();
    if (!effect.ok()) {
      report->AddError(amendment.line, "", effect.status());
    } else if (*effect == Effect::kCreated) {
      report->CountCreated();
    } else if (*effect == Effect::kChanged) {
      report->CountChanged();
    } else {
      report->CountUnchanged();
    }
  }
}

}  // namespace qungong::org
