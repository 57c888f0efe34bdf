#include "org-service/unit_handlers.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "org-service/division_rules.h"
#include "org-service/listing.h"
#include "org-service/node_change.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

v1::Unit ToUnit(const OrgNode& node, int32_t day) {
  v1::Unit unit;
  FillCommon(node, day, &unit);
  FillParents(node.record, unit.mutable_parents());
  if (const NodeEdge* edge = EdgeOn(node.record, NearestDay(node.record, day))) {
    unit.set_parent(edge->parent());
  }
  unit.set_kind(static_cast<v1::Unit::Kind>(node.record.subkind()));
  unit.set_division(node.record.division());
  unit.set_line(node.record.line());
  return unit;
}

absl::StatusOr<std::optional<Uuid>> Optional(absl::string_view collection,
                                             const std::string& name) {
  if (name.empty()) return std::optional<Uuid>();
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(collection, name));
  return std::optional<Uuid>(id);
}

// A department has a line, a unit that governs a division, any other neither. The committee of a
// functional area may govern units without a division of its own.
absl::Status CheckKind(const v1::CreateUnitRequest& request) {
  const bool needs_division =
      Governs(request.kind()) && request.kind() != v1::Unit::FUNCTIONAL_AREA_COMMITTEE;
  const bool has_division = !request.division().empty();
  const bool has_line = !request.line().empty();
  if (has_line == (request.kind() == v1::Unit::DEPARTMENT) &&
      (has_division ? Governs(request.kind()) : !needs_division)) {
    return absl::OkStatus();
  }
  return NodeError(absl::StatusCode::kInvalidArgument, "UNIT_KIND_MISMATCH", request.parent(),
                   "a department has a line, a unit that governs has a division, others neither",
                   "部门应填条线,政府、办事处和委员会应填所辖行政区划,其他单位都不填。");
}

// The level of a unit of a kind below `parent`: those that govern stand one level down.
rpc::v1::Level LevelUnder(const NodeRecord& parent, int kind) {
  return Governs(static_cast<v1::Unit::Kind>(kind)) ? LevelBelow(parent.level()) : parent.level();
}

absl::Status LevelMismatch(const std::string& name) {
  return NodeError(absl::StatusCode::kInvalidArgument, "LEVEL_MISMATCH", name,
                   "the level does not fit the parent or the division",
                   "层级与上级单位或所辖行政区划不符。");
}

// The caller may change the division, too: who governs it decides on it.
absl::Status CheckDivision(Mutation& m, const NodeRecord& unit) {
  if (unit.division().empty()) return absl::OkStatus();
  const DayInterval days = ToInterval(unit.valid());
  ASSIGN_OR_RETURN(const OrgNode division, LoadOwn(m, unit.division()));
  if (division.record.level() != unit.level()) return LevelMismatch(unit.division());
  RETURN_IF_ERROR(
      CheckCovers(division.record, days, "DIVISION_NOT_VALID", "所辖行政区划应在整个期间存续。"));
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("divisions", unit.division()));
  ASSIGN_OR_RETURN(const std::vector<Uuid> others,
                   NodesOfDivision(m.tx(), rpc::v1::UNIT_NODE, id, days));
  if (others.empty()) return absl::OkStatus();
  return NodeError(absl::StatusCode::kAlreadyExists, "DIVISION_GOVERNED", unit.division(),
                   "another unit governs it at that time", "该行政区划当时已有管辖单位。");
}

constexpr char kParentNotValid[] = "上级单位应在整个期间存续。";

}  // namespace

absl::StatusOr<v1::Unit> UnitHandlers::GetUnit(Read& read, const v1::GetUnitRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const OrgNode node, LoadNodeOn(read.tx(), request.name(), day));
  return ToUnit(node, day);
}

absl::StatusOr<v1::ListUnitsResponse> UnitHandlers::ListUnits(Read& read,
                                                              const v1::ListUnitsRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  NodeFilter filter;
  filter.kind = rpc::v1::UNIT_NODE;
  ASSIGN_OR_RETURN(filter.parent, Optional("units", request.parent()));
  ASSIGN_OR_RETURN(filter.division, Optional("divisions", request.division()));
  filter.level = request.level();
  filter.line = request.line();
  filter.roots = request.parent().empty() && request.division().empty() && request.line().empty() &&
                 request.level() == rpc::v1::LEVEL_UNSPECIFIED;
  ASSIGN_OR_RETURN(std::vector<ListedNode> nodes,
                   ListNodes(read.tx(), filter, day, page.after(), page.limit()));
  v1::ListUnitsResponse response;
  if (page.Cut(nodes)) response.set_next_page_token(page.NextToken(read, nodes.back().key));
  for (const ListedNode& listed : nodes) {
    v1::Unit& unit = *response.add_units();
    unit = ToUnit(listed.node, day);
    unit.clear_names();
    unit.clear_parents();
  }
  return response;
}

