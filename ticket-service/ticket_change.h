// What an event of a ticket tells others: derived from the ticket as it stands, free of personal
// data.
#ifndef QUNGONG_TICKET_SERVICE_TICKET_CHANGE_H_
#define QUNGONG_TICKET_SERVICE_TICKET_CHANGE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "qungong/ticket/v1/events.pb.h"
#include "qungong/ticket/v1/ticket.pb.h"

namespace qungong::ticket {

namespace pb = ::qungong::ticket::v1;

// Every unit concerned so far, in order of appearance, without repetition.
std::vector<std::string> ConcernedUnits(const pb::Ticket& ticket);

// What the resource does not show and its events do.
struct TicketFacts {
  std::string line;
  absl::Time accept_due = absl::InfiniteFuture();
  absl::Time finish_due = absl::InfiniteFuture();   // InfiniteFuture: none
  absl::Time cycle_start = absl::InfiniteFuture();  // InfiniteFuture: not dispatched yet
  absl::Time rated = absl::InfiniteFuture();        // InfiniteFuture: not rated
};
// The public payload of an event: the ticket as it stands after the change.
pb::TicketChange ChangeOf(const pb::Ticket& ticket, const TicketFacts& facts,
                          pb::TicketChange::Kind kind, pb::Ticket::State before,
                          absl::string_view acting_unit);

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TICKET_CHANGE_H_
