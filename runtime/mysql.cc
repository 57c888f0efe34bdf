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
#include "runtime/mysql_batch.h"
#include "runtime/status.h"

namespace qungong::mysql {
namespace {

// Prepared, per connection: the server's limit is for all of them together.
constexpr size_t kMaxStatements = 64;
constexpr int kMaxAttempts = 8;
constexpr size_t kLargestChunk = 256;      // rows of one INSERT
constexpr size_t kLargestBatch = 1 << 20;  // bytes; max_allowed_packet is 16 MiB

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

// An INSERT of so many rows of so many values.
std::string ValuesOf(absl::string_view head, size_t width, size_t rows) {
  std::string tuple = "(?";
  for (size_t i = 1; i < width; ++i) absl::StrAppend(&tuple, ",?");
  absl::StrAppend(&tuple, ")");
  std::string sql = absl::StrCat(head, " VALUES ", tuple);
  for (size_t i = 1; i < rows; ++i) absl::StrAppend(&sql, ",", tuple);
  return sql;
}

absl::Status InDoubt() {
  return WithReason(absl::UnavailableError("the connection was lost while committing"),
                    "COMMIT_IN_DOUBT");
}

}  // namespace

// Session

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

  absl::Status Flush();

  absl::Status Begin(const TxOptions& options);
  absl::Status Attempt(const TxOptions& options, absl::FunctionRef<absl::Status(Tx&)> f, Tx& tx,
                       bool* in_doubt);

  Options options_;
  absl::Status
      tx_failure_;  // first failure of a statement in the transaction: it can no longer commit
  Batch later_;     // statements that wait
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
  if (absl::Status flushed = Flush(); !flushed.ok()) {
    // Of an earlier statement: the caller must not take it for an error of its own about data.
    if (!absl::IsAlreadyExists(flushed) && !absl::IsFailedPrecondition(flushed)) return flushed;
    return absl::InternalError(absl::StrCat("an earlier statement failed: ", flushed.message()));
  }
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

// Whatever fails in a batch, what came after it was not carried out: the transaction cannot commit.
absl::Status Session::Impl::Flush() {
  if (!tx_failure_.ok()) return tx_failure_;
  if (later_.size() == 0) return absl::OkStatus();
  if (connection_ == nullptr) return StatusFromDriver(2006, "HY000", "not connected");
  absl::Status status = Guard(later_.shape(), [&] {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    statement->execute(sql::SQLString(later_.text()));
    for (int i = 1; i < later_.size(); ++i) statement->getMoreResults();  // throws if that failed
  });
  later_.Clear();
  if (!status.ok()) tx_failure_ = status;
  return status;
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
  later_.Clear();
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
  if (status.ok()) status = Flush();
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
  bool doubtful = false;  // an earlier attempt may have been committed
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
    if (in_doubt && !options.repeatable) return InDoubt();
    doubtful |= in_doubt;
    if (!IsRetryable(status) && !IsConnectionLost(status)) return status;
  }
  if (status.ok()) return absl::DeadlineExceededError("the call's time is over");
  return doubtful ? InDoubt() : status;  // no attempt got far enough to find out
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

// Tx

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
  size_t left = params.size() / width;
  size_t at = 0;
  for (size_t chunk = kLargestChunk; chunk > 0; chunk /= 2) {
    std::string sql;
    for (; left >= chunk; left -= chunk) {
      if (sql.empty()) {
        sql = absl::StrCat(ValuesOf(head, width, chunk), " ", tail);
      }
      RETURN_IF_ERROR(Execute(sql, params.subspan(at, chunk * width)).status());
      at += chunk * width;
    }
  }
  return absl::OkStatus();
}

absl::Status Tx::Later(absl::string_view sql, absl::Span<const Param> params) {
  if (!session_.impl_->tx_failure_.ok()) return session_.impl_->tx_failure_;
  session_.impl_->later_.Add(sql, params);
  // A packet has its limit; what is that large gains nothing by waiting.
  return session_.impl_->later_.text().size() > kLargestBatch ? Flush() : absl::OkStatus();
}

absl::Status Tx::LaterMany(absl::string_view head, size_t width, absl::Span<const Param> params) {
  if (params.size() > width * kLargestChunk) return ExecuteMany(head, width, params);
  if (params.empty()) return absl::OkStatus();
  return Later(ValuesOf(head, width, params.size() / width), params);
}

absl::Status Tx::Flush() { return session_.impl_->Flush(); }

absl::StatusOr<absl::Time> Tx::Now() {
  ASSIGN_OR_RETURN(const Rows rows, Query("SELECT NOW(6)"));
  return rows.at(0).Time(0);
}

}  // namespace qungong::mysql
