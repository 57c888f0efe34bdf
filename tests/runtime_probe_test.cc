// What tests who may do what finds what it is for: a service that can be careless in every way that
// the probes look for, and the runtime's own part of the promise.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/note/v1/shelf_service.grpc.pb.h"
#include "runtime/civil.h"
#include "runtime/rpc.h"
#include "tests/support/access/absence_probe.h"
#include "tests/support/access/access_probe.h"
#include "tests/support/access/output_only_probe.h"
#include "tests/support/contracts.h"
#include "tests/support/matchers.h"
#include "tests/support/service_fixture.h"

namespace qungong {
namespace {

namespace pb = note::v1;
using ::qungong::testing::About;
using ::qungong::testing::AccessLine;
using ::qungong::testing::Attempt;
using ::qungong::testing::Scenario;
using ::qungong::testing::Scene;
using ::qungong::testing::Surroundings;
using ::qungong::testing::TestService;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kShelves[] = R"sql(
CREATE TABLE IF NOT EXISTS shelves (
  id BINARY(16) NOT NULL, unit_id BINARY(16) NOT NULL, label VARCHAR(100) NOT NULL, PRIMARY KEY (id)
) ENGINE = InnoDB)sql";

std::string UnitOf(const std::string& place) {
  return ResourceName("units", NameUuid(absl::StrCat("unit ", place)));
}

class ShelfHandlers {
 public:
  // In which way they are careless.
  enum class Fault {
    kNone,
    kForgetsScope,
    kTellsAbsent,  // NOT_FOUND for what is not there
    kLooksFirst,   // answers alike, but asks the scope only of what is there
    kListsAll,
    kFindsAll,  // narrows a list to the caller's, but says when a filter names nothing
  };
  static inline Fault fault = Fault::kNone;

  absl::StatusOr<pb::Shelf> GetShelf(Read& read, const pb::GetShelfRequest& request) {
    return Load(read, request.name());
  }
  absl::StatusOr<pb::ListShelvesResponse> ListShelves(Read& read,
                                                      const pb::ListShelvesRequest& request) {
    ASSIGN_OR_RETURN(const mysql::Rows rows, read.tx().Query("SELECT id, unit_id FROM shelves"));
    pb::ListShelvesResponse response;
    bool named = request.unit().empty();
    for (const mysql::Row& row : rows) {
      const bool of_unit =
          request.unit().empty() || ResourceName("units", row.Id(1)) == request.unit();
      named = named || of_unit;
      ASSIGN_OR_RETURN(const bool may, read.MayActAt(row.Id(1)));
      if (of_unit && (may || fault == Fault::kListsAll))
        response.add_shelves()->set_name(ResourceName("shelves", row.Id(0)));
    }
    if (!named && fault == Fault::kFindsAll) return absl::NotFoundError("no such unit");
    return response;
  }
  absl::StatusOr<pb::Shelf> UpdateShelf(Mutation& m, const pb::UpdateShelfRequest& request) {
    ASSIGN_OR_RETURN(pb::Shelf shelf, Load(m, request.name()));
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("shelves", request.name()));
    shelf.MergeFrom(request.shelf());  // as careless handlers do
    shelf.set_name(request.name());
    RETURN_IF_ERROR(
        m.tx().Execute("UPDATE shelves SET label = ? WHERE id = ?", shelf.label(), id).status());
    Event event;
    event.aggregate = request.name();
    event.version = 1;
    event.kind = "Shelf.UPDATED";
    m.Emit(std::move(event));
    return shelf;
  }

