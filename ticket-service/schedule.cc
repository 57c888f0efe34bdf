#include "ticket-service/schedule.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/feed.h"
#include "runtime/status.h"
#include "ticket-service/attempt_store.h"
#include "ticket-service/deadline_store.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/scope_store.h"
#include "ticket-service/ticket_rules.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {
namespace {

using rpc::v1::DirectoryChange;
using rpc::v1::NodeRecord;

constexpr char kScopeDue[] = "ticket.scope";  // subject: a node whose place in the tree changed
constexpr char kCalendarDue[] = "ticket.calendar";  // subject: stands for all calendars
constexpr int kAtOnce = 100;                        // due rows
// Tickets of one transaction: each is held until its end, and one that somebody else has changed
// meanwhile undoes the work on all.
constexpr int kTicketsAtOnce = 10;

constexpr char kSelectConcerned[] = R"sql(
  SELECT DISTINCT u.ticket_id FROM directory_closure c JOIN ticket_units u ON u.unit_id = c.descendant_id
  WHERE c.tree = ? AND c.ancestor_id = ? AND u.ticket_id > ? ORDER BY u.ticket_id LIMIT ?)sql";
constexpr char kSelectRunning[] =
    "SELECT id FROM tickets WHERE clock_kind > 0 AND id > ? ORDER BY id LIMIT ?";

absl::Status Save(mysql::Tx& tx, const KeyRing& keys, absl::Time now, IdSource& ids,
                  pb::TicketChange::Kind kind, TicketRecord& record) {
  RETURN_IF_ERROR(SaveTicket(tx, DayNumber(now), record));
  return AppendEvents(tx, keys, ids.Next(), ids, now, "", {EventOf(record, kind, "")});
}

absl::Status Refresh(mysql::Tx& tx, const KeyRing& keys, absl::Time now, const Uuid& ticket) {
  IdSource ids(now);
  ASSIGN_OR_RETURN(TicketRecord record, LockTicket(tx, keys, ticket));
  ASSIGN_OR_RETURN(const Refreshed refreshed, RefreshClock(tx, ids, now, record));
  if (refreshed.due) return Save(tx, keys, now, ids, pb::TicketChange::DEADLINE_CHANGED, record);
  if (refreshed.light) return Save(tx, keys, now, ids, pb::TicketChange::LIGHT_CHANGED, record);
  return absl::OkStatus();
}

absl::Status Lapse(mysql::Tx& tx, const KeyRing& keys, absl::Time now, const Uuid& ticket) {
  IdSource ids(now);
  ASSIGN_OR_RETURN(TicketRecord record, LockTicket(tx, keys, ticket));
  RETURN_IF_ERROR(Advance(TicketAction::kLapse, record.ticket));
  *record.ticket.mutable_close_time() = ToProto(now);
  record.ticket.set_close_reason(pb::Ticket::SILENCE);
  return Save(tx, keys, now, ids, pb::TicketChange::CLOSED, record);
}

// The tickets of a query that follow the one in `detail`, and the same due row again if there may
// be more.
template <typename Each>
absl::StatusOr<bool> Batch(mysql::Tx& tx, const Due& due, absl::Time now, const mysql::Rows& rows,
                           Each each) {
  for (const mysql::Row& row : rows) RETURN_IF_ERROR(each(row.Id(0)));
  if (rows.size() < kTicketsAtOnce) return false;
  RETURN_IF_ERROR(
      Schedule(tx, NewUuidV7(now), due.kind, due.subject, now, rows.back().Id(0).ToString()));
  return true;
}

absl::StatusOr<Uuid> CursorOf(const Due& due) {
  return due.detail.empty() ? Uuid() : Uuid::Parse(due.detail);
}

absl::Status Recalculate(mysql::Tx& tx, const KeyRing& keys, absl::Time now, const Due& due) {
  ASSIGN_OR_RETURN(const Uuid after, CursorOf(due));
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectRunning, after, kTicketsAtOnce));
  return Batch(tx, due, now, rows,
               [&](const Uuid& ticket) { return Refresh(tx, keys, now, ticket); })
      .status();
}

absl::Status Rescope(mysql::Tx& tx, absl::Time now, const Due& due) {
  ASSIGN_OR_RETURN(const Uuid after, CursorOf(due));
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectConcerned, rpc::v1::ADMINISTRATIVE_TREE,
                                                    due.subject, after, kTicketsAtOnce));
  ASSIGN_OR_RETURN(const bool more, Batch(tx, due, now, rows, [&](const Uuid& ticket) {
                     return RewriteScopes(tx, DayNumber(now), ticket);
                   }));
  return more ? absl::OkStatus() : AwaitMove(tx, DayNumber(now), due.subject);
}

