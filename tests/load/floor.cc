#include "tests/load/floor.h"

#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>
#include <variant>

#include "absl/random/random.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "runtime/civil.h"
#include "runtime/crypto.h"
#include "runtime/ids.h"
#include "runtime/server.h"
#include "runtime/status.h"
#include "tests/load/floor_script.h"

namespace qungong::load {
namespace {

// NULL, an integer, or text and bytes.
using Value = std::variant<std::monostate, int64_t, std::string>;
using Values = std::map<std::string, Value>;
using Table = std::vector<std::vector<Value>>;
using ConnectionPtr = std::unique_ptr<sql::Connection>;

constexpr char kSchema[] = "qungong_ticket";
constexpr size_t kSamples = 64;

ConnectionPtr Connect(const std::string& run_dir, const std::string& user,
                      const std::string& password) {
  sql::ConnectOptionsMap map;
  map["hostName"] = sql::SQLString(absl::StrCat("unix://", run_dir, "/mariadb/socket"));
  map["userName"] = sql::SQLString(user);
  map["password"] = sql::SQLString(password);
  map["schema"] = sql::SQLString(kSchema);
  map["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  map["CLIENT_MULTI_STATEMENTS"] = true;
  ConnectionPtr connection(sql::mysql::get_mysql_driver_instance()->connect(map));
  // As the service's sessions are set.
  const std::unique_ptr<sql::Statement> statement(connection->createStatement());
  statement->execute("SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin");
  statement->execute(
      "SET SESSION time_zone = '+00:00', tx_isolation = 'REPEATABLE-READ',"
      " innodb_snapshot_isolation = ON, innodb_lock_wait_timeout = 5, max_statement_time = 16");
  return connection;
}

Value ReadCell(sql::ResultSet& result, sql::ResultSetMetaData& meta, uint32_t column) {
  if (result.isNull(column)) return std::monostate();
  switch (meta.getColumnType(column)) {
    case sql::DataType::TINYINT:
    case sql::DataType::SMALLINT:
    case sql::DataType::MEDIUMINT:
    case sql::DataType::INTEGER:
    case sql::DataType::BIGINT:
      return result.getInt64(column);
    default:
      return result.getString(column).asStdString();
  }
}

Table ReadAll(sql::ResultSet& result) {
  sql::ResultSetMetaData& meta = *result.getMetaData();
  Table table;
  while (result.next()) {
    std::vector<Value> row;
    for (uint32_t i = 1; i <= meta.getColumnCount(); ++i) row.push_back(ReadCell(result, meta, i));
    table.push_back(std::move(row));
  }
  return table;
}

void Bind(sql::PreparedStatement& statement, uint32_t i, const Value& value) {
  if (const auto* n = std::get_if<int64_t>(&value)) return statement.setInt64(i, *n);
  if (const auto* s = std::get_if<std::string>(&value)) return statement.setString(i, *s);
  statement.setNull(i, sql::DataType::VARCHAR);
}

// As one text: what a batch of several statements is sent as.
std::string Literal(const Value& value) {
  if (const auto* n = std::get_if<int64_t>(&value)) return absl::StrCat(*n);
  const auto* s = std::get_if<std::string>(&value);
  if (s == nullptr) return "NULL";
  const bool plain = std::all_of(
      s->begin(), s->end(), [](char c) { return c >= ' ' && c <= '~' && c != '\'' && c != '\\'; });
  return plain ? absl::StrCat("'", *s, "'") : absl::StrCat("X'", absl::BytesToHexString(*s), "'");
}

std::string Instant(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S", time, absl::UTCTimeZone());
}
std::string Day(absl::CivilDay day) { return absl::FormatCivilTime(day); }

Value IdOf(const std::string& name) {
  return std::string(Uuid::Parse(name.substr(name.find('/') + 1))->View());
}

// What does not change from call to call.
Values Constants(const World& world) {
  const absl::CivilDay today = DayOf(absl::Now());
  Values values;
  values["today"] = Day(today);
  values["year"] = today.year();
  values["year2"] = today.year() + 2;
  values["from"] = Day(absl::CivilDay(today.year(), 1, 1));
  values["to"] = Day(today + 1);
  values["account"] = world.account;
  values["unit"] = IdOf(world.unit);
  values["village"] = world.villages.front();
  return values;
}

}  // namespace

class Floor::Impl {
 public:
  absl::Status Load(const std::string& file, const World& world);
  absl::Status LoadSamples();
  // The values of one call: another ticket's, and whatever must be new.
  Values NewValues() const;
  ConnectionPtr Open() const { return Connect(run_dir_, "ticket_app", password_); }
  ConnectionPtr OpenAsRoot() const { return Connect(run_dir_, "root", ""); }

