#include "org-service/node_change.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "org-service/unit_in_force.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

// The unit by whose registrars a node is changed; `over` governs it, if it is a division, or stands
// nearest above it. Nil if there is none.
absl::StatusOr<Uuid> KeeperOf(const NodeRecord& record, const std::optional<Uuid>& over) {
  if (record.kind() == rpc::v1::DIVISION_NODE) return over.value_or(Uuid());
  return ParseResourceName(
      "units", record.kind() == rpc::v1::SERVICE_CENTER_NODE ? record.unit() : record.name());
}

// Whether the caller may act there, on a way that leads through `unit`.
bool MayBelow(const Read& read, const Uuid& unit, const std::vector<directory::WayUp>& ways) {
  return std::any_of(ways.begin(), ways.end(), [&](const directory::WayUp& way) {
    const auto is_unit = [&unit](const auto& step) { return step.first == unit; };
    return read.HoldsOn(way) && std::any_of(way.begin(), way.end(), is_unit);
  });
}

// The unit by whose registrars the node of this name is changed: the unit itself, the one that runs
// the service center, the one that governs the division or the nearest one above it. Nil if there
// is none, or no such node (`record` is null): found by the same statements.
absl::StatusOr<Uuid> ResponsibleUnit(Read& read, const std::string& name,
                                     const NodeRecord* record) {
  std::optional<Uuid> over;
  if (absl::StartsWith(name, "divisions/")) {
    ASSIGN_OR_RETURN(const Uuid division, ParseResourceName("divisions", name));
    ASSIGN_OR_RETURN(over, FindUnitOver(read.tx(), division, read.call().today));
  }
  return record == nullptr ? Uuid() : KeeperOf(*record, over);
}

absl::string_view MessageNameOf(const NodeRecord& record) {
  switch (record.kind()) {
    case rpc::v1::DIVISION_NODE:
      return "Division";
    case rpc::v1::UNIT_NODE:
      return "Unit";
    default:
      return "ServiceCenter";
  }
}

}  // namespace

absl::StatusOr<int32_t> DayOrToday(const Read& read, const google::type::Date& date,
                                   absl::string_view field) {
  ASSIGN_OR_RETURN(const absl::CivilDay day,
                   ParseDay(date, field, FromDayNumber(read.call().today)));
  return DayNumber(day);
}

absl::StatusOr<OrgNode> LoadOwn(Read& read, const std::string& name) {
  absl::StatusOr<OrgNode> node = LoadNode(read.tx(), name);
  if (!node.ok() && !absl::IsNotFound(node.status())) return node;
  ASSIGN_OR_RETURN(const Uuid unit,
                   ResponsibleUnit(read, name, node.ok() ? &node->record : nullptr));
  RETURN_IF_ERROR(AuthorizeKeeper(read, unit, name));
  return node;
}

absl::StatusOr<std::vector<std::optional<OrgNode>>> LoadOwnBelow(
    Read& read, const Uuid& unit, absl::Span<const std::string> names) {
  const int32_t today = read.call().today;
  std::vector<Uuid> ids;
  std::vector<Uuid> divisions;
  for (const std::string& name : names) {
    const absl::string_view collection = absl::string_view(name).substr(0, name.find('/'));
    ASSIGN_OR_RETURN(ids.emplace_back(), ParseResourceName(collection, name));
    if (collection == "divisions") divisions.push_back(ids.back());
  }
  ASSIGN_OR_RETURN(std::vector<OrgNode> loaded, LoadNodes(read.tx(), ids));
  ASSIGN_OR_RETURN(const auto units_over, FindUnitsOver(read.tx(), divisions, today));
  absl::flat_hash_map<std::string, OrgNode> known;
  for (OrgNode& node : loaded) known[node.record.name()] = std::move(node);
  std::vector<Uuid> keepers(names.size());  // nil of what is absent: the statement stays the same
  for (size_t i = 0; i < names.size(); ++i) {
    const auto it = known.find(names[i]);
    if (it == known.end()) continue;
    const auto over = units_over.find(ids[i]);
    ASSIGN_OR_RETURN(keepers[i], KeeperOf(it->second.record, over == units_over.end()
                                                                 ? std::nullopt
                                                                 : std::optional(over->second)));
  }
  ASSIGN_OR_RETURN(const auto ways, WaysUpFromKeepersOf(read.tx(), keepers, today));
  std::vector<std::optional<OrgNode>> own(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    const auto it = ways.find(keepers[i]);
    if (it != ways.end() && MayBelow(read, unit, it->second)) own[i] = known.at(names[i]);
  }
  return own;
}

absl::StatusOr<OrgNode> LoadForChange(Mutation& m, const std::string& name,
                                      absl::string_view etag) {
  RETURN_IF_ERROR(LockTree(m.tx()));
  ASSIGN_OR_RETURN(OrgNode node, LoadOwn(m, name));
  RETURN_IF_ERROR(CheckEtag(etag, node.version, name));
  return node;
}

absl::Status SaveChange(Mutation& m, absl::string_view event_kind, OrgNode* node) {
  ++node->version;
  node->updated = m.call().now;
  absl::Status status = SaveNodes(m.tx(), {*node});
  if (ReasonOf(status) == "TREE_CYCLE") {
    return WithChinese(std::move(status), "上级不能是自己或自己的下级。");
  }
  RETURN_IF_ERROR(status);
  rpc::v1::DirectoryChange change;
  *change.add_nodes() = node->record;
  m.Emit(NodeEvent(*node, event_kind).WithPayload(change));
  return absl::OkStatus();
}

Event NodeEvent(const OrgNode& node, absl::string_view kind) {
  Event event;
  event.aggregate = node.record.name();
  event.version = node.version;
  event.kind = absl::StrCat(MessageNameOf(node.record), ".", kind);
  return event;
}

absl::Status Dissolve(Mutation& m, int32_t day, const std::string& successor, OrgNode* node) {
  ASSIGN_OR_RETURN(const OrgNode heir, LoadOwn(m, successor));
  RETURN_IF_ERROR(CheckSuccessor(node->record, heir.record, day));
  ASSIGN_OR_RETURN(const std::string obstacle, FindObstacle(m.tx(), node->record, day));
  if (!obstacle.empty()) return Obstacle(node->record.name(), obstacle);
  RETURN_IF_ERROR(End(day, successor, &node->record));
  return SaveChange(m, "DISSOLVED", node);
}

void FillNames(const NodeRecord& record,
               google::protobuf::RepeatedPtrField<v1::NamePeriod>* names) {
  for (const NodeLabel& label : record.labels()) {
    v1::NamePeriod& name = *names->Add();
    *name.mutable_valid_from() = ToDate(FromDayNumber(label.valid().from_day()));
    if (label.valid().to_day() != kNoEndDay) {
      *name.mutable_valid_to() = ToDate(FromDayNumber(label.valid().to_day()));
    }
    name.set_display_name(label.display_name());
    name.set_code(label.code());
  }
}

void FillParents(const NodeRecord& record,
                 google::protobuf::RepeatedPtrField<v1::ParentPeriod>* parents) {
  for (const NodeEdge& edge : record.edges()) {
    if (edge.tree() != HomeTree(record.kind())) continue;
    v1::ParentPeriod& parent = *parents->Add();
    *parent.mutable_valid_from() = ToDate(FromDayNumber(edge.valid().from_day()));
    if (edge.valid().to_day() != kNoEndDay) {
      *parent.mutable_valid_to() = ToDate(FromDayNumber(edge.valid().to_day()));
    }
    parent.set_parent(edge.parent());
  }
}

}  // namespace qungong::org
