// Whether a service lets through whom the reviewed table says, and nobody else.
//
// A package registers one scenario per method; the methods come from the contracts, so that a new
// one without a scenario is a fault of the test. Every role, from every node around the unit where
// the scenario's resources lie and in every state of its grant, makes the call, and what it is told
// is what the table says.
#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_ACCESS_PROBE_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_ACCESS_PROBE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "qungong/rpc/v1/options.pb.h"
#include "tests/support/access/access_matrix.h"
#include "tests/support/access/attempt.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

// An account whose rights came to an end in some other way than by the days of its grant.
struct FormerHolder {
  std::string how;  // "whose account is disabled"
  rpc::v1::Role role;
  std::string principal;
};

// Makes the accounts of these principals, where a service keeps accounts.
using Enroll = std::function<void(const std::vector<std::string>& principals)>;

// A token of an account that holds the role at the node, or none at all for "authenticated" and
// "anonymous".
std::string TokenOfHolder(TestService& service, const Enroll& enroll, const std::string& role_name,
                          const std::string& node);

class AccessProbe {
 public:
  explicit AccessProbe(TestService& service, Enroll enroll = nullptr)
      : service_(service), enroll_(std::move(enroll)) {}

  void Add(FormerHolder former) { former_.push_back(std::move(former)); }

  // Every caller makes the call; who was told something else than the table says, in words.
  std::vector<std::string> Run(const AccessLine& line, const Scenario& scenario);
  // How many calls were made so far.
  int calls() const { return calls_; }

 private:
  struct Caller;

  std::vector<Caller> CallersOf(const AccessLine& line, const Surroundings& at) const;
  void Settle(const std::vector<Caller>& callers, const Surroundings& at);
  std::string TokenOf(const Caller& caller) const;

  TestService& service_;
  const Enroll enroll_;
  std::vector<FormerHolder> former_;
  int calls_ = 0;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_ACCESS_PROBE_H_
