// Finding and picking: by names of any day, pinyin, initials and codes; who is found by whom; keys
// in step with labels.
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/find_rules.h"
#include "org-service/search_rebuild.h"
#include "qungong/org/v1/find_service.grpc.pb.h"
#include "runtime/directory.h"
#include "runtime/status.h"
#include "tests/support/matchers.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;
using v1::Division;
using v1::Unit;

const auto kBadField = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"));

class FindTest : public OrgTreeTest {
 protected:
  void Plant() override {
    OrgTreeTest::Plant();
    find_ = v1::FindService::NewStub(service_->channel());
  }

  absl::StatusOr<v1::FindNodesResponse> Do(const v1::FindNodesRequest& request) {
    return As(caller_, *find_, &v1::FindService::Stub::FindNodes, request);
  }
  using OrgTreeTest::Do;

  static v1::FindNodesRequest Query(const std::string& query,
                                    const std::vector<rpc::v1::NodeKind>& kinds = {}) {
    v1::FindNodesRequest request;
    request.set_query(query);
    for (const rpc::v1::NodeKind kind : kinds) request.add_kinds(kind);
    return request;
  }
  std::vector<v1::FoundNode> Nodes(const v1::FindNodesRequest& request) {
    const v1::FindNodesResponse response = Get(Do(request));
    return {response.nodes().begin(), response.nodes().end()};
  }
  // Names of the divisions that a text finds, in order.
  std::vector<std::string> Divisions(const std::string& query) {
    return NamesOf(Query(query, {rpc::v1::DIVISION_NODE}));
  }
  std::vector<std::string> NamesOf(const v1::FindNodesRequest& request) {
    std::vector<std::string> names;
    for (const v1::FoundNode& node : Nodes(request)) names.push_back(node.display_name());
    return names;
  }
  v1::FoundNode Only(const v1::FindNodesRequest& request) {
    const v1::FindNodesResponse response = Get(Do(request));
    EXPECT_THAT(response.nodes(), SizeIs(1)) << response.DebugString();
    return response.nodes().empty() ? v1::FoundNode() : response.nodes(0);
  }

  using Keys = std::vector<std::tuple<int, int, int, std::string, std::string, std::string>>;
  Keys StoredKeys() {
    Keys keys;
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const mysql::Rows rows,
                       tx.Query("SELECT kind, level, field, key_text, node_id, valid_from"
                                " FROM search_keys"));
      for (const mysql::Row& row : rows) {
        keys.emplace_back(row.Int32(0), row.Int32(1), row.Int32(2), row.String(3), row.String(4),
                          absl::FormatCivilTime(row.Day(5)));
      }
      return absl::OkStatus();
    });
    return keys;
  }
  // Those that the labels ask for.
  Keys WantedKeys() {
    Keys keys;
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(
          const mysql::Rows rows,
          tx.Query(
              "SELECT n.kind, n.level, n.id, l.valid_from, l.display_name, l.code, n.division_id"
              " FROM directory_nodes n JOIN directory_labels l"
              " ON l.node_id = n.id"));
      for (const mysql::Row& row : rows) {
        for (const SearchKey& key : KeysOf(row.String(4), row.String(5),
                                           row.IsNull(6) ? Parts::kOwn : Parts::kOfDivision)) {
          keys.emplace_back(row.Int32(0), row.Int32(1), static_cast<int>(key.field), key.text,
                            row.String(2), absl::FormatCivilTime(row.Day(3)));
        }
      }
      return absl::OkStatus();
    });
    return keys;
  }

  std::unique_ptr<v1::FindService::Stub> find_;
};

TEST_F(FindTest, ADivisionIsFoundByEverythingThatIsTypedForIt) {
  Found(city_, Division::DISTRICT, Unit::GOVERNMENT, "长寿区", "500115");
  for (const char* query :
       {"长", "长寿", "寿区", "changshou", "chang s", "csq", "changsq", "500115"})
    EXPECT_THAT(Divisions(query), ElementsAre("长寿区")) << query;
  for (const char* query : {"zhangshou", "zs", "长区", "shouqu", "00115"})
    EXPECT_THAT(Divisions(query), Not(Contains("长寿区"))) << query;
  for (const char* query : {"观音桥", "音", "guanyinq", "gyq", "guanyq", "GYQ", "500105006"})
    EXPECT_THAT(Divisions(query), Contains("观音桥街道")) << query;
  EXPECT_THAT(Divisions("cq"), ElementsAre("重庆市"));
}