// As of now, not of the transaction's beginning, and so until it ends: a first ticket that is being
// written meanwhile counts, or waits.
absl::StatusOr<bool> HasTickets(mysql::Tx& tx) {
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query("SELECT 1 FROM tickets LIMIT 1 LOCK IN SHARE MODE"));
  return !rows.empty();
}

bool IsAdministrative(const NodeRecord& node) {
  return std::any_of(node.edges().begin(), node.edges().end(),
                     [](const auto& edge) { return edge.tree() == rpc::v1::ADMINISTRATIVE_TREE; });
}

}  // namespace

absl::StatusOr<bool> SchedulePass(mysql::Session& session, const KeyRing& keys) {
  // The database's clock decides, whatever the machine's says.
  const auto with_now = [](auto effect) {
    return [effect](mysql::Tx& tx, const Due& due) -> absl::Status {
      ASSIGN_OR_RETURN(const absl::Time now, tx.Now());
      return effect(tx, now, due);
    };
  };
  int done = 0;
  const auto run = [&](const char* kind, auto effect) -> absl::Status {
    ASSIGN_OR_RETURN(const int n, RunDue(session, kind, kAtOnce, with_now(effect)));
    done += n;
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(run(kLightDue, [&keys](mysql::Tx& tx, absl::Time now, const Due& due) {
    return Refresh(tx, keys, now, due.subject);
  }));
  RETURN_IF_ERROR(run(kSilenceDue, [&keys](mysql::Tx& tx, absl::Time now, const Due& due) {
    return Lapse(tx, keys, now, due.subject);
  }));
  RETURN_IF_ERROR(run(kCalendarDue, [&keys](mysql::Tx& tx, absl::Time now, const Due& due) {
    return Recalculate(tx, keys, now, due);
  }));
  // A row of its own: a pass over many tickets that is half done must not be put off to the next
  // move.
  RETURN_IF_ERROR(run(kMoveDue, [](mysql::Tx& tx, absl::Time now, const Due& due) {
    return Schedule(tx, NewUuidV7(now), kScopeDue, due.subject, now);
  }));
  RETURN_IF_ERROR(run(kScopeDue, [](mysql::Tx& tx, absl::Time now, const Due& due) {
    return Rescope(tx, now, due);
  }));
  return done > 0;
}

void RunSchedule(Chassis& chassis) {
  chassis.loops.Add("ticket-schedule", absl::Seconds(1),
                    [&chassis](mysql::Session& session) -> absl::StatusOr<bool> {
                      ASSIGN_OR_RETURN(const bool more, SchedulePass(session, chassis.keys));
                      if (more) chassis.loops.Wake("sequencer");
                      return more;
                    });
  chassis.loops.Add("tracking-attempts", absl::Minutes(5),
                    [](mysql::Session& session) -> absl::StatusOr<bool> {
                      int64_t forgotten = 0;
                      RETURN_IF_ERROR(session.Transact({}, [&](mysql::Tx& tx) -> absl::Status {
                        ASSIGN_OR_RETURN(const absl::Time now, tx.Now());
                        ASSIGN_OR_RETURN(forgotten, ForgetAttempts(tx, now, 1000));
                        return absl::OkStatus();
                      }));
                      return forgotten == 1000;
                    });
}

absl::Status OnDirectoryChange(mysql::Tx& tx, absl::Span<const rpc::v1::FeedEvent> events) {
  ASSIGN_OR_RETURN(const absl::Time now, tx.Now());
  ASSIGN_OR_RETURN(const bool has_tickets, HasTickets(tx));
  for (const rpc::v1::FeedEvent& event : events) {
    if (event.payload_type() != DirectoryChange::descriptor()->full_name()) continue;
    DirectoryChange change;
    if (!change.ParseFromString(event.payload()))
      return absl::InternalError("a directory change cannot be read");
    for (const NodeRecord& node : change.nodes()) {
      if (!has_tickets || !IsAdministrative(node)) continue;
      ASSIGN_OR_RETURN(const Uuid id,
                       ParseResourceName(directory::CollectionOf(node.kind()), node.name()));
      RETURN_IF_ERROR(Schedule(tx, NewUuidV7(now), kScopeDue, id, now));
    }
    if (change.calendars_size() > 0 && has_tickets) {
      RETURN_IF_ERROR(Schedule(tx, NewUuidV7(now), kCalendarDue, NameUuid("calendars"), now));
    }
  }
  return absl::OkStatus();
}

}  // namespace qungong::ticket
