#include "tests/load/slice.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace qungong::load {
namespace {

// What one client saw.
struct Seen {
  std::vector<double> latencies;
  int64_t errors = 0;
  std::string error;
};

void Loop(Client& client, const std::function<bool()>& again, Seen& seen) {
  while (again()) {
    const absl::Time began = absl::Now();
    const std::string error = client.Call();
    if (error.empty()) {
      seen.latencies.push_back(absl::ToDoubleMilliseconds(absl::Now() - began));
    } else if (++seen.errors == 1) {
      seen.error = error;
    }
  }
}

Slice Run(const std::vector<std::unique_ptr<Client>>& clients, const std::function<bool()>& again) {
  std::vector<Seen> seen(clients.size());
  std::vector<std::thread> threads;
  const absl::Time began = absl::Now();
  for (size_t i = 0; i < clients.size(); ++i)
    threads.emplace_back([&, i] { Loop(*clients[i], again, seen[i]); });
  for (std::thread& thread : threads) thread.join();
  Slice slice;
  slice.seconds = absl::ToDoubleSeconds(absl::Now() - began);
  for (const Seen& one : seen) {
    slice.latencies.insert(slice.latencies.end(), one.latencies.begin(), one.latencies.end());
    slice.errors += one.errors;
    if (slice.error.empty()) slice.error = one.error;
  }
  std::sort(slice.latencies.begin(), slice.latencies.end());
  return slice;
}

}  // namespace

double Slice::rate() const {
  return seconds > 0 ? static_cast<double>(latencies.size()) / seconds : 0;
}

double Slice::percentile(double p) const {
  if (latencies.empty()) return 0;
  const double place = p / 100 * static_cast<double>(latencies.size() - 1);
  return latencies[static_cast<size_t>(place)];
}

Slice RunFor(const std::vector<std::unique_ptr<Client>>& clients, absl::Duration time,
             const Processes& processes) {
  std::map<std::string, double> before;
  for (const auto& [name, pid] : processes) before[name] = CpuOf(pid);
  const absl::Time end = absl::Now() + time;
  Slice slice = Run(clients, [end] { return absl::Now() < end; });
  for (const auto& [name, pid] : processes) slice.cpu[name] = CpuOf(pid) - before[name];
  return slice;
}

Slice RunCalls(const std::vector<std::unique_ptr<Client>>& clients, int calls) {
  std::atomic<int> left = calls;
  return Run(clients, [&left] { return left.fetch_sub(1) > 0; });
}

double CpuOf(pid_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/stat"));
  std::string line;
  std::getline(in, line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  // After the name: state is field 3; utime and stime are fields 14 and 15.
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  double ticks = 0;
  for (int i = 3; i <= 15 && fields >> field; ++i) {
    if (i >= 14) ticks += std::stod(field);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace qungong::load
