#include "runtime/mysql_connection.h"

#include <cppconn/connection.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong::mysql {
namespace {

// Prepared, per connection: the server's limit is for all of them together.
constexpr size_t kMaxStatements = 64;

std::string FormatInstant(absl::Time t) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S", t, absl::UTCTimeZone());
}

std::string FormatDay(absl::CivilDay d) { return absl::FormatCivilTime(d); }

// The driver must be made once, before any thread uses it.
sql::mysql::MySQL_Driver& Driver() {
  static sql::mysql::MySQL_Driver* driver = sql::mysql::get_mysql_driver_instance();
  return *driver;
}

absl::Status FromException(const sql::SQLException& e) {
  return StatusFromDriver(e.getErrorCode(), e.getSQLStateCStr(), e.what());
}

// How a column's values are read.
enum class Kind { kSigned, kUnsigned, kDouble, kDecimal, kText };

Kind KindOf(sql::ResultSetMetaData& meta, uint32_t column) {
  switch (meta.getColumnType(column)) {
    case sql::DataType::TINYINT:
    case sql::DataType::SMALLINT:
    case sql::DataType::MEDIUMINT:
    case sql::DataType::INTEGER:
    case sql::DataType::BIGINT:
    case sql::DataType::YEAR:
      return meta.isSigned(column) ? Kind::kSigned : Kind::kUnsigned;
    case sql::DataType::REAL:
    case sql::DataType::DOUBLE:
      return Kind::kDouble;
    case sql::DataType::DECIMAL:
    case sql::DataType::NUMERIC:
      return Kind::kDecimal;
    default:
      return Kind::kText;
  }
}

Row::Cell ReadCell(sql::ResultSet& result, uint32_t column, Kind kind) {
  if (result.isNull(column)) return std::monostate();
  switch (kind) {
    case Kind::kSigned:
      return result.getInt64(column);
    case Kind::kUnsigned:
      return result.getUInt64(column);
    case Kind::kDouble:
      return static_cast<double>(result.getDouble(column));
    case Kind::kDecimal: {  // SUM() of integers arrives as DECIMAL
      std::string text = result.getString(column).asStdString();
      int64_t number = 0;
      if (absl::SimpleAtoi(text, &number)) return number;
      return text;
    }
    case Kind::kText:
      return result.getString(column).asStdString();
  }
  return std::monostate();
}

Rows ReadRows(sql::ResultSet& result) {
  sql::ResultSetMetaData& meta = *result.getMetaData();
  std::vector<Kind> kinds(meta.getColumnCount());
  for (uint32_t i = 0; i < kinds.size(); ++i) kinds[i] = KindOf(meta, i + 1);
  Rows rows;
  rows.reserve(result.rowsCount());
  while (result.next()) {
    std::vector<Row::Cell> cells;
    cells.reserve(kinds.size());
    for (uint32_t i = 0; i < kinds.size(); ++i) {
      cells.push_back(ReadCell(result, i + 1, kinds[i]));
    }
    rows.emplace_back(std::move(cells));
  }
  return rows;
}

void Bind(sql::PreparedStatement& statement, uint32_t i, const Param::Value& value) {
  if (const auto* s = std::get_if<int64_t>(&value)) return statement.setInt64(i, *s);
  if (const auto* u = std::get_if<uint64_t>(&value)) return statement.setUInt64(i, *u);
  if (const auto* d = std::get_if<double>(&value)) return statement.setDouble(i, *d);
  if (const auto* t = std::get_if<absl::string_view>(&value)) {
    return statement.setString(i, sql::SQLString(t->empty() ? "" : t->data(), t->size()));
  }
  if (const auto* t = std::get_if<absl::Time>(&value))
    return statement.setString(i, FormatInstant(*t));
  if (const auto* t = std::get_if<absl::CivilDay>(&value))
    return statement.setString(i, FormatDay(*t));
  statement.setNull(i, sql::DataType::VARCHAR);
}

}  // namespace

ThreadInit::ThreadInit() { Driver().threadInit(); }
ThreadInit::~ThreadInit() { Driver().threadEnd(); }

Connection::Connection(Options options) : options_(std::move(options)) { Driver(); }
Connection::~Connection() = default;

void Connection::Drop() {
  lru_.clear();
  statements_.clear();
  connection_.reset();
  timeout_s_ = 0;
  standing_.reset();
}

