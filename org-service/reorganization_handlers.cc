#include "org-service/reorganization_handlers.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "org-service/import_load.h"
#include "org-service/node_change.h"
#include "org-service/rehoming_store.h"
#include "org-service/reorganization_plan.h"
#include "org-service/unit_in_force.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using Preview = v1::PreviewReorganizationResponse;
using Rehoming = Preview::Rehoming;

// More than a municipality changes in a day; their records go into one event.
constexpr size_t kMaxChanged = 2000;
constexpr size_t kExamples = 5;

// What both methods begin with: who may, and what is there.
struct Ground {
  int32_t day = 0;
  Uuid unit;
  NodeBook book;
  RestingByUnit resting;
  std::vector<Uuid> ending_units;
};

absl::Status LoadGround(Read& read, const std::string& unit, const v1::ReorganizationPlan& plan,
                        Ground& ground) {
  ASSIGN_OR_RETURN(ground.day, DayOrToday(read, plan.effective_date(), "plan.effective_date"));
  ASSIGN_OR_RETURN(ground.unit, ParseResourceName("units", unit));
  RETURN_IF_ERROR(AuthorizeKeeper(read, ground.unit, unit));
  ASSIGN_OR_RETURN(const PlanNames named, NamesIn(plan));
  std::vector<std::string> names;
  for (const PlanNames::Name& name : named.names) names.push_back(name.name);
  ASSIGN_OR_RETURN(const auto own, LoadOwnBelow(read, ground.unit, names));
  for (size_t i = 0; i < own.size(); ++i) {
    if (!own[i].has_value()) return AtStep(DeniedOrAbsent(names[i]), named.names[i].step);
  }
  RETURN_IF_ERROR(LoadAround(read.tx(), named.to_load, &ground.book));
  const PlanRun not_begun(plan, ground.day, nullptr, ground.book);
  for (int i = 0; i < plan.steps_size(); ++i) {
    for (const std::string& name : not_begun.EndingsOf(i)) {
      if (!absl::StartsWith(name, "units/")) continue;
      ASSIGN_OR_RETURN(ground.ending_units.emplace_back(), ParseResourceName("units", name));
    }
  }
  ASSIGN_OR_RETURN(ground.resting,
                   LoadRightsOn(read.tx(), ground.ending_units, FromDayNumber(ground.day)));
  for (const auto& [id, kinds] : ground.resting) {
    ground.book.AddObstacle(ResourceName("units", id),
                            kinds.contains(Rehoming::APPOINTMENTS) ? "HAS_APPOINTMENTS"
                            : kinds.contains(Rehoming::RELATIONS)  ? "HAS_RELATIONS"
                                                                   : "HAS_GRANTS");
  }
  return absl::OkStatus();
}

// What the steps changed without naming it is the caller's, too: children that pass to another
// parent, or a service center that another unit runs.
absl::Status CheckOwn(Read& read, const Uuid& unit, const std::vector<OrgNode>& changed) {
  std::vector<std::string> names;
  for (const OrgNode& node : changed) {
    if (node.version > 0) names.push_back(node.record.name());
  }
  ASSIGN_OR_RETURN(const auto own, LoadOwnBelow(read, unit, names));
  for (size_t i = 0; i < own.size(); ++i) {
    if (!own[i].has_value()) return DeniedOrAbsent(names[i]);
  }
  return absl::OkStatus();
}

// One event tells it all, so that whoever follows the feed never knows half of it; each node has
// one of its own, too, for its history.
absl::Status Write(Mutation& m, const std::string& name, std::vector<OrgNode> changed) {
  rpc::v1::DirectoryChange change;
  for (OrgNode& node : changed) {
    ++node.version;
    node.updated = m.call().now;
    *change.add_nodes() = node.record;
  }
  RETURN_IF_ERROR(SaveNodes(m.tx(), changed));
  Event event;
  event.aggregate = name;
  event.version = 1;
  event.kind = "Reorganization.APPLIED";
  m.Emit(event.WithPayload(change));
  for (const OrgNode& node : changed) m.Emit(NodeEvent(node, "REORGANIZED"));
  return absl::OkStatus();
}

