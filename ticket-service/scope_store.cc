#include "ticket-service/scope_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/loops.h"
#include "runtime/status.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_class.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {
namespace {

using mysql::Param;

constexpr char kCopyScope[] = R"sql(
  INSERT INTO ticket_scopes (node_id, ticket_id, submitted_at, state, class_code, line, channel, light, division_id,
    lead_unit_id, due_at, number)
  SELECT ?, id, submitted_at, state, class_code, line, channel, light, division_id, lead_unit_id, clock_due_at, number
  FROM tickets WHERE id = ?)sql";
constexpr char kInsertScopes[] =
    "INSERT INTO ticket_scopes (node_id, ticket_id, submitted_at, state, class_code, line, channel,"
    " light, division_id, lead_unit_id, due_at, number)";
constexpr char kUpdateScopes[] =
    "UPDATE ticket_scopes SET state = ?, class_code = ?, line = ?, light = ?, lead_unit_id = ?, "
    "due_at = ?"
    " WHERE ticket_id = ? AND node_id IN (";

// So that an act which has read the scope rows, but does not hold the ticket yet, runs again: it
// would change what the old rows repeat and not the new ones.
constexpr char kRaiseScope[] = "UPDATE tickets SET scope_version = scope_version + 1 WHERE id = ?";

std::string Marks(size_t n) { return absl::StrJoin(std::vector<absl::string_view>(n, "?"), ", "); }

// A unit and everything above it today; as it last was, if it is no more.
absl::StatusOr<std::vector<Uuid>> UpwardFrom(mysql::Tx& tx, const Uuid& unit, int32_t today,
                                             directory::Hold hold) {
  constexpr rpc::v1::Tree kTree = rpc::v1::ADMINISTRATIVE_TREE;
  ASSIGN_OR_RETURN(auto nodes, directory::AncestorIds(tx, kTree, unit, today, hold));
  if (nodes.empty()) {
    ASSIGN_OR_RETURN(const rpc::v1::NodeRecord record, directory::LoadRecord(tx, unit));
    ASSIGN_OR_RETURN(nodes,
                     directory::AncestorIds(tx, kTree, unit, record.valid().to_day() - 1, hold));
  }
  nodes.push_back(unit);
  return nodes;
}

// Held, because it is what scope rows are made from.
absl::StatusOr<std::set<Uuid>> NodesOver(mysql::Tx& tx, const std::vector<Uuid>& units,
                                         int32_t today) {
  std::set<Uuid> nodes;
  for (const Uuid& unit : units) {
    ASSIGN_OR_RETURN(const std::vector<Uuid> upward,
                     UpwardFrom(tx, unit, today, directory::Hold::kUntilCommit));
    nodes.insert(upward.begin(), upward.end());
  }
  return nodes;
}

absl::StatusOr<std::set<Uuid>> StoredNodes(mysql::Tx& tx, const Uuid& ticket) {
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query("SELECT node_id FROM ticket_scopes WHERE ticket_id = ?", ticket));
  std::set<Uuid> nodes;
  for (const mysql::Row& row : rows) nodes.insert(row.Id(0));
  return nodes;
}

// Rows are touched by their whole primary key only: a range would lock the gap where the next
// ticket goes.
absl::Status DeleteNodes(mysql::Tx& tx, const Uuid& ticket, const std::set<Uuid>& stored,
                         const std::set<Uuid>& wanted) {
  for (const Uuid& node : stored) {
    if (wanted.contains(node)) continue;
    RETURN_IF_ERROR(
        tx.Later("DELETE FROM ticket_scopes WHERE node_id = ? AND ticket_id = ?", node, ticket));
  }
  return absl::OkStatus();
}

// What the rows of a ticket repeat of it.
struct Repeated {
  std::string class_code;
  std::optional<Uuid> lead;
  std::optional<absl::Time> due;
};
absl::StatusOr<Repeated> RepeatedOf(const pb::Ticket& t) {
  Repeated repeated;
  repeated.class_code = ClassCode(t.ticket_class());
  if (!t.lead_unit().empty()) {
    ASSIGN_OR_RETURN(repeated.lead, ParseResourceName(kUnits, t.lead_unit()));
  }
  if (t.has_deadline()) repeated.due = FromProto(t.deadline().due_time());
  return repeated;
}

