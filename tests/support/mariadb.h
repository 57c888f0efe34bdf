// A throwaway MariaDB server for one test binary, with the settings of production
// (k8s/database/mariadb.cnf) and the schemas, users and grants of production
// (k8s/database/users.sql).
//
// It starts on first use, in a fraction of a second, from a data directory that the build tree
// keeps, lives in memory where there is enough, answers on a socket only, and ends with the
// process, however that ends. A server that cannot be started is a failure, not a reason to skip.
// TEST_MARIADB_SOCKET names a running server to use instead, as its root without a password; its
// schemas qungong_* are then dropped.
#ifndef QUNGONG_TESTS_SUPPORT_MARIADB_H_
#define QUNGONG_TESTS_SUPPORT_MARIADB_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/migrate.h"
#include "runtime/mysql.h"

namespace qungong::testing {

// Owned by the test's main thread. Begin to use it before gRPC: it forks.
class MariaDb {
 public:
  static MariaDb& Get();
  // Before the first use: the data directory lies on a disk, as in production. In memory, the
  // server maps its log, and a kill loses nothing whatever the settings are.
  static void UseDisk() { on_disk_ = true; }

  // "unix:/…", as mysql::Options and --database take it.
  std::string address() const { return "unix:" + socket_; }

  // Options of a user: "org_app", "ticket_ddl", or "root".
  mysql::Options OptionsFor(absl::string_view user) const;
  // The password of a user, for flags of real binaries.
  static std::string PasswordOf(absl::string_view user);

  // Makes the schema of `service` ("ticket") anew and migrates it as its _ddl user: the runtime's
  // migrations, then these.
  void Migrate(absl::string_view service, absl::Span<const Migration> migrations = {});
  // Brings every table back to what it was after Migrate; quick.
  void Clear(absl::string_view service);
  // Makes the schema anew, without a table.
  void DropTables(absl::string_view service);

  // As root, outside transactions.
  mysql::Rows Query(absl::string_view sql);

  // Ends the server at once and starts it again on the same data, as after a crash. `options` are
  // mariadbd's, for this once.
  void Kill();
  void Start(const std::vector<std::string>& options = {});
  // Of the server; 0 while it does not run or is not ours.
  pid_t pid() const { return pid_; }

 private:
  MariaDb();
  ~MariaDb();
  void ApplyUsers();
  std::vector<std::string> TablesOf(const std::string& schema);

  static inline bool on_disk_ = false;

  std::string directory_;  // empty: the server is not ours
  std::string socket_;
  pid_t pid_ = 0;
  std::unique_ptr<mysql::Session> root_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_MARIADB_H_
