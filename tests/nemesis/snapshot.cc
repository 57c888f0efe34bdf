#include "tests/nemesis/snapshot.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/statistics_projection.h"

namespace qungong::nemesis {
namespace {

using testing::MariaDb;

void DieIf(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "nemesis: snapshot: %s\n", status.ToString().c_str());
  std::exit(2);
}

// The rows of a table, each as text.
std::vector<std::string> Dump(MariaDb& database, const std::string& schema,
                              const std::vector<std::string>& tables) {
  std::vector<std::string> rows;
  for (const std::string& table : tables) {
    std::vector<std::string> columns;
    for (const mysql::Row& row : database.Query(absl::StrCat(
             "SELECT column_name FROM information_schema.columns WHERE table_schema = 'qungong_",
             schema, "' AND table_name = '", table, "' ORDER BY ordinal_position"))) {
      columns.push_back(absl::StrCat("IFNULL(HEX(", row.String(0), "), '-')"));
    }
    for (const mysql::Row& row : database.Query(
             absl::StrCat("SELECT CAST(CONCAT_WS(' ', ", absl::StrJoin(columns, ", "),
                          ") AS BINARY) FROM qungong_", schema, ".", table, " ORDER BY 1"))) {
      rows.push_back(absl::StrCat(table, " ", row.String(0)));
    }
  }
  return rows;
}

std::vector<std::string> DumpStatistics(MariaDb& database) {
  return Dump(database, "ticket",
              {"statistics", "statistic_details", "statistic_scopes", "statistic_tickets"});
}

void LoadEvents(MariaDb& database, const std::string& schema, const KeyRing& keys,
                ServiceRows& rows) {
  mysql::Session session(database.OptionsFor(schema + "_app"));
  DieIf(session.Transact({.read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const mysql::Rows aggregates,
                     tx.Query("SELECT DISTINCT collection, aggregate_id FROM events"));
    for (const mysql::Row& row : aggregates) {
      ASSIGN_OR_RETURN(auto history, LoadHistory(tx, keys, row.String(0), row.Id(1), -1, 1000000));
      for (StoredEvent& event : history) rows.events.push_back(std::move(event));
    }
    ASSIGN_OR_RETURN(const FeedHead head, LoadFeedHead(tx));
    rows.head = head.sequence;
    return absl::OkStatus();
  }));
  std::sort(rows.events.begin(), rows.events.end(),
            [](const StoredEvent& a, const StoredEvent& b) { return a.sequence < b.sequence; });
}

ServiceRows LoadService(MariaDb& database, const std::string& schema, const KeyRing& keys,
                        const std::map<std::string, std::string>& tables) {
  ServiceRows rows;
  LoadEvents(database, schema, keys, rows);
  for (const mysql::Row& row :
       database.Query(absl::StrCat("SELECT principal, method, request_id, event_id FROM qungong_",
                                   schema, ".idempotency_keys"))) {
    rows.keys.push_back({row.String(0), row.String(1), row.Id(2).ToString(), row.Id(3)});
  }
  for (const auto& [collection, table] : tables) {
    for (const mysql::Row& row :
         database.Query(absl::StrCat("SELECT id, version FROM qungong_", schema, ".", table))) {
      rows.versions[ResourceName(collection, row.Id(0))] = row.Int64(1);
    }
  }
  rows.directory = Dump(database, schema,
                        {"directory_nodes", "directory_labels", "directory_edges",
                         "directory_closure", "directory_grants", "directory_calendars"});
  return rows;
}

std::string Text(const mysql::Row& row, size_t i) {
  return row.IsNull(i) ? "" : absl::StrCat(absl::ToUnixMicros(row.Time(i)));
}

std::string Text(bool has, const google::protobuf::Timestamp& time) {
  return has ? absl::StrCat(absl::ToUnixMicros(ticket::FromProto(time))) : "";
}

std::string Unit(const mysql::Row& row, size_t i) {
  return row.IsNull(i) ? "" : ResourceName("units", row.Id(i));
}

