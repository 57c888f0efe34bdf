// The directory on a real database: what Apply leaves behind is what each day's edges say.
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/civil.h"
#include "runtime/dated_tree.h"
#include "runtime/directory.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong::directory {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kLastDay = 60;

Uuid Id(int n) {
  Uuid id;
  id.bytes[0] = 1;
  id.bytes[14] = static_cast<uint8_t>(n / 256);
  id.bytes[15] = static_cast<uint8_t>(n % 256);
  return id;
}

void SetInterval(const DayInterval& days, pb::DateInterval& interval) {
  interval.set_from_day(days.from);
  interval.set_to_day(days.to);
}

pb::NodeRecord Record(const Uuid& id, pb::NodeKind kind, const std::string& name,
                      DayInterval valid) {
  pb::NodeRecord record;
  record.set_name(ResourceName(CollectionOf(kind), id));
  record.set_kind(kind);
  record.set_level(pb::DISTRICT_LEVEL);
  SetInterval(valid, *record.mutable_valid());
  pb::NodeLabel& label = *record.add_labels();
  label.set_display_name(name);
  SetInterval(valid, *label.mutable_valid());
  return record;
}

void AddEdge(pb::NodeRecord& record, pb::Tree tree, const Uuid& parent, DayInterval valid) {
  pb::NodeEdge& edge = *record.add_edges();
  edge.set_tree(tree);
  edge.set_parent(ResourceName(CollectionOf(record.kind()), parent));
  SetInterval(valid, *edge.mutable_valid());
}

class DirectoryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MariaDb::Get().Migrate("org"); }
  DirectoryTest() : session_(MariaDb::Get().OptionsFor("org_app")) { MariaDb::Get().Clear("org"); }

  absl::Status Apply(const pb::DirectoryChange& change) {
    return session_.Transact({}, [&](mysql::Tx& tx) { return directory::Apply(tx, change); });
  }
  absl::Status Apply(const std::vector<pb::NodeRecord>& records) {
    pb::DirectoryChange change;
    for (const pb::NodeRecord& record : records) *change.add_nodes() = record;
    return Apply(change);
  }
  // What `read` answers in a transaction of its own.
  template <typename F>
  auto Ask(F read) {
    decltype(read(std::declval<mysql::Tx&>())) result = absl::UnknownError("not asked");
    const absl::Status status = session_.Transact({}, [&](mysql::Tx& tx) {
      result = read(tx);
      return result.status();
    });
    EXPECT_THAT(status, IsOk());
    return *std::move(result);
  }

  mysql::Session session_;
};

std::vector<std::string> Names(const std::vector<Node>& nodes) {
  std::vector<std::string> names;
  names.reserve(nodes.size());
  for (const Node& node : nodes) names.push_back(node.display_name);
  return names;
}

// ---- random changes against a naive oracle

// (tree, descendant, day) -> ancestors by depth.
using Above = std::map<std::tuple<int, Uuid, int>, std::vector<Uuid>>;

class Oracle {
 public:
  explicit Oracle(unsigned seed) : random_(seed) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  // One or a few changed nodes, as records. Parents exist for as long as the edge; cycles happen.
  std::vector<pb::NodeRecord> Change() {
    std::vector<pb::NodeRecord> records;
    const int count = Below(6) == 0 ? 2 + Below(5) : 1;
    for (int i = 0; i < count; ++i) {
      const int node = nodes_.size() < 4 || Below(3) == 0 ? Create() : Edit();
      records.push_back(ToRecord(node));
    }
    return records;
  }
  void Keep() { kept_ = nodes_; }
  void Undo() { nodes_ = kept_; }

  // nullopt if some node is above itself on some day.
  std::optional<Above> Everything() const {
    Above above;
    for (const auto& [node, state] : nodes_) {
      for (int day = 0; day < kLastDay; ++day) {
        if (!state.valid.Contains(day)) continue;
        for (const pb::Tree tree : {pb::ADMINISTRATIVE_TREE, pb::PARTY_TREE}) {
          if (tree == pb::PARTY_TREE && state.edges.at(1).empty()) continue;
          std::vector<Uuid>& path = above[{tree, Id(node), day}];
          if (!Climb(tree, node, day, path)) return std::nullopt;
        }
      }
    }
    return above;
  }

