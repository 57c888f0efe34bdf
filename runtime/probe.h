// Start-up assertions and probes.
#ifndef QUNGONG_RUNTIME_PROBE_H_
#define QUNGONG_RUNTIME_PROBE_H_

#include <string>

#include "absl/status/status.h"
#include "runtime/mysql.h"

namespace qungong {

// Opens a new TCP connection and closes it; UNAVAILABLE if that takes more than a second.
absl::Status ProbeTcp(const std::string& host, int port);

// FAILED_PRECONDITION, naming every server variable under which an acknowledged write could be
// lost, half of a transaction kept, or text changed.
absl::Status CheckDatabaseSettings(mysql::Session& session);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_PROBE_H_
