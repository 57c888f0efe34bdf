// Who may act where: random trees, grants and moves on a real MariaDB against a naive oracle.
#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/feed_service.pb.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/operation.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

namespace pb = rpc::v1;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;

constexpr int kTrees = 40;
constexpr int kNodes = 24;
constexpr int kMoves = 4;     // of each tree
constexpr int kChecks = 125;  // after each move, and before the first: 40 × 5 × 125 = 25,000
constexpr int kPrincipals = 6;
constexpr int32_t kFirstDay = 100;
constexpr int32_t kLastDay = 200;
const char* const kLines[] = {"", "", "", "housing", "water"};

struct Days {
  int32_t from = 0;
  int32_t to = kNoEndDay;  // not included
  bool Has(int32_t day) const { return from <= day && day < to; }
};
struct ModelEdge {
  int parent;
  Days days;
};
struct ModelNode {
  std::string line;
  std::vector<ModelEdge> edges;
};
struct ModelGrant {
  int principal;
  pb::Role role;
  int node;
  std::string line;
  Days days;
};

// The same rules, told as plainly as possible.
struct Model {
  std::vector<ModelNode> nodes;
  std::vector<ModelGrant> grants;

  std::optional<int> ParentOf(int node, int32_t day) const {
    for (const ModelEdge& edge : nodes[static_cast<size_t>(node)].edges) {
      if (edge.days.Has(day)) return edge.parent;
    }
    return std::nullopt;
  }
  // From the node up: when the granted node is reached, the right holds; with a line, if the line
  // was passed on the way.
  bool Holds(const ModelGrant& grant, int node, int32_t day) const {
    bool passed = grant.line.empty();
    for (std::optional<int> at = node; at.has_value(); at = ParentOf(*at, day)) {
      passed = passed || nodes[static_cast<size_t>(*at)].line == grant.line;
      if (*at == grant.node) return passed;
    }
    return false;
  }
  bool May(int principal, int node, int32_t day) const {
    return std::any_of(grants.begin(), grants.end(), [&](const ModelGrant& grant) {
      return grant.principal == principal && grant.role == pb::SERVICE && grant.days.Has(day) &&
             Holds(grant, node, day);
    });
  }
};

class AccessTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { MariaDb::Get().Migrate("ticket"); }

  int Draw(int below) { return absl::Uniform(random_, 0, below); }
  int32_t DrawDay() { return kFirstDay + Draw(kLastDay - kFirstDay); }
  std::string DrawLine() { return kLines[Draw(static_cast<int>(std::size(kLines)))]; }

  Uuid IdOf(int node) const { return NameUuid(absl::StrCat("tree ", tree_, " node ", node)); }
  std::string Principal(int i) const {
    return ResourceName("accounts", NameUuid(absl::StrCat("tree ", tree_, " account ", i)));
  }

  Model Grow();
  bool IsBelow(const Model& model, int node, int above, int32_t from) const;
  bool Move(Model& model, pb::DirectoryChange& change);
  pb::NodeRecord RecordOf(const Model& model, int node) const;
  pb::DirectoryChange ChangeOf(const Model& model) const;
  void Apply(const pb::DirectoryChange& change) {
    ASSERT_THAT(session_.Transact({}, [&](mysql::Tx& tx) { return directory::Apply(tx, change); }),
                IsOk());
  }
  void Check(const Model& model);

  absl::BitGen random_{std::seed_seq{19491001}};
  int tree_ = 0;
  int may_ = 0;
  int may_not_ = 0;
  mysql::Session session_{MariaDb::Get().OptionsFor("ticket_app")};
  const KeyRing keys_ = KeyRing::ForTest();
  const PageCodec pages_{keys_.Derive("page tokens")};
};

Model AccessTest::Grow() {
  Model model;
  for (int i = 0; i < kNodes; ++i) {
    ModelNode node;
    node.line = i == 0 ? "" : DrawLine();
    if (i > 0) node.edges.push_back({Draw(i), {0, kNoEndDay}});
    model.nodes.push_back(std::move(node));
  }
  for (int i = 0; i < 3 * kPrincipals; ++i) {
    const int32_t from = DrawDay();
    const Days days = Draw(2) == 0 ? Days{} : Days{from, from + 1 + Draw(60)};
    model.grants.push_back({Draw(kPrincipals), Draw(4) == 0 ? pb::CLERK : pb::SERVICE, Draw(kNodes),
                            DrawLine(), days});
  }
  return model;
}

bool AccessTest::IsBelow(const Model& model, int node, int above, int32_t from) const {
  for (int32_t day = from; day <= kLastDay + 1; ++day) {
    for (std::optional<int> at = node; at.has_value(); at = model.ParentOf(*at, day)) {
      if (*at == above) return true;
    }
  }
  return false;
}

