#include "runtime/mysql.h"

#include <cppconn/connection.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <list>
#include <stdexcept>
#include <unordered_map>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/log.h"
#include "runtime/status.h"

namespace qungong::mysql {
namespace {

constexpr char kDriverPayload[] = "qungong/driver-error";
constexpr size_t kMaxStatements =
    64;  // prepared, per connection: the server's limit is for all of them together
constexpr int kMaxAttempts = 8;
constexpr size_t kLargestChunk = 256;  // rows of one INSERT

int DriverErrorOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kDriverPayload);
  int number = 0;
  return payload.has_value() && absl::SimpleAtoi(std::string(*payload), &number) ? number : 0;
}

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

Row::Cell ReadCell(sql::ResultSet& result, const sql::ResultSetMetaData& meta_const,
                   uint32_t column) {
  auto& meta = const_cast<sql::ResultSetMetaData&>(meta_const);
  if (result.isNull(column)) return std::monostate();
  switch (meta.getColumnType(column)) {
    case sql::DataType::TINYINT:
    case sql::DataType::SMALLINT:
    case sql::DataType::MEDIUMINT:
    case sql::DataType::INTEGER:
    case sql::DataType::BIGINT:
    case sql::DataType::YEAR:
      if (meta.isSigned(column)) return result.getInt64(column);
      return result.getUInt64(column);
    case sql::DataType::REAL:
    case sql::DataType::DOUBLE:
      return static_cast<double>(result.getDouble(column));
    case sql::DataType::DECIMAL:
    case sql::DataType::NUMERIC: {  // SUM() of integers arrives as DECIMAL
      std::string text = result.getString(column).asStdString();
      int64_t number = 0;
      if (absl::SimpleAtoi(text, &number)) return number;
      return text;
    }
    default:
      return result.getString(column).asStdString();
  }
}

// Duplicate entry '…' for key 'uq_accounts_login' -> uq_accounts_login
std::string KeyIn(absl::string_view text) {
  const size_t at = text.rfind("for key '");
  if (at == absl::string_view::npos) return "";
  absl::string_view key = text.substr(at + 9);
  key = key.substr(0, key.find('\''));
  const size_t dot = key.rfind('.');  // MySQL 8 puts the table before it
  return std::string(dot == absl::string_view::npos ? key : key.substr(dot + 1));
}

[[noreturn]] void BadCell(size_t i, const char* wanted) {
  throw std::logic_error(absl::StrCat("column ", i, " does not hold ", wanted));
}

}  // namespace

// --- Row
// -----------------------------------------------------------------------------------------------------------

bool Row::IsNull(size_t i) const { return std::holds_alternative<std::monostate>(cells_.at(i)); }

int64_t Row::Int64(size_t i) const {
  if (const auto* v = std::get_if<int64_t>(&cells_.at(i))) return *v;
  const auto* u = std::get_if<uint64_t>(&cells_.at(i));
  if (u == nullptr || *u > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    BadCell(i, "a signed 64-bit number");
  }
  return static_cast<int64_t>(*u);
}

int32_t Row::Int32(size_t i) const {
  const int64_t v = Int64(i);
  if (v < std::numeric_limits<int32_t>::min() || v > std::numeric_limits<int32_t>::max()) {
    BadCell(i, "a 32-bit number");
  }
  return static_cast<int32_t>(v);
}

uint64_t Row::Uint64(size_t i) const {
  if (const auto* v = std::get_if<uint64_t>(&cells_.at(i))) return *v;
  const int64_t s = Int64(i);
  if (s < 0) BadCell(i, "an unsigned number");
  return static_cast<uint64_t>(s);
}

double Row::Double(size_t i) const {
  if (const auto* v = std::get_if<double>(&cells_.at(i))) return *v;
  return static_cast<double>(Int64(i));
}

const std::string& Row::String(size_t i) const {
  const auto* v = std::get_if<std::string>(&cells_.at(i));
  if (v == nullptr) BadCell(i, "text");
  return *v;
}

bool Row::Bool(size_t i) const {
  const int64_t v = Int64(i);
  if (v != 0 && v != 1) BadCell(i, "a truth value");
  return v == 1;
}

Uuid Row::Id(size_t i) const {
  auto id = Uuid::FromBytes(String(i));
  if (!id.ok()) BadCell(i, "an id of 16 bytes");
  return *id;
}

