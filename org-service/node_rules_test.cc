#include "org-service/node_rules.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/civil.h"
#include "tests/support/matchers.h"

namespace qungong::org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;

NodeRecord Node(int from = 100, int to = kNoEndDay) {
  NewNode node;
  node.name = "divisions/self";
  node.kind = rpc::v1::DIVISION_NODE;
  node.level = rpc::v1::DISTRICT_LEVEL;
  node.display_name = "璧山县";
  node.code = "500227";
  node.parent = "divisions/city";
  node.valid = {from, to};
  return MakeNode(node);
}

std::vector<std::string> Labels(const NodeRecord& record) {
  std::vector<std::string> labels;
  for (const NodeLabel& label : record.labels()) {
    labels.push_back(absl::StrCat(label.valid().from_day(), "-", label.valid().to_day(), " ",
                                  label.display_name(), " ", label.code()));
  }
  return labels;
}

std::vector<std::string> Parents(const NodeRecord& record) {
  std::vector<std::string> parents;
  for (const NodeEdge& edge : record.edges()) {
    parents.push_back(
        absl::StrCat(edge.valid().from_day(), "-", edge.valid().to_day(), " ", edge.parent()));
  }
  return parents;
}

TEST(NodeRules, ANameHoldsFromADayOn) {
  NodeRecord node = Node(100, 900);
  ASSERT_THAT(Relabel(200, "璧山区", "500120", &node), IsOk());
  ASSERT_THAT(Relabel(300, "璧山新区", std::nullopt, &node), IsOk());
  EXPECT_THAT(Labels(node), ElementsAre("100-200 璧山县 500227", "200-300 璧山区 500120",
                                        "300-900 璧山新区 500120"));
  ASSERT_THAT(Relabel(300, "璧山", "", &node), IsOk());
  EXPECT_THAT(Labels(node),
              ElementsAre("100-200 璧山县 500227", "200-300 璧山区 500120", "300-900 璧山 "));
  EXPECT_EQ(LabelOn(node, 299)->code(), "500120");
  EXPECT_EQ(LabelOn(node, 99), nullptr);
  EXPECT_EQ(LabelOn(node, 900), nullptr);
}

TEST(NodeRules, ANameIsKnownToHaveBeenAnotherBefore) {
  NodeRecord node = Node(100, 900);
  ASSERT_THAT(RelabelBefore(500, "b", "2", &node), IsOk());
  EXPECT_THAT(Labels(node), ElementsAre("100-500 b 2", "500-900 璧山县 500227"));
  const NodeRecord once = node;
  ASSERT_THAT(RelabelBefore(500, "b", "2", &node), IsOk());
  EXPECT_THAT(node, EqualsProto(once));
  EXPECT_THAT(RelabelBefore(500, "c", "2", &node),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("LATER_CHANGE_EXISTS")));
  ASSERT_THAT(RelabelBefore(300, "a", "1", &node), IsOk());
  EXPECT_THAT(Labels(node), ElementsAre("100-300 a 1", "300-500 b 2", "500-900 璧山县 500227"));
  for (const int day : {100, 900}) {
    EXPECT_THAT(RelabelBefore(day, "a", "1", &node),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("NOT_VALID_ON_DATE")));
  }
}

TEST(NodeRules, AParentHoldsFromADayOn) {
  NodeRecord node = Node(100, 900);
  ASSERT_THAT(Reparent(200, "divisions/other", &node), IsOk());
  ASSERT_THAT(Reparent(250, "divisions/other", &node), IsOk());
  EXPECT_THAT(Parents(node), ElementsAre("100-200 divisions/city", "200-900 divisions/other"));
  ASSERT_THAT(Reparent(200, "divisions/third", &node), IsOk());
  EXPECT_THAT(Parents(node), ElementsAre("100-200 divisions/city", "200-900 divisions/third"));
  EXPECT_EQ(EdgeOn(node, 199)->parent(), "divisions/city");
  EXPECT_EQ(EdgeOn(node, 900), nullptr);
  NodeRecord root = Node();
  root.clear_edges();
  EXPECT_THAT(Reparent(200, "divisions/other", &root),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("PARENT_NOT_VALID")));
}