// Some node gets another parent from a drawn day on; false if that would make a circle.
bool AccessTest::Move(Model& model, pb::DirectoryChange& change) {
  const int node = 1 + Draw(kNodes - 1);
  const int parent = Draw(kNodes);
  const int32_t day = DrawDay();
  if (IsBelow(model, parent, node, day)) return false;
  std::vector<ModelEdge>& edges = model.nodes[static_cast<size_t>(node)].edges;
  while (!edges.empty() && edges.back().days.from >= day) edges.pop_back();
  if (!edges.empty()) edges.back().days.to = std::min(edges.back().days.to, day);
  edges.push_back({parent, {day, kNoEndDay}});
  *change.add_nodes() = RecordOf(model, node);
  return true;
}

pb::NodeRecord AccessTest::RecordOf(const Model& model, int node) const {
  const auto set = [](const Days& days, pb::DateInterval& out) {
    out.set_from_day(days.from);
    out.set_to_day(days.to);
  };
  const ModelNode& n = model.nodes[static_cast<size_t>(node)];
  pb::NodeRecord record;
  record.set_name(ResourceName("units", IdOf(node)));
  record.set_kind(pb::UNIT_NODE);
  record.set_level(pb::DISTRICT_LEVEL);
  record.set_line(n.line);
  set({}, *record.mutable_valid());
  pb::NodeLabel& label = *record.add_labels();
  label.set_display_name(absl::StrCat("node ", node));
  set({}, *label.mutable_valid());
  for (const ModelEdge& e : n.edges) {
    pb::NodeEdge& edge = *record.add_edges();
    edge.set_tree(pb::ADMINISTRATIVE_TREE);
    edge.set_parent(ResourceName("units", IdOf(e.parent)));
    set(e.days, *edge.mutable_valid());
  }
  return record;
}

pb::DirectoryChange AccessTest::ChangeOf(const Model& model) const {
  pb::DirectoryChange change;
  for (int i = 0; i < kNodes; ++i) *change.add_nodes() = RecordOf(model, i);
  for (size_t i = 0; i < model.grants.size(); ++i) {
    const ModelGrant& g = model.grants[i];
    pb::GrantRecord& grant = *change.add_grants();
    grant.set_name(ResourceName("grants", NameUuid(absl::StrCat("tree ", tree_, " grant ", i))));
    grant.set_principal(Principal(g.principal));
    grant.set_role(g.role);
    grant.set_node(ResourceName("units", IdOf(g.node)));
    grant.set_line(g.line);
    grant.mutable_valid()->set_from_day(g.days.from);
    grant.mutable_valid()->set_to_day(g.days.to);
  }
  return change;
}

void AccessTest::Check(const Model& model) {
  // Some method that a role opens: SERVICE.
  const auto* const method =
      pb::StreamEventsRequest::descriptor()->file()->pool()->FindMethodByName(
          "qungong.rpc.v1.FeedService.StreamEvents");
  const auto check = [&](mysql::Tx& tx) -> absl::Status {
    for (int i = 0; i < kChecks; ++i) {
      const int principal = Draw(kPrincipals);
      const int node = Draw(kNodes);
      Call call;
      call.method = method;
      call.principal = Principal(principal);
      call.today = DrawDay();
      Read read(call, tx, keys_, pages_);
      const bool has_role = read.CheckMethodRole().ok();
      ASSIGN_OR_RETURN(const bool may, read.MayActAt(IdOf(node)));
      ASSIGN_OR_RETURN(const std::vector<Uuid> roots, read.GrantedNodes());
      bool listed = false;
      for (const Uuid& root : roots) {
        ASSIGN_OR_RETURN(const bool within, directory::IsWithin(tx, pb::ADMINISTRATIVE_TREE,
                                                                IdOf(node), root, call.today));
        listed = listed || within;
      }
      const bool expected = model.May(principal, node, call.today);
      (expected ? may_ : may_not_)++;
      EXPECT_EQ(may, expected) << "tree " << tree_ << " principal " << principal << " node " << node
                               << " day " << call.today;
      EXPECT_EQ(listed, expected) << "a list and a check disagree";
      EXPECT_TRUE(has_role || !expected);
    }
    return absl::OkStatus();
  };
  ASSERT_THAT(session_.Transact({.read_only = true}, check), IsOk());
}

TEST_F(AccessTest, ChecksAndListsAgreeWithANaiveOracleWhateverMoves) {
  for (tree_ = 0; tree_ < kTrees && !HasFailure(); ++tree_) {
    Model model = Grow();
    Apply(ChangeOf(model));
    Check(model);
    for (int moved = 0; moved < kMoves && !HasFailure();) {
      pb::DirectoryChange change;
      if (!Move(model, change)) continue;
      Apply(change);
      Check(model);
      ++moved;
    }
  }
  EXPECT_GE(may_ + may_not_, 20000);
  EXPECT_GT(may_, 2000);  // neither answer is always right
  EXPECT_GT(may_not_, 2000);
}

}  // namespace
}  // namespace qungong
