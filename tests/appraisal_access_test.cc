// Who may do what in appraisal-service, method by method, as the reviewed table says.
#include "gtest/gtest.h"
#include "tests/support/access/expect_access.h"
#include "tests/support/contracts.h"

namespace qungong {

absl::Span<const Migration> AppraisalMigrations();

namespace {

TEST(AppraisalAccessTest, IsAsReviewedForEveryMethodRoleAndPlace) {
  testing::TestService service("appraisal", AppraisalMigrations(),
                               [](Chassis&) -> absl::StatusOr<Wiring> { return Wiring(); });
  testing::ExpectAccessAsReviewed(service, testing::MethodsOf("qungong.appraisal.v1"), {});
}

}  // namespace
}  // namespace qungong