absl::Status Connection::Open() {
  sql::ConnectOptionsMap map;
  std::string host = options_.address;
  if (absl::StartsWith(host, "unix:")) {
    host = absl::StrCat("unix://", host.substr(5));
  } else {
    host = absl::StrCat("tcp://", host);
  }
  map["hostName"] = sql::SQLString(host);
  map["userName"] = sql::SQLString(options_.user);
  map["password"] = sql::SQLString(options_.password);
  if (!options_.schema.empty()) map["schema"] = sql::SQLString(options_.schema);
  if (!options_.tls_ca_file.empty()) {
    map["sslCA"] = sql::SQLString(options_.tls_ca_file);
    // Without this the driver takes any certificate of the CA, and no TLS from a server that says
    // it has none.
    map["sslVerify"] = true;
  }
  map["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  map["CLIENT_MULTI_STATEMENTS"] = true;  // Batch
  map["OPT_CONNECT_TIMEOUT"] = 2;
  map["OPT_READ_TIMEOUT"] = 60;
  map["OPT_WRITE_TIMEOUT"] = 5;
  try {
    Drop();
    connection_.reset(Driver().connect(map));
  } catch (const sql::SQLException& e) {
    Drop();
    return FromException(e);
  }
  // Lost updates surface as error 1020 instead of passing; a lock wait never outlives a call by
  // much.
  RETURN_IF_ERROR(Direct("SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin", nullptr));
  return Direct(
      "SET SESSION sql_mode = "
      "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
      "ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', tx_isolation = "
      "'REPEATABLE-READ',"
      " innodb_snapshot_isolation = ON, innodb_lock_wait_timeout = 5, lock_wait_timeout = 10",
      nullptr);
}

absl::Status Connection::Guard(absl::string_view sql, absl::FunctionRef<void()> send) {
  absl::Status status;
  ++sent_;
  if (options_.fault) status = options_.fault(sql, /*after=*/false);
  if (status.ok()) {
    try {
      send();
    } catch (const sql::SQLException& e) {
      status = FromException(e);
    }
    if (status.ok() && options_.fault) {
      status = options_.fault(sql, /*after=*/true);
      if (!status.ok()) Drop();
    }
  } else {
    Drop();
  }
  // Only an error about data leaves the connection in a known state.
  if (!status.ok() && !absl::IsAlreadyExists(status) && !absl::IsFailedPrecondition(status) &&
      !IsRetryable(status)) {
    Drop();
  }
  return status;
}

absl::Status Connection::Direct(absl::string_view sql, Rows* rows) {
  if (connection_ == nullptr) return StatusFromDriver(2006, "HY000", "not connected");
  return Guard(sql, [&] {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    if (!statement->execute(sql::SQLString(sql.data(), sql.size()))) return;
    const std::unique_ptr<sql::ResultSet> result(statement->getResultSet());
    if (rows != nullptr) *rows = ReadRows(*result);
  });
}

sql::PreparedStatement& Connection::Prepare(absl::string_view sql, absl::Span<const Param> params) {
  std::string text(sql);
  const auto it = statements_.find(text);
  if (it != statements_.end()) {
    lru_.splice(lru_.begin(), lru_, it->second);
  } else {
    if (lru_.size() >= kMaxStatements) {
      statements_.erase(lru_.back().sql);
      lru_.pop_back();
    }
    std::unique_ptr<sql::PreparedStatement> statement(
        connection_->prepareStatement(sql::SQLString(text)));
    lru_.push_front({text, std::move(statement)});
    statements_[std::move(text)] = lru_.begin();
  }
  sql::PreparedStatement& statement = *lru_.front().statement;
  statement.clearParameters();
  for (size_t i = 0; i < params.size(); ++i) {
    Bind(statement, static_cast<uint32_t>(i + 1), params[i].value());
  }
  return statement;
}

absl::StatusOr<Rows> Connection::Query(absl::string_view sql, absl::Span<const Param> params) {
  if (connection_ == nullptr) return StatusFromDriver(2006, "HY000", "not connected");
  Rows rows;
  RETURN_IF_ERROR(Guard(sql, [&] {
    const std::unique_ptr<sql::ResultSet> result(Prepare(sql, params).executeQuery());
    rows = ReadRows(*result);
  }));
  return rows;
}

absl::StatusOr<int64_t> Connection::Execute(absl::string_view sql, absl::Span<const Param> params) {
  if (connection_ == nullptr) return StatusFromDriver(2006, "HY000", "not connected");
  int64_t changed = 0;
  RETURN_IF_ERROR(Guard(sql, [&] { changed = Prepare(sql, params).executeUpdate(); }));
  return changed;
}

absl::Status Connection::Send(const Batch& batch) {
  if (connection_ == nullptr) return StatusFromDriver(2006, "HY000", "not connected");
  return Guard(batch.shape(), [&] {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    statement->execute(sql::SQLString(batch.text()));
    for (int i = 1; i < batch.size(); ++i) statement->getMoreResults();  // throws if that failed
  });
}

absl::Status Connection::SetUp(absl::Time deadline) {
  // Rounded up to a power of two, so that the value rarely changes and rarely costs a round trip.
  const double left = std::min(60.0, absl::ToDoubleSeconds(deadline - absl::Now()));
  if (left <= 0) return absl::DeadlineExceededError("the call's time is over");
  int seconds = 1;
  while (seconds < left) seconds *= 2;
  if (seconds != timeout_s_) {
    RETURN_IF_ERROR(Direct(absl::StrCat("SET SESSION max_statement_time = ", seconds), nullptr));
    timeout_s_ = seconds;
  }
  const std::optional<absl::Time> standing =
      options_.clock != nullptr ? options_.clock->Standing() : std::optional<absl::Time>();
  if (standing != standing_) {
    const std::string value =
        standing.has_value()
            ? absl::StrCat(absl::ToUnixMicros(*standing) / 1000000, ".",
                           absl::Dec(absl::ToUnixMicros(*standing) % 1000000, absl::kZeroPad6))
            : "DEFAULT";
    RETURN_IF_ERROR(Direct(absl::StrCat("SET SESSION timestamp = ", value), nullptr));
    standing_ = standing;
  }
  return absl::OkStatus();
}

}  // namespace qungong::mysql
