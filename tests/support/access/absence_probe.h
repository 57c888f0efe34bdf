// What is not the caller's is answered as what does not exist: byte by byte, and by the same
// statements, so that neither the answer nor the work behind it tells that there is something.
#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_ABSENCE_PROBE_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_ABSENCE_PROBE_H_

#include <string>
#include <vector>

#include "tests/support/access/access_matrix.h"
#include "tests/support/access/access_probe.h"
#include "tests/support/access/attempt.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

// For each scoped field of the line and each of its roles: the call with the field naming what is
// not the caller's, and with a name of the same shape that names nothing. By secret: the call with
// a wrong secret, and with the right one of nothing. Of a list also each open field, which only
// narrows it. Where the two differ, in words; `compared` grows by the pairs of calls.
std::vector<std::string> CompareWithAbsent(TestService& service, const Enroll& enroll,
                                           const AccessLine& line, const Scenario& scenario,
                                           int& compared);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_ABSENCE_PROBE_H_