absl::Status InsertNodes(mysql::Tx& tx, const TicketRecord& record, const std::set<Uuid>& nodes) {
  const pb::Ticket& t = record.ticket;
  ASSIGN_OR_RETURN(const Repeated repeated, RepeatedOf(t));
  ASSIGN_OR_RETURN(const Uuid division, ParseResourceName(kDivisions, t.division()));
  std::vector<Param> params;
  for (const Uuid& node : nodes) {
    params.insert(params.end(),
                  {node, record.id, FromProto(t.submit_time()), t.state(), repeated.class_code,
                   record.facts.line, t.channel(), t.deadline().light(), division, repeated.lead,
                   repeated.due, t.number()});
  }
  return tx.LaterMany(kInsertScopes, 12, params);
}

absl::Status UpdateNodes(mysql::Tx& tx, const TicketRecord& record, const std::set<Uuid>& nodes) {
  if (nodes.empty()) return absl::OkStatus();
  const pb::Ticket& t = record.ticket;
  ASSIGN_OR_RETURN(const Repeated repeated, RepeatedOf(t));
  std::vector<Param> params = {
      t.state(),     repeated.class_code, record.facts.line, t.deadline().light(),
      repeated.lead, repeated.due,        record.id};
  params.insert(params.end(), nodes.begin(), nodes.end());
  return tx.Later(absl::StrCat(kUpdateScopes, Marks(nodes.size()), ")"),
                  absl::MakeConstSpan(params));
}

absl::Status ScheduleMove(mysql::Tx& tx, const Uuid& unit, int32_t day) {
  if (day == kNoEndDay) return absl::OkStatus();
  const absl::Time midnight = absl::FromCivil(FromDayNumber(day), Shanghai());
  return Schedule(tx, NewUuidV7(absl::Now()), kMoveDue, unit, midnight);
}

