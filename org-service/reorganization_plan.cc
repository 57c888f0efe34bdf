#include "org-service/reorganization_plan.h"

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "org-service/division_rules.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using Step = v1::ReorganizationStep;

struct SplitName {
  std::string collection;
  std::string id;

  bool IsLabel() const { return !Uuid::Parse(id).ok(); }
};

SplitName Split(absl::string_view name) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(name, absl::MaxSplits('/', 1));
  return {parts.first, parts.second};
}

std::string FieldOf(int step, absl::string_view field) {
  return absl::StrCat("plan.steps[", step, "]", field.empty() ? "" : ".", field);
}

// Collects what one field names.
absl::Status AddName(const std::string& name, int step, absl::string_view field,
                     absl::flat_hash_set<std::string>& seen, PlanNames& names) {
  const SplitName split = Split(name);
  std::vector<Uuid>* to_load = split.collection == "divisions"        ? &names.to_load.divisions
                               : split.collection == "units"          ? &names.to_load.units
                               : split.collection == "serviceCenters" ? &names.to_load.centers
                                                                      : nullptr;
  if (to_load == nullptr || split.id.empty()) {
    return AtStep(InvalidField(FieldOf(step, field), "names no division, unit or service center"),
                  step);
  }
  if (split.IsLabel() || !seen.insert(name).second) return absl::OkStatus();
  names.names.push_back({name, step});
  to_load->push_back(*Uuid::Parse(split.id));
  return absl::OkStatus();
}

void AddCode(const std::string& code, PlanNames& names) {
  if (!code.empty()) names.to_load.codes.push_back(code);
}

// Whether both bear the code on some day.
bool ShareCode(const NodeRecord& a, const NodeRecord& b, absl::string_view code) {
  for (const NodeLabel& of_a : a.labels()) {
    for (const NodeLabel& of_b : b.labels()) {
      if (of_a.code() == code && of_b.code() == code &&
          ToInterval(of_a.valid()).Overlaps(ToInterval(of_b.valid()))) {
        return true;
      }
    }
  }
  return false;
}

std::string Or(const std::string& text, const std::string& otherwise) {
  return text.empty() ? otherwise : text;
}

}  // namespace

absl::Status AtStep(absl::Status status, int step) {
  return WithMetadata(std::move(status), "step", absl::StrCat(step));
}

absl::StatusOr<PlanNames> NamesIn(const v1::ReorganizationPlan& plan) {
  PlanNames names;
  absl::flat_hash_set<std::string> seen;
  for (int i = 0; i < plan.steps_size(); ++i) {
    const Step& step = plan.steps(i);
    const auto add = [&](const std::string& name, absl::string_view field) {
      return AddName(name, i, field, seen, names);
    };
    switch (step.step_case()) {
      case Step::kCreate:
        RETURN_IF_ERROR(add(step.create().parent(), "create.parent"));
        AddCode(step.create().code(), names);
        break;
      case Step::kRename:
        RETURN_IF_ERROR(add(step.rename().name(), "rename.name"));
        AddCode(step.rename().code(), names);
        break;
      case Step::kMove:
        RETURN_IF_ERROR(add(step.move().name(), "move.name"));
        RETURN_IF_ERROR(add(step.move().parent(), "move.parent"));
        break;
      case Step::kDissolve:
        RETURN_IF_ERROR(add(step.dissolve().name(), "dissolve.name"));
        RETURN_IF_ERROR(add(step.dissolve().successor(), "dissolve.successor"));
        break;
      case Step::STEP_NOT_SET:
        return AtStep(InvalidField(FieldOf(i, ""), "says nothing to do"), i);
    }
  }
  return names;
}

absl::Status PlanRun::Do(int number) {
  const Step& step = plan_.steps(number);
  switch (step.step_case()) {
    case Step::kCreate:
      return AtStep(Create(step.create(), number), number);
    case Step::kRename:
      return AtStep(Rename(step.rename(), number), number);
    case Step::kMove:
      return AtStep(Move(step.move(), number), number);
    case Step::kDissolve:
      return AtStep(Dissolve(step.dissolve(), number), number);
    case Step::STEP_NOT_SET:
      break;
  }
  return absl::InternalError("a step says nothing to do");
}

