// The fixtures themselves: what the tests of the services rest on.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/feed_service.grpc.pb.h"
#include "runtime/directory.h"
#include "tests/support/fake_directory.h"
#include "tests/support/matchers.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {
namespace {

using ::testing::ElementsAre;

namespace pb = ::qungong::rpc::v1;

class FixtureTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service_ = new TestService("ticket", {}, [](Chassis&) { return Wiring(); });
  }
  static void TearDownTestSuite() { delete std::exchange(service_, nullptr); }
  void SetUp() override { service_->Reset(); }

  // The feed is open to service accounts only: a call that tells who the server takes us for.
  absl::Status ReadFeed(absl::string_view principal) {
    const auto stub = pb::FeedService::NewStub(service_->channel());
    const auto context = service_->As(principal);
    const auto reader = stub->StreamEvents(context.get(), {});
    pb::StreamEventsResponse response;
    if (reader->Read(&response)) {
      context->TryCancel();
      return absl::OkStatus();
    }
    return FromGrpcStatus(reader->Finish());
  }

  static TestService* service_;
  FakeDirectory directory_;
};
TestService* FixtureTest::service_ = nullptr;

TEST_F(FixtureTest, ATokenSpeaksForItsPrincipalAndRightsComeFromTheDirectory) {
  const std::string machine = FakeDirectory::AccountOf(directory_.municipality.unit, pb::SERVICE);
  const std::string clerk = FakeDirectory::AccountOf(directory_.jianxin.unit, pb::CLERK);
  EXPECT_THAT(ReadFeed(""),
              StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_MISSING")));
  EXPECT_THAT(ReadFeed(machine), StatusIs(absl::StatusCode::kPermissionDenied));
  service_->ApplyDirectory(directory_.change());
  EXPECT_THAT(ReadFeed(machine), IsOk());
  EXPECT_THAT(ReadFeed(clerk), StatusIs(absl::StatusCode::kPermissionDenied));
  service_->Reset();
  EXPECT_THAT(ReadFeed(machine), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(FixtureTest, TheFakeDirectoryIsATreeOfFourLevelsWithADepartment) {
  service_->ApplyDirectory(directory_.change());
  const int32_t today = service_->chassis().clock.Now() == TestNow() ? 16646 : 0;  // 2015-07-30
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Uuid community, ParseResourceName("units", directory_.jianxin.unit));
    ASSIGN_OR_RETURN(const auto above,
                     directory::Ancestors(tx, pb::ADMINISTRATIVE_TREE, community, today));
    std::vector<std::string> names;
    names.reserve(above.size());
    for (const directory::Node& node : above) names.push_back(node.Name());
    EXPECT_THAT(names, ElementsAre(directory_.jianxin.unit, directory_.guanyinqiao.unit,
                                   directory_.jiangbei.unit, directory_.municipality.unit));
    ASSIGN_OR_RETURN(const auto division, directory::FindDivisionByCode(tx, "500105", today));
    EXPECT_EQ(division->Name(), directory_.jiangbei.division);
    ASSIGN_OR_RETURN(const auto unit, directory::FindGoverningUnit(tx, division->id, today));
    EXPECT_EQ(unit->Name(), directory_.jiangbei.unit);
    ASSIGN_OR_RETURN(const auto lines,
                     directory::FindDepartments(tx, unit->id, "urban_management", today));
    EXPECT_EQ(lines.size(), 1u);
    ASSIGN_OR_RETURN(
        const auto grants,
        directory::LoadGrants(
            tx, FakeDirectory::AccountOf(directory_.urban_management, pb::HANDLER), today));
    EXPECT_EQ(grants.size(), 1u);
    return absl::OkStatus();
  });
}

TEST_F(FixtureTest, TheDatabasesClockStandsWithTheServices) {
  service_->clock().Stand(TestNow() + absl::Hours(1));
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const absl::Time now, tx.Now());
    EXPECT_EQ(now, TestNow() + absl::Hours(1));
    return absl::OkStatus();
  });
}

TEST_F(FixtureTest, ResetBringsBackWhatMigrationsMadeAndNothingElse) {
  service_->ApplyDirectory(directory_.change());
  EXPECT_GT(service_->Count("directory_nodes"), 0);
  service_->Reset();
  EXPECT_EQ(service_->Count("directory_nodes"), 0);
  EXPECT_EQ(service_->Count("feed_head"), 1);
  EXPECT_GE(service_->Count("schema_migrations"), 1);
}

TEST_F(FixtureTest, TheServerComesBackAfterAKillWithWhatWasCommitted) {
  service_->ApplyDirectory(directory_.change());
  const int64_t nodes = service_->Count("directory_nodes");
  MariaDb::Get().Kill();
  MariaDb::Get().Start();
  EXPECT_EQ(service_->Count("directory_nodes"), nodes);
}

TEST(EventuallyTest, GivesUpOnlyWhenTimeIsOver) {
  int asked = 0;
  EXPECT_TRUE(Eventually([&] { return ++asked == 3; }));
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace qungong::testing
