// Random reorganizations against a model of the plainest kind: after each of them the trees are
// those of the model, on that day and on every day before. QUNGONG_TREE_OPERATIONS=20000 makes more
// than 2,000, QUNGONG_TREE_SEED=1 the same again.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/random/uniform_int_distribution.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/directory.h"
#include "tests/support/matchers.h"
#include "tests/support/org/reorganize.h"
#include "tests/support/org/tree.h"
#include "tests/support/org/tree_model.h"

namespace qungong::org {
namespace {

using ::qungong::testing::IsOk;
using v1::Division;

constexpr int kLife = 200;  // operations on one tree
constexpr absl::CivilDay kFirst(2001, 1, 1);

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

class TreePropertyTest : public OrgTreeTest {
 protected:
  void Plant() override {
    OrgTreeTest::Plant();
    const std::string office = Get(Do(NewDepartment(town_.unit, "civil_affairs"))).name();
    Get(Do(NewDepartment(office, "welfare")));
    Get(Do(NewUnit(other_town_.unit, v1::Unit::SCHOOL, "小学")));
  }
  void SetUp() override {
    OrgTreeTest::SetUp();
    reorganizations_ = v1::ReorganizationService::NewStub(service_->channel());
    Begin();
  }
  // The model as what is stored.
  void Begin() {
    day_ = DayNumber(kFirst);
    past_.clear();
    dead_.clear();
    now_.clear();
    service_->Transact([this](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query("SELECT id FROM directory_nodes"));
      for (const mysql::Row& row : rows) {
        ASSIGN_OR_RETURN(const rpc::v1::NodeRecord record, directory::LoadRecord(tx, row.Id(0)));
        ModelNode& node = now_[record.name()];
        if (record.edges_size() > 0) node.parent = record.edges(0).parent();
        node.label = record.labels(0).display_name();
        node.level = record.level();
        node.governs = record.kind() == rpc::v1::DIVISION_NODE || !record.division().empty();
        node.division = record.division();
        node.unit = record.unit();
        node.held = record.name() == kCity || record.name() == other_district_.unit;
      }
      return absl::OkStatus();
    });
  }

