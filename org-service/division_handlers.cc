#include "org-service/division_handlers.h"

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

v1::Division ToDivision(const OrgNode& node, int32_t day) {
  v1::Division division;
  FillCommon(node, day, &division);
  FillParents(node.record, division.mutable_parents());
  const int32_t on = NearestDay(node.record, day);
  if (const NodeLabel* label = LabelOn(node.record, on)) division.set_code(label->code());
  if (const NodeEdge* edge = EdgeOn(node.record, on)) division.set_parent(edge->parent());
  division.set_kind(KindUnderName(static_cast<v1::Division::Kind>(node.record.subkind()),
                                  division.display_name()));
  return division;
}

absl::StatusOr<std::optional<Uuid>> OptionalDivision(const std::string& name) {
  if (name.empty()) return std::optional<Uuid>();
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("divisions", name));
  return std::optional<Uuid>(id);
}

absl::Status CheckCode(mysql::Tx& tx, const NodeRecord& record, absl::string_view code,
                       DayInterval days) {
  if (code.empty()) return absl::OkStatus();
  if (code.size() != CodeLength(record.level())) {
    return InvalidField("code",
                        absl::StrCat("has ", CodeLength(record.level()), " digits on this level"));
  }
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("divisions", record.name()));
  ASSIGN_OR_RETURN(const bool taken, IsCodeTaken(tx, code, id, days));
  return taken ? CodeTaken(record.name(), code) : absl::OkStatus();
}

absl::Status LevelMismatch(const std::string& name) {
  return NodeError(absl::StatusCode::kInvalidArgument, "LEVEL_MISMATCH", name,
                   "the kind does not stand on the level below the parent",
                   "该类型与上级的层级不符。");
}

constexpr char kParentNotValid[] = "上级行政区划应在整个期间存续。";

}  // namespace

absl::StatusOr<v1::Division> DivisionHandlers::GetDivision(Read& read,
                                                           const v1::GetDivisionRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const OrgNode node, LoadNodeOn(read.tx(), request.name(), day));
  return ToDivision(node, day);
}

absl::StatusOr<v1::ListDivisionsResponse> DivisionHandlers::ListDivisions(
    Read& read, const v1::ListDivisionsRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  NodeFilter filter;
  filter.kind = rpc::v1::DIVISION_NODE;
  ASSIGN_OR_RETURN(filter.parent, OptionalDivision(request.parent()));
  filter.level = request.level();
  filter.code = request.code();
  filter.roots = request.parent().empty() && request.code().empty() &&
                 request.level() == rpc::v1::LEVEL_UNSPECIFIED;
  ASSIGN_OR_RETURN(std::vector<ListedNode> nodes,
                   ListNodes(read.tx(), filter, day, page.after(), page.limit()));
  v1::ListDivisionsResponse response;
  if (page.Cut(nodes)) response.set_next_page_token(page.NextToken(read, nodes.back().key));
  for (const ListedNode& listed : nodes) {
    v1::Division& division = *response.add_divisions();
    division = ToDivision(listed.node, day);
    division.clear_names();
    division.clear_parents();
  }
  return response;
}

absl::StatusOr<v1::CountDivisionsResponse> DivisionHandlers::CountDivisions(
    Read& read, const v1::CountDivisionsRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  ASSIGN_OR_RETURN(const std::optional<Uuid> parent, OptionalDivision(request.parent()));
  ASSIGN_OR_RETURN(const std::vector<NodeCount> counts,
                   CountNodes(read.tx(), rpc::v1::DIVISION_NODE, parent, day));
  v1::CountDivisionsResponse response;
  *response.mutable_as_of() = ToDate(FromDayNumber(day));
  v1::CountDivisionsResponse::LevelCount* level = nullptr;
  for (const NodeCount& count : counts) {
    if (level == nullptr || level->level() != count.level) {
      level = response.add_levels();
      level->set_level(count.level);
    }
    level->set_count(level->count() + count.count);
    if (count.has_code) level->set_coded_count(level->coded_count() + count.count);
    const v1::Division::Kind kind =
        KindUnderName(static_cast<v1::Division::Kind>(count.subkind), count.ending);
    v1::CountDivisionsResponse::KindCount* by_kind = nullptr;
    for (auto& known : *level->mutable_kinds()) {
      if (known.kind() == kind) by_kind = &known;
    }
    if (by_kind == nullptr) by_kind = level->add_kinds();
    by_kind->set_kind(kind);
    by_kind->set_count(by_kind->count() + count.count);
  }
  return response;
}

absl::StatusOr<v1::Division> DivisionHandlers::CreateDivision(
    Mutation& m, const v1::CreateDivisionRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.valid_from(), "valid_from"));
  ASSIGN_OR_RETURN(const OrgNode parent, LoadForChange(m, request.parent(), ""));
  NewNode node;
  node.name = ResourceName("divisions", m.NewId());
  node.kind = rpc::v1::DIVISION_NODE;
  node.level = LevelBelow(parent.record.level());
  node.subkind = request.kind();
  node.display_name = request.display_name();
  node.code = request.code();
  node.parent = request.parent();
  node.valid = {day, kNoEndDay};
  if (!StandsOn(request.kind(), node.level)) return LevelMismatch(request.parent());
  RETURN_IF_ERROR(CheckCovers(parent.record, node.valid, "PARENT_NOT_VALID", kParentNotValid));
  OrgNode created;
  created.record = MakeNode(node);
  RETURN_IF_ERROR(CheckCode(m.tx(), created.record, request.code(), node.valid));
  RETURN_IF_ERROR(SaveChange(m, "CREATED", &created));
  return ToDivision(created, day);
}

absl::StatusOr<v1::Division> DivisionHandlers::RenameDivision(
    Mutation& m, const v1::RenameDivisionRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  std::optional<absl::string_view> code;
  if (request.has_code()) code = request.code();
  RETURN_IF_ERROR(Relabel(day, request.display_name(), code, &node.record));
  const DayInterval days = {day, node.record.valid().to_day()};
  if (code.has_value()) RETURN_IF_ERROR(CheckCode(m.tx(), node.record, *code, days));
  RETURN_IF_ERROR(SaveChange(m, "RENAMED", &node));
  return ToDivision(node, day);
}

absl::StatusOr<v1::Division> DivisionHandlers::MoveDivision(
    Mutation& m, const v1::MoveDivisionRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  ASSIGN_OR_RETURN(const OrgNode parent, LoadOwn(m, request.parent()));
  if (LevelBelow(parent.record.level()) != node.record.level()) {
    return LevelMismatch(request.parent());
  }
  RETURN_IF_ERROR(Reparent(day, request.parent(), &node.record));
  RETURN_IF_ERROR(CheckCovers(parent.record, {day, node.record.valid().to_day()},
                              "PARENT_NOT_VALID", kParentNotValid));
  RETURN_IF_ERROR(SaveChange(m, "MOVED", &node));
  return ToDivision(node, day);
}

absl::StatusOr<v1::Division> DivisionHandlers::DissolveDivision(
    Mutation& m, const v1::DissolveDivisionRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(m, request.effective_date(), "effective_date"));
  ASSIGN_OR_RETURN(OrgNode node, LoadForChange(m, request.name(), request.etag()));
  RETURN_IF_ERROR(Dissolve(m, day, request.successor(), &node));
  return ToDivision(node, day);
}

}  // namespace qungong::org
