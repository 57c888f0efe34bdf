// Every database fault at every statement of every mutating method, and then the client's retry.
//
// A package registers one scenario per method; the methods come from the contracts, so that a new
// one without a scenario is a fault of the test. What a method does without a fault is the measure:
// the rows that every table gains and loses, the events, the reply's version. With a fault and a
// retry of the same request exactly the same must have happened.
#ifndef QUNGONG_TESTS_SUPPORT_FAULTS_FAULT_ENUMERATION_H_
#define QUNGONG_TESTS_SUPPORT_FAULTS_FAULT_ENUMERATION_H_

#include <string>
#include <utility>
#include <vector>

#include "tests/support/faults/effect.h"  // IWYU pragma: export

namespace qungong::testing {

class FaultEnumeration {
 public:
  // As of Schema.
  FaultEnumeration(TestService& service, const std::string& schema,
                   std::vector<std::string> invariants,
                   const std::vector<std::string>& unsettled = {})
      : service_(service), schema_(schema, std::move(invariants), unsettled) {}

  // All faults at all statements, the invariants after each kind of fault; what went wrong, in
  // words. Empty: the method keeps the promise.
  std::vector<std::string> Run(const std::string& method, const Prepare& prepare);
  // How many faults were planted so far.
  int planted() const { return planted_; }

 private:
  struct Fault;
  struct Trace;  // what one case did

  Trace Observe(const Send& send, const Fault* fault, int at);

  TestService& service_;
  const Schema schema_;
  int planted_ = 0;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAULTS_FAULT_ENUMERATION_H_