  size_t Below(size_t n) { return absl::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  std::string AnyOf(const std::vector<std::string>& names) {
    return names.empty() ? "units/00000000-0000-4000-8000-000000000009"
                         : names[Below(names.size())];
  }
  // A node that exists, of this collection and level if they are given; now and then a dead one.
  std::string Any(const std::string& collection = "", int level = 0) {
    if (!dead_.empty() && Below(30) == 0) return AnyOf(dead_);
    std::vector<std::string> names;
    for (const auto& [name, node] : now_) {
      if (absl::StartsWith(name, collection) && (level == 0 || node.level == level))
        names.push_back(name);
    }
    return AnyOf(names);
  }
  std::string Name() { return absl::StrCat("甲", ++made_); }
  static Division::Kind KindOn(int level) {
    return level == 2 ? Division::COUNTY : level == 3 ? Division::TOWN : Division::VILLAGE;
  }
  // Most can be done; wild ones name anything.
  Plan Random() {
    Plan plan(FromDayNumber(day_));
    const int level = 2 + static_cast<int>(Below(3));
    const bool wild = Below(5) == 0;
    const auto node = [&](int at) { return wild ? Any() : Any("divisions/", at); };
    switch (Below(8)) {
      case 0:
      case 1:
        return plan.Create("x", node(level - 1), KindOn(level), Name());
      case 2:
        return plan.Rename(Any(), Name());
      case 3:
        return plan.Move(node(level), node(level - 1));
      case 4: {
        const std::string unit = Any("units/");
        const auto it = now_.find(unit);
        if (it == now_.end()) return plan.Move(unit, Any("units/"));
        return plan.Move(unit, Any("units/", it->second.level - (it->second.governs ? 1 : 0)));
      }
      case 5:
        return plan.Dissolve(node(level), node(level), Below(2) == 0);
      case 6: {  // a merger
        const std::string a = node(level);
        const std::string parent = now_.contains(a) ? now_.at(a).parent : a;
        const std::string above = parent.empty() ? a : parent;
        return plan.Create("x", above, KindOn(level), Name())
            .Dissolve(a, "divisions/x", true)
            .Dissolve(node(level), "divisions/x", true);
      }
      default: {  // a split, or a part of one passes elsewhere
        const std::string a = node(level);
        const std::string parent = now_.contains(a) ? now_.at(a).parent : a;
        plan.Create("x", parent.empty() ? a : parent, KindOn(level), Name());
        for (const std::string& child : ChildrenOf(now_, a)) {
          if (Below(2) == 0) plan.Move(child, "divisions/x");
        }
        return Below(2) == 0 ? plan : plan.Dissolve(a, node(level), true);
      }
    }
  }

  // One operation on both; what went otherwise than in the model, in words.
  std::string Operate() {
    const int days = static_cast<int>(Below(3));
    if (days > 0) past_[day_] = now_;
    for (int i = 1; i < days; ++i) past_[day_ + i] = now_;
    day_ += days;
    const v1::ReorganizeTreeRequest request = Random().By(kCity);
    Snapshot after = now_;
    const bool expected = DoNaively(request.plan(), day_, after);
    const auto done =
        As(caller_, *reorganizations_, &v1::ReorganizationService::Stub::ReorganizeTree, request);
    if (done.ok() != expected) {
      return absl::StrCat("the model says ", expected ? "yes" : "no", ": ",
                          done.status().ToString(), " of ", request.ShortDebugString());
    }
    if (!expected) {
      ++refused_;
      return "";
    }
    for (const auto& [name, node] : now_) {
      if (!after.contains(name)) dead_.push_back(name);
    }
    NameCreated(*done, after);
    now_ = std::move(after);
    return "";
  }

  // What is stored beside the model: today, the day before the last change and one other day.
  std::string Check() {
    std::string wrong = CheckDay(day_, now_);
    if (!past_.empty() && wrong.empty())
      wrong = CheckDay(past_.rbegin()->first, past_.rbegin()->second);
    if (!past_.empty() && wrong.empty()) {
      const auto any = std::next(past_.begin(), static_cast<int>(Below(past_.size())));
      wrong = CheckDay(any->first, any->second);
    }
    const int64_t outside = service_->Count(
        "directory_edges e JOIN directory_nodes p ON p.id = e.parent_id JOIN directory_nodes c ON"
        " c.id = e.child_id WHERE e.valid_from < p.valid_from OR e.valid_to > p.valid_to OR"
        " e.valid_from < c.valid_from OR e.valid_to > c.valid_to");
    if (outside > 0) absl::StrAppend(&wrong, outside, " parents do not exist for as long");
    return wrong;
  }
  std::string CheckDay(int day, const Snapshot& expected) {
    const absl::CivilDay on = FromDayNumber(day);
    std::map<std::string, std::string> wanted;
    std::set<std::string> wanted_above;
    for (const auto& [name, node] : expected) {
      wanted[name] = absl::StrCat(node.parent, " ", node.label);
      if (absl::StartsWith(name, "serviceCenters/")) continue;
      int depth = 0;
      for (std::string at = name; !at.empty(); at = expected.at(at).parent, ++depth) {
        if (depth > 32) return absl::StrCat(name, " is above itself");
        wanted_above.insert(absl::StrCat(name, " ", at, " ", depth));
      }
    }
    std::map<std::string, std::string> stored;
    std::set<std::string> stored_above;
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(
          const mysql::Rows nodes,
          tx.Query("SELECT n.id, n.kind, l.display_name, e.parent_id"
                   " FROM directory_nodes n JOIN directory_labels l ON l.node_id = n.id"
                   " AND l.valid_from <= ? AND l.valid_to > ? LEFT JOIN directory_edges"
                   " e ON e.child_id = n.id AND e.tree = n.kind AND e.valid_from <= ?"
                   " AND e.valid_to > ? WHERE n.valid_from <= ? AND n.valid_to > ?",
                   on, on, on, on, on, on));
      for (const mysql::Row& row : nodes) {
        const auto kind = static_cast<rpc::v1::NodeKind>(row.Int32(1));
        const absl::string_view collection = directory::CollectionOf(kind);
        const std::string name = ResourceName(collection, row.Id(0));
        const auto known = expected.find(name);
        // What the service calls the unit and the center of a new division is its own affair.
        const bool is_named = known == expected.end() || !known->second.label.empty();
        stored[name] = absl::StrCat(row.IsNull(3) ? "" : ResourceName(collection, row.Id(3)), " ",
                                    is_named ? row.String(2) : "");
      }
      ASSIGN_OR_RETURN(const mysql::Rows closure,
                       tx.Query("SELECT tree, descendant_id, ancestor_id, depth FROM"
                                " directory_closure WHERE valid_from <= ? AND valid_to > ?",
                                on, on));
      for (const mysql::Row& row : closure) {
        const char* collection = row.Int32(0) == rpc::v1::DIVISION_TREE ? "divisions" : "units";
        stored_above.insert(absl::StrCat(ResourceName(collection, row.Id(1)), " ",
                                         ResourceName(collection, row.Id(2)), " ", row.Int32(3)));
      }
      return absl::OkStatus();
    });
    const std::string at = absl::StrCat(" on ", absl::FormatCivilTime(on));
    if (stored != wanted) return absl::StrCat("parents or names differ", at);
    if (stored_above != wanted_above) return absl::StrCat("the closure differs", at);
    return "";
  }

