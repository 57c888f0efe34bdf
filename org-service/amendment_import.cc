#include "org-service/amendment_import.h"

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "org-service/division_import.h"
#include "org-service/division_rules.h"
#include "org-service/tree_change.h"
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
      : amendment_(amendment), book_(book), day_(DayNumber(amendment.day)), change_(day_, book) {}

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
    RETURN_IF_ERROR(change_.Move(*node, *parent));
    return Effect::kChanged;
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
    RETURN_IF_ERROR(change_.Dissolve(*node, *successor, /*pass_children=*/true));
    return Effect::kChanged;
  }

  const Amendment& amendment_;
  NodeBook& book_;
  const int32_t day_;
  TreeChange change_;
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