TEST_F(FindTest, WhatIsTypedInFullComesFirstThenWhatBeginsSoThenParts) {
  for (const char* name : {"新村", "桥新村", "新村桥村", "华新村"}) {
    Get(Do(NewDivision(town_.division, Division::VILLAGE, name)));
  }
  EXPECT_THAT(Divisions("新村"), ElementsAre("新村", "新村桥村", "华新村", "桥新村"));
  // A higher level first, whatever the code.
  EXPECT_THAT(Divisions("jianx"), ElementsAre("建新社区"));
  Get(Do(NewDivision(district_.division, Division::TOWN, "建新镇", "500105999")));
  EXPECT_THAT(Divisions("jianx"), ElementsAre("建新镇", "建新社区"));
  // On one level by code.
  EXPECT_THAT(Divisions("区"), ElementsAre("江北区", "渝北区", "建新社区"));
}

TEST_F(FindTest, UnitsAndServiceCentersAreFoundByTheCodeOfTheirDivision) {
  std::vector<std::string> names;
  const v1::FindNodesResponse response = Get(Do(Query("500105006001")));
  for (const v1::FoundNode& node : response.nodes()) {
    names.push_back(node.name());
    EXPECT_EQ(node.code(), "500105006001");
    EXPECT_EQ(node.matched_text(), "500105006001");
    EXPECT_THAT(node.path(), ElementsAre("重庆市", "江北区", "观音桥街道"));
  }
  EXPECT_THAT(names, ElementsAre(community_.division, community_.unit, community_.center));
  EXPECT_EQ(Only(Query("500105006001", {rpc::v1::SERVICE_CENTER_NODE})).name(), community_.center);
}

TEST_F(FindTest, NamesakesAreToldApartByWhatIsAboveThem) {
  Get(Do(NewDivision(town_.division, Division::VILLAGE, "新华村")));
  Get(Do(NewDivision(other_town_.division, Division::VILLAGE, "新华村")));
  std::vector<std::vector<std::string>> paths;
  for (const v1::FoundNode& node : Nodes(Query("xhc"))) {
    EXPECT_EQ(node.display_name(), "新华村");
    EXPECT_EQ(node.matched_text(), "新华村");
    paths.emplace_back(node.path().begin(), node.path().end());
  }
  EXPECT_THAT(paths, UnorderedElementsAre(ElementsAre("重庆市", "江北区", "观音桥街道"),
                                          ElementsAre("重庆市", "江北区", "华新街街道")));
  // A company has no place: what is above it are units.
  Get(Do(NewUnit(town_.unit, Unit::COMPANY, "长江电力公司")));
  EXPECT_THAT(Only(Query("cjdl")).path(), SizeIs(3));
  EXPECT_EQ(Only(Query("cjdl")).path(2), "观音桥街道机关");
}

TEST_F(FindTest, ANodeIsFoundByANameOfAnotherDayWhichIsSaid) {
  const absl::CivilDay day(2015, 3, 1);
  Get(Do(Rename<v1::RenameDivisionRequest>(village_.division, "长青村", day)));
  const v1::FoundNode found = Only(Query("青龙", {rpc::v1::DIVISION_NODE}));
  EXPECT_EQ(found.name(), village_.division);
  EXPECT_EQ(found.display_name(), "长青村");
  EXPECT_EQ(found.matched_text(), "青龙村");
  EXPECT_EQ(found.other_day().display_name(), "青龙村");
  EXPECT_EQ(FromDate(found.other_day().valid_to(), kSince), day);
  // The name of the day is not said to be of another, though both begin so.
  const v1::FoundNode now = Only(Query("changq"));
  EXPECT_EQ(now.matched_text(), "长青村");
  EXPECT_FALSE(now.has_other_day());
  v1::FindNodesRequest before = Query("changq");
  *before.mutable_as_of() = ToDate(day - 1);
  EXPECT_EQ(Only(before).display_name(), "青龙村");
  EXPECT_EQ(Only(before).matched_text(), "长青村");
  // Of two names that match equally well, it is that of the day.
  Get(Do(Rename<v1::RenameDivisionRequest>(village_.division, "长青新村", day + 1)));
  EXPECT_EQ(Only(Query("长青")).matched_text(), "长青新村");
}