absl::Time Row::Time(size_t i) const {
  absl::Time t;
  std::string error;
  // 0 to 6 digits of a second: a prepared statement and a plain one format them differently.
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", String(i), absl::UTCTimeZone(), &t, &error))
    BadCell(i, "an instant");
  return t;
}

absl::CivilDay Row::Day(size_t i) const {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(String(i), &day)) BadCell(i, "a date");
  return day;
}

std::optional<absl::Time> Row::OptTime(size_t i) const {
  if (IsNull(i)) return std::nullopt;
  return Time(i);
}

std::optional<Uuid> Row::OptId(size_t i) const {
  if (IsNull(i)) return std::nullopt;
  return Id(i);
}

std::string Row::StringOr(size_t i, absl::string_view otherwise) const {
  return IsNull(i) ? std::string(otherwise) : String(i);
}

// --- The error map
// ---------------------------------------------------------------------------------------------------

absl::Status StatusFromDriver(int error, absl::string_view sql_state, absl::string_view text) {
  absl::StatusCode code = absl::StatusCode::kInternal;
  const char* reason = "DATABASE_ERROR";
  switch (error) {
    case 1062:  // duplicate key
      code = absl::StatusCode::kAlreadyExists;
      reason = "DUPLICATE";
      break;
    case 1451:  // row is referenced
    case 1452:  // referenced row is missing
      code = absl::StatusCode::kFailedPrecondition;
      reason = "REFERENCE_VIOLATED";
      break;
    case 1205:  // lock wait timeout
    case 1213:  // deadlock
    case 1020:  // snapshot conflict
      code = absl::StatusCode::kAborted;
      reason = "CONFLICT";
      break;
    case 1040:  // too many connections
    case 1203:  // of this user
    case 1053:  // server shutdown in progress
    case 1317:  // query was interrupted
    case 1927:  // connection was killed
    case 2002:
    case 2003:
    case 2006:
    case 2013:
    case 2055:
      code = absl::StatusCode::kUnavailable;
      reason = "DATABASE_UNAVAILABLE";
      break;
    case 1969:  // max_statement_time, MariaDB
    case 3024:  // max_execution_time, MySQL
      code = absl::StatusCode::kDeadlineExceeded;
      reason = "DATABASE_TOO_SLOW";
      break;
    default:
      break;
  }
  // Texts of SQLSTATE classes 22 and 23 quote the data; only the key's name is kept of them.
  const bool quotes_data = absl::StartsWith(sql_state, "22") || absl::StartsWith(sql_state, "23");
  std::string message = absl::StrCat("database error ", error, " (", sql_state, ")");
  if (error == 1062) {
    absl::StrAppend(&message, " key ", KeyIn(text));
  } else if (!quotes_data) {
    absl::StrAppend(&message, ": ", text);
  }
  absl::Status status = WithReason(absl::Status(code, message), reason);
  status.SetPayload(kDriverPayload, absl::Cord(absl::StrCat(error)));
  return status;
}

bool IsRetryable(const absl::Status& status) {
  const int error = DriverErrorOf(status);
  return error == 1205 || error == 1213 || error == 1020;
}

bool IsConnectionLost(const absl::Status& status) {
  switch (DriverErrorOf(status)) {
    case 1053:
    case 1927:
    case 2002:
    case 2003:
    case 2006:
    case 2013:
    case 2055:
      return true;
    default:
      return false;
  }
}

std::string ViolatedKey(const absl::Status& status) {
  if (DriverErrorOf(status) != 1062) return "";
  const absl::string_view text = status.message();
  return std::string(text.substr(text.rfind(' ') + 1));
}

// --- Session
// ---------------------------------------------------------------------------------------------------------

ThreadInit::ThreadInit() { Driver().threadInit(); }
ThreadInit::~ThreadInit() { Driver().threadEnd(); }

class Session::Impl {
 public:
  explicit Impl(Options options) : options_(std::move(options)) {}

  absl::Status Connect();
  void Drop() {
    lru_.clear();
    statements_.clear();
    connection_.reset();
    timeout_s_ = 0;
    standing_.reset();
  }
  bool connected() const { return connection_ != nullptr; }

  // Statements outside the prepared ones; errors drop the connection unless they are about data.
  absl::Status Direct(absl::string_view sql, Rows* rows);
  absl::StatusOr<Rows> Run(absl::string_view sql, absl::Span<const Param> params, int64_t* changed);

  absl::Status Begin(const TxOptions& options);
  absl::Status Attempt(const TxOptions& options, absl::FunctionRef<absl::Status(Tx&)> f, Tx& tx,
                       bool* in_doubt);

