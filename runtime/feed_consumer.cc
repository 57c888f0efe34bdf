// The following end of a feed.
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "qungong/rpc/v1/feed_service.grpc.pb.h"
#include "runtime/directory.h"
#include "runtime/feed.h"
#include "runtime/log.h"
#include "runtime/status.h"

namespace qungong {
namespace {

namespace pb = rpc::v1;

constexpr char kSelectPosition[] =
    "SELECT epoch, sequence, hash, confirmed_at, loaded FROM feed_positions WHERE source = ?";
constexpr char kInsertPosition[] =
    "INSERT IGNORE INTO feed_positions (source, epoch, sequence, confirmed_at, loaded)"
    " VALUES (?, '', 0, '1970-01-01', 0)";
constexpr char kUpdatePosition[] =
    "UPDATE feed_positions SET epoch = ?, sequence = ?, hash = ?, confirmed_at = NOW(6), loaded = "
    "GREATEST(loaded, ?)"
    " WHERE source = ?";

FeedPosition PositionIn(const mysql::Row& row) {
  return {row.String(0), row.Int64(1), row.String(2), row.Time(3), row.Bool(4)};
}

absl::StatusOr<FeedPosition> LockPosition(mysql::Tx& tx, const std::string& source) {
  static const std::string kSql = absl::StrCat(kSelectPosition, " FOR UPDATE");
  ASSIGN_OR_RETURN(auto row, tx.QueryOne(kSql, source));
  if (!row.has_value()) {
    RETURN_IF_ERROR(tx.Execute(kInsertPosition, source).status());
    ASSIGN_OR_RETURN(row, tx.QueryOne(kSql, source));
  }
  return PositionIn(*row);
}

// Applies a batch once: what another replica has applied already is skipped. ABORTED if the batch
// does not continue where this service stands: the stream must begin again from there.
absl::Status ApplyBatch(mysql::Session& session, const FeedSource& source,
                        const pb::StreamEventsResponse& batch) {
  return session.Transact(
      {.deadline = absl::Now() + absl::Seconds(60)}, [&](mysql::Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(const FeedPosition position, LockPosition(tx, source.name));
        const bool elsewhere = position.sequence == batch.cursor().sequence() &&
                               !position.hash.empty() && position.hash != batch.cursor().hash();
        if (elsewhere || (!position.epoch.empty() && position.epoch != batch.cursor().epoch())) {
          return absl::AbortedError("another replica follows another life of the feed");
        }
        std::vector<pb::FeedEvent> fresh;
        for (const pb::FeedEvent& event : batch.events()) {
          if (event.sequence() > position.sequence) fresh.push_back(event);
        }
        // A heartbeat may be ahead of this service, too, if its own database was restored.
        const int64_t before =
            fresh.empty() ? batch.cursor().sequence() : fresh.front().sequence() - 1;
        if (before > position.sequence) return absl::AbortedError("the feed has a gap here");
        if (!fresh.empty()) RETURN_IF_ERROR(source.apply(tx, fresh));
        const bool behind = batch.cursor().sequence() < position.sequence;
        return tx
            .Execute(kUpdatePosition, batch.cursor().epoch(),
                     behind ? position.sequence : batch.cursor().sequence(),
                     behind ? position.hash : batch.cursor().hash(),
                     batch.caught_up() && !behind ? 1 : 0, source.name)
            .status();
      });
}

absl::Status Forget(mysql::Session& session, const FeedSource& source) {
  log::Line(log::Severity::kWarning, "a feed began another life; what was known of it is read anew")
      .Set("source", source.name);
  return session.Transact(
      {.deadline = absl::Now() + absl::Seconds(60)}, [&](mysql::Tx& tx) -> absl::Status {
        RETURN_IF_ERROR(LockPosition(tx, source.name).status());
        RETURN_IF_ERROR(source.reset(tx));
        return tx
            .Execute(
                "UPDATE feed_positions SET epoch = '', sequence = 0, hash = '', loaded = 0"
                " WHERE source = ?",
                source.name)
            .status();
      });
}

// Reads the stream until it ends; the heartbeats let it notice within a second that it should stop.
absl::StatusOr<bool> Follow(Chassis& chassis, const FeedSource& source, mysql::Session& session,
                            bool& refused) {
  pb::StreamEventsRequest request;
  RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const FeedPosition position, LockPosition(tx, source.name));
    request.mutable_cursor()->set_epoch(position.epoch);
    request.mutable_cursor()->set_sequence(position.sequence);
    request.mutable_cursor()->set_hash(position.hash);
    return absl::OkStatus();
  }));
  grpc::ClientContext context;
  ASSIGN_OR_RETURN(const std::string token, source.token(refused));
  context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
  // A new stream now and then: a fresh token, and a chance for another replica of the source.
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(5)));
  const auto stub = pb::FeedService::NewStub(source.channel);
  const auto reader = stub->StreamEvents(&context, request);
  pb::StreamEventsResponse batch;
  absl::Status applied;
  bool more = true;
  while (applied.ok() && !chassis.loops.stopping() && (more = reader->Read(&batch))) {
    applied = ApplyBatch(session, source, batch);
    const std::string gauge = absl::StrCat("qungong_feed_", source.name);
    chassis.metrics.Set(gauge + "_sequence", static_cast<double>(batch.cursor().sequence()));
    chassis.metrics.Set(gauge + "_caught_up", batch.caught_up() ? 1 : 0);
  }
  // Only a stream that has not ended is cancelled: otherwise its own status, which may ask for a
  // fresh token, would be lost.
  if (more) context.TryCancel();
  while (more) more = reader->Read(&batch);
  const absl::Status ended = FromGrpcStatus(reader->Finish());
  refused = absl::IsUnauthenticated(ended);
  if (ReasonOf(ended) == "DRAINING") return true;  // another replica may be there
  if (ReasonOf(ended) == "FEED_EPOCH_CHANGED") {
    RETURN_IF_ERROR(Forget(session, source));
    return true;
  }
  if (absl::IsAborted(applied)) return true;
  RETURN_IF_ERROR(applied);
  if (chassis.loops.stopping() || absl::IsDeadlineExceeded(ended)) return true;
  return ended.ok() ? absl::StatusOr<bool>(true) : ended;
}

}  // namespace