absl::Status PlanRun::Create(const Step::Create& step, int number) {
  const auto same = [&step](const auto& made) { return made.label() == step.label(); };
  if (std::any_of(created_.begin(), created_.end(), same)) {
    return InvalidField(FieldOf(number, "create.label"), "was given by an earlier step");
  }
  ASSIGN_OR_RETURN(const NodeRecord* parent, Find(step.parent(), "create.parent", number));
  if (!step.code().empty() && step.code().size() != CodeLength(LevelBelow(parent->level()))) {
    return InvalidField(FieldOf(number, "create.code"), "has not as many digits as its level");
  }
  v1::Reorganization::Created made;
  made.set_label(step.label());
  made.set_division(ResourceName("divisions", new_id_()));
  made.set_unit(ResourceName("units", new_id_()));
  made.set_service_center(ResourceName("serviceCenters", new_id_()));
  NewPlace place;
  place.division = made.division();
  place.unit = made.unit();
  place.center = made.service_center();
  place.kind = step.kind();
  place.display_name = step.display_name();
  place.unit_name = Or(step.unit_display_name(), GoverningName(step.kind(), step.display_name()));
  place.center_name =
      Or(step.service_center_display_name(), ServiceCenterName(step.display_name()));
  place.code = step.code();
  place.valid = {day_, kNoEndDay};
  RETURN_IF_ERROR(change_.Create(place, *parent));
  if (!step.code().empty()) codes_.push_back({number, made.division(), step.code()});
  created_.push_back(std::move(made));
  return absl::OkStatus();
}

absl::Status PlanRun::Rename(const Step::Rename& step, int number) {
  ASSIGN_OR_RETURN(const NodeRecord* node, Find(step.name(), "rename.name", number));
  std::optional<absl::string_view> code;
  if (step.has_code()) {
    const bool fits = node->kind() == rpc::v1::DIVISION_NODE &&
                      (step.code().empty() || step.code().size() == CodeLength(node->level()));
    if (!fits) {
      return InvalidField(FieldOf(number, "rename.code"),
                          "has not as many digits as its level, or is not of a division");
    }
    code = step.code();
  }
  RETURN_IF_ERROR(Relabel(day_, step.display_name(), code, book_.Edit(node->name())));
  if (!step.code().empty()) codes_.push_back({number, node->name(), step.code()});
  return absl::OkStatus();
}

absl::Status PlanRun::Move(const Step::Move& step, int number) {
  ASSIGN_OR_RETURN(const NodeRecord* node, Find(step.name(), "move.name", number));
  ASSIGN_OR_RETURN(const NodeRecord* parent, Find(step.parent(), "move.parent", number));
  return change_.Move(*node, *parent);
}

absl::Status PlanRun::Dissolve(const Step::Dissolve& step, int number) {
  ASSIGN_OR_RETURN(const NodeRecord* node, Find(step.name(), "dissolve.name", number));
  ASSIGN_OR_RETURN(const NodeRecord* heir, Find(step.successor(), "dissolve.successor", number));
  return change_.Dissolve(*node, *heir, step.pass_children());
}

std::vector<PlanRun::CodeConflict> PlanRun::CodeConflicts() const {
  std::vector<CodeConflict> conflicts;
  for (const GivenCode& given : codes_) {
    const NodeRecord* record = book_.Find(given.division);
    std::vector<const NodeRecord*> others = book_.AllByCode(given.code);
    for (const GivenCode& other : codes_) {
      if (other.code == given.code) others.push_back(book_.Find(other.division));
    }
    const bool taken = std::any_of(others.begin(), others.end(), [&](const NodeRecord* other) {
      return other->name() != record->name() && ShareCode(*record, *other, given.code);
    });
    if (taken)
      conflicts.push_back({given.step, AtStep(CodeTaken(record->name(), given.code), given.step)});
  }
  return conflicts;
}

std::vector<std::string> PlanRun::EndingsOf(int number) const {
  std::vector<std::string> endings;
  if (!plan_.steps(number).has_dissolve()) return endings;
  const NodeRecord* node = book_.Find(Resolve(plan_.steps(number).dissolve().name()));
  if (node == nullptr) return endings;
  const auto add = [&endings](const NodeRecord* ending) {
    if (ending != nullptr) endings.push_back(ending->name());
  };
  if (node->kind() == rpc::v1::DIVISION_NODE) {
    add(book_.ServiceCenterOf(node->name(), day_));
    add(book_.GoverningUnit(node->name(), day_));
  }
  add(node);
  return endings;
}

std::string PlanRun::Resolve(absl::string_view name) const {
  const SplitName split = Split(name);
  for (const v1::Reorganization::Created& made : created_) {
    if (made.label() != split.id) continue;
    return split.collection == "divisions" ? made.division()
           : split.collection == "units"   ? made.unit()
                                           : made.service_center();
  }
  return std::string(name);
}

absl::StatusOr<const NodeRecord*> PlanRun::Find(absl::string_view name, absl::string_view field,
                                                int number) const {
  const NodeRecord* node = book_.Find(Resolve(name));
  if (node != nullptr) return node;
  return InvalidField(FieldOf(number, field), "names what no earlier step has created");
}

}  // namespace qungong::org