 private:
  static absl::StatusOr<pb::Shelf> Load(Read& read, const std::string& name) {
    ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("shelves", name));
    ASSIGN_OR_RETURN(const auto row,
                     read.tx().QueryOne("SELECT unit_id, label FROM shelves WHERE id = ?", id));
    if (!row.has_value() && fault == Fault::kTellsAbsent) return absl::NotFoundError(name);
    if (!row.has_value() && fault == Fault::kLooksFirst) return DeniedOrAbsent(name);
    const Uuid unit = row.has_value() ? row->Id(0) : Uuid();
    if (fault != Fault::kForgetsScope) RETURN_IF_ERROR(read.Authorize({unit}, name));
    if (!row.has_value()) return DeniedOrAbsent(name);
    pb::Shelf shelf;
    shelf.set_name(name);
    shelf.set_label(row->String(1));
    shelf.set_keeper("the service");
    return shelf;
  }
};

class ShelfServiceImpl final : public pb::ShelfService::CallbackService {
 public:
  explicit ShelfServiceImpl(Chassis& chassis) : rpc_(chassis, "qungong.note.v1.ShelfService") {}
  Reactor* GetShelf(Context* c, const pb::GetShelfRequest* q, pb::Shelf* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &ShelfHandlers::GetShelf);
  }
  Reactor* ListShelves(Context* c, const pb::ListShelvesRequest* q,
                       pb::ListShelvesResponse* r) override {
    return rpc_.Read(__func__, c, q, r, handlers_, &ShelfHandlers::ListShelves);
  }
  Reactor* UpdateShelf(Context* c, const pb::UpdateShelfRequest* q, pb::Shelf* r) override {
    return rpc_.Mutate(__func__, c, q, r, handlers_, &ShelfHandlers::UpdateShelf);
  }

 private:
  Rpc rpc_;
  ShelfHandlers handlers_;
};

// A city with two districts, each with a town.
rpc::v1::DirectoryChange Tree() {
  rpc::v1::DirectoryChange change;
  for (const auto& [place, parent] :
       std::vector<std::pair<std::string, std::string>>{{"city", ""},
                                                        {"here", "city"},
                                                        {"there", "city"},
                                                        {"below here", "here"},
                                                        {"below there", "there"}}) {
    rpc::v1::NodeRecord& node = *change.add_nodes();
    node.set_name(UnitOf(place));
    node.set_kind(rpc::v1::UNIT_NODE);
    node.set_level(rpc::v1::DISTRICT_LEVEL);
    node.mutable_valid()->set_to_day(kNoEndDay);
    rpc::v1::NodeLabel& label = *node.add_labels();
    label.set_display_name(place);
    label.mutable_valid()->set_to_day(kNoEndDay);
    if (parent.empty()) continue;
    rpc::v1::NodeEdge& edge = *node.add_edges();
    edge.set_tree(rpc::v1::ADMINISTRATIVE_TREE);
    edge.set_parent(UnitOf(parent));
    edge.mutable_valid()->set_to_day(kNoEndDay);
  }
  return change;
}

class ProbeTest : public ::testing::Test {
 protected:
  using Fault = ShelfHandlers::Fault;

  static void SetUpTestSuite() {
    static const Migration kMigrations[] = {{"note/0001_shelves", kShelves}};
    service_ = new TestService("ticket", kMigrations, [](Chassis& chassis) {
      Wiring wiring;
      wiring.services.push_back(std::make_unique<ShelfServiceImpl>(chassis));
      return absl::StatusOr<Wiring>(std::move(wiring));
    });
  }
  static void TearDownTestSuite() {
    delete service_;
    service_ = nullptr;
  }
  void SetUp() override {
    service_->Reset();
    service_->ApplyDirectory(Tree());
    ShelfHandlers::fault = Fault::kNone;
  }

