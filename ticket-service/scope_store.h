// Who may see and do what: one row per ticket and node at or above a unit concerned, and the
// caller's grants.
#ifndef QUNGONG_TICKET_SERVICE_SCOPE_STORE_H_
#define QUNGONG_TICKET_SERVICE_SCOPE_STORE_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"
#include "runtime/operation.h"

namespace qungong::ticket {

struct TicketRecord;

inline constexpr char kMoveDue[] = "ticket.move";  // subject: a unit; what stands above it changes

// Schedules the next day on which what stands above a unit changes, if one is known: the tickets
// that concern it then get new scope rows.
absl::Status AwaitMove(mysql::Tx& tx, int32_t today, const Uuid& unit);

// What becomes of the scope rows of a changed ticket: all of them are made anew if the units
// concerned changed, otherwise only what lists filter by. Read first, written after the ticket.
struct ScopePlan {
  std::set<Uuid> stored;                        // nodes that have a row
  std::set<Uuid> wanted;                        // nodes that shall have one
  std::vector<Uuid> units;                      // concerned, if they changed
  std::vector<std::pair<Uuid, int32_t>> moves;  // when what stands above them changes
};
absl::StatusOr<ScopePlan> PlanScopes(mysql::Tx& tx, int32_t today, const TicketRecord& record);
absl::Status SaveScopes(mysql::Tx& tx, const ScopePlan& plan, const TicketRecord& record);
// Writes the scope rows of a ticket anew from the tree as it stands today.
absl::Status RewriteScopes(mysql::Tx& tx, int32_t today, const Uuid& ticket);

// A node from which the caller sees tickets of one line, or of all ("").
struct Reach {
  Uuid node;
  std::string line;
};
// From the caller's grants for this method, without those that another one contains.
std::vector<Reach> ReachOf(const std::vector<directory::Grant>& grants);

// OK if the ticket concerns a unit within the caller's reach; otherwise DeniedOrAbsent, after the
// same one statement whether there is such a ticket or not. To be asked before anything is loaded.
absl::Status CheckMaySee(Read& read, const Uuid& ticket);
// Nodes of the caller's grants for this method at or above a unit, for the ticket's line; never
// empty: DeniedOrAbsent.
absl::StatusOr<std::vector<Uuid>> GrantedAbove(Read& read, const TicketRecord& record,
                                               const std::string& unit);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_SCOPE_STORE_H_
