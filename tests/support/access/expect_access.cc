#include "tests/support/access/expect_access.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/feed_service.pb.h"
#include "runtime/ids.h"
#include "tests/support/access/absence_probe.h"
#include "tests/support/access/access_matrix.h"
#include "tests/support/access/output_only_probe.h"
#include "tests/support/contracts.h"

namespace qungong::testing {

using ::testing::IsEmpty;

void ExpectAccessAsReviewed(TestService& service, std::vector<std::string> methods,
                            AccessScenarios scenarios, const Enroll& enroll,
                            const std::vector<FormerHolder>& former) {
  const std::vector<AccessLine> table = LoadAccessMatrix();
  for (const std::string& method : MethodsOf("qungong.rpc.v1")) methods.push_back(method);
  scenarios["qungong.rpc.v1.FeedService/StreamEvents"] = [](Scene) {
    Surroundings at;
    at.own = ResourceName("units", NameUuid("anywhere"));
    return About(at, rpc::v1::StreamEventsRequest());
  };
  AccessProbe probe(service, enroll);
  for (const FormerHolder& holder : former) probe.Add(holder);
  int compared = 0;
  int with_own_fields = 0;
  for (const std::string& method : methods) {
    SCOPED_TRACE(method);
    const auto line = std::find_if(table.begin(), table.end(),
                                   [&](const AccessLine& l) { return l.method == method; });
    if (line == table.end() || !scenarios.contains(method)) {
      ADD_FAILURE() << (line == table.end() ? "has no line in the table" : "has no scenario");
      continue;
    }
    EXPECT_THAT(probe.Run(*line, scenarios[method]), IsEmpty());
    EXPECT_THAT(CompareWithAbsent(service, enroll, *line, scenarios[method], compared), IsEmpty());
    if (ServersOwnFields(*AskedOf(*FindMethod(method))).empty()) continue;
    ++with_own_fields;
    const auto token = [&](const Attempt& attempt) {
      return TokenOfHolder(service, enroll, line->who.front(), attempt.at.own);
    };
    EXPECT_THAT(CompareWithGarbage(service, *FindMethod(method), scenarios[method], token),
                IsEmpty());
  }
  std::printf("%zu methods, %d calls; %d fields compared; %d requests with output-only fields\n",
              methods.size(), probe.calls(), compared, with_own_fields);
}

}  // namespace qungong::testing
