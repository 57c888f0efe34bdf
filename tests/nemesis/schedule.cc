#include "tests/nemesis/schedule.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "tests/nemesis/wire.h"

namespace qungong::nemesis {
namespace {

constexpr absl::Duration kCalm = absl::Milliseconds(1500);  // at the end

struct Card {
  Act::Kind kind;
  const char* name;
  int weight;
  int shortest;  // milliseconds
  int longest;
  bool ticket_only;  // never org-service
};
constexpr Card kCards[Act::kKinds] = {
    {Act::kKillService, "kill -9", 4, 0, 1500, false},
    {Act::kPauseService, "SIGSTOP", 3, 200, 1500, false},
    {Act::kKillDatabase, "kill -9 mariadbd", 2, 0, 800, false},
    {Act::kPauseDatabase, "SIGSTOP mariadbd", 1, 200, 1200, false},
    {Act::kCutBeforeCommit, "cut before COMMIT", 2, 0, 0, false},
    {Act::kCutAtCommit, "cut at COMMIT", 2, 0, 0, false},
    {Act::kCutAfterCommit, "cut after COMMIT", 3, 0, 0, false},
    {Act::kCutDatabase, "cut from the database", 2, 0, 0, false},
    {Act::kRefuseDatabase, "refuse at the database", 1, 500, 500, false},
    {Act::kStallDatabase, "stall before the database", 2, 200, 1200, false},
    {Act::kCutClients, "cut from clients", 2, 0, 0, false},
    {Act::kStallClients, "stall before clients", 1, 200, 1500, true},
    {Act::kLoseReplies, "lose the replies of", 3, 50, 600, false},
    {Act::kCutFeed, "cut the feed", 1, 0, 0, true},
    {Act::kStallFeed, "stall the feed", 1, 300, 1500, true},
};

// What an act makes unfit for another at the same time.
int TargetOf(const Act& act) {
  switch (act.kind) {
    case Act::kKillDatabase:
    case Act::kPauseDatabase:
      return kServices;
    case Act::kCutFeed:
    case Act::kStallFeed:
      return kServices + 1;
    default:
      return act.service;
  }
}

std::vector<Act::Kind> Deck(Random& random) {
  std::vector<Act::Kind> deck;
  for (const Card& card : kCards)
    deck.insert(deck.end(), static_cast<size_t>(card.weight), card.kind);
  std::shuffle(deck.begin(), deck.end(), random);
  return deck;
}

void Begin(Suite& suite, const Act& act) {
  Link& database = suite.database_link(act.service);
  Link& clients = suite.client_link(act.service);
  switch (act.kind) {
    case Act::kKillService:
      return suite.KillService(act.service);
    case Act::kPauseService:
      return suite.program(act.service).Pause();
    case Act::kKillDatabase:
      return suite.KillDatabase();
    case Act::kPauseDatabase:
      return suite.PauseDatabase();
    case Act::kCutBeforeCommit:
      return database.CutCommits(CommitCut::kBefore, act.commits);
    case Act::kCutAtCommit:
      return database.CutCommits(CommitCut::kInFlight, act.commits);
    case Act::kCutAfterCommit:
      return database.CutCommits(CommitCut::kAfter, act.commits);
    case Act::kRefuseDatabase:
      database.Refuse(true);
      return database.CutAll();
    case Act::kCutDatabase:
      return database.CutAll();
    case Act::kStallDatabase:
      return database.Stall(true);
    case Act::kCutClients:
      return clients.CutAll();
    case Act::kStallClients:
      return clients.Stall(true);
    case Act::kLoseReplies:
      return clients.LoseReplies(true);
    case Act::kCutFeed:
      return suite.feed_link().CutAll();
    case Act::kStallFeed:
      return suite.feed_link().Stall(true);
  }
}

void End(Suite& suite, const Act& act) {
  switch (act.kind) {
    case Act::kKillService:
      return suite.StartService(act.service);
    case Act::kPauseService:
      return suite.program(act.service).Resume();
    case Act::kKillDatabase:
      return suite.StartDatabase();
    case Act::kPauseDatabase:
      return suite.ResumeDatabase();
    case Act::kRefuseDatabase:
      return suite.database_link(act.service).Refuse(false);
    case Act::kStallDatabase:
      return suite.database_link(act.service).Stall(false);
    case Act::kStallClients:
      return suite.client_link(act.service).Stall(false);
    case Act::kLoseReplies:
      return suite.client_link(act.service).LoseReplies(false);
    case Act::kStallFeed:
      return suite.feed_link().Stall(false);
    default:
      return;
  }
}

}  // namespace

const char* NameOf(Act::Kind kind) { return kCards[kind].name; }

std::string Describe(const Act& act) {
  const int target = TargetOf(act);
  std::string text =
      absl::StrFormat("%5.2f s: %s", absl::ToDoubleSeconds(act.at), NameOf(act.kind));
  if (target < kServices) absl::StrAppend(&text, " ", kServiceNames[act.service]);
  if (act.commits > 0) absl::StrAppend(&text, " x ", act.commits);
  if (act.lasts > absl::ZeroDuration())
    absl::StrAppend(&text, absl::StrFormat(" for %.2f s", absl::ToDoubleSeconds(act.lasts)));
  return text;
}

std::vector<Act> MakeSchedule(uint64_t seed, absl::Duration length) {
  Random random(seed);
  std::vector<Act> schedule;
  std::vector<Act::Kind> deck;
  std::map<int, absl::Duration> busy;  // until when, by target
  for (absl::Duration at = absl::Milliseconds(300); at < length - kCalm;
       at += absl::Milliseconds(Between(random, 150, 1000))) {
    if (deck.empty()) deck = Deck(random);
    const Card& card = kCards[deck.back()];
    Act act;
    act.at = at;
    act.kind = card.kind;
    act.service = Between(random, card.ticket_only ? kTicketA : kOrg, kTicketB);
    act.lasts = absl::Milliseconds(Between(random, card.shortest, card.longest));
    if (act.kind >= Act::kCutBeforeCommit && act.kind <= Act::kCutAfterCommit)
      act.commits = Between(random, 1, 4);
    absl::Duration& until = busy[TargetOf(act)];
    if (until > at || at + act.lasts > length - kCalm) continue;  // the card comes up again
    deck.pop_back();
    until = at + act.lasts + absl::Milliseconds(200);
    schedule.push_back(act);
  }
  return schedule;
}

std::vector<std::string> Perform(Suite& suite, const std::vector<Act>& schedule, absl::Time start,
                                 absl::Duration length, std::atomic<bool>& held_up) {
  std::vector<std::pair<absl::Duration, const Act*>> ends;
  std::vector<std::string> died;
  size_t next = 0;
  while (absl::Now() < start + length || !ends.empty()) {
    const absl::Duration now = absl::Now() - start;
    for (auto end = ends.begin(); end != ends.end();) {
      if (end->first > now) {
        ++end;
        continue;
      }
      End(suite, *end->second);
      end = ends.erase(end);
    }
    for (; next < schedule.size() && schedule[next].at <= now; ++next) {
      Begin(suite, schedule[next]);
      ends.emplace_back(schedule[next].at + schedule[next].lasts, &schedule[next]);
    }
    held_up = std::any_of(ends.begin(), ends.end(), [](const auto& end) {
      return end.second->service != kOrg &&
             (end.second->kind == Act::kPauseService || end.second->kind == Act::kStallDatabase);
    });
    for (std::string& how : suite.Look()) died.push_back(std::move(how));
    absl::SleepFor(absl::Milliseconds(5));
  }
  return died;
}

}  // namespace qungong::nemesis
