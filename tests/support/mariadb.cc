#include "tests/support/mariadb.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/status.h"
#include "tests/support/spawn.h"

namespace qungong::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "qungong-test-";
constexpr uint64_t kNeededMib = 512;

[[noreturn]] void Fail(absl::string_view what) {
  std::fprintf(stderr, "MariaDB for tests: %s\n", std::string(what).c_str());
  std::_Exit(1);
}

void Check(const absl::Status& status, absl::string_view what) {
  if (!status.ok()) Fail(absl::StrCat(what, ": ", status.ToString()));
}

std::string ReadFile(const fs::path& file) {
  std::ifstream in(file);
  if (!in) Fail(absl::StrCat("cannot read ", file.string()));
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

std::string Settings() { return QUNGONG_SOURCE_DIR "/k8s/database/mariadb.cnf"; }

// The server refuses to run as root unless it is told to.
void AddUser(std::vector<std::string>& command) {
  if (geteuid() == 0) command.emplace_back("--user=root");
}

bool HasRoom(const char* directory) {
  struct statvfs stat {};
  return statvfs(directory, &stat) == 0 &&
         stat.f_bavail * (stat.f_frsize >> 10) >> 10 >= kNeededMib && access(directory, W_OK) == 0;
}

// What tests that were killed left behind.
void RemoveOld(const fs::path& root) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
    const std::string name = entry.path().filename();
    absl::string_view rest = name;
    pid_t pid = 0;
    const bool ours =
        absl::ConsumePrefix(&rest, kPrefix) && absl::SimpleAtoi(rest, &pid) && pid > 0;
    if (ours && kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), error);
  }
}

// An initialized data directory, made once for a build tree and these settings.
fs::path Template() {
  const fs::path directory = QUNGONG_BINARY_DIR "/mariadb-template";
  const fs::path stamp = directory / "settings";
  fs::create_directories(directory);
  const int lock = open((directory / "lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) Fail("cannot lock the template");
  const std::string settings = ReadFile(Settings());
  if (!fs::exists(stamp) || ReadFile(stamp) != settings) {
    fs::remove_all(directory / "data");
    const std::string log = directory / "install.log";
    std::vector<std::string> command = {"mariadb-install-db",
                                        "--defaults-file=" + Settings(),
                                        "--datadir=" + (directory / "data").string(),
                                        "--tmpdir=" + directory.string(),
                                        "--skip-test-db",
                                        "--auth-root-authentication-method=normal",
                                        "--innodb-log-file-size=16M"};
    AddUser(command);
    const pid_t pid = Spawn(command, log);
    int status = 0;
    if (waitpid(pid, &status, 0) != pid || status != 0)
      Fail(absl::StrCat("mariadb-install-db failed, see ", log));
    std::ofstream(stamp) << settings;
  }
  close(lock);
  return directory / "data";
}

}  // namespace

MariaDb& MariaDb::Get() {
  static MariaDb server;
  return server;
}

MariaDb::MariaDb() {
  if (const char* socket = std::getenv("TEST_MARIADB_SOCKET")) {
    socket_ = socket;
  } else {
    const bool in_memory = !on_disk && HasRoom("/dev/shm");
    const fs::path root = in_memory ? fs::path("/dev/shm") : fs::temp_directory_path();
    RemoveOld(root);
    directory_ = root / absl::StrCat(kPrefix, getpid());
    socket_ = directory_ + "/socket";
    const fs::path data = Template();
    fs::create_directory(directory_);
    fs::copy(data, directory_ + "/data", fs::copy_options::recursive);
    Start();
  }
  ApplyUsers();
}

MariaDb::~MariaDb() {
  if (directory_.empty()) return;
  root_.reset();
  Kill();
  std::error_code error;
  fs::remove_all(directory_, error);
}

void MariaDb::Start(const std::vector<std::string>& options) {
  const std::string log = directory_ + "/log";
  // A temporary directory of its own, because a server that starts removes the temporary tables of
  // every other that shares one.
  std::vector<std::string> command = {"mariadbd",
                                      "--defaults-file=" + Settings(),
                                      "--datadir=" + directory_ + "/data",
                                      "--tmpdir=" + directory_,
                                      "--socket=" + socket_,
                                      "--pid-file=" + directory_ + "/pid",
                                      "--skip-networking",
                                      "--innodb-buffer-pool-size=64M",
                                      "--innodb-log-file-size=16M"};
  AddUser(command);
  command.insert(command.end(), options.begin(), options.end());
  pid_ = Spawn(command, log);
  root_ = std::make_unique<mysql::Session>(OptionsFor("root"));
  const absl::Time until = absl::Now() + absl::Minutes(1);
  absl::Status status;
  while (absl::Now() < until) {
    status = root_->Ping();
    if (status.ok()) return;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) break;
    absl::SleepFor(absl::Milliseconds(5));
  }
  Fail(absl::StrCat("mariadbd did not start: ", status.ToString(), "\n", ReadFile(log)));
}

