#include "ticket-service/statistics_projection.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "ticket-service/statistics_nodes.h"
#include "ticket-service/statistics_store.h"
#include "ticket-service/statistics_sums.h"
#include "ticket-service/ticket_class.h"

namespace qungong::ticket {
namespace {

using mysql::Param;

constexpr char kTicketColumns[] =
    "number, ticket_id, sequence, class_code, channel, line, figures, submitted_on, accepted_on,"
    " answered_on, ended_on, due_on, called_back_on, rated_on, nodes";
constexpr size_t kTicketWidth = 15;
constexpr size_t kFirstDay = 7;  // column
constexpr char kUpsertTickets[] =
    "ON DUPLICATE KEY UPDATE sequence = VALUES(sequence), class_code = VALUES(class_code),"
    " channel = VALUES(channel), line = VALUES(line), figures = VALUES(figures),"
    " submitted_on = VALUES(submitted_on), accepted_on = VALUES(accepted_on),"
    " answered_on = VALUES(answered_on), ended_on = VALUES(ended_on), due_on = VALUES(due_on),"
    " called_back_on = VALUES(called_back_on), rated_on = VALUES(rated_on), nodes = VALUES(nodes)";
constexpr size_t kNumbersAtOnce = 64;

// A ticket as it is counted.
struct CountedTicket {
  Uuid id;
  int64_t sequence = 0;
  std::string class_code;
  int channel = 0;
  std::string line;
  Contribution contribution;
  CountedNodes nodes;
};

// A ticket that changed in this batch, by number.
struct Changed {
  CountedTicket before;  // nothing, if it was not counted yet
  CountedTicket after;
  std::vector<v1::TicketChange> changes;
  int32_t day = 0;  // of the last change
};
using Batch = std::map<std::string, Changed>;

absl::StatusOr<Batch> ReadEvents(absl::Span<const StoredEvent> events) {
  Batch batch;
  for (const StoredEvent& event : events) {
    if (event.payload_type != v1::TicketChange::descriptor()->full_name()) continue;
    v1::TicketChange change;
    if (!change.ParseFromString(event.payload) || change.number().empty()) {
      return absl::InternalError("a change of a ticket cannot be read");
    }
    Changed& changed = batch[change.number()];
    changed.after.id = event.aggregate_id;
    changed.after.sequence = event.sequence;
    changed.day = DayNumber(event.occurred);
    changed.changes.push_back(std::move(change));
  }
  return batch;
}

absl::StatusOr<CountedTicket> FromRow(const mysql::Row& row) {
  CountedTicket ticket;
  ticket.id = row.Id(1);
  ticket.sequence = row.Int64(2);
  ticket.class_code = row.String(3);
  ticket.channel = row.Int32(4);
  ticket.line = row.String(5);
  ticket.contribution.figures = static_cast<uint32_t>(row.Int64(6));
  for (size_t i = 0; i < kTicketDays; ++i) {
    if (row.IsNull(kFirstDay + i)) continue;
    ticket.contribution.days[i] = DayNumber(row.Day(kFirstDay + i));
  }
  ASSIGN_OR_RETURN(ticket.nodes, DecodeNodes(row.String(kFirstDay + kTicketDays)));
  return ticket;
}

absl::Status LoadBefore(mysql::Tx& tx, Batch& batch) {
  static const std::string kSql =
      absl::StrCat("SELECT ", kTicketColumns, " FROM statistic_tickets WHERE number IN (",
                   absl::StrJoin(std::vector<absl::string_view>(kNumbersAtOnce, "?"), ","), ")");
  for (auto it = batch.begin(); it != batch.end();) {
    std::vector<Param> numbers;
    for (; it != batch.end() && numbers.size() < kNumbersAtOnce; ++it)
      numbers.emplace_back(it->first);
    numbers.resize(kNumbersAtOnce, numbers.back());
    ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSql, absl::MakeConstSpan(numbers)));
    for (const mysql::Row& row : rows) {
      ASSIGN_OR_RETURN(batch.at(row.String(0)).before, FromRow(row));
    }
  }
  return absl::OkStatus();
}

absl::Status ComputeAfter(mysql::Tx& tx, Batch& batch) {
  std::vector<UnitsOnDay> concerned;
  for (auto& [number, changed] : batch) {
    const v1::TicketChange& last = changed.changes.back();
    CountedTicket& after = changed.after;
    after.class_code = ClassCode(last.ticket_class());
    after.channel = last.channel();
    after.line = last.line();
    after.contribution = changed.before.contribution;
    for (const v1::TicketChange& change : changed.changes) {
      after.contribution = Contribute(change, after.contribution);
    }
    UnitsOnDay& units = concerned.emplace_back();
    units.day = changed.day;
    for (const std::string& name : last.concerned_units()) {
      ASSIGN_OR_RETURN(const Uuid unit, ParseResourceName("units", name));
      units.units.insert(unit);
    }
  }
  ASSIGN_OR_RETURN(std::vector<CountedNodes> nodes, NodesAbove(tx, concerned));
  size_t i = 0;
  for (auto& [number, changed] : batch) changed.after.nodes = std::move(nodes[i++]);
  return absl::OkStatus();
}

