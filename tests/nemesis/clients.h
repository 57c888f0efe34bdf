// Clients of the suite: each a thread that asks for one thing after another, remembers what it
// asked for and what it was told, and asks again, with the same request_id, where it was told
// nothing.
#ifndef QUNGONG_TESTS_NEMESIS_CLIENTS_H_
#define QUNGONG_TESTS_NEMESIS_CLIENTS_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "qungong/ticket/v1/ticket.pb.h"
#include "tests/nemesis/city.h"
#include "tests/nemesis/history.h"
#include "tests/nemesis/wire.h"

namespace qungong::nemesis {

// The tickets that clients know of, as the newest acknowledged reply shows them. Thread-safe.
class Board {
 public:
  struct Card {
    ticket::v1::Ticket ticket;
    std::string code;     // the citizen's tracking code
    int64_t version = 0;  // at least this one is stored
    bool certain = true;  // whether `ticket` is that version
  };

  void Add(const ticket::v1::Ticket& ticket, const std::string& code);
  void Learn(const ticket::v1::Ticket& ticket);
  // A citizen's act shows the state only.
  void LearnState(const std::string& name, ticket::v1::Ticket::State state);
  // One of the newest that can still change.
  std::optional<Card> Draw(Random& random);
  int64_t VersionOf(const std::string& name);

 private:
  absl::Mutex mutex_;
  std::map<std::string, Card> cards_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> open_ ABSL_GUARDED_BY(mutex_);  // oldest first
};

// What all clients share.
struct World {
  World(City c, Wire& w, History& h) : city(std::move(c)), wire(w), history(h) {}

  const City city;
  Wire& wire;
  History& history;
  Board board;
  // Each community moves once, most of them while a ticket-service is held up with transactions
  // that have begun; and calendars are published.
  bool tree_moves = false;
  std::atomic<bool> held_up = false;
  // Planted: a retry is a new request.
  bool forget_request_id = false;
  std::atomic<bool> stop = false;
  std::atomic<int64_t> calls = 0;
  std::atomic<int64_t> reads = 0;
};

// One client. Owned by its thread.
class Client {
 public:
  Client(World& world, uint64_t seed) : world_(world), random_(seed) {}
  virtual ~Client() = default;
  void Run();

 protected:
  // Asks for one more thing.
  virtual void Step() = 0;
  // Takes note of a reply that was acknowledged.
  virtual void Learn(const Write& write, const google::protobuf::Message& reply) = 0;

  // Sends a write for the first time; null if it was not acknowledged.
  MessagePtr Send(Write write);
  absl::StatusOr<MessagePtr> Read(const std::string& method, const std::string& principal,
                                  const google::protobuf::Message& request);
  std::string NewMarker();
  // Some have little patience: what becomes of their calls they often do not hear.
  absl::Duration Deadline() {
    return Chance(random_, 20) ? absl::Milliseconds(Between(random_, 10, 200))
                               : absl::Milliseconds(Between(random_, 1000, 3000));
  }
  Route AnyRoute() { return Chance(random_, 50) ? kWithRetries : kWithoutRetries; }

  World& world_;
  Random random_;

 private:
  void Retry();

  std::deque<Write*> unknown_;
};

// Citizens and staff around tickets.
class TicketClient final : public Client {
 public:
  using Client::Client;

 private:
  void Step() override;
  void Learn(const Write& write, const google::protobuf::Message& reply) override;

  void Submit();
  void Look(const Board::Card& card);
  // The next act in the life of a ticket.
  void Act(const Board::Card& card);
  void ActInProgress(const Board::Card& card);
  void Handle(const Board::Card& card);
  void Evaluate(const Board::Card& card);
  void Withdraw(const Board::Card& card);
  template <typename Request>
  Request About(const Board::Card& card);
  template <typename Request>
  void Do(const char* method, const std::vector<std::string>& who, Request request,
          const std::string& marker = "");
};

// Registrars and security administrators. With `first`, the one that moves units.
class OrgClient final : public Client {
 public:
  OrgClient(World& world, uint64_t seed, bool first) : Client(world, seed) {
    if (first && world.tree_moves) unmoved_ = world.city.community_units;
  }

 private:
  void Step() override;
  void Learn(const Write& write, const google::protobuf::Message& reply) override;

  void CreatePerson();
  void UpdatePerson();
  void RenameUnit();
  void MoveUnit();
  void PublishCalendar();
  void Grant();

  std::vector<std::string> unmoved_;
  std::vector<std::string> people_;
  std::vector<std::string> grants_;
};

// A version from an etag: "\"7\"" is 7; 0 if it is none.
int64_t VersionOf(const std::string& etag);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_CLIENTS_H_
