// The checker is checked: what a broken system would have left behind must be found.
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "qungong/ticket/v1/ticket.pb.h"
#include "tests/nemesis/checker.h"

namespace qungong::nemesis {
namespace {

struct Patient {
  std::deque<Write> writes;
  Snapshot snapshot;
};

// False if there is nothing to doctor.
using Doctor = std::function<bool(Patient&)>;

// A write of ticket-service that was acknowledged, from the middle of the run; with its key.
struct Case {
  Write* write = nullptr;
  std::vector<KeyRow>::iterator key;
  std::vector<StoredEvent>::iterator event;
};
std::optional<Case> FindCase(Patient& p, Outcome outcome, const std::string& method = "") {
  ServiceRows& rows = p.snapshot.ticket;
  for (size_t i = 0; i < p.writes.size(); ++i) {
    Write& write = p.writes[(i + p.writes.size() / 2) % p.writes.size()];
    if (write.outcome != outcome || write.method.rfind("TicketService/" + method, 0) != 0) continue;
    if (outcome != Outcome::kDone) return Case{&write, {}, {}};
    for (auto key = rows.keys.begin(); key != rows.keys.end(); ++key) {
      if (key->request_id != write.attempts.back().request_id) continue;
      for (auto event = rows.events.begin(); event != rows.events.end(); ++event) {
        if (event->id == key->event) return Case{&write, key, event};
      }
    }
  }
  return std::nullopt;
}

bool LoseWrite(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone);
  if (!found) return false;
  p.snapshot.ticket.events.erase(found->event);
  p.snapshot.ticket.keys.erase(found->key);
  return true;
}

// As if it had never been: the last event of a ticket, its key, and its row as it was before.
bool LoseLastWrite(Patient& p) {
  ServiceRows& rows = p.snapshot.ticket;
  for (auto event = rows.events.end(); event != rows.events.begin();) {
    --event;
    for (auto key = rows.keys.begin(); key != rows.keys.end(); ++key) {
      if (key->event != event->id) continue;
      --rows.versions[event->Aggregate()];
      rows.keys.erase(key);
      rows.events.erase(event);
      return true;
    }
  }
  return false;
}

bool LoseKey(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone);
  if (found) p.snapshot.ticket.keys.erase(found->key);
  return found.has_value();
}

// As if a retry with another request_id had been let through.
bool RepeatWrite(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone);
  if (!found) return false;
  KeyRow key = *found->key;
  StoredEvent event = *found->event;
  event.id = NewUuidV7(event.occurred);
  key.event = event.id;
  key.request_id = event.id.ToString();
  found->write->attempts.push_back(found->write->attempts.back());
  found->write->attempts.back().request_id = key.request_id;
  p.snapshot.ticket.keys.push_back(key);
  p.snapshot.ticket.events.push_back(event);
  return true;
}

// The same, and no key tells of it.
bool RepeatMarker(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone, "SubmitTicket");
  if (!found) return false;
  StoredEvent event = *found->event;
  event.aggregate_id = NewUuidV7(event.occurred);
  event.collection = "others";
  p.snapshot.ticket.events.push_back(event);
  return true;
}

bool ActUnasked(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone);
  if (found) p.writes.erase(p.writes.begin() + (found->write->id - 1));
  return found.has_value();
}

bool ActThoughRefused(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone);
  if (found) found->write->outcome = Outcome::kRefused;
  return found.has_value();
}

bool ForgetReply(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone);
  if (found) found->write->reply += "?";
  return found.has_value();
}

bool AnswerTwice(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone);
  if (!found) return false;
  found->write->attempts.push_back(found->write->attempts.back());
  found->write->attempts.back().reply += "?";
  return true;
}

bool OverwriteVersion(Patient& p) {
  const auto found = FindCase(p, Outcome::kDone, "AcceptTicket");
  if (found) --found->event->version;
  return found.has_value();
}

bool SwapEvents(Patient& p) {
  auto& events = p.snapshot.ticket.events;
  for (size_t i = 0; i < events.size(); ++i) {
    for (size_t j = i + 1; j < events.size(); ++j) {
      if (events[i].aggregate_id != events[j].aggregate_id) continue;
      std::swap(events[i], events[j]);
      std::swap(events[i].sequence, events[j].sequence);
      return true;
    }
  }
  return false;
}

bool SkipNumber(Patient& p) {
  auto& events = p.snapshot.ticket.events;
  if (events.empty()) return false;
  for (size_t i = events.size() / 2; i < events.size(); ++i) ++events[i].sequence;
  ++p.snapshot.ticket.head;
  return true;
}

bool LeaveUnnumbered(Patient& p) {
  auto& events = p.snapshot.org.events;
  if (events.empty()) return false;
  events.back().sequence = 0;
  std::rotate(events.rbegin(), events.rbegin() + 1, events.rend());
  return true;
}

