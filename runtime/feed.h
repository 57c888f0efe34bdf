// Events: appended in the transaction of the change, numbered and chained by the sequencer, served
// as a feed, applied exactly once by consumers.
//
// Auto-increment order is not commit order, so writers leave the number empty. The sequencer locks
// the one feed_head row, then reads what is committed and unnumbered, numbers it, extends the hash
// chain and commits: late commits are numbered later, two sequencers do no harm, writers share no
// hot row.
#ifndef QUNGONG_RUNTIME_FEED_H_
#define QUNGONG_RUNTIME_FEED_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/impl/codegen/service_type.h"
#include "qungong/rpc/v1/feed_service.pb.h"
#include "runtime/chassis.h"
#include "runtime/operation.h"

namespace qungong {

// An event as it is stored.
struct StoredEvent {
  Uuid id;
  int64_t sequence = 0;  // 0: not numbered yet
  std::string collection;
  Uuid aggregate_id;
  int64_t version = 0;
  std::string kind;
  absl::Time occurred;
  std::string actor;  // principal, "" for anonymous or the system
  std::string payload_type;
  std::string payload;
  std::optional<Uuid> key;
  std::string image;  // sealed if there is a key

  std::string Aggregate() const { return ResourceName(collection, aggregate_id); }
};

// Appends events: the first under `first_id`, the others under ids from `ids`. Images are sealed
// under the event's key.
absl::Status AppendEvents(mysql::Tx& tx, const KeyRing& keys, const Uuid& first_id, IdSource& ids,
                          absl::Time now, absl::string_view actor, absl::Span<const Event> events);

// Events of one aggregate, oldest first, images opened ("" once erased).
absl::StatusOr<std::vector<StoredEvent>> LoadHistory(mysql::Tx& tx, const KeyRing& keys,
                                                     absl::string_view collection,
                                                     const Uuid& aggregate_id,
                                                     int64_t after_version, int limit);
// One event by its id, image opened.
absl::StatusOr<StoredEvent> LoadEvent(mysql::Tx& tx, const KeyRing& keys, const Uuid& id);

// Numbers what is committed and unnumbered, at most `limit`; returns how many.
absl::StatusOr<int> SequenceEvents(mysql::Session& session, int limit = 8192);

// Position of the last numbered event.
struct FeedHead {
  Uuid epoch;
  int64_t sequence = 0;
  std::string hash;
};
absl::StatusOr<FeedHead> LoadFeedHead(mysql::Tx& tx);
// Numbered events after `sequence`, in order.
absl::StatusOr<std::vector<StoredEvent>> LoadFeed(mysql::Tx& tx, int64_t sequence, int limit);

// The chain's hash at an event: over the hash before it, its number and its content.
std::string ChainHash(absl::string_view before, const StoredEvent& event);
// Numbered events after `sequence` with the hash that is stored beside each.
absl::StatusOr<std::vector<std::pair<StoredEvent, std::string>>> LoadChain(mysql::Tx& tx,
                                                                           int64_t sequence,
                                                                           int limit);

// A local projection: applies this service's own numbered events exactly once; its position is in
// the transaction of its rows. Add to the loops with ProjectionPass.
using ProjectEvents = std::function<absl::Status(mysql::Tx&, absl::Span<const StoredEvent>)>;
absl::StatusOr<bool> ProjectionPass(mysql::Session& session, absl::string_view projection,
                                    int batch, const ProjectEvents& project);

// Serves the feed (qungong.rpc.v1.FeedService).
std::unique_ptr<grpc::Service> MakeFeedService(Chassis& chassis);

// Follows another service's feed and applies each batch exactly once: `apply` runs in the
// transaction that moves the position. Keeps itself connected with back-off; lag is a metric.
// `token` gives the access token to present.
struct FeedSource {
  std::string name;  // "org": row of feed_positions, label of metrics
  std::shared_ptr<grpc::Channel> channel;
  // `fresh`: the last token was not accepted.
  std::function<absl::StatusOr<std::string>(bool fresh)> token;
  std::function<absl::Status(mysql::Tx&, absl::Span<const rpc::v1::FeedEvent>)> apply;
  // Forgets everything, because the source began another life (a restored backup): it is read again
  // from the beginning.
  std::function<absl::Status(mysql::Tx&)> reset;
};
void FollowFeed(Chassis& chassis, FeedSource source);

// Applies the DirectoryChange payloads of org-service's feed to the directory tables; and forgets
// them all.
absl::Status ApplyDirectoryEvents(mysql::Tx& tx, absl::Span<const rpc::v1::FeedEvent> events);
absl::Status ResetDirectory(mysql::Tx& tx);

// Where a followed feed stands here.
struct FeedPosition {
  std::string epoch;
  int64_t sequence = 0;
  std::string hash;      // of the source's chain there; "" if it never said
  absl::Time confirmed;  // when the source last said that there was nothing more
  bool loaded = false;   // whether it was caught up at least once
};
absl::StatusOr<FeedPosition> LoadFeedPosition(mysql::Tx& tx, absl::string_view source);

// A consistency token, "org@epoch:sequence": what a caller saw in one service and wants another to
// know too.
std::string PositionToken(absl::string_view source, const FeedHead& head);
// Whether this service has applied that much of the source's feed; true for a source that it does
// not follow.
absl::StatusOr<bool> HasReached(mysql::Tx& tx, absl::string_view position_token);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_FEED_H_