 private:
  struct State {
    DayInterval valid;
    // Of the administrative and the Party tree.
    std::vector<std::vector<std::pair<int, DayInterval>>> edges{2};
  };

  bool Climb(pb::Tree tree, int node, int day, std::vector<Uuid>& path) const {
    const size_t index = tree == pb::ADMINISTRATIVE_TREE ? 0 : 1;
    while (nodes_.at(node).valid.Contains(day)) {
      path.push_back(Id(node));
      if (path.size() > nodes_.size()) return false;
      std::optional<int> parent;
      for (const auto& [above, days] : nodes_.at(node).edges[index]) {
        if (days.Contains(day)) parent = above;
      }
      if (!parent.has_value()) return true;
      node = *parent;
    }
    return true;
  }

  int Create() {
    const int node = static_cast<int>(nodes_.size());
    State& state = nodes_[node];
    state.valid = {Below(kLastDay / 2), Below(3) == 0 ? kLastDay / 2 + Below(20) + 1 : kLastDay};
    if (node > 0) state.edges[0] = {{Below(node), state.valid}};
    if (node > 0 && Below(2) == 0) state.edges[1] = {{Below(node), state.valid}};
    return node;
  }

  int Edit() {
    const int node = Below(static_cast<int>(nodes_.size()));
    State& state = nodes_[node];
    const int day = state.valid.from + Below(state.valid.to - state.valid.from);
    if (Below(5) == 0 && day > state.valid.from) {  // dissolve as of the day
      Cut(state, day);
    } else {  // move as of the day
      auto& edges = state.edges[Below(3) == 0 ? 1 : 0];
      CutEdges(edges, day);
      edges.push_back({Below(static_cast<int>(nodes_.size())), {day, state.valid.to}});
    }
    return node;
  }

  static void CutEdges(std::vector<std::pair<int, DayInterval>>& edges, int day) {
    std::vector<std::pair<int, DayInterval>> cut;
    for (auto [parent, days] : edges) {
      days = days.Intersect({0, day});
      if (!days.IsEmpty()) cut.emplace_back(parent, days);
    }
    edges = cut;
  }
  static void Cut(State& state, int day) {
    state.valid.to = day;
    for (auto& edges : state.edges) CutEdges(edges, day);
  }

  pb::NodeRecord ToRecord(int node) const {
    const State& state = nodes_.at(node);
    pb::NodeRecord record = Record(Id(node), pb::UNIT_NODE, std::to_string(node), state.valid);
    for (size_t i = 0; i < 2; ++i) {
      for (const auto& [parent, days] : state.edges[i]) {
        AddEdge(record, i == 0 ? pb::ADMINISTRATIVE_TREE : pb::PARTY_TREE, Id(parent), days);
      }
    }
    return record;
  }

  std::mt19937 random_;
  std::map<int, State> nodes_;
  std::map<int, State> kept_;
};

// The stored closure, day by day; an ancestor that comes twice on one day is an error.
absl::StatusOr<Above> StoredClosure(mysql::Tx& tx) {
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query("SELECT tree, descendant_id, ancestor_id, valid_from, valid_to, depth"
                            " FROM directory_closure ORDER BY depth"));
  Above above;
  for (const mysql::Row& row : rows) {
    for (int day = DayNumber(row.Day(3)); day < DayNumber(row.Day(4)); ++day) {
      std::vector<Uuid>& path = above[{row.Int32(0), row.Id(1), day}];
      if (path.size() != row.Uint64(5)) return absl::DataLossError("depths are not 0, 1, 2, …");
      path.push_back(row.Id(2));
    }
  }
  return above;
}

