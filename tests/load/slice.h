// A slice: some clients, each calling in a closed loop, for a while.
#ifndef QUNGONG_TESTS_LOAD_SLICE_H_
#define QUNGONG_TESTS_LOAD_SLICE_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/load/client.h"

namespace qungong::load {

struct Slice {
  double seconds = 0;
  int64_t errors = 0;
  std::string error;                  // the first
  std::vector<double> latencies;      // of the calls that succeeded, in ms, sorted
  std::map<std::string, double> cpu;  // by process, in seconds

  double rate() const;                // calls that succeeded, a second
  double percentile(double p) const;  // ms; 0 without calls
};

// Whose CPU time is told: names and pids. This process is "driver".
using Processes = std::map<std::string, pid_t>;

// Every client calls until the time is over.
Slice RunFor(const std::vector<std::unique_ptr<Client>>& clients, absl::Duration time,
             const Processes& processes);
// They make that many calls together.
Slice RunCalls(const std::vector<std::unique_ptr<Client>>& clients, int calls);

// CPU time, user and system, of a process so far, in seconds.
double CpuOf(pid_t pid);

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_SLICE_H_
