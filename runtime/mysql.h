// The one door to MariaDB / MySQL: sessions, transactions, typed rows, the map of driver errors.
//
// mysql_connection.cc is the only file that includes the driver and the only one that catches its
// exceptions. Transactions are opened and ended as statements, because the driver's own commit()
// and rollback() swallow errors.
#ifndef QUNGONG_RUNTIME_MYSQL_H_
#define QUNGONG_RUNTIME_MYSQL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "runtime/clock.h"
#include "runtime/ids.h"

namespace qungong::mysql {

// A parameter of a statement. Text and bytes are referred to, not copied: they must outlive the
// call.
class Param {
 public:
  struct Null {};
  using Value =
      std::variant<Null, int64_t, uint64_t, double, absl::string_view, absl::Time, absl::CivilDay>;

  // NOLINTBEGIN(google-explicit-constructor): a call reads as SQL
  template <typename T, std::enable_if_t<std::is_integral_v<T> && std::is_signed_v<T>, int> = 0>
  Param(T v) : value_(static_cast<int64_t>(v)) {}
  template <typename T, std::enable_if_t<std::is_integral_v<T> && std::is_unsigned_v<T>, int> = 0>
  Param(T v) : value_(static_cast<uint64_t>(v)) {}
  template <typename T, std::enable_if_t<std::is_enum_v<T>, int> = 0>
  Param(T v) : value_(static_cast<int64_t>(v)) {}
  Param(double v) : value_(v) {}
  Param(absl::string_view v) : value_(v) {}
  Param(const std::string& v) : value_(absl::string_view(v)) {}
  Param(const char* v) : value_(absl::string_view(v)) {}
  Param(const Uuid& v) : value_(v.View()) {}
  Param(absl::Time v) : value_(v) {}
  Param(absl::CivilDay v) : value_(v) {}
  Param(Null v) : value_(v) {}
  template <typename T>
  Param(const std::optional<T>& v) {
    if (v.has_value()) value_ = Param(*v).value_;
  }
  // NOLINTEND(google-explicit-constructor)

  const Value& value() const { return value_; }

 private:
  Value value_ = Null{};
};

inline constexpr Param::Null kNull{};

// A row that was read. Accessors are strict: a wrong type, a lost digit or an unexpected NULL
// throws, and the transaction fails as INTERNAL: it is a bug, never data to go on with.
class Row {
 public:
  using Cell = std::variant<std::monostate, int64_t, uint64_t, double, std::string>;
  explicit Row(std::vector<Cell> cells) : cells_(std::move(cells)) {}

  bool IsNull(size_t i) const;
  int64_t Int64(size_t i) const;
  int32_t Int32(size_t i) const;
  uint64_t Uint64(size_t i) const;
  double Double(size_t i) const;
  const std::string& String(size_t i) const;  // text or bytes
  bool Bool(size_t i) const;
  Uuid Id(size_t i) const;
  absl::Time Time(size_t i) const;     // DATETIME(0..6), UTC
  absl::CivilDay Day(size_t i) const;  // DATE
  std::optional<absl::Time> OptTime(size_t i) const;
  std::optional<Uuid> OptId(size_t i) const;
  std::string StringOr(size_t i, absl::string_view otherwise) const;
  size_t size() const { return cells_.size(); }