// The first place where they differ.
std::string Difference(const Above& stored, const Above& expected) {
  const auto text = [](const Above& above, const Above::key_type& key) {
    const auto it = above.find(key);
    if (it == above.end()) return std::string("nothing");
    std::string path;
    for (const Uuid& id : it->second) path += " " + id.ToString().substr(32);
    return path;
  };
  std::set<Above::key_type> keys;
  for (const auto& [key, path] : stored) keys.insert(key);
  for (const auto& [key, path] : expected) keys.insert(key);
  for (const auto& key : keys) {
    if (text(stored, key) == text(expected, key)) continue;
    return absl::StrCat(": tree ", std::get<0>(key), ", node ",
                        std::get<1>(key).ToString().substr(32), ", day ", std::get<2>(key),
                        ": stored ", text(stored, key), ", expected ", text(expected, key));
  }
  return "";
}

class RandomDirectoryTest : public DirectoryTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(RandomDirectoryTest, ClosureIsWhatEachDaysEdgesSay) {
  Oracle oracle(GetParam());
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    oracle.Keep();
    const std::vector<pb::NodeRecord> change = oracle.Change();
    const std::optional<Above> expected = oracle.Everything();
    const absl::Status status = Apply(change);
    if (expected.has_value()) {
      ASSERT_THAT(status, IsOk()) << "change " << i;
    } else {
      ASSERT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasReason("TREE_CYCLE")));
      oracle.Undo();
      ++refused;
    }
    if (i % 10 != 9) continue;
    const Above stored = Ask([](mysql::Tx& tx) { return StoredClosure(tx); });
    ASSERT_TRUE(stored == *oracle.Everything())
        << "after change " << i << Difference(stored, *oracle.Everything());
  }
  EXPECT_GT(refused, 0);
}

INSTANTIATE_TEST_SUITE_P(, RandomDirectoryTest, ::testing::Values(1u, 2u, 3u),
                         [](const auto& test) { return "Seed" + std::to_string(test.param); });

// ---- what is read

class ReadDirectoryTest : public DirectoryTest {
 protected:
  // A city, two districts with governments, a subdistrict that changed the district on day 100,
  // and departments.
  void SetUp() override {
    auto city = Record(Id(1), pb::DIVISION_NODE, "市", {0, kNoEndDay});
    auto east = Record(Id(2), pb::DIVISION_NODE, "东区", {0, kNoEndDay});
    auto west = Record(Id(3), pb::DIVISION_NODE, "西区", {0, 200});
    east.mutable_labels(0)->set_code("500105");
    west.mutable_labels(0)->set_code("500112");
    west.mutable_labels(0)->mutable_valid()->set_to_day(150);
    *west.add_labels() = west.labels(0);
    west.mutable_labels(1)->set_display_name("西新区");
    SetInterval({150, 200}, *west.mutable_labels(1)->mutable_valid());
    AddEdge(east, pb::DIVISION_TREE, Id(1), {0, kNoEndDay});
    AddEdge(west, pb::DIVISION_TREE, Id(1), {0, 200});
    auto city_unit = Record(Id(11), pb::UNIT_NODE, "市政府", {0, kNoEndDay});
    auto east_unit = Record(Id(12), pb::UNIT_NODE, "东区政府", {0, kNoEndDay});
    auto west_unit = Record(Id(13), pb::UNIT_NODE, "西区政府", {0, 200});
    city_unit.set_division("divisions/" + Id(1).ToString());
    east_unit.set_division("divisions/" + Id(2).ToString());
    west_unit.set_division("divisions/" + Id(3).ToString());
    west_unit.set_successor("units/" + Id(12).ToString());
    AddEdge(east_unit, pb::ADMINISTRATIVE_TREE, Id(11), {0, kNoEndDay});
    AddEdge(west_unit, pb::ADMINISTRATIVE_TREE, Id(11), {0, 200});
    auto office = Record(Id(14), pb::UNIT_NODE, "街道办", {0, kNoEndDay});
    AddEdge(office, pb::ADMINISTRATIVE_TREE, Id(13), {0, 100});
    AddEdge(office, pb::ADMINISTRATIVE_TREE, Id(12), {100, kNoEndDay});
    auto lights = Record(Id(15), pb::UNIT_NODE, "城市管理局", {0, kNoEndDay});
    lights.set_line("urban_management");
    lights.set_subkind(6);
    AddEdge(lights, pb::ADMINISTRATIVE_TREE, Id(12), {0, kNoEndDay});
    auto center = Record(Id(16), pb::SERVICE_CENTER_NODE, "东区中心", {0, kNoEndDay});
    center.set_division("divisions/" + Id(2).ToString());
    center.set_unit("units/" + Id(12).ToString());
    records_ = {city, east, west, city_unit, east_unit, west_unit, office, lights, center};
    ASSERT_THAT(Apply(records_), IsOk());
  }