// In the order of FactsOf.
constexpr char kSelectTickets[] = R"sql(
SELECT id, number, version, state, class_code, line, channel, urgency, division_id, intake_unit_id, lead_unit_id,
  dispatching_unit_id, cycle, submitted_at, accepted_at, dispatched_at, cycle_started_at, closed_at, close_reason,
  accept_due_at, finish_due_at, light, clock_provisional, rated_at, clock_kind, clock_due_at
FROM qungong_ticket.tickets)sql";

TicketRow ToTicket(const mysql::Row& row) {
  TicketRow ticket;
  ticket.id = row.Id(0);
  ticket.number = row.String(1);
  ticket.version = row.Int64(2);
  ticket.state = row.Int32(3);
  ticket.light = row.Int32(21);
  ticket.clock = row.Int32(24) != 0;
  ticket.provisional = row.Bool(22);
  if (ticket.clock) ticket.due_year = static_cast<int>(DayOf(row.Time(25)).year());
  ticket.facts = absl::StrCat(
      ticket.number, " state ", ticket.state, " class ", row.String(4), " line ", row.String(5),
      " channel ", row.Int32(6), " urgency ", row.Int32(7), " division ",
      ResourceName("divisions", row.Id(8)), " intake ", Unit(row, 9), " lead ", Unit(row, 10),
      " dispatching ", Unit(row, 11), " cycle ", row.Int32(12), " submitted ", Text(row, 13));
  absl::StrAppend(&ticket.facts, " accepted ", Text(row, 14), " dispatched ", Text(row, 15),
                  " cycle began ", Text(row, 16), " closed ", Text(row, 17), " reason ",
                  row.Int32(18), " accept due ", Text(row, 19), " finish due ", Text(row, 20),
                  " light ", ticket.light, " provisional ", row.Int32(22), " rated ",
                  Text(row, 23));
  ticket.shown = absl::StrCat(ticket.number, " state ", ticket.state, " class ", row.String(4),
                              " line ", row.String(5), " channel ", row.Int32(6), " light ",
                              ticket.light, " division ", row.Id(8).ToString(), " lead ",
                              Unit(row, 10), " submitted ", Text(row, 13), " due ", Text(row, 25));
  return ticket;
}

void LoadTickets(MariaDb& database, Snapshot& snapshot) {
  std::map<Uuid, std::map<std::string, int64_t>> parts;
  for (const char* table : {"assignments", "reviews", "answers", "callbacks", "return_requests"}) {
    for (const mysql::Row& row : database.Query(absl::StrCat(
             "SELECT ticket_id, COUNT(*) FROM qungong_ticket.", table, " GROUP BY ticket_id"))) {
      parts[row.Id(0)][table] = row.Int64(1);
    }
  }
  for (const mysql::Row& row : database.Query(kSelectTickets)) {
    snapshot.tickets.push_back(ToTicket(row));
    snapshot.tickets.back().parts = parts[row.Id(0)];
  }
  for (const mysql::Row& row : database.Query(
           "SELECT ticket_id, node_id, number, state, class_code, line, channel, light, "
           "division_id, lead_unit_id, submitted_at, due_at FROM qungong_ticket.ticket_scopes")) {
    snapshot.scopes[row.Id(0)][row.Id(1)] = absl::StrCat(
        row.String(2), " state ", row.Int32(3), " class ", row.String(4), " line ", row.String(5),
        " channel ", row.Int32(6), " light ", row.Int32(7), " division ", row.Id(8).ToString(),
        " lead ", Unit(row, 9), " submitted ", Text(row, 10), " due ", Text(row, 11));
  }
  for (const mysql::Row& row :
       database.Query("SELECT ticket_id, unit_id FROM qungong_ticket.ticket_units")) {
    snapshot.units[row.Id(0)].insert(row.Id(1));
  }
  for (const mysql::Row& row :
       database.Query("SELECT kind, subject_id FROM qungong_ticket.due_rows")) {
    snapshot.due.emplace(row.String(0), row.Id(1));
  }
}