  Options options_;
  absl::Status
      tx_failure_;  // first failure of a statement in the transaction: it can no longer commit
  int64_t sent_ = 0;
  absl::BitGen random_;

 private:
  struct Prepared {
    std::string sql;
    std::unique_ptr<sql::PreparedStatement> statement;
  };
  absl::Status Guard(absl::string_view sql, absl::FunctionRef<void()> send);
  sql::PreparedStatement& Prepare(absl::string_view sql);
  absl::Status SetSessionValues(const TxOptions& options);

  std::unique_ptr<sql::Connection> connection_;
  std::list<Prepared> lru_;
  std::unordered_map<std::string, std::list<Prepared>::iterator> statements_;
  int timeout_s_ = 0;
  std::optional<absl::Time> standing_;
};

absl::Status Session::Impl::Connect() {
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
  if (!options_.tls_ca_file.empty()) map["sslCA"] = sql::SQLString(options_.tls_ca_file);
  map["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
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

absl::Status Session::Impl::Guard(absl::string_view sql, absl::FunctionRef<void()> send) {
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

absl::Status Session::Impl::Direct(absl::string_view sql, Rows* rows) {
  if (connection_ == nullptr) return StatusFromDriver(2006, "HY000", "not connected");
  return Guard(sql, [&] {
    std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    if (!statement->execute(sql::SQLString(sql.data(), sql.size()))) return;
    std::unique_ptr<sql::ResultSet> result(statement->getResultSet());
    sql::ResultSetMetaData* meta = result->getMetaData();
    while (rows != nullptr && result->next()) {
      std::vector<Row::Cell> cells;
      for (uint32_t i = 1; i <= meta->getColumnCount(); ++i)
        cells.push_back(ReadCell(*result, *meta, i));
      rows->emplace_back(std::move(cells));
    }
  });
}

sql::PreparedStatement& Session::Impl::Prepare(absl::string_view sql) {
  std::string text(sql);
  auto it = statements_.find(text);
  if (it != statements_.end()) {
    lru_.splice(lru_.begin(), lru_, it->second);
    return *lru_.front().statement;
  }
  if (lru_.size() >= kMaxStatements) {
    statements_.erase(lru_.back().sql);
    lru_.pop_back();
  }
  std::unique_ptr<sql::PreparedStatement> statement(
      connection_->prepareStatement(sql::SQLString(text)));
  lru_.push_front({text, std::move(statement)});
  statements_[std::move(text)] = lru_.begin();
  return *lru_.front().statement;
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

absl::StatusOr<Rows> Session::Impl::Run(absl::string_view sql, absl::Span<const Param> params,
                                        int64_t* changed) {
  if (connection_ == nullptr) return StatusFromDriver(2006, "HY000", "not connected");
  if (!tx_failure_.ok()) return tx_failure_;  // nothing goes on after a failure
  Rows rows;
  absl::Status status = Guard(sql, [&] {
    sql::PreparedStatement& statement = Prepare(sql);
    statement.clearParameters();
    for (size_t i = 0; i < params.size(); ++i)
      Bind(statement, static_cast<uint32_t>(i + 1), params[i].value());
    if (changed != nullptr) {
      *changed = statement.executeUpdate();
      return;
    }
    std::unique_ptr<sql::ResultSet> result(statement.executeQuery());
    sql::ResultSetMetaData* meta = result->getMetaData();
    const uint32_t columns = meta->getColumnCount();
    rows.reserve(result->rowsCount());
    while (result->next()) {
      std::vector<Row::Cell> cells;
      cells.reserve(columns);
      for (uint32_t i = 1; i <= columns; ++i) cells.push_back(ReadCell(*result, *meta, i));
      rows.emplace_back(std::move(cells));
    }
  });
  if (!status.ok()) {
    // A duplicate or a violated reference undoes its statement only; the caller may decide what it
    // means.
    if (!absl::IsAlreadyExists(status) && !absl::IsFailedPrecondition(status)) tx_failure_ = status;
    return status;
  }
  return rows;
}

absl::Status Session::Impl::SetSessionValues(const TxOptions& options) {
  // Rounded up to a power of two, so that the value rarely changes and rarely costs a round trip.
  const double left = std::min(60.0, absl::ToDoubleSeconds(options.deadline - absl::Now()));
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

absl::Status Session::Impl::Begin(const TxOptions& options) {
  tx_failure_ = absl::OkStatus();
  if (!connected()) RETURN_IF_ERROR(Connect());
  RETURN_IF_ERROR(SetSessionValues(options));
  return Direct(options.read_only ? "START TRANSACTION READ ONLY" : "START TRANSACTION", nullptr);
}

absl::Status Session::Impl::Attempt(const TxOptions& options,
                                    absl::FunctionRef<absl::Status(Tx&)> f, Tx& tx,
                                    bool* in_doubt) {
  *in_doubt = false;
  RETURN_IF_ERROR(Begin(options));
  absl::Status status;
  try {
    status = f(tx);
  } catch (const std::exception& e) {
    status = absl::InternalError(e.what());
  }
  if (status.ok()) status = tx_failure_;
  if (status.ok()) {
    status = Direct("COMMIT", nullptr);
    *in_doubt = IsConnectionLost(status);
    return status;
  }
  if (connected() && !Direct("ROLLBACK", nullptr).ok()) Drop();
  return status;
}

Session::Session(Options options) : impl_(std::make_unique<Impl>(std::move(options))) { Driver(); }
Session::~Session() = default;

absl::Status Session::Transact(const TxOptions& options, absl::FunctionRef<absl::Status(Tx&)> f) {
  absl::Status status;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (attempt > 0) {  // full jitter: 5, 10, 20 … 500 ms
      const absl::Duration most =
          std::min(absl::Milliseconds(5 << attempt), absl::Milliseconds(500));
      const absl::Duration wait = most * absl::Uniform(impl_->random_, 0.3, 1.0);
      if (absl::Now() + wait >= options.deadline) break;
      absl::SleepFor(wait);
    }
    Tx tx(*this);
    bool in_doubt = false;
    status = impl_->Attempt(options, f, tx, &in_doubt);
    if (status.ok()) return status;
    if (in_doubt && !options.repeatable) {
      return WithReason(absl::UnavailableError("the connection was lost while committing"),
                        "COMMIT_IN_DOUBT");
    }
    if (!IsRetryable(status) && !IsConnectionLost(status)) return status;
  }
  if (status.ok()) return absl::DeadlineExceededError("the call's time is over");
  return status;
}

absl::StatusOr<Rows> Session::QueryDirect(absl::string_view sql) {
  if (!impl_->connected()) RETURN_IF_ERROR(impl_->Connect());
  Rows rows;
  RETURN_IF_ERROR(impl_->Direct(sql, &rows));
  return rows;
}

absl::Status Session::ExecuteDirect(absl::string_view sql) {
  if (!impl_->connected()) RETURN_IF_ERROR(impl_->Connect());
  return impl_->Direct(sql, nullptr);
}

absl::Status Session::Ping() { return QueryDirect("SELECT 1").status(); }

int64_t Session::statements() const { return impl_->sent_; }

// --- Tx
// --------------------------------------------------------------------------------------------------------------

absl::StatusOr<Rows> Tx::Query(absl::string_view sql, absl::Span<const Param> params) {
  return session_.impl_->Run(sql, params, nullptr);
}

absl::StatusOr<int64_t> Tx::Execute(absl::string_view sql, absl::Span<const Param> params) {
  int64_t changed = 0;
  RETURN_IF_ERROR(session_.impl_->Run(sql, params, &changed).status());
  return changed;
}

absl::Status Tx::ExecuteMany(absl::string_view head, size_t width, absl::Span<const Param> params,
                             absl::string_view tail) {
  if (width == 0 || params.size() % width != 0)
    return absl::InternalError("parameters are not whole rows");
  std::string tuple = "(?";
  for (size_t i = 1; i < width; ++i) absl::StrAppend(&tuple, ",?");
  absl::StrAppend(&tuple, ")");
  size_t left = params.size() / width;
  size_t at = 0;
  for (size_t chunk = kLargestChunk; chunk > 0; chunk /= 2) {
    std::string sql;
    for (; left >= chunk; left -= chunk) {
      if (sql.empty()) {
        sql = absl::StrCat(head, " VALUES ", tuple);
        for (size_t i = 1; i < chunk; ++i) absl::StrAppend(&sql, ",", tuple);
        absl::StrAppend(&sql, " ", tail);
      }
      RETURN_IF_ERROR(Execute(sql, params.subspan(at, chunk * width)).status());
      at += chunk * width;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> Tx::Now() {
  ASSIGN_OR_RETURN(const Rows rows, Query("SELECT NOW(6)"));
  return rows.at(0).Time(0);
}

}  // namespace qungong::mysql