absl::StatusOr<v1::CountUnitsResponse> UnitHandlers::CountUnits(
    Read& read, const v1::CountUnitsRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const std::optional<Uuid> parent, Optional("units", request.parent()));
  ASSIGN_OR_RETURN(const std::vector<NodeCount> counts,
                   CountNodes(read.tx(), rpc::v1::UNIT_NODE, parent, day));
  v1::CountUnitsResponse response;
  *response.mutable_as_of() = ToDate(FromDayNumber(day));
  v1::CountUnitsResponse::LevelCount* level = nullptr;
  for (const NodeCount& count : counts) {  // by level, then by kind
    const auto kind = static_cast<v1::Unit::Kind>(count.subkind);
    if (level == nullptr || level->level() != count.level) {
      level = response.add_levels();
      level->set_level(count.level);
    }
    level->set_count(level->count() + count.count);
    if (Governs(kind)) level->set_governing_count(level->governing_count() + count.count);
    const int known = level->kinds_size();
    auto* by_kind = known > 0 && level->kinds(known - 1).kind() == kind
                        ? level->mutable_kinds(known - 1)
                        : level->add_kinds();
    by_kind->set_kind(kind);
    by_kind->set_count(by_kind->count() + count.count);
  }
  return response;
}

absl::StatusOr<v1::Unit> UnitHandlers::CreateUnit(Mutation& m,
                                                  const v1::CreateUnitRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.valid_from(), "valid_from"));
  int32_t end = kNoEndDay;
  if (request.has_valid_to()) {
    ASSIGN_OR_RETURN(end, DayOrToday(m, request.valid_to(), "valid_to"));
    if (end <= day) return InvalidField("valid_to", "must be later than valid_from");
  }
  ASSIGN_OR_RETURN(const OrgNode parent, LoadForChange(m, request.parent(), ""));
  RETURN_IF_ERROR(CheckKind(request));
  NewNode node;
  node.name = ResourceName("units", m.NewId());
  node.kind = rpc::v1::UNIT_NODE;
  node.level = LevelUnder(parent.record, request.kind());
  node.subkind = request.kind();
  node.display_name = request.display_name();
  node.parent = request.parent();
  node.valid = {day, end};
  if (node.level == rpc::v1::LEVEL_UNSPECIFIED) return LevelMismatch(request.parent());
  RETURN_IF_ERROR(CheckCovers(parent.record, node.valid, "PARENT_NOT_VALID", kParentNotValid));
  OrgNode created;
  created.record = MakeNode(node);
  created.record.set_division(request.division());
  created.record.set_line(request.line());
  RETURN_IF_ERROR(CheckDivision(m, created.record));
  RETURN_IF_ERROR(SaveChange(m, "CREATED", &created));
  return ToUnit(created, day);
}

absl::StatusOr<v1::Unit> UnitHandlers::RenameUnit(Mutation& m,
                                                  const v1::RenameUnitRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  RETURN_IF_ERROR(Relabel(day, request.display_name(), std::nullopt, &node.record));
  RETURN_IF_ERROR(SaveChange(m, "RENAMED", &node));
  return ToUnit(node, day);
}

absl::StatusOr<v1::Unit> UnitHandlers::MoveUnit(Mutation& m, const v1::MoveUnitRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  ASSIGN_OR_RETURN(const OrgNode parent, LoadOwn(m, request.parent()));
  if (LevelUnder(parent.record, node.record.subkind()) != node.record.level()) {
    return LevelMismatch(request.parent());
  }
  RETURN_IF_ERROR(Reparent(day, request.parent(), &node.record));
  RETURN_IF_ERROR(CheckCovers(parent.record, {day, node.record.valid().to_day()},
                              "PARENT_NOT_VALID", kParentNotValid));
  RETURN_IF_ERROR(SaveChange(m, "MOVED", &node));
  return ToUnit(node, day);
}

absl::StatusOr<v1::Unit> UnitHandlers::DissolveUnit(Mutation& m,
                                                    const v1::DissolveUnitRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  RETURN_IF_ERROR(Dissolve(m, day, request.successor(), &node));
  return ToUnit(node, day);
}

}  // namespace qungong::org
