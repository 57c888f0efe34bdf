// One connection to the database, by the driver: mysql_connection.cc alone includes it and alone
// catches its exceptions.
//
// An error that is not about data leaves the connection in an unknown state, and drops it.
#ifndef QUNGONG_RUNTIME_MYSQL_CONNECTION_H_
#define QUNGONG_RUNTIME_MYSQL_CONNECTION_H_

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "runtime/mysql.h"
#include "runtime/mysql_batch.h"

namespace sql {
class Connection;
class PreparedStatement;
}  // namespace sql

namespace qungong::mysql {

class Connection {
 public:
  explicit Connection(Options options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  absl::Status Open();
  void Drop();
  bool is_open() const { return connection_ != nullptr; }

  // Gives the statements to come a bound in time and, where time stands still, the hour.
  absl::Status SetUp(absl::Time deadline);

  // One statement, not prepared.
  absl::Status Direct(absl::string_view sql, Rows* rows);
  // One statement, prepared the first time.
  absl::StatusOr<Rows> Query(absl::string_view sql, absl::Span<const Param> params);
  absl::StatusOr<int64_t> Execute(absl::string_view sql, absl::Span<const Param> params);
  // All of a batch; after the one that fails, none.
  absl::Status Send(const Batch& batch);

  int64_t round_trips() const { return sent_; }

 private:
  struct Prepared {
    std::string sql;
    std::unique_ptr<sql::PreparedStatement> statement;
  };
  absl::Status Guard(absl::string_view sql, absl::FunctionRef<void()> send);
  sql::PreparedStatement& Prepare(absl::string_view sql, absl::Span<const Param> params);

  const Options options_;
  std::unique_ptr<sql::Connection> connection_;
  std::list<Prepared> lru_;
  std::unordered_map<std::string, std::list<Prepared>::iterator> statements_;
  int timeout_s_ = 0;
  std::optional<absl::Time> standing_;
  int64_t sent_ = 0;
};

}  // namespace qungong::mysql

#endif  // QUNGONG_RUNTIME_MYSQL_CONNECTION_H_
