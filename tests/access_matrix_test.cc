// The reviewed table of who may do what says what the contracts say, about every method. Whether
// the services do what the table says: org_access_test, ticket_access_test, appraisal_access_test.
#include "tests/support/access/access_matrix.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/contracts.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AccessMatrixTest : public ::testing::Test {
 protected:
  AccessLine& Line(const std::string& method) {
    for (AccessLine& line : table_) {
      if (line.method == method) return line;
    }
    ADD_FAILURE() << method;
    return table_.front();
  }
  std::vector<std::string> Compare() { return CompareWithContracts(table_, MethodsOf()); }

  std::vector<AccessLine> table_ = LoadAccessMatrix();
};

TEST_F(AccessMatrixTest, SaysWhatTheContractsSayAboutEveryMethod) {
  ASSERT_THAT(table_, Not(IsEmpty()));
  EXPECT_THAT(Compare(), IsEmpty());
}

TEST_F(AccessMatrixTest, AMethodWithoutALineIsFound) {
  const std::string last = table_.back().method;
  table_.pop_back();
  EXPECT_THAT(Compare(), Contains(last + ": has no line"));
}

TEST_F(AccessMatrixTest, ALineWithoutAMethodIsFound) {
  table_.push_back(table_.back());
  EXPECT_THAT(Compare(), Contains(HasSubstr("has 2 lines")));
  table_.back().method = "qungong.org.v1.UnitService/SplitUnit";
  EXPECT_THAT(Compare(), Contains(HasSubstr("SplitUnit: is no method")));
}

TEST_F(AccessMatrixTest, ARoleTooManyOrTooFewIsFound) {
  AccessLine& line = Line("qungong.ticket.v1.TicketService/DispatchTicket");
  line.who.push_back("LEADER");
  EXPECT_THAT(Compare(), Contains(HasSubstr("DispatchTicket: the table admits")));
  line.who = {"CLERK"};
  EXPECT_THAT(Compare(), Contains(HasSubstr("DispatchTicket: the table admits")));
  line.who = AccessLine::Authenticated();
  EXPECT_THAT(Compare(), Contains(HasSubstr("DispatchTicket: only a role holds at a place")));
}

TEST_F(AccessMatrixTest, AFieldThatNobodyJudgedIsFound) {
  AccessLine& line = Line("qungong.org.v1.UnitService/MoveUnit");
  line.scoped = {"name"};
  EXPECT_THAT(Compare(), Contains(HasSubstr("MoveUnit: parent is neither scoped nor open")));
  line.scoped = {"name", "parent", "child"};
  EXPECT_THAT(Compare(), Contains(HasSubstr("MoveUnit: the request has no field child")));
  line.scoped = {};
  EXPECT_THAT(Compare(), Contains(HasSubstr("MoveUnit: nothing in the request is scoped")));
}

TEST(AccessMatrixFileTest, ALineThatCannotBeReadIsNamed) {
  const std::string header = "method,who,where,of,scoped,open,why\n";
  const auto code = StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2"));
  EXPECT_THAT(ParseAccessMatrix(header + "x,CLERK,top,,,,some reason, with a comma"), IsOk());
  EXPECT_THAT(ParseAccessMatrix(header + "x,CLERK,top,,,"), code);
  EXPECT_THAT(ParseAccessMatrix(header + "x,CLERK,nowhere,,,,why"), code);
  EXPECT_THAT(ParseAccessMatrix(header + "x,CLERK,top,,,,"), code);
  EXPECT_THAT(ParseAccessMatrix("method,who\n"), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace qungong::testing
