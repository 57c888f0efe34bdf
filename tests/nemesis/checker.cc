#include "tests/nemesis/checker.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/operation.h"

namespace qungong::nemesis {
namespace {

using Request = std::tuple<std::string, std::string, std::string>;  // principal, method, request_id

// Markers are "<" + UUID + ">".
constexpr size_t kMarkerSize = 38;

// Resources of which every change is a request of some client.
bool IsAskedFor(const std::string& collection) {
  static const std::set<std::string> all = {"tickets", "units",  "divisions",
                                            "people",  "grants", "accounts"};
  return all.contains(collection);
}

class WriteChecker {
 public:
  WriteChecker(const std::deque<Write>& writes, const Snapshot& snapshot, Findings& findings)
      : writes_(writes), snapshot_(snapshot), findings_(findings) {}

  void Run();

 private:
  void Add(absl::string_view check, absl::string_view text) {
    findings_.push_back({std::string(check), std::string(text)});
  }
  static std::string TextOf(const Write& write) {
    return absl::StrCat("write ", write.id, " ", write.method, " ", write.principal);
  }

  void IndexService(const ServiceRows& rows);
  void CheckEffects(const Write& write);
  void CheckEffect(const Write& write, const KeyRow& key);
  void CheckMarker(const Write& write);
  void CheckOrigins(const ServiceRows& rows);
  void CountMarkers();

