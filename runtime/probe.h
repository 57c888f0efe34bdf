// Start-up assertions and probes.
#ifndef QUNGONG_RUNTIME_PROBE_H_
#define QUNGONG_RUNTIME_PROBE_H_

#include <string>

#include "absl/status/status.h"
#include "runtime/mysql.h"

namespace qungong {

// Opens a new TCP connection, ends its own half and waits for the server to say or end something;
// UNAVAILABLE if nothing comes within two seconds. That a connection opens says nothing: the kernel
// takes connections for a process that has stopped accepting.
absl::Status ProbeListener(const std::string& host, int port);

// FAILED_PRECONDITION, naming every server variable under which an acknowledged write could be
// lost, half of a transaction kept, or text changed.
absl::Status CheckDatabaseSettings(mysql::Session& session);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_PROBE_H_
