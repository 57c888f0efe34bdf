#include "org-service/amendment_file.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using ::testing::HasSubstr;

constexpr char kHeader[] = "date,operation,code_or_key,name,parent_code_or_key,successor,source\n";

TEST(AmendmentFile, ReadsEveryOperation) {
  const auto amendments = ParseAmendments(std::string("# head\n") + kHeader +
                                          "2012-01-01,CREATE,unit:beibu,北部新区,unit:500000,,s\n"
                                          "2012-01-01,MOVE,unit:500112007,鸳鸯街道,unit:beibu,,s\n"
                                          "2016-06-08,RELABEL,500234,开县,,500154,s\n"
                                          "2025-11-06,DISSOLVE,500105,江北区,,liangjiang,s\n");
  ASSERT_TRUE(amendments.ok()) << amendments.status();
  ASSERT_EQ(amendments->size(), 4u);
  const Amendment& create = (*amendments)[0];
  EXPECT_EQ(create.line, 3);
  EXPECT_EQ(create.day, absl::CivilDay(2012, 1, 1));
  EXPECT_EQ(create.operation, Amendment::Operation::kCreate);
  EXPECT_EQ(create.node, (AmendmentNode{true, "beibu"}));
  EXPECT_FALSE(create.node.has_code());
  EXPECT_EQ(create.parent, (AmendmentNode{true, "500000"}));
  EXPECT_EQ(create.name, "北部新区");
  EXPECT_EQ(create.source, "s");
  EXPECT_EQ((*amendments)[1].operation, Amendment::Operation::kMove);
  EXPECT_TRUE((*amendments)[1].node.has_code());
  EXPECT_EQ((*amendments)[2].successor, (AmendmentNode{false, "500154"}));
  EXPECT_EQ((*amendments)[3].successor, (AmendmentNode{false, "liangjiang"}));
}

struct BadCase {
  const char* name;
  const char* rows;
  const char* message;
};

class BadAmendmentTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadAmendmentTest, IsRefusedWithLineAndColumn) {
  const auto status = ParseAmendments(std::string(kHeader) + GetParam().rows).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "CSV_INVALID");
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    , BadAmendmentTest,
    ::testing::Values(
        BadCase{"Date", "2012-02-30,MOVE,500105,n,500000,,s", "line 2, date: not a date"},
        BadCase{"Order", "2012-01-02,MOVE,500105,n,500000,,s\n2012-01-01,MOVE,500105,n,500000,,s",
                "line 3, date: earlier"},
        BadCase{"Operation", "2012-01-01,SPLIT,500105,n,500000,,s", "line 2, operation: none of"},
        BadCase{"Code", "2012-01-01,MOVE,5001,n,500000,,s", "line 2, code_or_key: neither"},
        BadCase{"CodeAndLetters", "2012-01-01,MOVE,50010x,n,500000,,s", "code_or_key: neither"},
        BadCase{"Key", "2012-01-01,MOVE,Beibu,n,500000,,s", "code_or_key: neither"},
        BadCase{"NoNode", "2012-01-01,MOVE,unit:,n,unit:500000,,s", "code_or_key: neither"},
        BadCase{"NoParent", "2012-01-01,CREATE,a,n,,,s", "line 2, parent_code_or_key: neither"},
        BadCase{"SurplusParent", "2012-01-01,DISSOLVE,500105,n,500000,500112,s",
                "line 2, parent_code_or_key: the operation has none"},
        BadCase{"SurplusSuccessor", "2012-01-01,MOVE,500105,n,500000,500112,s",
                "line 2, successor: the operation has none"},
        BadCase{"NoSuccessor", "2012-01-01,DISSOLVE,500105,n,,,s", "line 2, successor: neither"},
        BadCase{"Mixed", "2012-01-01,MOVE,unit:500105,n,500000,,s",
                "line 2, parent_code_or_key: a unit goes with units"},
        BadCase{"Itself", "2012-01-01,DISSOLVE,500105,n,,500105,s", "line 2, successor: the node"},
        BadCase{"RelabelKey", "2012-01-01,RELABEL,liangjiang,n,,500105,s",
                "line 2, code_or_key: not the former code"},
        BadCase{"RelabelUnit", "2012-01-01,RELABEL,unit:500234,n,,unit:500154,s",
                "line 2, code_or_key: not the former code"},
        BadCase{"NoName", "2012-01-01,MOVE,500105,,500000,,s", "line 2, name: the name is missing"},
        BadCase{"NoSource", "2012-01-01,MOVE,500105,n,500000,,", "line 2, source: the source"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qungong::org
