// What the tests of the statistics stand on: random lives of tickets on a tree that changes, their
// events, and a naive recount from their facts.
#ifndef QUNGONG_TESTS_TICKET_STATISTICS_FIXTURE_H_
#define QUNGONG_TESTS_TICKET_STATISTICS_FIXTURE_H_

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/civil.h"
#include "runtime/feed.h"
#include "tests/support/fake_directory.h"
#include "tests/support/matchers.h"
#include "tests/support/service_fixture.h"
#include "tests/support/ticket_lives.h"
#include "ticket-service/statistics_projection.h"
#include "ticket-service/statistics_service.h"
#include "ticket-service/statistics_store.h"
#include "ticket-service/ticket_store.h"

namespace qungong {

absl::Span<const Migration> TicketMigrations();

namespace ticket {

using ::qungong::testing::FakeDirectory;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;
using ::qungong::testing::TestService;
using ::qungong::testing::TicketLife;
using v1::Statistics;

inline const absl::Time kBirth =
    absl::FromCivil(absl::CivilSecond(2015, 4, 1, 9, 0, 0), Shanghai());
inline const absl::CivilDay kMoveDay(2015, 5, 10);
inline const absl::CivilDay kEndDay(2015, 5, 20);
inline const Window kEver = {absl::CivilDay(2015, 1, 1), absl::CivilDay(2020, 1, 1)};

// 洋河社区 moves to 华新街街道 on a day, and 嘉陵社区 is dissolved on another.
inline rpc::v1::DirectoryChange ChangingTree(const FakeDirectory& directory) {
  rpc::v1::DirectoryChange change = directory.change();
  for (rpc::v1::NodeRecord& node : *change.mutable_nodes()) {
    if (node.name() == directory.yanghe.unit) {
      rpc::v1::NodeEdge later = node.edges(0);
      node.mutable_edges(0)->mutable_valid()->set_to_day(DayNumber(kMoveDay));
      later.mutable_valid()->set_from_day(DayNumber(kMoveDay));
      later.set_parent(directory.huaxin.unit);
      *node.add_edges() = later;
    }
    if (node.name() == directory.jialing.unit) {
      for (rpc::v1::DateInterval* valid :
           {node.mutable_valid(), node.mutable_labels(0)->mutable_valid(),
            node.mutable_edges(0)->mutable_valid()}) {
        valid->set_to_day(DayNumber(kEndDay));
      }
    }
  }
  return change;
}

// What a caller may ask for.
struct Filters {
  Window window = kEver;
  std::string class_prefix = {};
  int channel = 0;
  std::vector<std::string> lines = {};
};

// Owned by the test's main thread.
class TicketStatisticsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Without the loop that counts: the tests count themselves.
    service_ = new TestService("ticket", TicketMigrations(), [](Chassis& chassis) {
      Wiring wiring;
      wiring.services.push_back(std::make_unique<StatisticsService>(chassis));
      return absl::StatusOr<Wiring>(std::move(wiring));
    });
  }
  static void TearDownTestSuite() { delete service_; }

  void SetUp() override {
    service_->Reset();
    directory_.AddGrant(kLineLeader, directory_.jiangbei.unit, rpc::v1::LEADER, "urban_management");
    change_ = ChangingTree(directory_);
    service_->ApplyDirectory(change_);
    for (const rpc::v1::NodeRecord& node : change_.nodes()) {
      if (node.kind() == rpc::v1::UNIT_NODE) units_[node.name()] = node;
    }
    std::vector<std::string> names;
    for (const auto& [name, node] : units_) names.push_back(name);
    for (int serial = 1; serial <= 40; ++serial) {
      const Uuid id = NewUuidV7(kBirth + absl::Seconds(serial));
      lives_.emplace_back(ResourceName(kTickets, id), serial, kBirth + absl::Hours(serial * 7),
                          names);
    }
  }

  // Things happen to tickets; each event is committed by itself.
  void LiveOn(int steps) {
    std::uniform_int_distribution<size_t> any(0, lives_.size() - 1);
    for (int step = 0; step < steps; ++step) {
      TicketLife& life = lives_[any(random_)];
      const auto change = life.Step(random_);
      if (!change.has_value()) continue;
      Event event;
      event.aggregate = life.name();
      event.version = life.version();
      event.kind = "Ticket.ANY";
      event.WithPayload(*change);
      IdSource ids(life.now());
      service_->Transact([&](mysql::Tx& tx) {
        ids.Rewind();
        return AppendEvents(tx, service_->chassis().keys, ids.Next(), ids, life.now(), "", {event});
      });
      ++events_;
    }
    mysql::Session session(service_->chassis().database);
    while (Sequence("feed_head") < events_) ASSERT_THAT(SequenceEvents(session), IsOk());
  }

