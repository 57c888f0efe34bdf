#include "tests/support/faults/exit_enumeration.h"

#include <cstdio>
#include <cstdlib>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr int kMostStatements = 200;

// To one process: it neither asks again by itself nor goes to another that took the port over.
std::shared_ptr<grpc::Channel> ChannelTo(int64_t port) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                   grpc::InsecureChannelCredentials(), arguments);
}

template <typename Number>
bool FromEnvironment(const char* name, Number* number) {
  const char* text = std::getenv(name);
  return text != nullptr && absl::SimpleAtoi(text, number);
}

}  // namespace

struct ExitEnumeration::Trace : Effect {
  bool died = false;  // at the statement at which it was to die
  int64_t statements = 0;
  std::string state;
  std::string failed;  // in another way than it was to
};

Nursery::Life Serving(const std::string& service, const TestService::Wire& wire) {
  return [service, wire](Self& self) -> absl::Status {
    const TestService replica(service, wire, self.now(), self.Fault());
    self.Tell(replica.port());
    Self::Wait();
  };
}

uint64_t ExitSeed() {
  static const uint64_t kSeed = [] {
    uint64_t seed = 0;
    if (!FromEnvironment("QUNGONG_EXIT_SEED", &seed)) seed = std::random_device()();
    std::printf("QUNGONG_EXIT_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
  }();
  return kSeed;
}

int ExitCases(int otherwise) {
  FromEnvironment("QUNGONG_EXIT_CASES", &otherwise);
  return otherwise;
}

ExitEnumeration::Trace ExitEnumeration::Call(const std::string& serving, const Prepare& prepare,
                                             Doom doom) {
  Nursery& nursery = Nursery::Get();
  Trace trace;
  const Send send = prepare();
  const absl::Time now = clock_.Now();
  const Rows before = schema_.Count();
  const int32_t first = nursery.Start(serving, doom, now);
  const auto port = nursery.Told(first);
  if (!port.has_value()) {
    nursery.Ended(first);
    trace.failed = "the process ended before it served";
    return trace;
  }
  trace.first = send(ChannelTo(*port), kPatience);
  // Unanswered without an end of its own, it is ended here, so that nothing waits for it.
  trace.died = doom.at > 0 && absl::IsUnavailable(trace.first.status());
  if (!trace.died) nursery.Kill(first);
  const int status = nursery.Ended(first, &trace.statements);
  if (!Nursery::WasKilled(status)) trace.failed = absl::StrCat("the process ended with ", status);
  if (trace.first.ok()) trace.acknowledged = schema_.GrowthSince(before);
  const int32_t second = nursery.Start(serving, {}, now);
  const auto other_port = nursery.Told(second);
  if (other_port.has_value()) trace.retry = send(ChannelTo(*other_port), kPatience);
  nursery.Kill(second);
  nursery.Ended(second);
  trace.growth = schema_.GrowthSince(before);
  exits_ += trace.died ? 1 : 0;
  return trace;
}

ExitEnumeration::Trace ExitEnumeration::Pass(const std::string& life,
                                             const std::function<void()>& prepare, absl::Time now,
                                             const std::function<std::string()>& state,
                                             uint64_t seed, Doom doom) {
  Nursery& nursery = Nursery::Get();
  Trace trace;
  prepare();
  const Rows before = schema_.Count();
  const int32_t first = nursery.Start(life, doom, now, seed);
  const int status = nursery.Ended(first, &trace.statements);
  trace.died = Nursery::WasKilled(status);
  if (!trace.died && status != 0) trace.failed = absl::StrCat("the process ended with ", status);
  const int again = nursery.Ended(nursery.Start(life, {}, now, seed));
  trace.retry = again == 0 ? absl::StatusOr<std::string>("")
                           : absl::InternalError(absl::StrCat("it ended with ", again));
  trace.growth = schema_.GrowthSince(before);
  if (state) trace.state = state();
  exits_ += trace.died ? 1 : 0;
  return trace;
}

void ExitEnumeration::Judge(const Trace& reference, const Trace& trace, Doom doom,
                            const google::protobuf::MethodDescriptor* method,
                            std::vector<std::string>& wrong) {
  std::vector<std::string> found = schema_.Violated();
  const std::string differs = trace.failed.empty() ? Differs(reference, trace) : trace.failed;
  if (!differs.empty()) found.push_back(differs);
  if (trace.state != reference.state)
    found.push_back(absl::StrCat("the state is ", trace.state, ", not ", reference.state));
  if (method != nullptr && differs.empty() &&
      ShapeOf(method, *trace.retry) != ShapeOf(method, *reference.retry))
    found.emplace_back("the reply is of another shape");
  for (const std::string& what : found) {
    wrong.push_back(absl::StrCat("the process ended ", doom.after ? "after" : "before",
                                 " statement ", doom.at, ": ", what));
  }
}

std::vector<std::string> ExitEnumeration::Run(const std::string& serving, const std::string& method,
                                              const Prepare& prepare) {
  std::vector<std::string> wrong;
  const Trace reference = Call(serving, prepare, {});
  Judge(reference, reference, {}, nullptr, wrong);
  if (!reference.first.ok()) wrong.push_back(Describe(reference.first.status()));
  if (!wrong.empty()) return wrong;
  for (const bool after : {false, true}) {
    Doom doom{1, after};
    for (; doom.at <= kMostStatements; ++doom.at) {
      const Trace trace = Call(serving, prepare, doom);
      Judge(reference, trace, doom, FindMethod(method), wrong);
      if (!trace.died) break;
    }
    if (doom.at != reference.statements + 1)
      wrong.push_back(absl::StrCat("it has ", reference.statements,
                                   " statements, and lived when it was to die at ", doom.at));
  }
  return wrong;
}

std::vector<std::string> ExitEnumeration::Sample(const std::string& serving,
                                                 const std::string& method, const Prepare& prepare,
                                                 uint64_t seed, int cases) {
  std::vector<std::string> wrong;
  const Trace reference = Call(serving, prepare, {});
  Judge(reference, reference, {}, nullptr, wrong);
  if (!reference.first.ok()) wrong.push_back(Describe(reference.first.status()));
  if (!wrong.empty()) return wrong;
  std::seed_seq sequence(method.begin(), method.end());
  uint32_t salt = 0;
  sequence.generate(&salt, &salt + 1);
  std::mt19937_64 random(seed ^ salt);
  for (int i = 0; i < cases; ++i) {
    const auto n = static_cast<int32_t>(random() % static_cast<uint64_t>(2 * reference.statements));
    const Doom doom{n / 2 + 1, n % 2 == 1};
    const Trace trace = Call(serving, prepare, doom);
    Judge(reference, trace, doom, FindMethod(method), wrong);
    if (!trace.died) wrong.push_back(absl::StrCat("nothing ended at statement ", doom.at));
  }
  return wrong;
}

std::vector<std::string> ExitEnumeration::RunPass(const std::string& life,
                                                  const std::function<void()>& prepare,
                                                  absl::Time now,
                                                  const std::function<std::string()>& state,
                                                  uint64_t seed) {
  std::vector<std::string> wrong;
  const Trace reference = Pass(life, prepare, now, state, seed, {});
  Judge(reference, reference, {}, nullptr, wrong);
  if (!wrong.empty()) return wrong;
  for (const bool after : {false, true}) {
    Doom doom{1, after};
    for (; doom.at <= kMostStatements; ++doom.at) {
      const Trace trace = Pass(life, prepare, now, state, seed, doom);
      if (!trace.died) break;
      Judge(reference, trace, doom, nullptr, wrong);
    }
    if (doom.at <= 5) wrong.push_back(absl::StrCat("it has only ", doom.at - 1, " statements"));
  }
  return wrong;
}

}  // namespace qungong::testing