bool KeepRowBehind(Patient& p) {
  if (p.snapshot.org.versions.empty()) return false;
  --p.snapshot.org.versions.rbegin()->second;
  return true;
}

bool GiveNumberTwice(Patient& p) {
  auto& tickets = p.snapshot.tickets;
  if (tickets.size() < 2) return false;
  tickets[0].number = tickets[1].number;
  return true;
}

// Doctors one ticket.
Doctor OnTicket(std::function<void(TicketRow&, Snapshot&)> doctor) {
  return [doctor = std::move(doctor)](Patient& p) {
    auto& tickets = p.snapshot.tickets;
    if (tickets.empty()) return false;
    doctor(tickets[tickets.size() / 2], p.snapshot);
    return true;
  };
}

Doctor OnStatistics(std::function<void(Snapshot&)> doctor) {
  return [doctor = std::move(doctor)](Patient& p) {
    if (p.snapshot.tree_moved || p.snapshot.figures.empty()) return false;
    doctor(p.snapshot);
    return true;
  };
}

bool TellLightTwice(Patient& p) {
  auto& events = p.snapshot.ticket.events;
  for (StoredEvent& event : events) {
    if (event.kind != "Ticket.LIGHT_CHANGED") continue;
    StoredEvent again = event;
    ++again.version;
    events.insert(events.begin() + (&event - events.data()) + 1, again);
    return true;
  }
  return false;
}

const std::vector<std::pair<const char*, Doctor>>& Doctors() {
  static const auto* doctors = new std::vector<std::pair<const char*, Doctor>>{
      {"an acknowledged write is lost", LoseWrite},
      {"the last write is lost and the row with it", LoseLastWrite},
      {"a key is lost", LoseKey},
      {"a retry took effect again", RepeatWrite},
      {"a submission made two tickets", RepeatMarker},
      {"something happened that nobody asked for", ActUnasked},
      {"a refused write took effect", ActThoughRefused},
      {"a reply is not what is stored", ForgetReply},
      {"a retry got another reply", AnswerTwice},
      {"two writers made one version", OverwriteVersion},
      {"two events were swapped", SwapEvents},
      {"the feed has a gap", SkipNumber},
      {"an event has no number", LeaveUnnumbered},
      {"a row is behind its events", KeepRowBehind},
      {"a number was given twice", GiveNumberTwice},
      {"a state is not the fold", OnTicket([](TicketRow& t, Snapshot&) {
         t.facts.replace(t.facts.find(" state "), 9, " state 0");
       })},
      {"a part is missing", OnTicket([](TicketRow& t, Snapshot&) { --t.parts["assignments"]; })},
      {"a unit concerned is missing",
       OnTicket([](TicketRow& t, Snapshot& s) { s.units[t.id].clear(); })},
      {"a scope row is missing",
       OnTicket([](TicketRow& t, Snapshot& s) { s.scopes[t.id].erase(s.scopes[t.id].begin()); })},
      {"a scope row is too many",
       OnTicket([](TicketRow& t, Snapshot& s) { s.scopes[t.id][t.id] = t.shown; })},
      {"a scope row is old",
       OnTicket([](TicketRow& t, Snapshot& s) { s.scopes[t.id].begin()->second += "?"; })},
      {"the schedule forgot a ticket",
       OnTicket([](TicketRow& t, Snapshot&) { t.clock = !t.clock || t.light == 3, t.light = 1; })},
      {"the schedule acted twice", TellLightTwice},
      {"a calendar passed a ticket by", OnTicket([](TicketRow& t, Snapshot& s) {
         t.clock = t.provisional = true;
         s.published.insert(t.due_year);
       })},
      {"a grant never arrived",
       [](Patient& p) { return p.snapshot.ticket.directory.pop_back(), true; }},
      {"the feed stands still", [](Patient& p) { return --p.snapshot.org_position, true; }},
      {"a figure is one too high",
       OnStatistics([](Snapshot& s) { ++s.figures.begin()->second["closed"]; })},
      {"an event was counted twice", OnStatistics([](Snapshot& s) { s.statistics[0] += "?"; })},
  };
  return *doctors;
}

}  // namespace

std::vector<std::string> MissedByCheck(const std::deque<Write>& writes, const Snapshot& snapshot,
                                       int* planted) {
  std::vector<std::string> missed;
  *planted = 0;
  for (const auto& [name, doctor] : Doctors()) {
    Patient patient{writes, snapshot};
    if (!doctor(patient)) continue;
    ++*planted;
    if (Check(patient.writes, patient.snapshot).empty()) missed.emplace_back(name);
  }
  return missed;
}

}  // namespace qungong::nemesis