  const std::deque<Write>& writes_;
  const Snapshot& snapshot_;
  Findings& findings_;
  std::map<Request, const KeyRow*> keys_;
  std::map<Uuid, const StoredEvent*> events_;
  std::set<Uuid> caused_;              // events that a key points to
  std::set<const KeyRow*> expected_;   // keys that some client sent
  std::map<std::string, int> marked_;  // marker -> events that brought it
};

void WriteChecker::IndexService(const ServiceRows& rows) {
  for (const KeyRow& key : rows.keys) {
    keys_[{key.principal, key.method, key.request_id}] = &key;
    if (!caused_.insert(key.event).second)
      Add("keys", absl::StrCat("two keys point to event ", key.event.ToString()));
  }
  for (const StoredEvent& event : rows.events) events_[event.id] = &event;
}

// How often each marker stands in each image, against how often it stood in the images before.
void WriteChecker::CountMarkers() {
  std::map<std::pair<Uuid, std::string>, int> most;  // aggregate, marker
  std::vector<const StoredEvent*> ordered;
  for (const ServiceRows* rows : {&snapshot_.org, &snapshot_.ticket}) {
    for (const StoredEvent& event : rows->events) ordered.push_back(&event);
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const StoredEvent* a, const StoredEvent* b) {
    return std::tie(a->aggregate_id, a->version) < std::tie(b->aggregate_id, b->version);
  });
  for (const StoredEvent* event : ordered) {
    std::map<std::string, int> here;
    const std::string& image = event->image;
    for (size_t at = image.find('<'); at != std::string::npos; at = image.find('<', at + 1)) {
      if (at + kMarkerSize <= image.size() && image[at + kMarkerSize - 1] == '>')
        ++here[image.substr(at, kMarkerSize)];
    }
    for (const auto& [marker, count] : here) {
      int& before = most[{event->aggregate_id, marker}];
      if (count <= before) continue;
      before = count;
      ++marked_[marker];
    }
  }
}

void WriteChecker::CheckEffect(const Write& write, const KeyRow& key) {
  const auto found = events_.find(key.event);
  if (found == events_.end())
    return Add("keys", absl::StrCat(TextOf(write), ": its key points to no event"));
  const StoredEvent& event = *found->second;
  if (event.actor != write.principal)
    Add("keys", absl::StrCat(TextOf(write), ": its event is of ", event.actor));
  if (write.outcome != Outcome::kDone) return;
  if (event.image != write.reply)
    Add("replies", absl::StrCat(TextOf(write), ": the reply is not what is stored"));
  // A citizen's reply has neither name nor etag; calendars are named by their year.
  if (!write.etag.empty() && event.collection != "calendars" &&
      (event.Aggregate() != write.name || EtagOf(event.version) != write.etag)) {
    Add("replies", absl::StrCat(TextOf(write), ": acknowledged as ", write.name, " ", write.etag,
                                ", stored as ", event.Aggregate(), " ", event.version));
  }
}

void WriteChecker::CheckEffects(const Write& write) {
  std::set<const KeyRow*> effects;
  for (const Attempt& attempt : write.attempts) {
    const auto key = keys_.find({write.principal, write.method, attempt.request_id});
    if (key != keys_.end()) effects.insert(key->second);
    if (attempt.outcome == Outcome::kDone && attempt.reply != write.reply)
      Add("replies", absl::StrCat(TextOf(write), ": two attempts got two replies"));
  }
  expected_.insert(effects.begin(), effects.end());
  if (effects.size() > 1)
    Add("twice", absl::StrCat(TextOf(write), " took effect ", effects.size(), " times"));
  if (effects.empty() && write.outcome == Outcome::kDone)
    Add("lost", absl::StrCat(TextOf(write), " was acknowledged and left no key"));
  if (!effects.empty() && write.outcome == Outcome::kRefused)
    Add("refused", absl::StrCat(TextOf(write), " was refused and took effect"));
  if (effects.size() == 1) CheckEffect(write, **effects.begin());
}

void WriteChecker::CheckMarker(const Write& write) {
  if (write.marker.empty()) return;
  const auto found = marked_.find(write.marker);
  const int times = found == marked_.end() ? 0 : found->second;
  const int least = write.outcome == Outcome::kDone ? 1 : 0;
  const int most = write.outcome == Outcome::kRefused ? 0 : 1;
  if (times < least)
    Add("lost", absl::StrCat(TextOf(write), " was acknowledged and left no trace"));
  if (times > most) Add("twice", absl::StrCat(TextOf(write), " left its marker ", times, " times"));
}

void WriteChecker::CheckOrigins(const ServiceRows& rows) {
  for (const KeyRow& key : rows.keys) {
    if (!expected_.contains(&key))
      Add("unasked", absl::StrCat("nobody sent ", key.method, " ", key.request_id));
  }
  // Without a key are the first accounts, and what the schedule does.
  static const std::set<std::string> schedule = {"Ticket.LIGHT_CHANGED", "Ticket.DEADLINE_CHANGED",
                                                 "Ticket.CLOSED"};
  for (const StoredEvent& event : rows.events) {
    if (!IsAskedFor(event.collection) || caused_.contains(event.id)) continue;
    const bool own =
        event.actor.empty() && (event.collection != "tickets" || schedule.contains(event.kind));
    if (!own)
      Add("unasked", absl::StrCat(event.kind, " of ", event.Aggregate(), " version ", event.version,
                                  " has no key"));
  }
}

void WriteChecker::Run() {
  IndexService(snapshot_.org);
  IndexService(snapshot_.ticket);
  CountMarkers();
  for (const Write& write : writes_) {
    CheckEffects(write);
    CheckMarker(write);
  }
  CheckOrigins(snapshot_.org);
  CheckOrigins(snapshot_.ticket);
}

void CheckService(const ServiceRows& rows, Findings& findings) {
  const auto add = [&](absl::string_view check, absl::string_view text) {
    findings.push_back({std::string(check), std::string(text)});
  };
  int64_t sequence = 0;
  std::map<std::string, int64_t> last;
  for (const StoredEvent& event : rows.events) {
    if (event.sequence != ++sequence) {
      add("feed", absl::StrCat(event.Aggregate(), " version ", event.version, " has number ",
                               event.sequence, ", not ", sequence));
      sequence = event.sequence;
    }
    if (!IsAskedFor(event.collection)) continue;
    int64_t& version = last[event.Aggregate()];
    if (event.version != version + 1)
      add("versions", absl::StrCat("event ", event.sequence, " is version ", event.version, " of ",
                                   event.Aggregate(), " after version ", version));
    version = event.version;
  }
  if (rows.head != sequence)
    add("feed", absl::StrCat("the head is ", rows.head, ", the last number ", sequence));
  for (const auto& [name, version] : rows.versions) {
    if (last[name] != version)
      add("versions", absl::StrCat(name, " is stored at version ", version, ", its last event is ",
                                   last[name]));
  }
  for (const auto& [name, version] : last) {
    if (!rows.versions.contains(name))
      add("versions", absl::StrCat(name, " has events and no row"));
  }
}

}  // namespace

void CheckWrites(const std::deque<Write>& writes, const Snapshot& snapshot, Findings& findings) {
  WriteChecker(writes, snapshot, findings).Run();
}

void CheckEvents(const Snapshot& snapshot, Findings& findings) {
  CheckService(snapshot.org, findings);
  CheckService(snapshot.ticket, findings);
}

Findings Check(const std::deque<Write>& writes, const Snapshot& snapshot) {
  Findings findings;
  CheckWrites(writes, snapshot, findings);
  CheckEvents(snapshot, findings);
  CheckTickets(snapshot, findings);
  CheckCopies(snapshot, findings);
  return findings;
}

}  // namespace qungong::nemesis
