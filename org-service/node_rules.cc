#include "org-service/node_rules.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "runtime/civil.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

std::string Format(int32_t day) { return absl::FormatCivilTime(FromDayNumber(day)); }

rpc::v1::DateInterval ToProto(int32_t from, int32_t to) {
  rpc::v1::DateInterval interval;
  interval.set_from_day(from);
  interval.set_to_day(to);
  return interval;
}

absl::Status NotValid(const NodeRecord& record, int32_t day) {
  return NodeError(absl::StatusCode::kFailedPrecondition, "NOT_VALID_ON_DATE", record.name(),
                   absl::StrCat("it does not exist on ", Format(day)), "所填日期不在其存续期内。");
}

absl::Status LaterChange(const NodeRecord& record, int32_t day) {
  return NodeError(absl::StatusCode::kFailedPrecondition, "LATER_CHANGE_EXISTS", record.name(),
                   absl::StrCat("a change after ", Format(day), " is known already"),
                   "该日期之后已有变更,请按时间先后办理。");
}

NodeLabel* AddLabel(NodeRecord* record, int32_t from, int32_t to, absl::string_view display_name,
                    absl::string_view code) {
  NodeLabel* label = record->add_labels();
  *label->mutable_valid() = ToProto(from, to);
  label->set_display_name(display_name.data(), display_name.size());
  label->set_code(code.data(), code.size());
  return label;
}

NodeEdge* AddEdge(NodeRecord* record, int32_t from, int32_t to, absl::string_view parent) {
  NodeEdge* edge = record->add_edges();
  edge->set_tree(HomeTree(record->kind()));
  edge->set_parent(parent.data(), parent.size());
  *edge->mutable_valid() = ToProto(from, to);
  return edge;
}

// The last parent in the home tree; nullptr for a root.
NodeEdge* LastEdge(NodeRecord* record) {
  NodeEdge* last = nullptr;
  for (NodeEdge& edge : *record->mutable_edges()) {
    if (edge.tree() != HomeTree(record->kind())) continue;
    if (last == nullptr || last->valid().from_day() < edge.valid().from_day()) last = &edge;
  }
  return last;
}

}  // namespace

absl::Status NodeError(absl::StatusCode code, absl::string_view reason, absl::string_view node,
                       absl::string_view message, absl::string_view chinese) {
  absl::Status status(code, absl::StrCat(node, ": ", message));
  return WithChinese(WithReason(std::move(status), reason, {{"resource", node}}), chinese);
}

absl::Status Obstacle(absl::string_view node, absl::string_view reason) {
  return NodeError(absl::StatusCode::kFailedPrecondition, reason, node,
                   "something rests on it on or after that day",
                   "该日期及以后仍有下级、机构、服务中心、任职、单位关系或授权,请先妥善安置。");
}

absl::Status CodeTaken(absl::string_view division, absl::string_view code) {
  return NodeError(absl::StatusCode::kAlreadyExists, "CODE_TAKEN", division,
                   absl::StrCat("another division bears the code ", code, " at that time"),
                   "该代码当时已被其他行政区划使用。");
}

rpc::v1::Tree HomeTree(rpc::v1::NodeKind kind) {
  switch (kind) {
    case rpc::v1::DIVISION_NODE:
      return rpc::v1::DIVISION_TREE;
    case rpc::v1::UNIT_NODE:
      return rpc::v1::ADMINISTRATIVE_TREE;
    default:
      return rpc::v1::TREE_UNSPECIFIED;
  }
}

rpc::v1::Level LevelBelow(rpc::v1::Level level) {
  const int below = level + 1;
  return level != rpc::v1::LEVEL_UNSPECIFIED && rpc::v1::Level_IsValid(below)
             ? static_cast<rpc::v1::Level>(below)
             : rpc::v1::LEVEL_UNSPECIFIED;
}

DayInterval ToInterval(const rpc::v1::DateInterval& interval) {
  return {interval.from_day(), interval.to_day()};
}

bool ExistsOn(const NodeRecord& record, int32_t day) {
  return ToInterval(record.valid()).Contains(day);
}

int32_t NearestDay(const NodeRecord& record, int32_t day) {
  return std::clamp(day, record.valid().from_day(), record.valid().to_day() - 1);
}

const NodeLabel* LabelOn(const NodeRecord& record, int32_t day) {
  for (const NodeLabel& label : record.labels()) {
    if (ToInterval(label.valid()).Contains(day)) return &label;
  }
  return nullptr;
}

const NodeEdge* EdgeOn(const NodeRecord& record, int32_t day) {
  for (const NodeEdge& edge : record.edges()) {
    if (edge.tree() == HomeTree(record.kind()) && ToInterval(edge.valid()).Contains(day)) {
      return &edge;
    }
  }
  return nullptr;
}

