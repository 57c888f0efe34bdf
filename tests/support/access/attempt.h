// One valid call, about resources that lie at a unit: what a package's access test registers for
// each of its methods.
#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_ATTEMPT_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_ATTEMPT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "tests/support/access/raw_call.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

// Units around the one at which a scenario's resources lie; "" where there is none.
struct Surroundings {
  std::string own;      // the lowest at or above all that the call is about
  std::string above;    // its superior
  std::string sibling;  // another one below that
  std::string niece;    // below the sibling
  std::string below;    // below the own one
};

struct Attempt {
  std::shared_ptr<google::protobuf::Message> request;  // of an upload its metadata
  Surroundings at;
  std::string chunk;  // of an upload
  // Of a list: the name of a resource that lies at the own unit and that it shows.
  std::string shown;
  // Fields that the request leaves empty, and what they would name.
  std::map<std::string, std::string> may_name;
  // Values of fields, which are not resource names, that name nothing.
  std::map<std::string, std::string> absent;
  // The field that holds the secret, and a wrong one.
  std::pair<std::string, std::string> wrong_secret;

  std::string ValueIn(const std::string& field) const;  // of the request's text field
  // The same, or what the empty field would name.
  std::string ValueOf(const std::string& field) const;
  // A value of the same shape that names nothing.
  std::string AbsentValueOf(const std::string& field) const;
  Attempt With(const std::string& field, const std::string& value) const;
};

template <typename Request>
Attempt About(Surroundings at, Request request) {
  Attempt attempt;
  attempt.request = std::make_shared<Request>(std::move(request));
  attempt.at = std::move(at);
  return attempt;
}

// What scenarios make there lies at siblings of what they make here.
enum class Scene { kHere, kThere };
// Makes resources of its own each time.
using Scenario = std::function<Attempt(Scene)>;
// By name: "qungong.ticket.v1.TicketService/AcceptTicket".
using AccessScenarios = std::map<std::string, Scenario>;

// Sends it; an empty token sends none.
RawAnswer Send(TestService& service, const google::protobuf::MethodDescriptor& method,
               const Attempt& attempt, const std::string& token);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_ATTEMPT_H_
