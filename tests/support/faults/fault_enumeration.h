// Every database fault at every statement of every mutating method, and then the client's retry.
//
// A package registers one scenario per method; the methods come from the contracts, so that a new
// one without a scenario is a fault of the test. What a method does without a fault is the measure:
// the rows that every table gains and loses, the events, the reply's version. With a fault and a
// retry of the same request exactly the same must have happened.
#ifndef QUNGONG_TESTS_SUPPORT_FAULTS_FAULT_ENUMERATION_H_
#define QUNGONG_TESTS_SUPPORT_FAULTS_FAULT_ENUMERATION_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "tests/support/contracts.h"  // IWYU pragma: export
#include "tests/support/service_fixture.h"

namespace qungong::testing {

// Sends one prepared request, the same each time it is called; the serialized reply.
using Send = std::function<absl::StatusOr<std::string>(absl::Duration deadline)>;
// Makes a world of its own in which the method succeeds, and the request.
using Prepare = std::function<Send()>;
// By name: "qungong.ticket.v1.TicketService/AcceptTicket".
using Scenarios = std::map<std::string, Prepare>;

// A unary call of any method, by its name, with one request_id.
Send Sending(TestService& service, const std::string& method, absl::string_view principal,
             const google::protobuf::Message& request);

class FaultEnumeration {
 public:
  // `invariants` are questions that count what must not be: each must always be answered with 0.
  // `unsettled` are tables that background loops write.
  FaultEnumeration(TestService& service, std::string schema, std::vector<std::string> invariants,
                   std::vector<std::string> unsettled = {});

  // All faults at all statements, the invariants after each kind of fault; what went wrong, in
  // words. Empty: the method keeps the promise.
  std::vector<std::string> Run(const std::string& method, const Prepare& prepare);
  // How many faults were planted so far.
  int planted() const { return planted_; }

 private:
  struct Fault;
  struct Trace;  // what one case did

  Trace Observe(const Send& send, const Fault* fault, int at);
  std::map<std::string, int64_t> CountRows();
  std::string Compare(const Trace& reference, const Trace& trace);

  TestService& service_;
  const std::string schema_;
  const std::vector<std::string> invariants_;
  std::vector<std::string> tables_;
  int planted_ = 0;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAULTS_FAULT_ENUMERATION_H_