  int64_t Sequence(absl::string_view table) {
    int64_t sequence = 0;
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const auto row,
                       tx.QueryOne(absl::StrCat("SELECT MAX(sequence) FROM ", table)));
      if (!row->IsNull(0)) sequence = row->Int64(0);
      return absl::OkStatus();
    });
    return sequence;
  }

  void CountAll(int batch = 512) {
    mysql::Session session(service_->chassis().database);
    absl::StatusOr<bool> more = true;
    while (more.ok() && *more) more = StatisticsPass(session, batch);
    ASSERT_THAT(more, IsOk());
    ASSERT_EQ(Sequence("projections"), events_);
  }

  // A unit and all above it on a day, by walking the records; a dissolved one as on its last day.
  std::set<std::string> Upward(const std::string& unit, int32_t day) const {
    std::set<std::string> nodes;
    const rpc::v1::NodeRecord* node = &units_.at(unit);
    day = std::min(day, node->valid().to_day() - 1);
    for (bool more = true; more;) {
      nodes.insert(node->name());
      more = false;
      for (const rpc::v1::NodeEdge& edge : node->edges()) {
        if (edge.tree() != rpc::v1::ADMINISTRATIVE_TREE || edge.valid().from_day() > day ||
            edge.valid().to_day() <= day)
          continue;
        node = &units_.at(edge.parent());
        more = true;
        break;
      }
    }
    return nodes;
  }
  std::set<std::string> NodesOf(const TicketLife& life) const {
    std::set<std::string> nodes;
    for (const std::string& unit : life.concerned()) {
      nodes.merge(Upward(unit, DayNumber(life.now())));
    }
    return nodes;
  }

  // The numbers of the tickets that count, found one by one from their facts.
  std::vector<std::string> Recount(const std::string& node, Figure figure,
                                   const Filters& filters) const {
    std::vector<std::string> numbers;
    for (const TicketLife& life : lives_) {
      if (!life.born() || !NodesOf(life).contains(node)) continue;
      const std::optional<int32_t> day = life.DayFor(figure);
      if (!day.has_value() || FromDayNumber(*day) < filters.window.from ||
          FromDayNumber(*day) >= filters.window.to)
        continue;
      if (!absl::StartsWith(life.class_code(), filters.class_prefix)) continue;
      if (filters.channel != 0 && life.channel() != filters.channel) continue;
      const auto& lines = filters.lines;
      if (!lines.empty() && std::count(lines.begin(), lines.end(), life.line()) == 0) continue;
      numbers.push_back(life.number());
    }
    return numbers;
  }

  StatisticsQuestion QuestionOf(const std::string& node, const Filters& filters) const {
    return {*ParseResourceName(kUnits, node),
            GrainOf(units_.at(node).level()),
            filters.window,
            filters.class_prefix,
            filters.channel,
            filters.lines};
  }

  // Every figure of every node is what the facts say, and opens to just those tickets.
  void ExpectFiguresAreRight(const Filters& filters) {
    for (const auto& [node, record] : units_) {
      const StatisticsQuestion question = QuestionOf(node, filters);
      Counts counts{};
      std::vector<std::vector<std::string>> rows(kFigures);
      service_->Transact([&](mysql::Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(counts, LoadCounts(tx, question));
        for (size_t i = 0; i < kFigures; ++i) {
          ASSIGN_OR_RETURN(rows[i], DrillDown(tx, question, FigureAt(i)));
        }
        return absl::OkStatus();
      });
      for (size_t i = 0; i < kFigures; ++i) {
        const std::vector<std::string> expected = Recount(node, FigureAt(i), filters);
        const std::string what = absl::StrCat(Statistics::Figure_Name(FigureAt(i)), " of ",
                                              record.labels(0).display_name());
        ASSERT_EQ(counts[i], expected.size()) << what;
        ASSERT_EQ(rows[i], expected) << what;
        counted_ += counts[i];
      }
    }
  }

  // Numbers of all pages, three rows each.
  absl::StatusOr<std::vector<std::string>> DrillDown(mysql::Tx& tx,
                                                     const StatisticsQuestion& question,
                                                     Figure figure) const {
    std::vector<std::string> numbers;
    std::string after;
    do {
      ASSIGN_OR_RETURN(const CountedTickets page, ListCounted(tx, question, figure, after, 3));
      for (const Uuid& id : page.tickets) {
        for (const TicketLife& life : lives_) {
          if (life.name() == ResourceName(kTickets, id)) numbers.push_back(life.number());
        }
      }
      after = page.last_number;
    } while (!after.empty());
    return numbers;
  }

  // All rows of the four tables as text.
  static std::vector<std::string> Dump() {
    std::string figures;
    for (size_t i = 0; i < kFigures; ++i) absl::StrAppend(&figures, ", ", ColumnOf(FigureAt(i)));
    std::vector<std::string> rows;
    // HEX also gives all texts one collation, which CONCAT wants.
    const std::pair<const char*, std::string> tables[] = {
        {"statistics", absl::StrCat("HEX(node_id), day", figures)},
        {"statistic_details",
         absl::StrCat("HEX(node_id), day, HEX(class_code), channel, HEX(line)", figures)},
        {"statistic_scopes", "HEX(node_id), HEX(number)"},
        {"statistic_tickets",
         "HEX(number), HEX(ticket_id), sequence, HEX(class_code), channel, HEX(line), figures,"
         " IFNULL(submitted_on, 0), IFNULL(accepted_on, 0), IFNULL(answered_on, 0),"
         " IFNULL(ended_on, 0), IFNULL(due_on, 0), IFNULL(called_back_on, 0), IFNULL(rated_on, 0),"
         " HEX(MD5(nodes))"}};
    for (const auto& [table, columns] : tables) {
      const std::string sql = absl::StrCat("SELECT CONCAT_WS('|', ", columns,
                                           ") FROM qungong_ticket.", table, " ORDER BY 1");
      for (const mysql::Row& row : MariaDb::Get().Query(sql)) rows.push_back(row.String(0));
    }
    return rows;
  }

  static constexpr char kLineLeader[] = "accounts/0190f3a1-0000-7000-8000-000000000001";
  inline static TestService* service_ = nullptr;
  FakeDirectory directory_;
  rpc::v1::DirectoryChange change_;
  std::map<std::string, rpc::v1::NodeRecord> units_;
  std::vector<TicketLife> lives_;
  std::mt19937 random_{20150730};
  int64_t events_ = 0;
  int64_t counted_ = 0;
};

}  // namespace ticket
}  // namespace qungong

#endif  // QUNGONG_TESTS_TICKET_STATISTICS_FIXTURE_H_
