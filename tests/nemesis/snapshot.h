// What the databases hold when all is quiet: the other side of the comparison.
#ifndef QUNGONG_TESTS_NEMESIS_SNAPSHOT_H_
#define QUNGONG_TESTS_NEMESIS_SNAPSHOT_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "qungong/ticket/v1/events.pb.h"
#include "runtime/feed.h"
#include "runtime/ids.h"
#include "runtime/keys.h"
#include "runtime/mysql.h"
#include "tests/support/mariadb.h"

namespace qungong::nemesis {

struct KeyRow {
  std::string principal;
  std::string method;
  std::string request_id;  // as text
  Uuid event;
};

// What both services have.
struct ServiceRows {
  std::vector<StoredEvent> events;  // by sequence; images opened
  std::vector<KeyRow> keys;
  int64_t head = 0;
  std::map<std::string, int64_t> versions;  // "tickets/{uuid}" -> version in its row
  std::vector<std::string> directory;       // rows of the directory tables, as text
};

struct TicketRow {
  Uuid id;
  std::string number;
  int64_t version = 0;
  int state = 0;
  bool clock = false;
  bool provisional = false;
  int due_year = 0;  // of the clock
  int light = 0;
  std::string facts;                     // everything that the last event tells too, as text
  std::string shown;                     // what its scope rows repeat, as text
  std::map<std::string, int64_t> parts;  // "answers" -> number of rows
};

struct Snapshot {
  // Units moved: each event was counted on the tree as it stood then, so that counting again, on
  // the tree as it stands now, need not give the same.
  bool tree_moved = false;
  ServiceRows org;
  ServiceRows ticket;
  int64_t org_position = 0;  // of the feed that ticket-service follows
  int64_t statistics_position = 0;
  std::vector<TicketRow> tickets;
  std::map<Uuid, std::map<Uuid, std::string>> scopes;  // ticket -> node -> what it repeats
  std::map<Uuid, std::set<Uuid>> units;                // ticket -> units concerned
  std::set<std::pair<std::string, Uuid>> due;          // kind, subject
  std::map<Uuid, Uuid> above;                          // unit -> the one above it
  std::map<Uuid, int> levels;
  std::set<int> published;                                 // years with a calendar
  std::map<Uuid, std::map<std::string, int64_t>> figures;  // node -> "submitted" -> sum of all days
  std::vector<std::string> statistics;                     // rows of the statistics, as text
  std::vector<std::string> recounted;                      // the same, counted again
};

// When no service runs any more. Counts the statistics again.
Snapshot TakeSnapshot(testing::MariaDb& database, const KeyRing& keys);

// What a ticket's row and its last event must agree on, in one form.
std::string FactsOf(const ticket::v1::TicketChange& change);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_SNAPSHOT_H_