  std::vector<pb::NodeRecord> records_;
};

TEST_F(ReadDirectoryTest, RecordsComeBackAsTheyWereGiven) {
  for (const pb::NodeRecord& record : records_) {
    const Uuid id = *Uuid::Parse(record.name().substr(record.name().find('/') + 1));
    EXPECT_THAT(Ask([&](mysql::Tx& tx) { return LoadRecord(tx, id); }), EqualsProto(record));
  }
}

TEST_F(ReadDirectoryTest, NodesAreReadAsOfADay) {
  const auto find = [&](int id, int day) {
    return Ask([&](mysql::Tx& tx) { return FindNode(tx, Id(id), day); });
  };
  EXPECT_EQ(find(3, 149)->display_name, "西区");
  EXPECT_EQ(find(3, 150)->display_name, "西新区");
  EXPECT_EQ(find(3, 200), std::nullopt);
  EXPECT_EQ(find(3, -1), std::nullopt);
  EXPECT_EQ(find(16, 0)->division, Id(2));
  EXPECT_EQ(find(16, 0)->unit, Id(12));
  EXPECT_EQ(find(15, 0)->subkind, 6);
  EXPECT_EQ(find(16, 0)->Name(), "serviceCenters/" + Id(16).ToString());
  const auto by_code = [&](const char* code, int day) {
    return Ask([&](mysql::Tx& tx) { return FindDivisionByCode(tx, code, day); });
  };
  EXPECT_EQ(by_code("500112", 199)->id, Id(3));
  EXPECT_EQ(by_code("500112", 200), std::nullopt);
  const auto governing = [&](int id, int day) {
    return Ask([&](mysql::Tx& tx) { return FindGoverningUnit(tx, Id(id), day); });
  };
  EXPECT_EQ(governing(2, 5)->id, Id(12));
  EXPECT_EQ(governing(3, 200), std::nullopt);
}

TEST_F(ReadDirectoryTest, WhoIsAboveWhomIsReadAsOfADay) {
  const auto above = [&](int id, int day) {
    return Names(
        Ask([&](mysql::Tx& tx) { return Ancestors(tx, pb::ADMINISTRATIVE_TREE, Id(id), day); }));
  };
  EXPECT_THAT(above(14, 99), ElementsAre("街道办", "西区政府", "市政府"));
  EXPECT_THAT(above(14, 100), ElementsAre("街道办", "东区政府", "市政府"));
  EXPECT_THAT(above(13, 200), IsEmpty());
  const auto common = [&](int a, int b, int day) {
    return Ask([&](mysql::Tx& tx) {
             return NearestCommonSuperior(tx, pb::ADMINISTRATIVE_TREE, Id(a), Id(b), day);
           })
        ->display_name;
  };
  EXPECT_EQ(common(14, 15, 99), "市政府");
  EXPECT_EQ(common(14, 15, 100), "东区政府");
  EXPECT_EQ(common(14, 12, 100), "东区政府");
  const auto within = [&](int node, int ancestor, int day) {
    return Ask([&](mysql::Tx& tx) {
      return IsWithin(tx, pb::ADMINISTRATIVE_TREE, Id(node), Id(ancestor), day);
    });
  };
  EXPECT_TRUE(within(14, 13, 99));
  EXPECT_FALSE(within(14, 13, 100));
  EXPECT_TRUE(within(14, 14, 100));
  EXPECT_FALSE(within(12, 14, 100));
}