void LoadTree(MariaDb& database, Snapshot& snapshot) {
  for (const mysql::Row& row : database.Query(absl::StrCat(
           "SELECT child_id, parent_id FROM qungong_ticket.directory_edges WHERE tree = ",
           rpc::v1::ADMINISTRATIVE_TREE, " AND valid_to = '9999-12-31'"))) {
    snapshot.above[row.Id(0)] = row.Id(1);
  }
  for (const mysql::Row& row :
       database.Query("SELECT id, level FROM qungong_ticket.directory_nodes")) {
    snapshot.levels[row.Id(0)] = row.Int32(1);
  }
  for (const mysql::Row& row :
       database.Query("SELECT year FROM qungong_ticket.directory_calendars")) {
    snapshot.published.insert(row.Int32(0));
  }
}

void LoadStatistics(MariaDb& database, Snapshot& snapshot) {
  const std::vector<std::string> figures = {"submitted", "accepted",  "not_accepted",
                                            "closed",    "withdrawn", "reopened"};
  std::string sql = "SELECT node_id";
  for (const std::string& figure : figures) absl::StrAppend(&sql, ", SUM(", figure, ")");
  for (const mysql::Row& row :
       database.Query(absl::StrCat(sql, " FROM qungong_ticket.statistics GROUP BY node_id"))) {
    for (size_t i = 0; i < figures.size(); ++i)
      snapshot.figures[row.Id(0)][figures[i]] = row.Int64(i + 1);
  }
  snapshot.statistics = DumpStatistics(database);
  mysql::Session session(database.OptionsFor("ticket_app"));
  DieIf(ticket::ForgetStatistics(session));
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) more = ticket::StatisticsPass(session);
  DieIf(more.status());
  snapshot.recounted = DumpStatistics(database);
}

int64_t Number(MariaDb& database, absl::string_view sql) {
  const mysql::Rows rows = database.Query(sql);
  return rows.empty() ? 0 : rows[0].Int64(0);
}

}  // namespace

std::string FactsOf(const ticket::v1::TicketChange& c) {
  std::string facts = absl::StrCat(
      c.number(), " state ", c.state(), " class ",
      absl::StripPrefix(c.ticket_class(), "ticketClasses/"), " line ", c.line(), " channel ",
      c.channel(), " urgency ", c.urgency(), " division ", c.division(), " intake ",
      c.intake_unit(), " lead ", c.lead_unit(), " dispatching ", c.dispatching_unit(), " cycle ",
      c.cycle(), " submitted ", Text(c.has_submit_time(), c.submit_time()));
  absl::StrAppend(&facts, " accepted ", Text(c.has_accept_time(), c.accept_time()), " dispatched ",
                  Text(c.has_dispatch_time(), c.dispatch_time()), " cycle began ",
                  Text(c.has_cycle_start_time(), c.cycle_start_time()), " closed ",
                  Text(c.has_close_time(), c.close_time()), " reason ", c.close_reason(),
                  " accept due ", Text(c.has_accept_due_time(), c.accept_due_time()),
                  " finish due ", Text(c.has_finish_due_time(), c.finish_due_time()), " light ",
                  c.light(), " provisional ", c.provisional() ? 1 : 0, " rated ",
                  Text(c.has_rate_time(), c.rate_time()));
  return facts;
}

Snapshot TakeSnapshot(MariaDb& database, const KeyRing& keys) {
  Snapshot snapshot;
  snapshot.org =
      LoadService(database, "org", keys,
                  {{"people", "people"}, {"grants", "grants"}, {"accounts", "accounts"}});
  for (const mysql::Row& row :
       database.Query("SELECT n.id, n.version, d.kind FROM qungong_org.org_nodes n JOIN "
                      "qungong_org.directory_nodes d ON d.id = n.id")) {
    const auto kind = static_cast<rpc::v1::NodeKind>(row.Int32(2));
    const std::string collection(directory::CollectionOf(kind));
    snapshot.org.versions[ResourceName(collection, row.Id(0))] = row.Int64(1);
  }
  snapshot.ticket = LoadService(database, "ticket", keys, {{"tickets", "tickets"}});
  snapshot.org_position =
      Number(database, "SELECT sequence FROM qungong_ticket.feed_positions WHERE source = 'org'");
  snapshot.statistics_position =
      Number(database, "SELECT sequence FROM qungong_ticket.projections WHERE name = 'statistics'");
  LoadTickets(database, snapshot);
  LoadTree(database, snapshot);
  LoadStatistics(database, snapshot);
  return snapshot;
}

}  // namespace qungong::nemesis