  std::string run_dir_;
  std::string password_;
  FloorScript script_;
  Values constants_;
  std::vector<Values> samples_;       // columns of the rows of a ticket: "tickets.number"
  std::vector<std::string> tickets_;  // ids
  mutable std::atomic<int64_t> made_ = 0;
};

namespace {

// The statements of the transaction of a call: those of the one thread that is not a loop of the
// service. Nothing if a loop was at work at the same time and they cannot be told apart.
std::vector<std::string> OfOneWorker(const Table& log) {
  std::map<int64_t, std::vector<std::string>> threads;
  for (const auto& row : log) {
    const auto& command = std::get<std::string>(row[1]);
    if (command != "Query" && command != "Execute") continue;
    threads[std::get<int64_t>(row[0])].push_back(std::get<std::string>(row[2]));
  }
  constexpr absl::string_view kOfLoops[] = {"feed_head", "projections WHERE name = ? FOR UPDATE",
                                            "feed_positions", "due_rows WHERE kind",
                                            "schema_migrations"};
  std::vector<std::vector<std::string>> workers;
  for (auto& [thread, statements] : threads) {
    const std::string all = absl::StrJoin(statements, "\n");
    bool loop = false;
    for (const absl::string_view text : kOfLoops) loop |= absl::StrContains(all, text);
    if (!loop) workers.push_back(std::move(statements));
  }
  return workers.size() == 1 ? workers.front() : std::vector<std::string>();
}

class FloorClient : public Client {
 public:
  FloorClient(const Floor::Impl& floor, const std::vector<FrozenStatement>& statements)
      : floor_(floor), statements_(statements), connection_(floor.Open()) {}

  std::string Call() override {
    const Values values = floor_.NewValues();
    try {
      Table rows;
      for (const FrozenStatement& statement : statements_) Send(statement, values, rows);
      return "";
    } catch (const std::exception& e) {
      Forget();
      return absl::StrCat("floor: ", e.what());
    }
  }

 private:
  void Send(const FrozenStatement& statement, const Values& values, Table& rows) {
    if (statement.parameters.empty() || absl::StrContains(statement.sql, ";\n")) {
      return SendText(Filled(statement, values));
    }
    std::vector<Value> list;
    std::string sql;
    size_t parameter = 0;
    for (const char c : statement.sql) {
      if (c != '?') {
        sql += c;
        continue;
      }
      const std::string& name = statement.parameters[parameter++];
      if (name[0] != '@') {
        list.push_back(Find(name, values));
        sql += '?';
        continue;
      }
      const auto column = static_cast<size_t>(std::stoi(name.substr(1)));
      std::vector<absl::string_view> marks(rows.size(), "?");
      for (const auto& row : rows) list.push_back(row.at(column));
      sql += absl::StrJoin(marks, ", ");
    }
    sql::PreparedStatement& prepared = Prepared(sql);
    for (size_t i = 0; i < list.size(); ++i) Bind(prepared, static_cast<uint32_t>(i + 1), list[i]);
    if (!prepared.execute()) return;
    const std::unique_ptr<sql::ResultSet> result(prepared.getResultSet());
    rows = ReadAll(*result);
  }

  static Value Find(const std::string& name, const Values& values) {
    if (name[0] == '=') {
      int64_t number = 0;
      if (absl::SimpleAtoi(name.substr(1), &number)) return number;
      return name.substr(1);
    }
    const auto found = values.find(name);
    if (found == values.end()) throw std::runtime_error(absl::StrCat("floor.sql: no value ", name));
    return found->second;
  }

  static std::string Filled(const FrozenStatement& statement, const Values& values) {
    std::string sql;
    size_t parameter = 0;
    for (const char c : statement.sql) {
      if (c == '?')
        sql += Literal(Find(statement.parameters[parameter++], values));
      else
        sql += c;
    }
    return sql;
  }

