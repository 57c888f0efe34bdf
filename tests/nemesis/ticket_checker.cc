// What is derived from events, held against them.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/nemesis/checker.h"
#include "ticket-service/deadline_store.h"

namespace qungong::nemesis {
namespace {

using ticket::v1::Deadline;
using ticket::v1::Ticket;
using ticket::v1::TicketChange;

// The changes of each ticket, in order.
using Lives = std::map<Uuid, std::vector<TicketChange>>;

Lives LivesOf(const Snapshot& snapshot, Findings& findings) {
  Lives lives;
  for (const StoredEvent& event : snapshot.ticket.events) {
    if (event.collection != "tickets") continue;
    if (!lives[event.aggregate_id].emplace_back().ParseFromString(event.payload))
      findings.push_back({"fold", absl::StrCat("event ", event.sequence, " cannot be read")});
  }
  return lives;
}

std::set<Uuid> ConcernedBy(const TicketChange& change) {
  std::set<Uuid> units;
  for (const std::string& name : change.concerned_units())
    units.insert(ParseResourceName("units", name).value_or(Uuid()));
  return units;
}

std::set<Uuid> NodesOver(const std::set<Uuid>& units, const std::map<Uuid, Uuid>& above) {
  std::set<Uuid> nodes;
  for (Uuid node : units) {
    for (auto up = above.find(node); nodes.insert(node).second && up != above.end();
         up = above.find(node)) {
      node = up->second;
    }
  }
  return nodes;
}

// How many rows of its parts the events of a ticket make.
std::map<std::string, int64_t> PartsOf(const std::vector<TicketChange>& life) {
  std::map<std::string, int64_t> parts;
  for (const TicketChange& change : life) {
    switch (change.kind()) {
      case TicketChange::ESCALATED:
        parts["assignments"] += 2;  // the superior's, and the unit's own as co-handler
        break;
      case TicketChange::DISPATCHED:
      case TicketChange::DELEGATED:
      case TicketChange::RETURN_GRANTED:
      case TicketChange::REOPENED:
        ++parts["assignments"];
        break;
      case TicketChange::RETURN_ASKED:
        ++parts["return_requests"];
        break;
      case TicketChange::ANSWERED:
        ++parts["answers"];
        ++parts["reviews"];
        break;
      case TicketChange::SENT_BACK:
        ++parts["reviews"];
        break;
      case TicketChange::CALLED_BACK:
        ++parts["callbacks"];
        break;
      default:
        break;
    }
  }
  return parts;
}

class TicketChecker {
 public:
  TicketChecker(const Snapshot& snapshot, Findings& findings)
      : snapshot_(snapshot), findings_(findings), lives_(LivesOf(snapshot, findings)) {}

  void Run();

 private:
  void Add(absl::string_view check, absl::string_view text) {
    findings_.push_back({std::string(check), std::string(text)});
  }
  void CheckLife(const TicketRow& ticket, const std::vector<TicketChange>& life);
  void CheckScope(const TicketRow& ticket, const TicketChange& last);
  void CheckDue(const TicketRow& ticket);

