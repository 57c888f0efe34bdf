#include "runtime/mysql.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "runtime/mysql_batch.h"
#include "runtime/mysql_connection.h"
#include "runtime/status.h"

namespace qungong::mysql {
namespace {

constexpr int kMaxAttempts = 8;
constexpr size_t kLargestChunk = 256;      // rows of one INSERT
constexpr size_t kLargestBatch = 1 << 20;  // bytes; max_allowed_packet is 16 MiB

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

class Session::Impl {
 public:
  explicit Impl(Options options) : connection(std::move(options)) {}

  absl::Status Open() { return connection.is_open() ? absl::OkStatus() : connection.Open(); }
  absl::Status Flush();
  template <typename R>
  absl::StatusOr<R> Run(absl::FunctionRef<absl::StatusOr<R>()> statement);
  absl::Status Attempt(const TxOptions& options, absl::FunctionRef<absl::Status(Tx&)> f, Tx& tx,
                       bool* in_doubt);

  Connection connection;
  Batch later;           // statements that wait
  absl::Status failure;  // the first of a statement in the transaction: it can no longer commit
  absl::BitGen random;

 private:
  absl::Status Begin(const TxOptions& options);
};

// Whatever fails in a batch, what came after it was not carried out: the transaction cannot commit.
absl::Status Session::Impl::Flush() {
  if (!failure.ok()) return failure;
  if (later.size() == 0) return absl::OkStatus();
  failure = connection.Send(later);
  later.Clear();
  return failure;
}

template <typename R>
absl::StatusOr<R> Session::Impl::Run(absl::FunctionRef<absl::StatusOr<R>()> statement) {
  if (!failure.ok()) return failure;  // nothing goes on after a failure
  if (absl::Status flushed = Flush(); !flushed.ok()) {
    // Of an earlier statement: the caller must not take it for an error of its own about data.
    if (!absl::IsAlreadyExists(flushed) && !absl::IsFailedPrecondition(flushed)) return flushed;
    return absl::InternalError(absl::StrCat("an earlier statement failed: ", flushed.message()));
  }
  absl::StatusOr<R> result = statement();
  // A duplicate or a violated reference undoes its statement only; the caller may decide what it
  // means.
  if (!result.ok() && !absl::IsAlreadyExists(result.status()) &&
      !absl::IsFailedPrecondition(result.status())) {
    failure = result.status();
  }
  return result;
}

absl::Status Session::Impl::Begin(const TxOptions& options) {
  failure = absl::OkStatus();
  later.Clear();
  RETURN_IF_ERROR(Open());
  RETURN_IF_ERROR(connection.SetUp(options.deadline));
  return connection.Direct(options.read_only ? "START TRANSACTION READ ONLY" : "START TRANSACTION",
                           nullptr);
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
    status = connection.Direct("COMMIT", nullptr);
    *in_doubt = IsConnectionLost(status);
    return status;
  }
  if (connection.is_open() && !connection.Direct("ROLLBACK", nullptr).ok()) connection.Drop();
  return status;
}

Session::Session(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Session::~Session() = default;

absl::Status Session::Transact(const TxOptions& options, absl::FunctionRef<absl::Status(Tx&)> f) {
  absl::Status status;
  bool doubtful = false;  // an earlier attempt may have been committed
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (attempt > 0) {  // full jitter: 5, 10, 20 … 500 ms
      const absl::Duration most =
          std::min(absl::Milliseconds(5 << attempt), absl::Milliseconds(500));
      const absl::Duration wait = most * absl::Uniform(impl_->random, 0.3, 1.0);
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
  RETURN_IF_ERROR(impl_->Open());
  Rows rows;
  RETURN_IF_ERROR(impl_->connection.Direct(sql, &rows));
  return rows;
}

absl::Status Session::ExecuteDirect(absl::string_view sql) {
  RETURN_IF_ERROR(impl_->Open());
  return impl_->connection.Direct(sql, nullptr);
}

absl::Status Session::Ping() { return QueryDirect("SELECT 1").status(); }

int64_t Session::statements() const { return impl_->connection.round_trips(); }

// Tx

absl::StatusOr<Rows> Tx::Query(absl::string_view sql, absl::Span<const Param> params) {
  return session_.impl_->Run<Rows>([&] { return session_.impl_->connection.Query(sql, params); });
}

absl::StatusOr<int64_t> Tx::Execute(absl::string_view sql, absl::Span<const Param> params) {
  return session_.impl_->Run<int64_t>(
      [&] { return session_.impl_->connection.Execute(sql, params); });
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
  if (!session_.impl_->failure.ok()) return session_.impl_->failure;
  session_.impl_->later.Add(sql, params);
  // A packet has its limit; what is that large gains nothing by waiting.
  return session_.impl_->later.text().size() > kLargestBatch ? Flush() : absl::OkStatus();
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