TEST_F(FindTest, WhatDoesNotExistOnTheDayIsNotFound) {
  const std::string company = Get(Do(NewUnit(town_.unit, Unit::COMPANY, "电力公司"))).name();
  EXPECT_EQ(Only(Query("dianli")).name(), company);
  const absl::CivilDay day(2015, 5, 1);
  ASSERT_THAT(Do(Dissolve<v1::DissolveUnitRequest>(company, town_.unit, day)), IsOk());
  EXPECT_THAT(NamesOf(Query("dianli")), IsEmpty());
  v1::FindNodesRequest before = Query("dianli");
  *before.mutable_as_of() = ToDate(day - 1);
  EXPECT_EQ(Only(before).name(), company);
}

TEST_F(FindTest, WhoIsNotSignedInFindsDivisionsOnly) {
  const std::string signed_in = std::exchange(caller_, "");
  const auto kinds = [this](const std::string& query,
                            const std::vector<rpc::v1::NodeKind>& asked = {}) {
    std::vector<rpc::v1::NodeKind> found;
    for (const v1::FoundNode& node : Nodes(Query(query, asked))) {
      found.push_back(node.kind());
    }
    return found;
  };
  // By name, part, pinyin, initials and code; asked for by kind, and below a unit.
  for (const char* query : {"建新社区", "新社", "jianxin", "jx", "500105006001"}) {
    caller_ = "";
    EXPECT_THAT(kinds(query), ElementsAre(rpc::v1::DIVISION_NODE)) << query;
    EXPECT_THAT(kinds(query, {rpc::v1::UNIT_NODE, rpc::v1::SERVICE_CENTER_NODE}), IsEmpty())
        << query;
    caller_ = signed_in;
    EXPECT_THAT(kinds(query), Contains(rpc::v1::UNIT_NODE)) << query;
  }
  caller_ = "";
  v1::FindNodesRequest below = Query("jianxin");
  below.set_below(town_.unit);
  EXPECT_THAT(NamesOf(below), IsEmpty());
  caller_ = signed_in;
  EXPECT_THAT(NamesOf(below), Not(IsEmpty()));
}

TEST_F(FindTest, OnlyWhatIsBelowIsFound) {
  const auto names = [this](const std::string& query, const std::string& below) {
    v1::FindNodesRequest request = Query(query);
    request.set_below(below);
    std::vector<std::string> found;
    for (const v1::FoundNode& node : Nodes(request)) found.push_back(node.name());
    return found;
  };
  EXPECT_THAT(names("jianxin", town_.division), ElementsAre(community_.division, community_.unit));
  EXPECT_THAT(names("jianxin", community_.division), SizeIs(2));
  EXPECT_THAT(names("jianxin", other_town_.division), IsEmpty());
  EXPECT_THAT(names("jianxin", town_.unit), ElementsAre(community_.unit));
  EXPECT_THAT(names("jianxin", other_town_.unit), IsEmpty());
  EXPECT_THAT(names("qzfw", town_.division), ElementsAre(town_.center, community_.center));
  EXPECT_THAT(names("qzfw", town_.unit), ElementsAre(town_.center, community_.center));
  EXPECT_THAT(names("qzfw", community_.unit), ElementsAre(community_.center));
  EXPECT_THAT(names("500105006", town_.division), SizeIs(8));
  EXPECT_THAT(names("500105006", village_.division), SizeIs(2));
  EXPECT_THAT(names("jianxin", ResourceName("divisions", NameUuid("nowhere"))), IsEmpty());
  v1::FindNodesRequest request = Query("jianxin");
  for (const char* bad : {"people/1", "divisions/", "units/x", "x"}) {
    request.set_below(bad);
    EXPECT_THAT(Do(request), kBadField) << bad;
  }
}

TEST_F(FindTest, APageIsOfLimitedSizeAndSaysWhetherThereIsMore) {
  for (int i = 0; i < 70; ++i) {
    Get(Do(NewDivision(town_.division, Division::VILLAGE, absl::StrCat("桃花", i, "村"))));
  }
  v1::FindNodesRequest request = Query("taohua");
  const auto size = [&](int page_size) {
    request.set_page_size(page_size);
    const v1::FindNodesResponse response = Get(Do(request));
    EXPECT_TRUE(response.more());
    return response.nodes_size();
  };
  EXPECT_EQ(size(0), 20);
  EXPECT_EQ(size(7), 7);
  EXPECT_EQ(size(50), 50);
  EXPECT_EQ(size(1000), 50);
  request.set_page_size(-1);
  EXPECT_THAT(Do(request), kBadField);
  const v1::FindNodesResponse one = Get(Do(Query("taohua69")));
  EXPECT_THAT(one.nodes(), SizeIs(1));
  EXPECT_FALSE(one.more());
}

