// The serving end of the feed.
#include <memory>
#include <utility>
#include <vector>

#include "qungong/rpc/v1/feed_service.grpc.pb.h"
#include "runtime/feed.h"
#include "runtime/rpc.h"
#include "runtime/status.h"

namespace qungong {
namespace {

namespace pb = rpc::v1;

constexpr int kBatch = 500;
// A message stays far below gRPC's 4 MiB; one event alone must fit too.
constexpr size_t kBatchBytes = 1 << 20;
constexpr absl::Duration kHeartbeat = absl::Milliseconds(800);
constexpr absl::Duration kLookAgain = absl::Milliseconds(40);

void SetTimestamp(absl::Time t, google::protobuf::Timestamp* out) {
  const int64_t micros = absl::ToUnixMicros(t);
  out->set_seconds(micros / 1000000);
  out->set_nanos(static_cast<int32_t>(micros % 1000000 * 1000));
}

void Fill(StoredEvent event, pb::FeedEvent* out) {
  out->set_sequence(event.sequence);
  out->set_id(event.id.ToString());
  out->set_aggregate(event.Aggregate());
  out->set_version(event.version);
  out->set_kind(std::move(event.kind));
  SetTimestamp(event.occurred, out->mutable_occurred_time());
  out->set_payload_type(std::move(event.payload_type));
  out->set_payload(std::move(event.payload));
}

using Chained = std::pair<StoredEvent, std::string>;  // with the chain's hash

// The first events whose payloads make up to `bytes`, but at least one.
void KeepWithin(size_t bytes, std::vector<Chained>& events) {
  size_t sum = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    sum += events[i].first.payload.size();
    if (i > 0 && sum > bytes) return events.resize(i);
  }
}

absl::Status AnotherLife() {
  return WithReason(
      absl::FailedPreconditionError("the cursor belongs to another life of this database"),
      "FEED_EPOCH_CHANGED");
}

class FeedProducer : public Producer<pb::StreamEventsResponse> {
 public:
  explicit FeedProducer(pb::FeedCursor cursor) : cursor_(std::move(cursor)) {}

  absl::StatusOr<StreamStep> Next(class Read& read, pb::StreamEventsResponse& response) override {
    ASSIGN_OR_RETURN(const FeedHead head, LoadFeedHead(read.tx()));
    ASSIGN_OR_RETURN(std::vector<Chained> events, Continue(read.tx(), head));
    KeepWithin(kBatchBytes, events);
    if (events.empty() && absl::Now() < silent_until_) return StreamStep::Wait(kLookAgain);
    silent_until_ = absl::Now() + kHeartbeat;
    cursor_.set_epoch(head.epoch.ToString());
    if (!events.empty()) {
      cursor_.set_sequence(events.back().first.sequence);
      cursor_.set_hash(events.back().second);
    }
    for (Chained& event : events) Fill(std::move(event.first), response.add_events());
    *response.mutable_cursor() = cursor_;
    response.set_caught_up(cursor_.sequence() == head.sequence);
    SetTimestamp(read.call().now, response.mutable_server_time());
    return StreamStep::Send();
  }

 private:
  // The events after the cursor, if it lies on this chain. A database that was restored has the old
  // epoch, and may have gone on beyond the cursor already; its chain then has another hash there.
  absl::StatusOr<std::vector<Chained>> Continue(mysql::Tx& tx, const FeedHead& head) {
    const int64_t at = cursor_.sequence();
    if (at > head.sequence ||
        (!cursor_.epoch().empty() && cursor_.epoch() != head.epoch.ToString())) {
      return AnotherLife();
    }
    std::vector<Chained> events;
    if (head.sequence > at) {
      ASSIGN_OR_RETURN(events, LoadChain(tx, at > 0 ? at - 1 : 0, at > 0 ? kBatch + 1 : kBatch));
    }
    if (at == 0) return events;
    std::string hash = head.hash;
    if (head.sequence > at) {
      if (events.empty() || events.front().first.sequence != at) return AnotherLife();
      hash = std::move(events.front().second);
      events.erase(events.begin());
    }
    if (!cursor_.hash().empty() && cursor_.hash() != hash) return AnotherLife();
    cursor_.set_hash(hash);
    return events;
  }

  pb::FeedCursor cursor_;
  absl::Time silent_until_ = absl::InfinitePast();
};

struct FeedHandlers {
  absl::StatusOr<std::unique_ptr<Producer<pb::StreamEventsResponse>>> StreamEvents(
      class Read&, const pb::StreamEventsRequest& request) {
    return std::unique_ptr<Producer<pb::StreamEventsResponse>>(
        std::make_unique<FeedProducer>(request.cursor()));
  }
};

class FeedServiceImpl final : public pb::FeedService::CallbackService {
 public:
  explicit FeedServiceImpl(Chassis& chassis) : rpc_(chassis, "qungong.rpc.v1.FeedService") {}

  grpc::ServerWriteReactor<pb::StreamEventsResponse>* StreamEvents(
      Context* context, const pb::StreamEventsRequest* request) override {
    return rpc_.Stream(__func__, context, request, handlers_, &FeedHandlers::StreamEvents);
  }

 private:
  Rpc rpc_;
  FeedHandlers handlers_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeFeedService(Chassis& chassis) {
  return std::make_unique<FeedServiceImpl>(chassis);
}

}  // namespace qungong