NodeRecord MakeNode(const NewNode& node) {
  NodeRecord record;
  record.set_name(node.name);
  record.set_kind(node.kind);
  record.set_level(node.level);
  record.set_subkind(node.subkind);
  *record.mutable_valid() = ToProto(node.valid.from, node.valid.to);
  AddLabel(&record, node.valid.from, node.valid.to, node.display_name, node.code);
  if (!node.parent.empty()) AddEdge(&record, node.valid.from, node.valid.to, node.parent);
  return record;
}

absl::Status Relabel(int32_t day, absl::string_view display_name,
                     std::optional<absl::string_view> code, NodeRecord* record) {
  if (!ExistsOn(*record, day)) return NotValid(*record, day);
  NodeLabel* last = record->mutable_labels(record->labels_size() - 1);
  if (day < last->valid().from_day()) return LaterChange(*record, day);
  const std::string kept_code = last->code();
  const int32_t to = last->valid().to_day();
  if (day == last->valid().from_day()) {
    record->mutable_labels()->RemoveLast();
  } else {
    last->mutable_valid()->set_to_day(day);
  }
  AddLabel(record, day, to, display_name, code.value_or(kept_code));
  return absl::OkStatus();
}

absl::Status RelabelBefore(int32_t day, absl::string_view display_name, absl::string_view code,
                           NodeRecord* record) {
  const NodeLabel* before = LabelOn(*record, day - 1);
  if (before == nullptr || !ExistsOn(*record, day)) return NotValid(*record, day);
  if (before->valid().to_day() == day) {
    if (before->display_name() == display_name && before->code() == code) return absl::OkStatus();
    return LaterChange(*record, day);
  }
  const int32_t from = before->valid().from_day();
  for (NodeLabel& label : *record->mutable_labels()) {
    if (&label == before) label.mutable_valid()->set_from_day(day);
  }
  AddLabel(record, from, day, display_name, code);
  std::sort(record->mutable_labels()->begin(), record->mutable_labels()->end(),
            [](const NodeLabel& a, const NodeLabel& b) {
              return a.valid().from_day() < b.valid().from_day();
            });
  return absl::OkStatus();
}

absl::Status Reparent(int32_t day, absl::string_view parent, NodeRecord* record) {
  if (!ExistsOn(*record, day)) return NotValid(*record, day);
  NodeEdge* last = LastEdge(record);
  if (last == nullptr) {
    return NodeError(absl::StatusCode::kFailedPrecondition, "PARENT_NOT_VALID", record->name(),
                     "the topmost node cannot be moved", "最上级不能调整隶属。");
  }
  if (day < last->valid().from_day()) return LaterChange(*record, day);
  const int32_t to = last->valid().to_day();
  if (last->parent() == parent) return absl::OkStatus();
  if (day == last->valid().from_day()) {
    last->set_parent(parent.data(), parent.size());
  } else {
    last->mutable_valid()->set_to_day(day);
    AddEdge(record, day, to, parent);
  }
  return absl::OkStatus();
}

absl::Status End(int32_t day, absl::string_view successor, NodeRecord* record) {
  if (day == record->valid().from_day() || !ExistsOn(*record, day)) return NotValid(*record, day);
  if (record->valid().to_day() != kNoEndDay) return LaterChange(*record, day);
  for (const NodeLabel& label : record->labels()) {
    if (label.valid().from_day() >= day) return LaterChange(*record, day);
  }
  for (const NodeEdge& edge : record->edges()) {
    if (edge.valid().from_day() >= day) return LaterChange(*record, day);
  }
  record->mutable_valid()->set_to_day(day);
  record->set_successor(successor.data(), successor.size());
  for (NodeLabel& label : *record->mutable_labels()) {
    label.mutable_valid()->set_to_day(std::min(day, label.valid().to_day()));
  }
  for (NodeEdge& edge : *record->mutable_edges()) {
    edge.mutable_valid()->set_to_day(std::min(day, edge.valid().to_day()));
  }
  return absl::OkStatus();
}

absl::Status CheckSuccessor(const NodeRecord& node, const NodeRecord& heir, int32_t day) {
  if (heir.name() != node.name() && ToInterval(heir.valid()).Contains({day, kNoEndDay})) {
    return absl::OkStatus();
  }
  return NodeError(absl::StatusCode::kFailedPrecondition, "SUCCESSOR_NOT_VALID", heir.name(),
                   "it cannot take over on that day, or its own end is known",
                   "承接者不能是自身,应在该日期存续,且自身未定终止。");
}

absl::Status CheckCovers(const NodeRecord& other, DayInterval days, absl::string_view reason,
                         absl::string_view chinese) {
  if (ToInterval(other.valid()).Contains(days)) return absl::OkStatus();
  return NodeError(absl::StatusCode::kFailedPrecondition, reason, other.name(),
                   absl::StrCat("it does not exist on all days from ", Format(days.from)), chinese);
}

}  // namespace qungong::org