  void SendText(const std::string& sql) {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    statement->execute(sql);
    for (size_t at = sql.find(";\n"); at != std::string::npos; at = sql.find(";\n", at + 1))
      statement->getMoreResults();  // throws if that one failed
  }

  sql::PreparedStatement& Prepared(const std::string& sql) {
    std::unique_ptr<sql::PreparedStatement>& found = prepared_[sql];
    if (found == nullptr) found.reset(connection_->prepareStatement(sql));
    return *found;
  }

  void Forget() {
    prepared_.clear();
    try {
      connection_ = floor_.Open();
    } catch (const std::exception&) {
      // The next call tells.
    }
  }

  const Floor::Impl& floor_;
  const std::vector<FrozenStatement>& statements_;
  ConnectionPtr connection_;
  std::unordered_map<std::string, std::unique_ptr<sql::PreparedStatement>> prepared_;
};

}  // namespace

absl::Status Floor::Impl::Load(const std::string& file, const World& world) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", file));
  std::stringstream text;
  text << in.rdbuf();
  ASSIGN_OR_RETURN(script_, ReadFloorScript(text.str()));
  run_dir_ = world.run_dir;
  ASSIGN_OR_RETURN(password_, ReadSecret(run_dir_ + "/secrets/ticket_app.password"));
  constants_ = Constants(world);
  for (const std::string& name : world.tickets)
    tickets_.push_back(std::get<std::string>(IdOf(name)));
  try {
    return LoadSamples();
  } catch (const sql::SQLException& e) {
    return absl::UnavailableError(absl::StrCat("floor: ", e.what()));
  }
}

// The rows that the service wrote for some of its tickets.
absl::Status Floor::Impl::LoadSamples() {
  constexpr std::pair<const char*, const char*> kRows[] = {
      {"tickets", "SELECT * FROM tickets WHERE id = ?"},
      {"subject_keys", "SELECT * FROM subject_keys WHERE id = ?"},
      {"due_rows", "SELECT * FROM due_rows WHERE subject_id = ?"},
      {"ticket_units", "SELECT * FROM ticket_units WHERE ticket_id = ?"},
      {"events", "SELECT * FROM events WHERE aggregate_id = ? AND version = 1"},
      {"idempotency_keys",
       "SELECT k.* FROM idempotency_keys k JOIN events e ON e.id = k.event_id"
       " WHERE e.aggregate_id = ?"},
      {"ticket_scopes", "SELECT * FROM ticket_scopes WHERE ticket_id = ? ORDER BY node_id"},
      {"labels",
       "SELECT l.* FROM directory_labels l JOIN tickets t ON t.division_id = l.node_id WHERE t.id "
       "= ?"},
  };
  const ConnectionPtr connection = Open();
  for (size_t i = 0; i < std::min(kSamples, tickets_.size()); ++i) {
    Values values;
    for (const auto& [name, sql] : kRows) {
      const std::unique_ptr<sql::PreparedStatement> statement(connection->prepareStatement(sql));
      statement->setString(1, tickets_[i]);
      const std::unique_ptr<sql::ResultSet> result(statement->executeQuery());
      sql::ResultSetMetaData& meta = *result->getMetaData();
      for (int row = 1; result->next(); ++row) {
        for (uint32_t c = 1; c <= meta.getColumnCount(); ++c) {
          const std::string column = meta.getColumnName(c).asStdString();
          const Value value = ReadCell(*result, meta, c);
          values.emplace(absl::StrCat(name, ".", column), value);
          values.emplace(absl::StrCat(name, row, ".", column), value);
        }
      }
    }
    samples_.push_back(std::move(values));
  }
  return samples_.empty() ? absl::NotFoundError("there are no tickets to take after")
                          : absl::OkStatus();
}

Values Floor::Impl::NewValues() const {
  thread_local absl::BitGen random;
  Values values = constants_;
  const Values& sample = samples_[absl::Uniform<size_t>(random, 0, samples_.size())];
  values.insert(sample.begin(), sample.end());
  const absl::Time now = absl::Now();
  const int64_t n = ++made_;
  const Uuid ticket = NewUuidV7(now);
  // Of a district that does not exist, so that the service never gives the same number.
  const std::string number =
      absl::StrFormat("QG%s-%06d-%06d-0", absl::FormatTime("%Y%m%d", now, absl::UTCTimeZone()),
                      900000 + n / 1000000, n % 1000000);
  values["now"] = Instant(now);
  values["yesterday"] = Instant(now - absl::Hours(24));
  values["ticket"] = tickets_[absl::Uniform<size_t>(random, 0, tickets_.size())];
  values["new.ticket"] = std::string(ticket.View());
  values["new.subject"] = absl::StrCat("tickets/", ticket.ToString());
  values["new.number"] = number;
  for (const char* name : {"new.event", "new.request", "new.due"})
    values[name] = std::string(NewUuidV7(now).View());
  // The projection of the statistics reads it: about the new ticket, as the service would write it.
  if (const auto payload = sample.find("events.payload"); payload != sample.end()) {
    values["new.payload"] =
        absl::StrReplaceAll(std::get<std::string>(payload->second),
                            {{std::get<std::string>(sample.at("subject_keys.subject")),
                              std::get<std::string>(values["new.subject"])},
                             {std::get<std::string>(sample.at("tickets.number")), number}});
  }
  return values;
}

Floor::Floor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Floor::~Floor() = default;

absl::StatusOr<std::unique_ptr<Floor>> Floor::Make(const std::string& file, const World& world) {
  auto impl = std::make_unique<Impl>();
  RETURN_IF_ERROR(impl->Load(file, world));
  return std::unique_ptr<Floor>(new Floor(std::move(impl)));
}

std::unique_ptr<Client> Floor::NewClient(const std::string& operation) const {
  return std::make_unique<FloorClient>(*impl_, impl_->script_.at(operation));
}

size_t Floor::round_trips(const std::string& operation) const {
  const auto found = impl_->script_.find(operation);
  return found == impl_->script_.end() ? 0 : found->second.size();
}

absl::StatusOr<std::vector<std::string>> Floor::Record(const MakeClient& call) const try {
  const std::unique_ptr<Client> client = call();
  if (const std::string error = client->Call(); !error.empty())
    return absl::InternalError(error);  // and its statements are prepared now
  const ConnectionPtr connection = impl_->OpenAsRoot();
  const std::unique_ptr<sql::Statement> statement(connection->createStatement());
  for (int attempt = 0; attempt < 50; ++attempt) {
    statement->execute("TRUNCATE TABLE mysql.general_log");
    statement->execute("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON");
    const std::string error = client->Call();
    statement->execute("SET GLOBAL general_log = OFF");
    if (!error.empty()) return absl::InternalError(error);
    const std::unique_ptr<sql::ResultSet> result(statement->executeQuery(
        "SELECT thread_id, command_type, CAST(argument AS BINARY) FROM mysql.general_log"
        " WHERE user_host LIKE 'ticket_app%' ORDER BY event_time, thread_id"));
    const std::vector<std::string> found = OfOneWorker(ReadAll(*result));
    if (!found.empty()) return found;
  }
  return absl::InternalError("the server's log does not show the call alone");
} catch (const sql::SQLException& e) {
  return absl::UnavailableError(absl::StrCat("recording: ", e.what()));
}

absl::Status Floor::CheckFrozen(const std::map<std::string, MakeClient>& calls) const {
  for (const auto& [operation, call] : calls) {
    ASSIGN_OR_RETURN(const std::vector<std::string> sent, Record(call));
    const std::vector<FrozenStatement>& frozen = impl_->script_.at(operation);
    for (size_t i = 0; i < std::max(sent.size(), frozen.size()); ++i) {
      const std::string is = i < sent.size() ? sent[i] : "(nothing)";
      const std::string was = i < frozen.size() ? frozen[i].sql : "(nothing)";
      if (IsFilled(is, was)) continue;
      return absl::FailedPreconditionError(absl::StrCat(
          "floor.sql is no longer what the service sends for ", operation, " (", sent.size(),
          " round trips, frozen ", frozen.size(), "); the first difference is number ", i + 1,
          ":\n  sent   ", is, "\n  frozen ", was));
    }
  }
  return absl::OkStatus();
}

}  // namespace qungong::load