  std::unique_ptr<v1::ReorganizationService::Stub> reorganizations_;
  std::mt19937_64 random_;
  int day_ = 0;
  Snapshot now_;
  std::map<int, Snapshot> past_;
  std::vector<std::string> dead_;
  int made_ = 0;
  int refused_ = 0;
};

TEST_F(TreePropertyTest, RandomReorganizationsDoWhatTheModelDoesAndNothingToThePast) {
  const uint64_t operations = FromEnvironment("QUNGONG_TREE_OPERATIONS", 2000);
  const uint64_t seed = FromEnvironment("QUNGONG_TREE_SEED", 20251106);
  random_.seed(seed);
  for (uint64_t i = 0; i < operations; ++i) {
    if (i > 0 && i % kLife == 0) SetUp();
    std::string wrong = Operate();
    if (wrong.empty()) wrong = Check();
    ASSERT_EQ(wrong, "") << "operation " << i << ", QUNGONG_TREE_SEED=" << seed;
  }
  std::printf("%d operations, %d of them refused\n", static_cast<int>(operations), refused_);
  EXPECT_GT(refused_, static_cast<int>(operations) / 10);
  EXPECT_LT(refused_, static_cast<int>(operations) * 9 / 10);
}

// The witnesses: what the naive way does to a tree is found.
TEST_F(TreePropertyTest, AParentThatIsOverwrittenInsteadOfDatedIsFound) {
  past_[day_] = now_;
  ++day_;
  now_.at(village_.division).parent = other_town_.division;
  now_.at(village_.division).changed = day_;
  testing::MariaDb::Get().Query(
      absl::StrCat("UPDATE qungong_org.directory_edges SET parent_id = UNHEX(REPLACE('",
                   other_town_.division.substr(10), "', '-', '')) WHERE child_id = UNHEX(REPLACE('",
                   village_.division.substr(10), "', '-', ''))"));
  EXPECT_EQ(CheckDay(day_, now_), "the closure differs on 2001-01-02");
  EXPECT_EQ(CheckDay(day_ - 1, past_[day_ - 1]), "parents or names differ on 2001-01-01");
  EXPECT_NE(Check(), "");
}

TEST_F(TreePropertyTest, AClosureThatIsNotRecomputedBelowWhatMovesIsFound) {
  const std::string kept =
      "CREATE TABLE qungong_org.kept SELECT * FROM qungong_org.directory_closure";
  testing::MariaDb::Get().Query(kept);
  v1::ReorganizeTreeRequest request =
      Plan(FromDayNumber(day_)).Move(town_.division, other_district_.division).By(kCity);
  ASSERT_TRUE(DoNaively(request.plan(), day_, now_));
  ASSERT_THAT(
      As(caller_, *reorganizations_, &v1::ReorganizationService::Stub::ReorganizeTree, request),
      IsOk());
  EXPECT_EQ(Check(), "");
  const std::string village =
      absl::StrCat("UNHEX(REPLACE('", village_.division.substr(10), "', '-', ''))");
  testing::MariaDb::Get().Query(
      absl::StrCat("DELETE FROM qungong_org.directory_closure WHERE descendant_id = ", village));
  testing::MariaDb::Get().Query(
      absl::StrCat("INSERT INTO qungong_org.directory_closure SELECT * FROM qungong_org.kept WHERE"
                   " descendant_id = ",
                   village));
  testing::MariaDb::Get().Query("DROP TABLE qungong_org.kept");
  EXPECT_EQ(Check(), "the closure differs on 2001-01-01");
}

}  // namespace
}  // namespace qungong::org