  static std::string PlaceOf(Scene scene) { return scene == Scene::kHere ? "here" : "there"; }
  static Surroundings Around(Scene scene) {
    const std::string own = PlaceOf(scene);
    const std::string other = PlaceOf(scene == Scene::kHere ? Scene::kThere : Scene::kHere);
    return {UnitOf(own), UnitOf("city"), UnitOf(other), UnitOf("below " + other),
            UnitOf("below " + own)};
  }
  static std::string ShelfAt(Scene scene) {
    const Uuid id = NewUuidV7(absl::Now());
    service_->Transact([&](mysql::Tx& tx) {
      return tx
          .Execute("INSERT INTO shelves VALUES (?, ?, 'novels')", id,
                   ParseResourceName("units", UnitOf(PlaceOf(scene))).value())
          .status();
    });
    return ResourceName("shelves", id);
  }
  static Attempt Getting(Scene scene) {
    pb::GetShelfRequest request;
    request.set_name(ShelfAt(scene));
    return About(Around(scene), request);
  }
  static Attempt Listing(Scene scene) {
    pb::ListShelvesRequest request;
    request.set_unit(UnitOf(PlaceOf(scene)));
    Attempt attempt = About(Around(scene), request);
    attempt.shown = ShelfAt(scene);
    return attempt;
  }
  static Attempt Updating(Scene scene) {
    pb::UpdateShelfRequest request;
    request.set_request_id(NewUuidV7(absl::Now()).ToString());
    request.set_name(ShelfAt(scene));
    request.mutable_shelf()->set_name(request.name());
    request.mutable_shelf()->set_label("poems");
    request.mutable_shelf()->add_books()->set_title("路灯");
    return About(Around(scene), request);
  }

  static AccessLine Line(const std::string& method, AccessLine::Where where) {
    AccessLine line;
    line.method = "qungong.note.v1.ShelfService/" + method;
    line.who = {"CLERK"};
    line.where = where;
    (where == AccessLine::Where::kShowsOwn ? line.open : line.scoped) = {
        where == AccessLine::Where::kShowsOwn ? "unit" : "name"};
    line.why = "a test";
    return line;
  }
  static std::vector<std::string> Run(const AccessLine& line, const Scenario& scenario) {
    testing::AccessProbe probe(*service_);
    return probe.Run(line, scenario);
  }
  static std::vector<std::string> Compare(const AccessLine& line, const Scenario& scenario) {
    int compared = 0;
    const auto found = testing::CompareWithAbsent(*service_, nullptr, line, scenario, compared);
    EXPECT_GT(compared, 0);
    return found;
  }
  static std::vector<std::string> Garble(const testing::IsServersOwn& is_own) {
    const auto token = [](const Attempt& attempt) {
      return testing::TokenOfHolder(*service_, nullptr, "CLERK", attempt.at.own);
    };
    return testing::CompareWithGarbage(
        *service_, *testing::FindMethod("qungong.note.v1.ShelfService/UpdateShelf"), Updating,
        token, is_own);
  }

  const AccessLine get_ = Line("GetShelf", AccessLine::Where::kAtOrAbove);
  const AccessLine list_ = Line("ListShelves", AccessLine::Where::kShowsOwn);
  const AccessLine update_ = Line("UpdateShelf", AccessLine::Where::kAtOrAbove);

  static inline TestService* service_ = nullptr;
};

TEST_F(ProbeTest, ACarefulServiceHasNothingToHide) {
  EXPECT_THAT(Run(get_, Getting), IsEmpty());
  EXPECT_THAT(Run(list_, Listing), IsEmpty());
  EXPECT_THAT(Run(update_, Updating), IsEmpty());
  EXPECT_THAT(Compare(get_, Getting), IsEmpty());
  EXPECT_THAT(Compare(list_, Listing), IsEmpty());
  EXPECT_THAT(Compare(update_, Updating), IsEmpty());
}

TEST_F(ProbeTest, AHandlerThatForgetsItsScopeIsFound) {
  ShelfHandlers::fault = Fault::kForgetsScope;
  // From a sibling, below it, below the unit, and for another line.
  EXPECT_THAT(Run(get_, Getting), SizeIs(4));
  EXPECT_THAT(Run(update_, Updating),
              Contains(HasSubstr("CLERK at a sibling: let through (OK), not DENIED_OR_ABSENT")));
  EXPECT_THAT(Compare(get_, Getting), Not(IsEmpty()));
}

