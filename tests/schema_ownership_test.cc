// Nobody reads another service's tables: what k8s/database/users.sql grants, tried as each user.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mariadb.h"

namespace qungong {
namespace {

using ::qungong::testing::MariaDb;

constexpr const char* kServices[] = {"org", "ticket", "appraisal"};

class SchemaOwnershipTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (const char* service : kServices) MariaDb::Get().Migrate(service);
  }
  // The driver's number of the error that a statement of a user ends with; 0: none.
  static int ErrorOf(const std::string& user, const std::string& sql) {
    mysql::Session session(MariaDb::Get().OptionsFor(user));
    const absl::Status status = session.ExecuteDirect(sql);
    if (status.ok()) return 0;
    int number = 0;
    const std::string text(status.message());
    return sscanf(text.c_str(), "database error %d", &number) == 1 ? number : -1;
  }
};

TEST_F(SchemaOwnershipTest, EachUserReachesItsOwnSchemaOnly) {
  for (const char* owner : kServices) {
    for (const char* kind : {"_app", "_ddl"}) {
      const std::string user = absl::StrCat(owner, kind);
      for (const char* schema : kServices) {
        const std::string events = absl::StrCat("qungong_", schema, ".events");
        const std::string select = absl::StrCat("SELECT COUNT(*) FROM ", events);
        const std::string write = absl::StrCat("DELETE FROM ", events, " WHERE version = 0");
        SCOPED_TRACE(absl::StrCat(user, " on ", schema));
        if (absl::string_view(owner) == schema) {
          EXPECT_EQ(ErrorOf(user, select), 0);
          EXPECT_EQ(ErrorOf(user, write), 0);
        } else {
          EXPECT_EQ(ErrorOf(user, select), 1142);
          EXPECT_EQ(ErrorOf(user, write), 1142);
          EXPECT_EQ(ErrorOf(user, absl::StrCat("USE qungong_", schema)), 1044);
        }
      }
    }
  }
}

TEST_F(SchemaOwnershipTest, AServiceCannotChangeItsTables) {
  for (const char* service : kServices) {
    const std::string user = absl::StrCat(service, "_app");
    EXPECT_EQ(ErrorOf(user, "CREATE TABLE intruder (id INT NOT NULL PRIMARY KEY)"), 1142) << user;
    EXPECT_EQ(ErrorOf(user, "DROP TABLE events"), 1142) << user;
    EXPECT_EQ(ErrorOf(user, "ALTER TABLE events DROP COLUMN hash"), 1142) << user;
    EXPECT_NE(ErrorOf(user, "SELECT COUNT(*) FROM mysql.user"), 0) << user;
    EXPECT_NE(ErrorOf(user, "GRANT SELECT ON *.* TO org_app@'%'"), 0) << user;
  }
}

}  // namespace
}  // namespace qungong