TEST_F(ReadDirectoryTest, ChildrenComeInPages) {
  const auto children = [&](int id, int day, const std::string& after, int limit) {
    return Ask(
        [&](mysql::Tx& tx) { return Children(tx, pb::DIVISION_TREE, Id(id), day, after, limit); });
  };
  EXPECT_THAT(Names(children(1, 0, "", 10)), ElementsAre("东区", "西区"));
  EXPECT_THAT(Names(children(1, 0, "", 1)), ElementsAre("东区"));
  EXPECT_THAT(Names(children(1, 0, std::string("500105\0东区", 13), 10)), ElementsAre("西区"));
  EXPECT_THAT(Names(children(1, 200, "", 10)), ElementsAre("东区"));
  EXPECT_THAT(
      Names(Ask([&](mysql::Tx& tx) { return FindDepartments(tx, Id(12), "urban_management", 0); })),
      ElementsAre("城市管理局"));
  EXPECT_THAT(
      Ask([&](mysql::Tx& tx) { return FindDepartments(tx, Id(13), "urban_management", 0); }),
      IsEmpty());
}

TEST_F(ReadDirectoryTest, ARefusedChangeLeavesNothingBehind) {
  auto east = records_[4];
  east.mutable_edges(0)->set_parent("units/" + Id(99).ToString());
  EXPECT_THAT(Apply({east}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("TREE_UNKNOWN_PARENT")));
  auto city = records_[3];
  AddEdge(city, pb::ADMINISTRATIVE_TREE, Id(14), {50, 60});
  EXPECT_THAT(Apply({city}), StatusIs(absl::StatusCode::kInvalidArgument, HasReason("TREE_CYCLE")));
  auto overlapping = records_[6];
  overlapping.mutable_edges(1)->mutable_valid()->set_from_day(99);
  EXPECT_THAT(Apply({overlapping}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("RECORD_INVALID")));
  EXPECT_THAT(Ask([&](mysql::Tx& tx) { return LoadRecord(tx, Id(12)); }), EqualsProto(records_[4]));
  EXPECT_THAT(
      Names(Ask([&](mysql::Tx& tx) { return Ancestors(tx, pb::ADMINISTRATIVE_TREE, Id(12), 5); })),
      ElementsAre("东区政府", "市政府"));
}

TEST_F(ReadDirectoryTest, GrantsAndCalendarsAreReplaced) {
  pb::DirectoryChange change;
  pb::GrantRecord& grant = *change.add_grants();
  grant.set_name("grants/" + Id(50).ToString());
  grant.set_principal("accounts/" + Id(60).ToString());
  grant.set_role(pb::CLERK);
  grant.set_node("units/" + Id(14).ToString());
  SetInterval({10, 20}, *grant.mutable_valid());
  pb::CalendarRecord& calendar = *change.add_calendars();
  calendar.set_year(2015);
  calendar.add_holidays(1);
  ASSERT_THAT(Apply(change), IsOk());
  change.mutable_grants(0)->mutable_valid()->set_to_day(15);
  change.mutable_calendars(0)->add_holidays(2);
  ASSERT_THAT(Apply(change), IsOk());
  const auto grants = [&](int day) {
    return Ask([&](mysql::Tx& tx) { return LoadGrants(tx, grant.principal(), day); });
  };
  EXPECT_THAT(grants(9), IsEmpty());
  ASSERT_EQ(grants(14).size(), 1u);
  EXPECT_EQ(grants(14)[0].node, Id(14));
  EXPECT_EQ(grants(14)[0].role, pb::CLERK);
  EXPECT_THAT(grants(15), IsEmpty());
  const auto calendars = Ask([](mysql::Tx& tx) { return LoadCalendars(tx, 2014, 2016); });
  ASSERT_EQ(calendars.size(), 1u);
  EXPECT_THAT(calendars[0].holidays(), ElementsAre(1, 2));
}

}  // namespace
}  // namespace qungong::directory
