// The memory of the test's own process, and with it that of what runs in it.
#ifndef QUNGONG_TESTS_SUPPORT_RESIDENT_H_
#define QUNGONG_TESTS_SUPPORT_RESIDENT_H_

#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace qungong::testing {

// MiB that this process holds.
inline int64_t Resident() {
  int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE) >> 20;
}

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_RESIDENT_H_
