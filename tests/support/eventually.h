// What comes true by itself, in its own time.
#ifndef QUNGONG_TESTS_SUPPORT_EVENTUALLY_H_
#define QUNGONG_TESTS_SUPPORT_EVENTUALLY_H_

#include "absl/functional/function_ref.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace qungong::testing {

// Whether `condition` comes true within 10 s: for what a loop or another thread does.
inline bool Eventually(absl::FunctionRef<bool()> condition) {
  const absl::Time until = absl::Now() + absl::Seconds(10);
  while (!condition()) {
    if (absl::Now() > until) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_EVENTUALLY_H_