void FollowFeed(Chassis& chassis, FeedSource source) {
  const std::string name = absl::StrCat("feed-", source.name);
  chassis.loops.Add(
      name, absl::Milliseconds(200),
      [&chassis, source = std::move(source), refused = false](mysql::Session& session) mutable {
        return Follow(chassis, source, session, refused);
      });
}

absl::Status ApplyDirectoryEvents(mysql::Tx& tx, absl::Span<const pb::FeedEvent> events) {
  pb::DirectoryChange all;
  for (const pb::FeedEvent& event : events) {
    if (event.payload_type() != pb::DirectoryChange::descriptor()->full_name()) continue;
    pb::DirectoryChange change;
    if (!change.ParseFromString(event.payload()))
      return absl::InternalError("a directory change cannot be read");
    all.MergeFrom(change);  // records replace whole records of the same id, so the last one counts
  }
  return directory::Apply(tx, all);
}

absl::Status ResetDirectory(mysql::Tx& tx) {
  for (const char* sql : {"DELETE FROM directory_grants", "DELETE FROM directory_closure",
                          "DELETE FROM directory_edges", "DELETE FROM directory_labels",
                          "DELETE FROM directory_nodes", "DELETE FROM directory_calendars"}) {
    RETURN_IF_ERROR(tx.Execute(sql).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<FeedPosition> LoadFeedPosition(mysql::Tx& tx, absl::string_view source) {
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kSelectPosition, source));
  if (!row.has_value()) return FeedPosition{};
  return PositionIn(*row);
}

std::string PositionToken(absl::string_view source, const FeedHead& head) {
  return absl::StrCat(source, "@", head.epoch.ToString(), ":", head.sequence);
}

absl::StatusOr<bool> HasReached(mysql::Tx& tx, absl::string_view position_token) {
  const std::vector<std::string> parts = absl::StrSplit(position_token, absl::ByAnyChar("@:"));
  int64_t sequence = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[2], &sequence)) {
    return WithReason(absl::InvalidArgumentError("x-qungong-after is not a position"),
                      "POSITION_INVALID");
  }
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kSelectPosition, parts[0]));
  if (!row.has_value()) return true;
  if (row->String(0).empty()) return false;  // nothing was read yet
  // Another epoch: the feed began anew; what was seen before it is a matter of the past.
  return row->String(0) != parts[1] || row->Int64(1) >= sequence;
}

}  // namespace qungong