 private:
  std::vector<Cell> cells_;
};
using Rows = std::vector<Row>;

struct Options {
  std::string address;  // "unix:/run/mysqld.sock" or "host:port"
  std::string schema;
  std::string user;
  std::string password;
  std::string tls_ca_file;       // TLS to the database when set
  const Clock* clock = nullptr;  // when time stands still, the database's NOW(6) stands with it
  // Tests only: called before and after each statement; an error returned before means the
  // statement is not sent, one returned after means its reply was lost. The connection is then
  // dropped.
  std::function<absl::Status(absl::string_view sql, bool after)> fault;
};

class Session;

// One transaction. Made by Transact only; valid during the attempt.
class Tx {
 public:
  absl::StatusOr<Rows> Query(absl::string_view sql, absl::Span<const Param> params);
  template <typename... P>
  absl::StatusOr<Rows> Query(absl::string_view sql, const P&... params) {
    const Param list[] = {Param(params)..., Param(Param::Null{})};
    return Query(sql, absl::MakeConstSpan(list, sizeof...(params)));
  }
  // The first row, if there is one.
  template <typename... P>
  absl::StatusOr<std::optional<Row>> QueryOne(absl::string_view sql, const P&... params) {
    absl::StatusOr<Rows> rows = Query(sql, params...);
    if (!rows.ok()) return std::move(rows).status();
    if (rows->empty()) return std::optional<Row>();
    return std::optional<Row>(std::move(rows->front()));
  }
  // Number of rows changed (matched and different).
  absl::StatusOr<int64_t> Execute(absl::string_view sql, absl::Span<const Param> params);
  template <typename... P>
  absl::StatusOr<int64_t> Execute(absl::string_view sql, const P&... params) {
    const Param list[] = {Param(params)..., Param(Param::Null{})};
    return Execute(sql, absl::MakeConstSpan(list, sizeof...(params)));
  }
  // A statement whose outcome nobody waits for: it is sent together with the next statement that is
  // waited for, ahead of it, or before COMMIT: all that wait go in one round trip. If one of them
  // fails, those after it are not carried out and the transaction fails. Parameters are copied.
  // Compare nothing with text in it: text is sent as bytes, for which no key may be used.
  absl::Status Later(absl::string_view sql, absl::Span<const Param> params);
  template <typename... P>
  absl::Status Later(absl::string_view sql, const P&... params) {
    const Param list[] = {Param(params)..., Param(Param::Null{})};
    return Later(sql, absl::MakeConstSpan(list, sizeof...(params)));
  }
  // The same for an INSERT of many rows, `params` as in ExecuteMany.
  absl::Status LaterMany(absl::string_view head, size_t width, absl::Span<const Param> params);
  // Sends what waits, for who wants to know why it fails (ALREADY_EXISTS and so on).
  absl::Status Flush();

  // INSERT of many rows: `head` ends before VALUES, `tail` follows it (or is empty). `params` holds
  // whole rows of `width` values. Sent in chunks of powers of two, so that few statements are
  // prepared.
  absl::Status ExecuteMany(absl::string_view head, size_t width, absl::Span<const Param> params,
                           absl::string_view tail = "");

  // The database's clock.
  absl::StatusOr<absl::Time> Now();

 private:
  friend class Session;
  explicit Tx(Session& session) : session_(session) {}
  Session& session_;
};

struct TxOptions {
  // No statement and no retry starts after this.
  absl::Time deadline = absl::InfiniteFuture();
  // Whether `f` itself finds out if an earlier attempt took effect (it begins by inserting an
  // idempotency key). Only then is a COMMIT without an answer tried again; otherwise, and where no
  // further attempt gets so far, it ends as UNAVAILABLE, reason COMMIT_IN_DOUBT.
  bool repeatable = false;
  bool read_only = false;
};

// One connection, opened on first use and after every failure that is not about data. Owned by one
// thread.
class Session {
 public:
  explicit Session(Options options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs `f` in a transaction and commits, or rolls back if `f` fails. On a deadlock, a lock wait
  // timeout, a snapshot conflict, or a connection lost before COMMIT, the whole transaction is run
  // again (at most 8 times, with back-off, within the deadline), so `f` must keep no state across
  // calls. ABORTED when the attempts are used up.
  absl::Status Transact(const TxOptions& options, absl::FunctionRef<absl::Status(Tx&)> f);

  // Outside transactions: migrations and start-up checks. Never retried.
  absl::StatusOr<Rows> QueryDirect(absl::string_view sql);
  absl::Status ExecuteDirect(absl::string_view sql);
  absl::Status Ping();

  // Statements sent since the session was made; round trips of the bench and of tests.
  int64_t statements() const;

 private:
  friend class Tx;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Call once in each thread that uses sessions, for as long as it uses them.
class ThreadInit {
 public:
  ThreadInit();
  ~ThreadInit();
};

// The driver's error number and text as a status: the one table (see mysql_status.cc). Exposed for
// its test.
absl::Status StatusFromDriver(int error, absl::string_view sql_state, absl::string_view text);
// Whether the whole transaction may be run again after this status.
bool IsRetryable(const absl::Status& status);
// Whether the connection is gone.
bool IsConnectionLost(const absl::Status& status);
// The constraint or key that a duplicate violated ("uq_…"), or "".
std::string ViolatedKey(const absl::Status& status);

}  // namespace qungong::mysql

#endif  // QUNGONG_RUNTIME_MYSQL_H_
