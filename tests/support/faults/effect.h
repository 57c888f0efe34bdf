// What one request did, however often it had to be sent: the measure of fault enumeration.
#ifndef QUNGONG_TESTS_SUPPORT_FAULTS_EFFECT_H_
#define QUNGONG_TESTS_SUPPORT_FAULTS_EFFECT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "grpcpp/grpcpp.h"
#include "tests/support/contracts.h"  // IWYU pragma: export
#include "tests/support/service_fixture.h"

namespace qungong::testing {

// Sends one prepared request to a replica, the same each time it is called; the serialized reply.
using Send = std::function<absl::StatusOr<std::string>(
    const std::shared_ptr<grpc::Channel>& replica, absl::Duration deadline)>;
// Makes a world of its own in which the method succeeds, and the request.
using Prepare = std::function<Send()>;
// By name: "qungong.ticket.v1.TicketService/AcceptTicket".
using Scenarios = std::map<std::string, Prepare>;

// A unary call of any method, by its name, with one request_id.
Send Sending(TestService& service, const std::string& method, absl::string_view principal,
             const google::protobuf::Message& request);

// How many fields a reply has, and its etag.
std::string ShapeOf(const google::protobuf::MethodDescriptor* method, const std::string& bytes);

// Rows by table and events by kind.
using Rows = std::map<std::string, int64_t>;

struct Effect {
  absl::StatusOr<std::string> first = absl::UnknownError("not sent");
  absl::StatusOr<std::string> retry = absl::UnknownError("not sent");
  Rows growth;        // where it is not 0
  Rows acknowledged;  // what there was of it when the first was answered with OK
};

// What is wrong with an effect, beside that of the same request without a fault; "" for nothing.
std::string Differs(const Effect& reference, const Effect& effect);

// A schema, seen from outside.
class Schema {
 public:
  // `invariants` are questions that count what must not be: each must always be answered with 0.
  // `unsettled` are tables that background loops write.
  Schema(const std::string& name, std::vector<std::string> invariants,
         const std::vector<std::string>& unsettled);

  Rows Count() const;
  Rows GrowthSince(const Rows& before) const;
  // The invariants that do not hold.
  std::vector<std::string> Violated() const;

 private:
  const std::string name_;  // "qungong_ticket"
  const std::vector<std::string> invariants_;
  std::vector<std::string> tables_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAULTS_EFFECT_H_
