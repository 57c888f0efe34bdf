// The end of a real process at every statement of a call or of a pass of a loop; then a new process
// serves, and the same request, or the same pass, again.
#ifndef QUNGONG_TESTS_SUPPORT_FAULTS_EXIT_ENUMERATION_H_
#define QUNGONG_TESTS_SUPPORT_FAULTS_EXIT_ENUMERATION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/clock.h"
#include "tests/support/faults/effect.h"  // IWYU pragma: export
#include "tests/support/faults/nursery.h"

namespace qungong::testing {

// A life: a replica that answers calls until it dies. It tells its port.
Nursery::Life Serving(const std::string& service, const TestService::Wire& wire);

// $QUNGONG_EXIT_SEED, or one that nobody knows; printed, so that a failure can be repeated.
uint64_t ExitSeed();
// $QUNGONG_EXIT_CASES, or `otherwise`: how many cases of a method a sample has.
int ExitCases(int otherwise);

class ExitEnumeration {
 public:
  // `clock` is the one that prepares set, for the processes to have the same; the rest is as of
  // Schema.
  ExitEnumeration(const Clock& clock, const std::string& schema,
                  std::vector<std::string> invariants,
                  const std::vector<std::string>& unsettled = {})
      : clock_(clock), schema_(schema, std::move(invariants), unsettled) {}

  // A replica of the life `serving` gets the call and ends before and after each of its statements;
  // another gets the retry. What went wrong, in words. Empty: the method keeps the promise.
  std::vector<std::string> Run(const std::string& serving, const std::string& method,
                               const Prepare& prepare);
  // The same at `cases` statements that the seed chooses.
  std::vector<std::string> Sample(const std::string& serving, const std::string& method,
                                  const Prepare& prepare, uint64_t seed, int cases);
  // A life that does one thing and ends by itself. `prepare` makes the world; `state` may say more
  // of it than the numbers of rows, and must be the same in the end, too. `seed` is the life's.
  std::vector<std::string> RunPass(const std::string& life, const std::function<void()>& prepare,
                                   absl::Time now,
                                   const std::function<std::string()>& state = nullptr,
                                   uint64_t seed = 0);
  // How many processes ended at a statement so far.
  int exits() const { return exits_; }

 private:
  struct Trace;  // what one case did

  Trace Call(const std::string& serving, const Prepare& prepare, Doom doom);
  Trace Pass(const std::string& life, const std::function<void()>& prepare, absl::Time now,
             const std::function<std::string()>& state, uint64_t seed, Doom doom);
  // What is wrong with a case, said of its statement.
  void Judge(const Trace& reference, const Trace& trace, Doom doom,
             const google::protobuf::MethodDescriptor* method, std::vector<std::string>& wrong);

  const Clock& clock_;
  const Schema schema_;
  int exits_ = 0;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAULTS_EXIT_ENUMERATION_H_
