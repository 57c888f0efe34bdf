#include "runtime/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <limits>
#include <thread>

#include "absl/time/clock.h"
#include "runtime/log.h"

namespace qungong {

int RaiseDescriptorLimit() {
  constexpr rlim_t kMost = std::numeric_limits<int>::max();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t usual = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = usual;
  return static_cast<int>(std::min(limit.rlim_cur, kMost));
}

void EndAfter(absl::Duration grace) {
  signal(SIGALRM, SIG_DFL);
  alarm(static_cast<unsigned>(absl::ToInt64Seconds(absl::Ceil(grace, absl::Seconds(1)))) + 2);
  std::thread([grace] {
    absl::SleepFor(grace);
    log::Error("the grace period is over, leaving");
    _exit(3);
  }).detach();
}

}  // namespace qungong