TEST(NodeRules, TheEndCutsEverything) {
  NodeRecord node = Node();
  ASSERT_THAT(Relabel(200, "b", "2", &node), IsOk());
  ASSERT_THAT(Reparent(300, "divisions/other", &node), IsOk());
  ASSERT_THAT(End(400, "divisions/heir", &node), IsOk());
  EXPECT_THAT(Labels(node), ElementsAre("100-200 璧山县 500227", "200-400 b 2"));
  EXPECT_THAT(Parents(node), ElementsAre("100-300 divisions/city", "300-400 divisions/other"));
  EXPECT_EQ(node.valid().to_day(), 400);
  EXPECT_EQ(node.successor(), "divisions/heir");
  EXPECT_TRUE(ExistsOn(node, 399));
  EXPECT_FALSE(ExistsOn(node, 400));
  EXPECT_EQ(NearestDay(node, 5000), 399);
  EXPECT_EQ(NearestDay(node, 50), 100);
  EXPECT_EQ(NearestDay(node, 250), 250);
}

struct BadChange {
  const char* name;
  absl::Status (*change)(NodeRecord*);
  const char* reason;
};

class BadChangeTest : public ::testing::TestWithParam<BadChange> {};

TEST_P(BadChangeTest, IsRefusedAndChangesNothing) {
  NodeRecord node = Node();
  ASSERT_THAT(Relabel(200, "b", "2", &node), IsOk());
  ASSERT_THAT(Reparent(300, "divisions/other", &node), IsOk());
  if (absl::StartsWith(GetParam().name, "Ended")) {
    ASSERT_THAT(End(400, "divisions/heir", &node), IsOk());
  }
  const NodeRecord before = node;
  EXPECT_THAT(GetParam().change(&node),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason(GetParam().reason)));
  EXPECT_THAT(node, EqualsProto(before));
}

INSTANTIATE_TEST_SUITE_P(
    , BadChangeTest,
    ::testing::Values(
        BadChange{"NameBeforeTheLastOne",
                  [](NodeRecord* n) { return Relabel(199, "c", std::nullopt, n); },
                  "LATER_CHANGE_EXISTS"},
        BadChange{"NameBeforeTheBeginning",
                  [](NodeRecord* n) { return Relabel(99, "c", std::nullopt, n); },
                  "NOT_VALID_ON_DATE"},
        BadChange{"EndedName", [](NodeRecord* n) { return Relabel(400, "c", std::nullopt, n); },
                  "NOT_VALID_ON_DATE"},
        BadChange{"ParentBeforeTheLastOne",
                  [](NodeRecord* n) { return Reparent(299, "divisions/x", n); },
                  "LATER_CHANGE_EXISTS"},
        BadChange{"EndedParent", [](NodeRecord* n) { return Reparent(400, "divisions/x", n); },
                  "NOT_VALID_ON_DATE"},
        BadChange{"EndOnTheFirstDay", [](NodeRecord* n) { return End(100, "divisions/x", n); },
                  "NOT_VALID_ON_DATE"},
        BadChange{"EndBeforeALaterParent", [](NodeRecord* n) { return End(300, "divisions/x", n); },
                  "LATER_CHANGE_EXISTS"},
        BadChange{"EndBeforeALaterName", [](NodeRecord* n) { return End(150, "divisions/x", n); },
                  "LATER_CHANGE_EXISTS"},
        BadChange{"EndedAgainEarlier", [](NodeRecord* n) { return End(350, "divisions/x", n); },
                  "LATER_CHANGE_EXISTS"},
        BadChange{"EndedAgain", [](NodeRecord* n) { return End(400, "divisions/x", n); },
                  "NOT_VALID_ON_DATE"}),
    [](const auto& test) { return test.param.name; });

TEST(NodeRules, ASuccessorTakesOverForGood) {
  const NodeRecord node = Node();
  NodeRecord heir = Node();
  const auto not_valid =
      StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("SUCCESSOR_NOT_VALID"));
  EXPECT_THAT(CheckSuccessor(node, heir, 200), not_valid) << "itself";
  heir.set_name("divisions/heir");
  EXPECT_THAT(CheckSuccessor(node, heir, 99), not_valid);
  EXPECT_THAT(CheckSuccessor(node, heir, 100), IsOk());
  ASSERT_THAT(End(400, node.name(), &heir), IsOk());
  EXPECT_THAT(CheckSuccessor(node, heir, 399), not_valid);
}

TEST(NodeRules, LevelsEndWithVillages) {
  EXPECT_EQ(LevelBelow(rpc::v1::MUNICIPALITY_LEVEL), rpc::v1::DISTRICT_LEVEL);
  EXPECT_EQ(LevelBelow(rpc::v1::TOWNSHIP_LEVEL), rpc::v1::VILLAGE_LEVEL);
  EXPECT_EQ(LevelBelow(rpc::v1::VILLAGE_LEVEL), rpc::v1::LEVEL_UNSPECIFIED);
  EXPECT_EQ(LevelBelow(rpc::v1::LEVEL_UNSPECIFIED), rpc::v1::LEVEL_UNSPECIFIED);
}

}  // namespace
}  // namespace qungong::org