void AddRehoming(Rehoming::Kind kind, std::vector<std::string> names, Rehoming::Fate fate,
                 Preview::Ending* ending) {
  if (names.empty()) return;
  Rehoming& row = *ending->add_rehomings();
  row.set_kind(kind);
  row.set_count(static_cast<int32_t>(names.size()));
  row.set_fate(fate);
  names.resize(std::min(names.size(), kExamples));
  for (std::string& name : names) row.add_examples(std::move(name));
}

std::vector<std::string> Without(std::vector<std::string> names,
                                 const std::vector<std::string>& others) {
  std::erase_if(names, [&others](const std::string& name) {
    return std::find(others.begin(), others.end(), name) != others.end();
  });
  return names;
}

// What rests on a node that ends together with the other `endings` of its step.
absl::Status FillEnding(const Ground& ground, const std::vector<std::string>& endings,
                        bool pass_children, const NodeRecord& node, Preview::Ending* ending) {
  const NodeBook& book = ground.book;
  const std::string& name = node.name();
  ending->set_name(name);
  if (const NodeLabel* label = LabelOn(node, NearestDay(node, ground.day))) {
    ending->set_display_name(label->display_name());
  }
  AddRehoming(Rehoming::CHILDREN, book.Children(name, ground.day),
              pass_children ? Rehoming::PASSES_TO_SUCCESSOR : Rehoming::MUST_BE_REHOMED, ending);
  if (node.kind() == rpc::v1::DIVISION_NODE) {
    AddRehoming(Rehoming::UNITS,
                Without(book.NodesOf(name, rpc::v1::UNIT_NODE, ground.day), endings),
                Rehoming::MUST_BE_REHOMED, ending);
    AddRehoming(Rehoming::SERVICE_CENTERS,
                Without(book.NodesOf(name, rpc::v1::SERVICE_CENTER_NODE, ground.day), endings),
                Rehoming::MUST_BE_REHOMED, ending);
  }
  if (node.kind() != rpc::v1::UNIT_NODE) return absl::OkStatus();
  AddRehoming(Rehoming::SERVICE_CENTERS,
              Without(book.ServiceCentersRunBy(name, ground.day), endings),
              Rehoming::MUST_BE_REHOMED, ending);
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("units", name));
  const auto resting = ground.resting.find(id);
  if (resting == ground.resting.end()) return absl::OkStatus();
  for (const auto& [kind, names] : resting->second) {
    const bool stays = kind == Rehoming::ACCOUNTS || kind == Rehoming::PEOPLE;
    AddRehoming(kind, names, stays ? Rehoming::STAYS : Rehoming::MUST_BE_REHOMED, ending);
  }
  return absl::OkStatus();
}

void AddError(int step, const absl::Status& status, Preview* preview) {
  Preview::StepError& error = *preview->add_errors();
  error.set_step(step);
  error.set_reason(ReasonOf(status));
  error.set_message(std::string(status.message()));
}

// Tries every step on what the steps before it left.
absl::Status TrySteps(const v1::ReorganizationPlan& plan, Ground& ground, PlanRun& run,
                      Preview* preview) {
  for (int i = 0; i < plan.steps_size(); ++i) {
    const std::vector<std::string> endings = run.EndingsOf(i);
    for (const std::string& name : endings) {
      Preview::Ending& ending = *preview->add_endings();
      ending.set_step(i);
      RETURN_IF_ERROR(FillEnding(ground, endings, plan.steps(i).dissolve().pass_children(),
                                 *ground.book.Find(name), &ending));
    }
    ground.book.Mark();
    const absl::Status done = run.Do(i);
    if (done.ok()) continue;
    ground.book.Undo();
    AddError(i, done, preview);
  }
  for (const PlanRun::CodeConflict& conflict : run.CodeConflicts()) {
    AddError(conflict.step, conflict.error, preview);
  }
  std::stable_sort(preview->mutable_errors()->begin(), preview->mutable_errors()->end(),
                   [](const auto& a, const auto& b) { return a.step() < b.step(); });
  return absl::OkStatus();
}

// By level, of one kind: without the plan, and what the plan adds.
struct Total {
  int before = 0;
  int added = 0;
};
using Totals = std::map<rpc::v1::Level, std::map<rpc::v1::NodeKind, Total>>;

