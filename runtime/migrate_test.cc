#include "runtime/migrate.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qungong {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MigrateTest, SplitsAtSemicolonsOutsideQuotesAndComments) {
  EXPECT_THAT(SplitStatements("A; B ;\n\nC"), ElementsAre("A", "B", "C"));
  EXPECT_THAT(SplitStatements(" ;; \n-- only a comment; really\n;"), IsEmpty());
  EXPECT_THAT(SplitStatements("A -- it's; one\n; B"), ElementsAre("A", "B"));
  EXPECT_THAT(SplitStatements("A # it's; one\n; B"), ElementsAre("A", "B"));
  EXPECT_THAT(SplitStatements("A /* ; ' */ B; C"), ElementsAre("A   B", "C"));
  EXPECT_THAT(SplitStatements("A /* open"), ElementsAre("A"));
  EXPECT_THAT(SplitStatements("A --"), ElementsAre("A"));
  EXPECT_THAT(SplitStatements("SELECT 5--1; B"), ElementsAre("SELECT 5--1", "B"));
  EXPECT_THAT(SplitStatements("I ';' , \";\" , `;` ; B"), ElementsAre("I ';' , \";\" , `;`", "B"));
  EXPECT_THAT(SplitStatements(R"(I 'it''s; \'; -- x' ; B)"),
              ElementsAre(R"(I 'it''s; \'; -- x')", "B"));
  EXPECT_THAT(SplitStatements(R"(I `a\`; B)"), ElementsAre(R"(I `a\`)", "B"));
  EXPECT_THAT(SplitStatements("I 'open; B"), ElementsAre("I 'open; B"));
  EXPECT_THAT(SplitStatements("I '街道;';"), ElementsAre("I '街道;'"));
}

TEST(MigrateTest, TheRuntimesMigrationsAreEmbedded) {
  ASSERT_FALSE(RuntimeMigrations().empty());
  EXPECT_EQ(RuntimeMigrations()[0].name, "runtime/0001_runtime");
  EXPECT_GT(SplitStatements(RuntimeMigrations()[0].sql).size(), 10u);
}

}  // namespace
}  // namespace qungong
