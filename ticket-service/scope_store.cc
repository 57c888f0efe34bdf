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
absl::Status ReplaceNodes(mysql::Tx& tx, const Uuid& ticket, const std::set<Uuid>& stored,
                          const std::set<Uuid>& wanted) {
  for (const Uuid& node : stored) {
    if (wanted.contains(node)) continue;
    RETURN_IF_ERROR(
        tx.Execute("DELETE FROM ticket_scopes WHERE node_id = ? AND ticket_id = ?", node, ticket)
            .status());
  }
  for (const Uuid& node : wanted) {
    if (stored.contains(node)) continue;
    RETURN_IF_ERROR(tx.Execute(kCopyScope, node, ticket).status());
  }
  return absl::OkStatus();
}

absl::Status UpdateNodes(mysql::Tx& tx, const TicketRecord& record, const std::set<Uuid>& nodes) {
  if (nodes.empty()) return absl::OkStatus();
  const pb::Ticket& t = record.ticket;
  std::optional<Uuid> lead;
  if (!t.lead_unit().empty()) {
    ASSIGN_OR_RETURN(lead, ParseResourceName(kUnits, t.lead_unit()));
  }
  std::optional<absl::Time> due;
  if (t.has_deadline()) due = FromProto(t.deadline().due_time());
  const std::string class_code = ClassCode(t.ticket_class());
  std::vector<Param> params = {t.state(), class_code, record.facts.line, t.deadline().light(),
                               lead,      due,        record.id};
  params.insert(params.end(), nodes.begin(), nodes.end());
  return tx
      .Execute(absl::StrCat(kUpdateScopes, Marks(nodes.size()), ")"), absl::MakeConstSpan(params))
      .status();
}

absl::Status AddUnits(mysql::Tx& tx, const Uuid& ticket, const std::vector<Uuid>& units) {
  for (const Uuid& unit : units) {
    RETURN_IF_ERROR(tx.Execute("INSERT IGNORE INTO ticket_units (ticket_id, unit_id) VALUES (?, ?)",
                               ticket, unit)
                        .status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AwaitMove(mysql::Tx& tx, int32_t today, const Uuid& unit) {
  ASSIGN_OR_RETURN(const int32_t day,
                   directory::NextChangeAbove(tx, rpc::v1::ADMINISTRATIVE_TREE, unit, today));
  if (day == kNoEndDay) return absl::OkStatus();
  const absl::Time midnight = absl::FromCivil(FromDayNumber(day), Shanghai());
  return Schedule(tx, NewUuidV7(absl::Now()), kMoveDue, unit, midnight);
}

absl::Status SaveScopes(mysql::Tx& tx, int32_t today, const TicketRecord& record) {
  const std::vector<std::string> before =
      record.version == 0 ? std::vector<std::string>() : ConcernedUnits(record.before);
  const std::vector<std::string> now = ConcernedUnits(record.ticket);
  ASSIGN_OR_RETURN(const std::set<Uuid> stored,
                   record.version == 0 ? std::set<Uuid>() : StoredNodes(tx, record.id));
  if (now == before) return UpdateNodes(tx, record, stored);
  std::vector<Uuid> units;
  for (const std::string& name : now) {
    ASSIGN_OR_RETURN(const Uuid unit, ParseResourceName(kUnits, name));
    units.push_back(unit);
  }
  RETURN_IF_ERROR(AddUnits(tx, record.id, units));
  for (const Uuid& unit : units) RETURN_IF_ERROR(AwaitMove(tx, today, unit));
  ASSIGN_OR_RETURN(const std::set<Uuid> wanted, NodesOver(tx, units, today));
  RETURN_IF_ERROR(ReplaceNodes(tx, record.id, stored, wanted));
  return UpdateNodes(tx, record, wanted);
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
  return ReplaceNodes(tx, ticket, stored, wanted);
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
