#include "tests/support/faults/fault_enumeration.h"

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/status.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr int kMostStatements = 200;

}  // namespace

struct FaultEnumeration::Fault {
  const char* name;
  int error;  // the driver's; 0: a stall of 200 ms while the client waits for 100 ms
  bool after;
};

struct FaultEnumeration::Trace : Effect {
  bool struck = false;
  int statements = 0;
};

FaultEnumeration::Trace FaultEnumeration::Observe(const Send& send, const Fault* fault, int at) {
  Trace trace;
  const Rows before = schema_.Count();
  std::atomic<int> seen = 0;
  std::atomic<bool> struck = false;
  service_.SetFault([&](absl::string_view, bool after) -> absl::Status {
    if (struck) return absl::OkStatus();
    const int n = after ? seen.load() : ++seen;
    if (fault == nullptr || n != at || after != fault->after) return absl::OkStatus();
    struck = true;
    if (fault->error != 0) return mysql::StatusFromDriver(fault->error, "HY000", "planted");
    absl::SleepFor(absl::Milliseconds(200));
    return absl::OkStatus();
  });
  const bool stall = fault != nullptr && fault->error == 0;
  trace.first = send(service_.channel(), stall ? absl::Milliseconds(100) : kPatience);
  trace.struck = struck;
  trace.statements = seen;
  if (trace.first.ok()) trace.acknowledged = schema_.GrowthSince(before);
  trace.retry = send(service_.channel(), kPatience);
  service_.SetFault(nullptr);
  trace.growth = schema_.GrowthSince(before);
  return trace;
}

std::vector<std::string> FaultEnumeration::Run(const std::string& method, const Prepare& prepare) {
  constexpr Fault kFaults[] = {{"deadlock", 1213, false},
                               {"lock wait timeout", 1205, false},
                               {"snapshot conflict", 1020, false},
                               {"connection lost before", 2013, false},
                               {"connection lost after", 2013, true},
                               {"stall", 0, false}};
  std::vector<std::string> wrong;
  const Trace reference = Observe(prepare(), nullptr, 0);
  if (!reference.first.ok())
    return {absl::StrCat("without a fault: ", Describe(reference.first.status()))};
  if (const std::string found = Differs(reference, reference); !found.empty())
    return {absl::StrCat("without a fault: ", found)};
  const auto* descriptor = FindMethod(method);
  const std::string shape = ShapeOf(descriptor, *reference.first);
  for (const Fault& fault : kFaults) {
    int at = 1;
    for (; at <= kMostStatements; ++at) {
      const Trace trace = Observe(prepare(), &fault, at);
      // Beyond the last statement, unless a busy machine let the time run out before this one.
      if (!trace.struck && (fault.error != 0 || at > reference.statements)) break;
      planted_ += trace.struck ? 1 : 0;
      std::string found = Differs(reference, trace);
      if (found.empty() && ShapeOf(descriptor, *trace.retry) != shape)
        found = "the reply is of another shape";
      if (!found.empty())
        wrong.push_back(absl::StrCat(fault.name, " at statement ", at, ": ", found));
    }
    for (const std::string& violated : schema_.Violated())
      wrong.push_back(absl::StrCat(fault.name, ": ", violated));
    // BEGIN, the key, the effect, the event and COMMIT at the least.
    if (at <= 5 || at > kMostStatements)
      wrong.push_back(absl::StrCat(fault.name, ": planted at ", at - 1, " statements only"));
  }
  return wrong;
}

}  // namespace qungong::testing
