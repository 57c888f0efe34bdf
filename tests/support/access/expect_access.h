#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_EXPECT_ACCESS_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_EXPECT_ACCESS_H_

#include <string>
#include <vector>

#include "tests/support/access/access_probe.h"
#include "tests/support/access/attempt.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

// These methods, and those of the feed, which every service serves, do what the reviewed table
// says. Fails the test for a method without a scenario, and for what the probes find.
void ExpectAccessAsReviewed(TestService& service, std::vector<std::string> methods,
                            AccessScenarios scenarios, const Enroll& enroll = nullptr,
                            const std::vector<FormerHolder>& former = {});

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_EXPECT_ACCESS_H_