  const Snapshot& snapshot_;
  Findings& findings_;
  const Lives lives_;
};

void TicketChecker::CheckLife(const TicketRow& ticket, const std::vector<TicketChange>& life) {
  Ticket::State state = Ticket::STATE_UNSPECIFIED;
  Deadline::Light light = Deadline::LIGHT_UNSPECIFIED;
  for (const TicketChange& change : life) {
    const std::string what =
        absl::StrCat(TicketChange::Kind_Name(change.kind()), " of ", ticket.number);
    if (change.state_before() != state)
      Add("fold", absl::StrCat(what, " came from ", Ticket::State_Name(change.state_before()),
                               ", not from ", Ticket::State_Name(state)));
    if (change.kind() == TicketChange::LIGHT_CHANGED && change.light() == light)
      Add("schedule", absl::StrCat(what, " happened twice"));
    if (change.number() != ticket.number)
      Add("numbers", absl::StrCat(what, " has number ", change.number()));
    state = change.state();
    light = change.light();
  }
  if (const std::string facts = FactsOf(life.back()); facts != ticket.facts)
    Add("fold", absl::StrCat("the row is\n    ", ticket.facts, "\n  its events make\n    ", facts));
  if (const auto parts = PartsOf(life); parts != ticket.parts)
    Add("fold", absl::StrCat("the parts of ", ticket.number, " are not those of its events"));
}

void TicketChecker::CheckScope(const TicketRow& ticket, const TicketChange& last) {
  const std::set<Uuid> concerned = ConcernedBy(last);
  const auto units = snapshot_.units.find(ticket.id);
  if (units == snapshot_.units.end() || units->second != concerned)
    Add("scope", absl::StrCat("the units concerned by ", ticket.number, " are not its events'"));
  const std::set<Uuid> wanted = NodesOver(concerned, snapshot_.above);
  std::set<Uuid> nodes;
  if (const auto scope = snapshot_.scopes.find(ticket.id); scope != snapshot_.scopes.end()) {
    for (const auto& [node, shown] : scope->second) {
      nodes.insert(node);
      if (shown != ticket.shown)
        Add("scope",
            absl::StrCat("a scope row is\n    ", shown, "\n  its ticket\n    ", ticket.shown));
    }
  }
  if (nodes != wanted)
    Add("scope", absl::StrCat(ticket.number, " is seen from ", nodes.size(), " nodes, not from ",
                              wanted.size()));
}

void TicketChecker::CheckDue(const TicketRow& ticket) {
  const auto check = [&](const char* kind, bool wanted) {
    if (snapshot_.due.contains({kind, ticket.id}) == wanted) return;
    Add("schedule",
        absl::StrCat(ticket.number, wanted ? " waits in vain for " : " waits for ", kind));
  };
  check(ticket::kLightDue, ticket.clock && ticket.light != Deadline::RED);
  check(ticket::kSilenceDue, ticket.state == Ticket::ANSWERED);
  // The year before it is the year of the run, which is published if any is.
  if (ticket.clock && ticket.provisional && snapshot_.published.contains(ticket.due_year))
    Add("schedule", absl::StrCat(ticket.number, " has a deadline of before a calendar came"));
}

void TicketChecker::Run() {
  std::map<std::string, int> numbers;
  std::set<Uuid> rows;
  for (const TicketRow& ticket : snapshot_.tickets) {
    rows.insert(ticket.id);
    if (++numbers[ticket.number] > 1)
      Add("numbers", absl::StrCat(ticket.number, " was given twice"));
    const auto life = lives_.find(ticket.id);
    if (life == lives_.end()) {
      Add("fold", absl::StrCat(ticket.number, " has no events"));
      continue;
    }
    CheckLife(ticket, life->second);
    CheckScope(ticket, life->second.back());
    CheckDue(ticket);
  }
  for (const auto& [id, life] : lives_) {
    if (!rows.contains(id))
      Add("fold", absl::StrCat(life.back().number(), " has events and no row"));
  }
}

using Figures = std::map<std::pair<Uuid, std::string>, int64_t>;  // those that are not zero

// Of each node that has rows of sums, counted from the last events.
Figures Count(const Snapshot& snapshot, const Lives& lives) {
  Figures figures;
  for (const auto& [id, life] : lives) {
    const TicketChange& last = life.back();
    const std::pair<const char*, bool> counts[] = {
        {"submitted", true},
        {"accepted", last.has_accept_time()},
        {"not_accepted", last.state() == Ticket::NOT_ACCEPTED},
        {"closed", last.state() == Ticket::CLOSED},
        {"withdrawn", last.state() == Ticket::WITHDRAWN},
        {"reopened", last.cycle() > 1 && last.has_accept_time()}};
    for (const Uuid& node : NodesOver(ConcernedBy(last), snapshot.above)) {
      const auto level = snapshot.levels.find(node);
      if (level == snapshot.levels.end() || level->second == rpc::v1::VILLAGE_LEVEL) continue;
      for (const auto& [figure, counted] : counts) {
        if (counted) ++figures[{node, figure}];
      }
    }
  }
  return figures;
}

Figures Stored(const Snapshot& snapshot) {
  Figures figures;
  for (const auto& [node, sums] : snapshot.figures) {
    for (const auto& [figure, sum] : sums) {
      if (sum != 0) figures[{node, figure}] = sum;
    }
  }
  return figures;
}

// The first few rows that one has and the other has not.
std::string Difference(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::string text;
  const auto missing = [&text](const std::vector<std::string>& in, std::vector<std::string> from,
                               const char* sign) {
    std::vector<std::string> sorted = in;
    std::sort(sorted.begin(), sorted.end());
    std::sort(from.begin(), from.end());
    std::vector<std::string> only;
    std::set_difference(from.begin(), from.end(), sorted.begin(), sorted.end(),
                        std::back_inserter(only));
    for (size_t i = 0; i < only.size() && i < 5; ++i)
      absl::StrAppend(&text, "\n    ", sign, only[i]);
  };
  missing(b, a, "- ");
  missing(a, b, "+ ");
  return text;
}

}  // namespace

void CheckTickets(const Snapshot& snapshot, Findings& findings) {
  TicketChecker(snapshot, findings).Run();
}

void CheckCopies(const Snapshot& snapshot, Findings& findings) {
  const auto add = [&](absl::string_view check, absl::string_view text) {
    findings.push_back({std::string(check), std::string(text)});
  };
  if (snapshot.org_position != snapshot.org.head)
    add("directory", absl::StrCat("ticket-service knows ", snapshot.org_position, " events of ",
                                  snapshot.org.head));
  if (snapshot.org.directory != snapshot.ticket.directory)
    add("directory", absl::StrCat("ticket-service's is not org-service's:",
                                  Difference(snapshot.org.directory, snapshot.ticket.directory)));
  if (snapshot.statistics_position != snapshot.ticket.head)
    add("statistics", absl::StrCat("they counted ", snapshot.statistics_position, " events of ",
                                   snapshot.ticket.head));
  if (snapshot.tree_moved) return;
  if (snapshot.statistics != snapshot.recounted)
    add("statistics", absl::StrCat("counting again gives something else:",
                                   Difference(snapshot.statistics, snapshot.recounted)));
  Findings ignored;
  if (Count(snapshot, LivesOf(snapshot, ignored)) != Stored(snapshot))
    add("statistics", "the sums are not those of the tickets");
}

}  // namespace qungong::nemesis
