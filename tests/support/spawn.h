// Programs that tests start.
#ifndef QUNGONG_TESTS_SUPPORT_SPAWN_H_
#define QUNGONG_TESTS_SUPPORT_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace qungong::testing {

// Starts a program, found in the PATH, with its output appended to a file. It is killed when this
// process ends, however that ends. Forks: not to be called once gRPC has started.
pid_t Spawn(const std::vector<std::string>& command, const std::string& log);

// A TCP port of 127.0.0.1 that was free a moment ago: for programs that cannot say which they took.
int FreePort();

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_SPAWN_H_
