// The serving end of the feed.
#include <memory>
#include <utility>

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

// The first events whose payloads make up to `bytes`, but at least one.
void KeepWithin(size_t bytes, std::vector<StoredEvent>& events) {
  size_t sum = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    sum += events[i].payload.size();
    if (i > 0 && sum > bytes) return events.resize(i);
  }
}

class FeedProducer : public Producer<pb::StreamEventsResponse> {
 public:
  explicit FeedProducer(pb::FeedCursor cursor) : cursor_(std::move(cursor)) {}

  absl::StatusOr<StreamStep> Next(class Read& read, pb::StreamEventsResponse& response) override {
    ASSIGN_OR_RETURN(const FeedHead head, LoadFeedHead(read.tx()));
    const std::string epoch = head.epoch.ToString();
    if (cursor_.sequence() > head.sequence ||
        (!cursor_.epoch().empty() && cursor_.epoch() != epoch)) {
      return WithReason(
          absl::FailedPreconditionError("the cursor belongs to another life of this database"),
          "FEED_EPOCH_CHANGED");
    }
    std::vector<StoredEvent> events;
    if (head.sequence > cursor_.sequence()) {
      ASSIGN_OR_RETURN(events, LoadFeed(read.tx(), cursor_.sequence(), kBatch));
    }
    KeepWithin(kBatchBytes, events);
    if (events.empty() && absl::Now() < silent_until_) return StreamStep::Wait(kLookAgain);
    silent_until_ = absl::Now() + kHeartbeat;
    cursor_.set_epoch(epoch);
    if (!events.empty()) cursor_.set_sequence(events.back().sequence);
    for (StoredEvent& event : events) Fill(std::move(event), response.add_events());
    *response.mutable_cursor() = cursor_;
    response.set_caught_up(cursor_.sequence() == head.sequence);
    SetTimestamp(read.call().now, response.mutable_server_time());
    return StreamStep::Send();
  }

 private:
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