TEST_F(FindTest, ATextThatIsNoQueryIsRefusedAndOneThatMeansNothingFindsNothing) {
  EXPECT_THAT(Do(Query("")), kBadField);
  std::string text;
  for (int i = 0; i < 51; ++i) text += "桥";
  EXPECT_THAT(Do(Query(text)), kBadField);
  for (const char* query : {" ", "%", "_", "'", "\\", "%%%", "观%桥", "观_桥", "🙂", "\t"}) {
    EXPECT_THAT(NamesOf(Query(query)), IsEmpty()) << query;
  }
}

TEST_F(FindTest, KeysAreInStepWithLabelsAfterEveryChange) {
  const auto in_step = [this] {
    EXPECT_THAT(StoredKeys(), UnorderedElementsAreArray(WantedKeys()));
  };
  in_step();
  Get(Do(Rename<v1::RenameUnitRequest>(town_.unit, "观音桥街道办事处", kToday)));
  in_step();
  // Again on the same day: the label of before is gone.
  Get(Do(Rename<v1::RenameUnitRequest>(town_.unit, "观音桥管理站", kToday)));
  in_step();
  EXPECT_THAT(NamesOf(Query("观音桥街道办事处")), IsEmpty());
  auto recode = Rename<v1::RenameDivisionRequest>(village_.division, "青龙新村", kToday);
  recode.set_code("500105006299");
  Get(Do(recode));
  in_step();
  Get(Do(Move<v1::MoveDivisionRequest>(village_.division, other_town_.division, kToday)));
  in_step();
  Get(Do(Rename<v1::RenameServiceCenterRequest>(community_.center, "便民中心", kToday)));
  in_step();
  // A label that is written past the one place is noticed.
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("divisions", community_.division));
    rpc::v1::DirectoryChange change;
    ASSIGN_OR_RETURN(*change.add_nodes(), directory::LoadRecord(tx, id));
    change.mutable_nodes(0)->mutable_labels(0)->set_display_name("另建社区");
    return directory::Apply(tx, change);
  });
  EXPECT_THAT(StoredKeys(), Not(UnorderedElementsAreArray(WantedKeys())));
}

TEST_F(FindTest, TheLongestNameIsFoundByItsBeginning) {
  std::string name;
  for (int i = 0; i < 98; ++i) name += i % 2 == 0 ? "双" : "庄";
  name += "村";
  const std::string village = Get(Do(NewDivision(town_.division, Division::VILLAGE, name))).name();
  for (const std::string& query : {name.substr(0, 150), name.substr(3, 150), std::string("双庄")}) {
    EXPECT_EQ(Only(Query(query)).name(), village);
  }
  EXPECT_EQ(Only(Query("shuangzhuangsz")).name(), village);
}

TEST_F(FindTest, KeysThatAreMissingOrOfOtherRulesAreMade) {
  service_->chassis().loops.Stop();
  const Keys keys = StoredKeys();
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    RETURN_IF_ERROR(
        tx.Execute("DELETE FROM search_keys WHERE field <> ?", KeyField::kPart).status());
    RETURN_IF_ERROR(
        tx.Execute("UPDATE search_keys SET key_text = CONCAT(key_text, ?)", "旧").status());
    return tx.Execute("UPDATE search_state SET made_by = ?", "").status();
  });
  EXPECT_THAT(Divisions("gyq"), IsEmpty());
  mysql::Session session(service_->chassis().database);
  int steps = 1;
  for (; steps < 100; ++steps) {
    const absl::StatusOr<Rebuilt> rebuilt = RebuildSearchKeys(session);
    ASSERT_THAT(rebuilt, IsOk());
    if (*rebuilt == Rebuilt::kAll) break;
  }
  EXPECT_EQ(steps, 4);  // old keys are deleted; there are no more; keys are made; there are no more
  EXPECT_THAT(StoredKeys(), UnorderedElementsAreArray(keys));
  EXPECT_THAT(Divisions("gyq"), ElementsAre("观音桥街道"));
  const int64_t before = session.statements();
  ASSERT_THAT(RebuildSearchKeys(session), IsOk());
  EXPECT_LT(session.statements() - before, 4);
}

}  // namespace
}  // namespace qungong::org