absl::StatusOr<Totals> CountOn(mysql::Tx& tx, int32_t day, const std::vector<OrgNode>& changed) {
  Totals totals;
  for (const auto kind :
       {rpc::v1::DIVISION_NODE, rpc::v1::UNIT_NODE, rpc::v1::SERVICE_CENTER_NODE}) {
    ASSIGN_OR_RETURN(const std::vector<NodeCount> counts, CountNodes(tx, kind, {}, day));
    for (const NodeCount& count : counts) totals[count.level][kind].before += count.count;
  }
  for (const OrgNode& node : changed) {
    Total& total = totals[node.record.level()][node.record.kind()];
    if (node.version == 0) ++total.added;
    if (node.record.valid().to_day() == day) --total.added;
  }
  return totals;
}

void FillTotals(const Totals& totals, Preview* preview) {
  for (const auto& [level, kinds] : totals) {
    Preview::LevelTotals& row = *preview->add_totals();
    const auto of = [&kinds = kinds](rpc::v1::NodeKind kind) {
      const auto it = kinds.find(kind);
      return it == kinds.end() ? Total() : it->second;
    };
    const Total divisions = of(rpc::v1::DIVISION_NODE);
    const Total units = of(rpc::v1::UNIT_NODE);
    const Total centers = of(rpc::v1::SERVICE_CENTER_NODE);
    row.set_level(level);
    row.set_divisions_before(divisions.before);
    row.set_divisions_after(divisions.before + divisions.added);
    row.set_units_before(units.before);
    row.set_units_after(units.before + units.added);
    row.set_service_centers_before(centers.before);
    row.set_service_centers_after(centers.before + centers.added);
  }
}

}  // namespace

absl::StatusOr<v1::Reorganization> ReorganizationHandlers::ReorganizeTree(
    Mutation& m, const v1::ReorganizeTreeRequest& request) {
  RETURN_IF_ERROR(LockTree(m.tx()));
  const v1::ReorganizationPlan& plan = request.plan();
  Ground ground;
  RETURN_IF_ERROR(LoadGround(m, request.unit(), plan, ground));
  v1::Reorganization reply;
  reply.set_name(ResourceName("reorganizations", m.NewId()));
  PlanRun run(
      plan, ground.day, [&m] { return m.NewId(); }, ground.book);
  for (int i = 0; i < plan.steps_size(); ++i) RETURN_IF_ERROR(run.Do(i));
  const auto conflicts = run.CodeConflicts();
  if (!conflicts.empty()) return conflicts.front().error;
  std::vector<OrgNode> changed = ground.book.Changed();
  if (changed.size() > kMaxChanged) {
    return WithChinese(
        WithReason(absl::InvalidArgumentError(absl::StrCat(
                       "it changes ", changed.size(), " nodes; at most ", kMaxChanged, " may be")),
                   "REORGANIZATION_TOO_LARGE"),
        "一次调整涉及的对象过多,请分批办理。");
  }
  RETURN_IF_ERROR(CheckOwn(m, ground.unit, changed));
  reply.set_unit(request.unit());
  *reply.mutable_effective_date() = ToDate(FromDayNumber(ground.day));
  reply.set_document(plan.document());
  for (const auto& made : run.created()) *reply.add_created() = made;
  reply.set_changed_count(static_cast<int32_t>(changed.size()));
  *reply.mutable_create_time() = ToTimestamp(m.call().now);
  RETURN_IF_ERROR(Write(m, reply.name(), std::move(changed)));
  return reply;
}

absl::StatusOr<v1::PreviewReorganizationResponse> ReorganizationHandlers::PreviewReorganization(
    Read& read, const v1::PreviewReorganizationRequest& request) {
  Ground ground;
  RETURN_IF_ERROR(LoadGround(read, request.unit(), request.plan(), ground));
  RETURN_IF_ERROR(AddKept(read.tx(), ground.ending_units, ground.resting));
  int made = 0;
  // Nobody sees these ids.
  const auto new_id = [&made] { return NameUuid(absl::StrCat("preview:", ++made)); };
  PlanRun run(request.plan(), ground.day, new_id, ground.book);
  Preview preview;
  RETURN_IF_ERROR(TrySteps(request.plan(), ground, run, &preview));
  const std::vector<OrgNode> changed = ground.book.Changed();
  RETURN_IF_ERROR(CheckOwn(read, ground.unit, changed));
  ASSIGN_OR_RETURN(const Totals totals, CountOn(read.tx(), ground.day, changed));
  FillTotals(totals, &preview);
  return preview;
}

}  // namespace qungong::org