void AddTo(StatisticSums& sums, const CountedTicket& ticket, int sign) {
  for (size_t i = 0; i < kFigures; ++i) {
    const std::optional<int32_t> day = ticket.contribution.DayOf(FigureAt(i));
    if (!day.has_value()) continue;
    for (const auto& [node, grain] : ticket.nodes) {
      if (grain == Grain::kTickets) continue;
      sums.days[{node, *day}][i] += sign;
      if (grain != Grain::kDetails) continue;
      sums.details[{node, *day, ticket.class_code, ticket.channel, ticket.line}][i] += sign;
    }
  }
}

absl::Status SaveTickets(mysql::Tx& tx, const Batch& batch) {
  static const std::string kHead =
      absl::StrCat("INSERT INTO statistic_tickets (", kTicketColumns, ")");
  std::vector<std::string> nodes;
  nodes.reserve(batch.size());  // parameters refer to its elements
  std::vector<Param> params;
  for (const auto& [number, changed] : batch) {
    const CountedTicket& t = changed.after;
    params.insert(params.end(), {number, t.id, t.sequence, t.class_code, t.channel, t.line,
                                 t.contribution.figures});
    for (const std::optional<int32_t>& day : t.contribution.days) {
      params.push_back(day.has_value() ? Param(FromDayNumber(*day)) : Param(mysql::kNull));
    }
    params.emplace_back(nodes.emplace_back(EncodeNodes(t.nodes)));
  }
  return tx.ExecuteMany(kHead, kTicketWidth, params, kUpsertTickets);
}

absl::Status SaveNodes(mysql::Tx& tx, const Batch& batch) {
  std::vector<Param> added;
  for (const auto& [number, changed] : batch) {
    for (const auto& [node, grain] : changed.after.nodes) {
      if (!changed.before.nodes.contains(node)) added.insert(added.end(), {node, number});
    }
    for (const auto& [node, grain] : changed.before.nodes) {
      if (changed.after.nodes.contains(node)) continue;
      RETURN_IF_ERROR(
          tx.Execute("DELETE FROM statistic_scopes WHERE node_id = ? AND number = ?", node, number)
              .status());
    }
  }
  return tx.ExecuteMany("INSERT INTO statistic_scopes (node_id, number)", 2, added);
}

absl::Status Empty(mysql::Tx& tx, absl::string_view table) {
  const std::string sql = absl::StrCat("DELETE FROM ", table, " LIMIT 20000");
  int64_t deleted = 1;
  while (deleted > 0) {
    ASSIGN_OR_RETURN(deleted, tx.Execute(sql));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ProjectStatistics(mysql::Tx& tx, absl::Span<const StoredEvent> events) {
  ASSIGN_OR_RETURN(Batch batch, ReadEvents(events));
  if (batch.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(LoadBefore(tx, batch));
  RETURN_IF_ERROR(ComputeAfter(tx, batch));
  StatisticSums sums;
  for (const auto& [number, changed] : batch) {
    AddTo(sums, changed.before, -1);
    AddTo(sums, changed.after, 1);
  }
  RETURN_IF_ERROR(SaveTickets(tx, batch));
  RETURN_IF_ERROR(SaveNodes(tx, batch));
  return AddSums(tx, sums);
}

void RunStatistics(Chassis& chassis) {
  chassis.loops.Add(kStatistics, absl::Milliseconds(200),
                    [](mysql::Session& session) { return StatisticsPass(session); });
}

absl::StatusOr<bool> StatisticsPass(mysql::Session& session, int batch) {
  return ProjectionPass(session, kStatistics, batch, ProjectStatistics);
}

absl::Status ForgetStatistics(mysql::Session& session) {
  return session.Transact(
      {.deadline = absl::Now() + absl::Hours(1)}, [](mysql::Tx& tx) -> absl::Status {
        // The row keeps passes of other replicas out until the end.
        RETURN_IF_ERROR(
            tx.Query("SELECT sequence FROM projections WHERE name = ? FOR UPDATE", kStatistics)
                .status());
        for (const char* table :
             {"statistics", "statistic_details", "statistic_scopes", "statistic_tickets"}) {
          RETURN_IF_ERROR(Empty(tx, table));
        }
        return tx.Execute("UPDATE projections SET sequence = 0 WHERE name = ?", kStatistics)
            .status();
      });
}

}  // namespace qungong::ticket