void MariaDb::Kill() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::string MariaDb::PasswordOf(absl::string_view user) {
  return user == "root" ? "" : absl::StrCat(user, "-of-tests");
}

mysql::Options MariaDb::OptionsFor(absl::string_view user) const {
  mysql::Options options;
  options.address = address();
  options.user = std::string(user);
  options.password = PasswordOf(user);
  if (user != "root") options.schema = absl::StrCat("qungong_", user.substr(0, user.rfind('_')));
  return options;
}

void MariaDb::ApplyUsers() {
  if (root_ == nullptr) root_ = std::make_unique<mysql::Session>(OptionsFor("root"));
  std::string sql = ReadFile(QUNGONG_SOURCE_DIR "/k8s/database/users.sql");
  for (const char* user :
       {"org_app", "org_ddl", "ticket_app", "ticket_ddl", "appraisal_app", "appraisal_ddl"}) {
    const std::string name = absl::StrCat("${", absl::AsciiStrToUpper(user), "_PASSWORD}");
    sql = absl::StrReplaceAll(sql, {{name, PasswordOf(user)}});
  }
  for (const std::string& statement : SplitStatements(sql))
    Check(root_->ExecuteDirect(statement), statement);
}

void MariaDb::DropTables(absl::string_view service) {
  for (const std::string& schema :
       {absl::StrCat("qungong_", service), absl::StrCat("qungong_", service, "_seed")}) {
    Query(absl::StrCat("DROP DATABASE IF EXISTS ", schema));
    Query(absl::StrCat("CREATE DATABASE ", schema,
                       " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"));
  }
}

void MariaDb::Migrate(absl::string_view service, absl::Span<const Migration> migrations) {
  DropTables(service);
  mysql::Session session(OptionsFor(absl::StrCat(service, "_ddl")));
  std::vector<Migration> all(RuntimeMigrations().begin(), RuntimeMigrations().end());
  all.insert(all.end(), migrations.begin(), migrations.end());
  Check(qungong::Migrate(session, all), "migrating");
  const std::string schema = absl::StrCat("qungong_", service);
  for (const std::string& table : TablesOf(schema)) {
    if (Query(absl::StrCat("SELECT 1 FROM ", schema, ".", table, " LIMIT 1")).empty()) continue;
    Query(absl::StrCat("CREATE TABLE ", schema, "_seed.", table, " SELECT * FROM ", schema, ".",
                       table));
  }
}

void MariaDb::Clear(absl::string_view service) {
  const std::string schema = absl::StrCat("qungong_", service);
  const std::vector<std::string> tables = TablesOf(schema);
  const std::vector<std::string> seeds = TablesOf(schema + "_seed");
  Query("SET SESSION foreign_key_checks = 0");
  // Retried: a loop of the service may be in the way.
  const absl::Status status = root_->Transact({}, [&](mysql::Tx& tx) -> absl::Status {
    for (const std::string& table : tables) {
      RETURN_IF_ERROR(tx.Execute(absl::StrCat("DELETE FROM ", schema, ".", table)).status());
    }
    for (const std::string& table : seeds) {
      RETURN_IF_ERROR(tx.Execute(absl::StrCat("INSERT INTO ", schema, ".", table, " SELECT * FROM ",
                                              schema, "_seed.", table))
                          .status());
    }
    return absl::OkStatus();
  });
  Check(status, "clearing");
  Query("SET SESSION foreign_key_checks = 1");
}

std::vector<std::string> MariaDb::TablesOf(const std::string& schema) {
  std::vector<std::string> tables;
  for (const mysql::Row& row : Query(absl::StrCat("SHOW TABLES FROM ", schema)))
    tables.push_back(row.String(0));
  return tables;
}

mysql::Rows MariaDb::Query(absl::string_view sql) {
  absl::StatusOr<mysql::Rows> rows = root_->QueryDirect(sql);
  Check(rows.status(), sql);
  return *std::move(rows);
}

}  // namespace qungong::testing
