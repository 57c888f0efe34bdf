#include "tests/support/access/absence_probe.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "runtime/status.h"
#include "tests/support/contracts.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

using Where = AccessLine::Where;

// Of the same length: that may be told.
std::string Masked(const std::string& text, const std::string& name) {
  return name.empty() ? text : absl::StrReplaceAll(text, {{name, std::string(name.size(), '*')}});
}

// In which way two answers differ, but for the name that each repeats; "" if in none.
std::string Difference(const RawAnswer& real, const std::string& real_name, const RawAnswer& absent,
                       const std::string& absent_name) {
  const std::string both = absl::StrCat(Describe(FromGrpcStatus(real.status)), " and ",
                                        Describe(FromGrpcStatus(absent.status)));
  if (real.status.error_code() != absent.status.error_code() ||
      Masked(real.status.error_message(), real_name) !=
          Masked(absent.status.error_message(), absent_name) ||
      Masked(real.status.error_details(), real_name) !=
          Masked(absent.status.error_details(), absent_name)) {
    return absl::StrCat("the answers differ: ", both);
  }
  if (real.reply != absent.reply) return "the replies differ";
  for (size_t i = 0; i < real.statements.size() || i < absent.statements.size(); ++i) {
    const std::string of_real = i < real.statements.size() ? real.statements[i] : "none";
    const std::string of_absent = i < absent.statements.size() ? absent.statements[i] : "none";
    if (of_real != of_absent) {
      return absl::StrCat("statement ", i + 1, " of ", real.statements.size(), " is ", of_real,
                          "; of ", absent.statements.size(), " it is ", of_absent);
    }
  }
  return "";
}

class Comparison {
 public:
  Comparison(TestService& service, const AccessLine& line) : service_(service), line_(line) {}

  // The call about something that is there, and about nothing. `must_deny`: both are refused.
  void Compare(const Attempt& real, const Attempt& absent, const std::string& field,
               const std::string& token, bool must_deny) {
    const auto& method = *FindMethod(line_.method);
    const RawAnswer of_real = Send(service_, method, real, token);
    const RawAnswer of_absent = Send(service_, method, absent, token);
    ++compared;
    std::string wrong = Difference(of_real, real.ValueIn(field), of_absent, absent.ValueIn(field));
    if (wrong.empty() && must_deny == of_real.status.ok())
      wrong = absl::StrCat("the answers are ", Describe(FromGrpcStatus(of_real.status)));
    if (!wrong.empty()) found.push_back(absl::StrCat(field, ": ", wrong));
  }

  std::vector<std::string> found;
  int compared = 0;

 private:
  TestService& service_;
  const AccessLine& line_;
};

}  // namespace

std::vector<std::string> CompareWithAbsent(TestService& service, const Enroll& enroll,
                                           const AccessLine& line, const Scenario& scenario,
                                           int& compared) {
  Comparison comparison(service, line);
  if (line.where == Where::kBySecret) {
    for (const std::string& field : line.scoped) {
      const Attempt right = scenario(Scene::kHere);
      const auto& [secret, wrong] = right.wrong_secret;
      comparison.Compare(right.With(secret, wrong), right.With(field, right.AbsentValueOf(field)),
                         field, "", true);
    }
  } else if (line.NeedsRole() && line.where != Where::kEverywhere) {
    const Attempt here = scenario(Scene::kHere);
    const bool top = line.where == Where::kTop;
    const Attempt there = top ? here : scenario(Scene::kThere);
    for (const std::string& role : line.who) {
      const std::string token =
          TokenOfHolder(service, enroll, role, top ? here.at.below : here.at.own);
      const auto compare = [&](const std::string& field, bool must_deny) {
        comparison.Compare(here.With(field, there.ValueOf(field)),
                           here.With(field, here.AbsentValueOf(field)), field, token, must_deny);
      };
      for (const std::string& field : line.scoped) compare(field, true);
      if (line.where != Where::kShowsOwn) continue;
      for (const std::string& field : line.open) compare(field, false);
    }
  }
  compared += comparison.compared;
  return comparison.found;
}

}  // namespace qungong::testing
