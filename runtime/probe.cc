#include "runtime/probe.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);  // the kubelet waits five

// Value that each variable must have, where the server knows it.
const std::map<std::string, std::string>& Required() {
  static const auto* required = new std::map<std::string, std::string>{
      {"innodb_flush_log_at_trx_commit", "1"},  // or a crash loses acknowledged writes
      {"sync_binlog", "1"},                     // the same, for what a replica or a restore replays
      {"innodb_rollback_on_timeout", "ON"},  // or a lock wait timeout keeps half of a transaction
      {"local_infile", "OFF"},               // a server could read the client's files
  };
  return *required;
}

// 0, or why a socket does not become ready.
int Await(int fd, int16_t event, absl::Time end) {
  pollfd waiting{fd, event, 0};
  const int64_t left = absl::ToInt64Milliseconds(end - absl::Now());
  if (poll(&waiting, 1, static_cast<int>(std::max<int64_t>(left, 0))) != 1) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

absl::Status ProbeListener(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string name = host.empty() || host == "0.0.0.0" || host == "[::]" ? "127.0.0.1" : host;
  if (getaddrinfo(name.c_str(), absl::StrCat(port).c_str(), &hints, &found) != 0 ||
      found == nullptr) {
    return absl::UnavailableError("own address cannot be resolved");
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int error = fd < 0 ? errno : 0;
  if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS)
    error = errno;
  freeaddrinfo(found);
  const absl::Time end = absl::Now() + kPatience;
  if (error == 0) error = Await(fd, POLLOUT, end);
  if (error == 0 && shutdown(fd, SHUT_WR) != 0) error = errno;
  if (error == 0) error = Await(fd, POLLIN, end);
  if (fd >= 0) close(fd);
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("own port does not answer: ", std::strerror(error)));
}

absl::Status CheckDatabaseSettings(mysql::Session& session) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, session.QueryDirect("SHOW GLOBAL VARIABLES"));
  std::vector<std::string> wrong;
  for (const mysql::Row& row : rows) {
    const auto rule = Required().find(row.String(0));
    if (rule == Required().end()) continue;
    if (row.String(1) != rule->second) {
      wrong.push_back(
          absl::StrCat(row.String(0), " is ", row.String(1), ", must be ", rule->second));
    }
  }
  ASSIGN_OR_RETURN(
      const mysql::Rows own,
      session.QueryDirect(
          "SELECT @@session.time_zone, @@session.tx_isolation, @@character_set_connection"));
  if (own.at(0).String(0) != "+00:00") wrong.emplace_back("the session's time_zone is not UTC");
  if (own.at(0).String(1) != "REPEATABLE-READ")
    wrong.emplace_back("the session's isolation is not REPEATABLE-READ");
  if (own.at(0).String(2) != "utf8mb4")
    wrong.emplace_back("the session's character set is not utf8mb4");
  if (wrong.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(wrong, "; "));
}

}  // namespace qungong
