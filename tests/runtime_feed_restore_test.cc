// A feed whose database was restored from a backup, and one whose follower's was: nothing is passed
// over, nothing is applied twice.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/feed_service.grpc.pb.h"
#include "runtime/checkpoint.h"
#include "tests/support/fake_directory.h"
#include "tests/support/faults/feed_lives.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

namespace pb = rpc::v1;
using ::qungong::testing::Eventually;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;

class FeedRestoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { service_ = testing::ServeFeed(); }
  static void TearDownTestSuite() { service_.reset(); }
  void SetUp() override {
    service_->Reset();
    MariaDb::Get().Clear("ticket");
    service_->ApplyDirectory(testing::FakeDirectory().change());
    for (int n = 0; n < 8; ++n) {
      MariaDb::Get().Query(absl::StrCat("INSERT INTO qungong_org.notes VALUES (UNHEX(LPAD(HEX(", n,
                                        "), 32, '0')), 0)"));
    }
  }
  void TearDown() override { Stop(); }

  void Write(uint64_t first, uint64_t count) {
    mysql::Session session(MariaDb::Get().OptionsFor("org_app"));
    for (uint64_t i = first; i < first + count; ++i)
      ASSERT_THAT(testing::WriteNotes(session, i, absl::ZeroDuration()), IsOk());
    ASSERT_THAT(SequenceEvents(session).status(), IsOk());
  }

  // Follows the feed from a replica of ticket-service, or two.
  void Follow(int replicas = 1) {
    for (int i = 0; i < replicas; ++i) {
      auto follower = std::make_unique<Follower>();
      FollowFeed(follower->chassis,
                 testing::TallyingSource(service_->channel(), service_->clock().Now()));
      followers_.push_back(std::move(follower));
    }
  }
  void Stop() { followers_.clear(); }
  // Whether the follower comes to agree with all the events that there are, and remains so.
  void ExpectAllRead() {
    const int64_t all = Number("SELECT sequence FROM qungong_org.feed_head");
    EXPECT_TRUE(Eventually([&] {
      return testing::PositionOf(root_, "ticket") == all &&
             testing::Recount(root_, "ticket").empty();
    })) << testing::PositionOf(root_, "ticket")
        << " of " << all << ", " << testing::Recount(root_, "ticket");
    EXPECT_EQ(Number("SELECT SUM(events) FROM qungong_ticket.tallies"), all);
  }
  static int64_t Number(const std::string& sql) { return MariaDb::Get().Query(sql).at(0).Int64(0); }

  // A schema's tables, as a dump has them, and back again in one moment.
  static void Dump(const std::string& schema, const std::string& name = "dump") {
    MariaDb::Get().Query("CREATE OR REPLACE DATABASE " + name);
    for (const char* table : kTables.at(schema)) {
      MariaDb::Get().Query(absl::StrCat("CREATE TABLE ", name, ".", table,
                                        " AS SELECT * FROM qungong_", schema, ".", table));
    }
  }
  static void Restore(const std::string& schema, const std::string& name = "dump") {
    MariaDb::Get().Query("START TRANSACTION");
    for (const char* table : kTables.at(schema)) {
      MariaDb::Get().Query(absl::StrCat("DELETE FROM qungong_", schema, ".", table));
      MariaDb::Get().Query(absl::StrCat("INSERT INTO qungong_", schema, ".", table,
                                        " SELECT * FROM ", name, ".", table));
    }
    MariaDb::Get().Query("COMMIT");
  }

  // What a stream that begins at a cursor says first.
  static absl::StatusOr<pb::StreamEventsResponse> Read(const pb::FeedCursor& cursor) {
    const auto stub = pb::FeedService::NewStub(service_->channel());
    const testing::FakeDirectory directory;
    const auto context =
        service_->As(testing::FakeDirectory::AccountOf(directory.municipality.unit, pb::SERVICE));
    pb::StreamEventsRequest request;
    *request.mutable_cursor() = cursor;
    const auto reader = stub->StreamEvents(context.get(), request);
    pb::StreamEventsResponse response;
    if (!reader->Read(&response)) return FromGrpcStatus(reader->Finish());
    context->TryCancel();
    return response;
  }

  struct Follower {
    Loops loops{MariaDb::Get().OptionsFor("ticket_app"), service_->chassis().metrics};
    Chassis chassis{"ticket-service",
                    service_->clock(),
                    service_->chassis().database,
                    service_->chassis().keys,
                    service_->chassis().pages,
                    service_->chassis().tokens,
                    service_->chassis().metrics,
                    service_->chassis().workers,
                    loops,
                    service_->chassis().draining};
  };

  static inline const std::map<std::string, std::vector<const char*>> kTables = {
      {"org", {"events", "feed_head", "notes"}}, {"ticket", {"feed_positions", "tallies"}}};
  static inline std::unique_ptr<testing::TestService> service_;
  mysql::Session root_{MariaDb::Get().OptionsFor("root")};
  std::vector<std::unique_ptr<Follower>> followers_;
};

TEST_F(FeedRestoreTest, AFollowerThatIsAheadOfARestoredFeedReadsItAnew) {
  Write(0, 40);
  Dump("org");
  Write(40, 15);
  Follow();
  ExpectAllRead();
  Stop();
  Restore("org");
  Follow();
  ExpectAllRead();
}

// The numbers go on beyond the follower's before it looks: only the chain tells the two lives
// apart.
TEST_F(FeedRestoreTest, AFeedThatWentOnAfterItWasRestoredIsReadAnewAndNotFromTheOldPosition) {
  Write(0, 40);
  Dump("org");
  Write(40, 15);
  Follow();
  ExpectAllRead();
  Stop();
  const int64_t position = testing::PositionOf(root_, "ticket");
  const std::string epoch =
      MariaDb::Get().Query("SELECT epoch FROM qungong_ticket.feed_positions").at(0).String(0);
  const std::string hash =
      MariaDb::Get().Query("SELECT hash FROM qungong_ticket.feed_positions").at(0).String(0);
  Restore("org");
  Write(7, 60);

  // The witness: a cursor of a number and an epoch is taken for one of this life, and what this
  // life has before it is passed over.
  pb::FeedCursor cursor;
  cursor.set_epoch(epoch);
  cursor.set_sequence(position);
  const auto passed_over = Read(cursor);
  ASSERT_THAT(passed_over, IsOk());
  EXPECT_EQ(passed_over->events(0).sequence(), position + 1);
  cursor.set_hash(hash);
  EXPECT_THAT(Read(cursor).status(), HasReason("FEED_EPOCH_CHANGED"));

  Follow(2);
  ExpectAllRead();
}

// In one moment, with what came after it: no look of the stream finds the numbers lower than
// before.
TEST_F(FeedRestoreTest, AStreamThatIsOpenNoticesWhenItsFeedIsRestored) {
  Write(0, 40);
  Dump("org", "backup");
  Write(7, 60);
  Dump("org", "later");
  Restore("org", "backup");
  Write(40, 15);
  Follow(2);
  ExpectAllRead();
  Restore("org", "later");
  ExpectAllRead();
}

TEST_F(FeedRestoreTest, AFollowerWhoseOwnDatabaseIsRestoredReadsOnFromThere) {
  Write(0, 20);
  Follow();
  ExpectAllRead();
  Dump("ticket");
  Write(20, 30);
  ExpectAllRead();
  // Under an open stream that is further: its heartbeats must not move the position.
  Restore("ticket");
  ExpectAllRead();
  Write(50, 10);
  ExpectAllRead();
}

}  // namespace
}  // namespace qungong