TEST_F(ProbeTest, AListThatShowsWhatIsAnothersIsFound) {
  ShelfHandlers::fault = Fault::kListsAll;
  EXPECT_THAT(Run(list_, Listing), SizeIs(4));
  EXPECT_THAT(Compare(list_, Listing), Contains(HasSubstr("unit: the replies differ")));
}

TEST_F(ProbeTest, AnAnswerThatTellsTheAbsentFromTheForbiddenIsFound) {
  ShelfHandlers::fault = Fault::kTellsAbsent;
  EXPECT_THAT(Run(get_, Getting), IsEmpty());
  EXPECT_THAT(Compare(get_, Getting), Contains(HasSubstr("name: the answers differ")));
  ShelfHandlers::fault = Fault::kFindsAll;
  EXPECT_THAT(Compare(list_, Listing), Contains(HasSubstr("unit: the answers differ")));
}

TEST_F(ProbeTest, WorkThatTellsTheAbsentFromTheForbiddenIsFound) {
  ShelfHandlers::fault = Fault::kLooksFirst;
  EXPECT_THAT(Run(get_, Getting), IsEmpty());
  EXPECT_THAT(Compare(get_, Getting), ElementsAre(HasSubstr("name: statement 4 of 5 is")));
}

TEST_F(ProbeTest, ALineWithARoleTooManyOrTooFewIsFound) {
  AccessLine line = get_;
  line.who = {"CLERK", "LEADER"};
  EXPECT_THAT(Run(line, Getting), Contains(HasSubstr("LEADER at the unit: ROLE_MISSING")));
  line.who = {"LEADER"};
  EXPECT_THAT(Run(line, Getting), Contains(HasSubstr("CLERK at the unit: let through (OK)")));
  line.who = AccessLine::Anonymous();
  EXPECT_THAT(Run(line, Getting), Contains(HasSubstr("no token: UNAUTHENTICATED")));
}

TEST_F(ProbeTest, ALineThatPutsTheCallerElsewhereIsFound) {
  AccessLine line = get_;
  line.where = AccessLine::Where::kEverywhere;
  const Scenario elsewhere = [](Scene scene) {
    Attempt attempt = Getting(scene);
    attempt.at.own = attempt.at.sibling;
    return attempt;
  };
  EXPECT_THAT(Run(line, elsewhere), Contains(HasSubstr("CLERK at the unit: DENIED_OR_ABSENT")));
  line.where = AccessLine::Where::kAnyLine;
  EXPECT_THAT(Run(line, Getting), ElementsAre(HasSubstr("for another line: DENIED_OR_ABSENT")));
}

TEST_F(ProbeTest, AScenarioThatDoesNotWorkIsFound) {
  const Scenario invalid = [](Scene scene) {
    Attempt attempt = Getting(scene);
    return attempt.With("name", "shelves/1");
  };
  EXPECT_THAT(Run(get_, invalid), Contains(HasSubstr("nobody succeeded")));
}

TEST_F(ProbeTest, WhatOnlyTheServerSetsIsClearedAtEveryDepth) {
  EXPECT_THAT(testing::ServersOwnFields(*pb::UpdateShelfRequest::descriptor()),
              ElementsAre("shelf.state", "shelf.keeper", "shelf.tags", "shelf.books.lent"));
  EXPECT_THAT(Garble(testing::IsOutputOnly), IsEmpty());
}

TEST_F(ProbeTest, AFieldThatTheCallerCanSetIsFound) {
  const auto found = Garble([](const google::protobuf::FieldDescriptor& field) {
    return testing::IsOutputOnly(field) || field.name() == "label";
  });
  EXPECT_THAT(found, Contains(HasSubstr("the replies differ")));
  EXPECT_THAT(found, Contains("shelves.label holds what the caller forged"));
}

}  // namespace
}  // namespace qungong
