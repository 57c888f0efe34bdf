// A feed of the smallest kind, for processes that are killed: notes are written in the schema of
// org-service, numbered and tallied there; its feed is followed into the schema of ticket-service
// and tallied there, too.
#ifndef QUNGONG_TESTS_SUPPORT_FAULTS_FEED_LIVES_H_
#define QUNGONG_TESTS_SUPPORT_FAULTS_FEED_LIVES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "qungong/rpc/v1/feed_service.pb.h"
#include "runtime/feed.h"
#include "tests/support/faults/nursery.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {

inline constexpr char kTallies[] = "tallies";  // the name of the local projection

// Lives: "write" notes, "sequence", "project", "follow" and "catch up", which ends when it has read
// everything. Those that follow are given the port of the feed as their seed; the others choose by
// it.
std::map<std::string, Nursery::Life> FeedLives();

// org-service without a method of its own, the tables, and an account that may read the feed.
std::unique_ptr<TestService> ServeFeed();
// The account: the source of the feed at `channel`, tallied.
FeedSource TallyingSource(const std::shared_ptr<grpc::Channel>& channel, absl::Time now);

// One transaction that writes one or two notes; a slow one waits before it commits.
absl::Status WriteNotes(mysql::Session& session, uint64_t choice, absl::Duration wait);
absl::Status TallyEvents(mysql::Tx& tx, absl::Span<const StoredEvent> events);
absl::Status TallyFeed(mysql::Tx& tx, absl::Span<const rpc::v1::FeedEvent> events);

// What is wrong with a tally, beside the events up to its position; "" for nothing. Of the one in
// `schema` ("org": the local projection's, "ticket": the follower's), as one snapshot.
std::string Recount(mysql::Session& root, const std::string& schema);
// Where it stands.
int64_t PositionOf(mysql::Session& root, const std::string& schema);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAULTS_FEED_LIVES_H_