absl::Status AddUnits(mysql::Tx& tx, const Uuid& ticket, const std::vector<Uuid>& units) {
  for (const Uuid& unit : units) {
    RETURN_IF_ERROR(tx.Later("INSERT IGNORE INTO ticket_units (ticket_id, unit_id) VALUES (?, ?)",
                             ticket, unit));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AwaitMove(mysql::Tx& tx, int32_t today, const Uuid& unit) {
  ASSIGN_OR_RETURN(const int32_t day,
                   directory::NextChangeAbove(tx, rpc::v1::ADMINISTRATIVE_TREE, unit, today));
  return ScheduleMove(tx, unit, day);
}

absl::StatusOr<ScopePlan> PlanScopes(mysql::Tx& tx, int32_t today, const TicketRecord& record) {
  constexpr directory::Hold kHold = directory::Hold::kUntilCommit;
  const bool fresh = record.version == 0;
  const std::vector<std::string> before =
      fresh ? std::vector<std::string>() : ConcernedUnits(record.before);
  const std::vector<std::string> now = ConcernedUnits(record.ticket);
  ScopePlan plan;
  if (!fresh) {
    ASSIGN_OR_RETURN(plan.stored, StoredNodes(tx, record.id));
  }
  if (now == before) {
    plan.wanted = plan.stored;
    return plan;
  }
  for (const std::string& name : now) {
    ASSIGN_OR_RETURN(const Uuid unit, ParseResourceName(kUnits, name));
    ASSIGN_OR_RETURN(auto upward, directory::UpwardAndNextChange(tx, rpc::v1::ADMINISTRATIVE_TREE,
                                                                 unit, today, kHold));
    if (upward.ids.empty()) {
      ASSIGN_OR_RETURN(upward.ids, UpwardFrom(tx, unit, today, kHold));
    }
    plan.units.push_back(unit);
    plan.moves.emplace_back(unit, upward.next_change);
    plan.wanted.insert(upward.ids.begin(), upward.ids.end());
    plan.wanted.insert(unit);
  }
  return plan;
}

absl::Status SaveScopes(mysql::Tx& tx, const ScopePlan& plan, const TicketRecord& record) {
  std::set<Uuid> kept;
  std::set<Uuid> fresh;
  for (const Uuid& node : plan.wanted) (plan.stored.contains(node) ? kept : fresh).insert(node);
  RETURN_IF_ERROR(AddUnits(tx, record.id, plan.units));
  for (const auto& [unit, day] : plan.moves) RETURN_IF_ERROR(ScheduleMove(tx, unit, day));
  RETURN_IF_ERROR(DeleteNodes(tx, record.id, plan.stored, plan.wanted));
  RETURN_IF_ERROR(InsertNodes(tx, record, fresh));
  return UpdateNodes(tx, record, kept);
}

absl::Status RewriteScopes(mysql::Tx& tx, int32_t today, const Uuid& ticket) {
  RETURN_IF_ERROR(tx.Query("SELECT version FROM tickets WHERE id = ? FOR UPDATE", ticket).status());
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query("SELECT unit_id FROM ticket_units WHERE ticket_id = ?", ticket));
  std::vector<Uuid> units;
  for (const mysql::Row& row : rows) units.push_back(row.Id(0));
  ASSIGN_OR_RETURN(const std::set<Uuid> stored, StoredNodes(tx, ticket));
  ASSIGN_OR_RETURN(const std::set<Uuid> wanted, NodesOver(tx, units, today));
  if (wanted == stored) return absl::OkStatus();
  RETURN_IF_ERROR(tx.Execute(kRaiseScope, ticket).status());
  RETURN_IF_ERROR(DeleteNodes(tx, ticket, stored, wanted));
  for (const Uuid& node : wanted) {
    if (stored.contains(node)) continue;
    RETURN_IF_ERROR(tx.Later(kCopyScope, node, ticket));
  }
  return absl::OkStatus();
}

std::vector<Reach> ReachOf(const std::vector<directory::Grant>& grants) {
  std::set<Uuid> whole;
  std::set<std::pair<Uuid, std::string>> lines;
  for (const directory::Grant& grant : grants) {
    if (grant.line.empty()) {
      whole.insert(grant.node);
    } else {
      lines.emplace(grant.node, grant.line);
    }
  }
  std::vector<Reach> reach;
  reach.reserve(whole.size() + lines.size());
  for (const Uuid& node : whole) reach.push_back({node, ""});
  for (const auto& [node, line] : lines) {
    if (!whole.contains(node)) reach.push_back({node, line});
  }
  return reach;
}

absl::Status CheckMaySee(Read& read, const Uuid& ticket) {
  const std::vector<Reach> reach = ReachOf(read.grants());
  std::vector<absl::string_view> parts;
  std::vector<Param> params = {ticket};
  for (const Reach& r : reach) {
    parts.emplace_back(r.line.empty() ? "node_id = ?" : "(node_id = ? AND line = ?)");
    params.emplace_back(r.node);
    if (!r.line.empty()) params.emplace_back(r.line);
  }
  const std::string sql = absl::StrCat("SELECT 1 FROM ticket_scopes WHERE ticket_id = ? AND (",
                                       absl::StrJoin(parts, " OR "), ") LIMIT 1");
  ASSIGN_OR_RETURN(const mysql::Rows rows, read.tx().Query(sql, absl::MakeConstSpan(params)));
  return rows.empty() ? DeniedOrAbsent(ResourceName(kTickets, ticket)) : absl::OkStatus();
}

absl::StatusOr<std::vector<Uuid>> GrantedAbove(Read& read, const TicketRecord& record,
                                               const std::string& unit) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, unit));
  ASSIGN_OR_RETURN(const std::vector<Uuid> upward,
                   UpwardFrom(read.tx(), id, read.call().today, directory::Hold::kNo));
  std::vector<Uuid> granted;
  for (const directory::Grant& grant : read.grants()) {
    if (!grant.line.empty() && grant.line != record.facts.line) continue;
    if (std::find(upward.begin(), upward.end(), grant.node) != upward.end())
      granted.push_back(grant.node);
  }
  if (granted.empty()) return DeniedOrAbsent(record.ticket.name());
  return granted;
}

}  // namespace qungong::ticket
