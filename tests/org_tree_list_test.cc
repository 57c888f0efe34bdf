// Lists and counts of the trees: page by page everything once; on every day the lists, the counts
// and the closure say the same, whatever was changed in which order.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"
#include "tests/support/org/tree.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using v1::Division;
using v1::Unit;

const auto kBadToken =
    StatusIs(absl::StatusCode::kInvalidArgument, HasReason("PAGE_TOKEN_INVALID"));
const auto kBadField = StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"));

class OrgTreePagesTest : public OrgTreeTest {
 protected:
  // Pages of every size give the same items in the same order; returns how many.
  template <typename Request>
  size_t ExpectPages(const Request& request) {
    const std::vector<std::string> all = Names(request, 500);
    EXPECT_THAT(std::set<std::string>(all.begin(), all.end()), SizeIs(all.size()));
    for (size_t size = 1; size <= all.size() + 1; ++size) {
      EXPECT_EQ(Names(request, static_cast<int>(size)), all) << size;
    }
    return all.size();
  }
  // A token is good for the very list that gave it. `other` is another question of the same kind.
  template <typename Request>
  void ExpectTokensAreBound(Request request, Request other) {
    request.set_page_size(1);
    const auto page = Get(Do(request));
    ASSERT_EQ(Items(page).size(), 1);
    const std::string token = page.next_page_token();
    ASSERT_NE(token, "");
    std::string bytes;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(token, &bytes));
    for (size_t i = 0; i < bytes.size(); i += 7) {
      std::string forged = bytes;
      forged[i] = static_cast<char>(forged[i] ^ 1);
      request.set_page_token(absl::WebSafeBase64Escape(forged));
      EXPECT_THAT(Do(request), kBadToken) << i;
    }
    for (const std::string& forged : {token.substr(1), token + "AAAA", std::string("1")}) {
      request.set_page_token(forged);
      EXPECT_THAT(Do(request), kBadToken) << forged;
    }
    request.set_page_token(token);
    EXPECT_THAT(Do(request), IsOk());
    request.set_page_size(2);  // another size is the same list
    EXPECT_THAT(Do(request), IsOk());
    other.set_page_token(token);
    EXPECT_THAT(Do(other), kBadToken);
    const std::string own = std::exchange(caller_, neighbour_);
    EXPECT_THAT(Do(request), kBadToken);
    caller_ = own;
    request.set_page_token(std::string(1025, 'A'));
    EXPECT_THAT(Do(request), kBadField);
    request.set_page_token("");
    request.set_page_size(-1);
    EXPECT_THAT(Do(request), kBadField);
  }
};

template <typename Request>
Request OnLevel(rpc::v1::Level level) {
  Request request;
  request.set_level(level);
  return request;
}

TEST_F(OrgTreePagesTest, EverythingComesOnceInPagesOfEverySize) {
  for (int i = 0; i < 8; ++i) {  // without codes, and four of them namesakes
    Get(Do(NewDivision(town_.division, Division::VILLAGE, absl::StrCat("村", i / 2, "村"))));
    Get(Do(NewUnit(town_.unit, Unit::COMPANY, absl::StrCat("公司", i / 2))));
  }
  EXPECT_EQ(ExpectPages(v1::ListDivisionsRequest()), 1);
  EXPECT_EQ(ExpectPages(OnLevel<v1::ListDivisionsRequest>(rpc::v1::VILLAGE_LEVEL)), 10);
  v1::ListDivisionsRequest divisions;
  divisions.set_parent(town_.division);
  EXPECT_EQ(ExpectPages(divisions), 10);
  EXPECT_EQ(ExpectPages(OnLevel<v1::ListUnitsRequest>(rpc::v1::TOWNSHIP_LEVEL)), 10);
  v1::ListUnitsRequest units;
  units.set_parent(town_.unit);
  EXPECT_EQ(ExpectPages(units), 10);
  EXPECT_EQ(ExpectPages(v1::ListServiceCentersRequest()), 5);
}

TEST_F(OrgTreePagesTest, ATokenIsGoodForItsOwnListOnly) {
  ExpectTokensAreBound(OnLevel<v1::ListDivisionsRequest>(rpc::v1::DISTRICT_LEVEL),
                       OnLevel<v1::ListDivisionsRequest>(rpc::v1::TOWNSHIP_LEVEL));
  ExpectTokensAreBound(OnLevel<v1::ListUnitsRequest>(rpc::v1::DISTRICT_LEVEL),
                       OnLevel<v1::ListUnitsRequest>(rpc::v1::TOWNSHIP_LEVEL));
  ExpectTokensAreBound(v1::ListServiceCentersRequest(),
                       OnLevel<v1::ListServiceCentersRequest>(rpc::v1::TOWNSHIP_LEVEL));
}

TEST_F(OrgTreePagesTest, APageGoesOnAfterWhatHasEndedMeanwhile) {
  v1::ListUnitsRequest request;
  request.set_parent(town_.unit);
  std::vector<std::string> companies;
  for (const char* name : {"甲", "丁", "丙"}) {
    companies.push_back(Get(Do(NewUnit(town_.unit, Unit::COMPANY, name))).name());
  }
  const std::vector<std::string> all = Names(request);
  request.set_page_size(2);
  request.set_page_token(Get(Do(request)).next_page_token());
  ASSERT_THAT(Do(Dissolve<v1::DissolveUnitRequest>(all[1], town_.unit, kToday)), IsOk());
  const auto next = Get(Do(request));
  EXPECT_EQ(next.units(0).name(), all[2]);
}

// The fixture's tree with more nodes that nothing rests on, changed at random.
class OrgTreeWalkTest : public OrgTreeTest {
 protected:
  void Plant() override {
    OrgTreeTest::Plant();
    for (const Place& place :
         {city_, district_, other_district_, town_, other_town_, community_, village_}) {
      divisions_known_.insert(place.division);
      units_known_.insert(place.unit);
    }
    for (int i = 0; i < 4; ++i) {
      const std::string& above = i % 2 == 0 ? district_.division : other_district_.division;
      towns_.push_back(Add(NewDivision(above, Division::TOWN, absl::StrCat("镇", i))));
    }
    for (int i = 0; i < 6; ++i) {
      villages_.push_back(
          Add(NewDivision(towns_[i % 3], Division::VILLAGE, absl::StrCat("村", i))));
      offices_.push_back(Add(
          NewUnit(i < 3 ? town_.unit : other_town_.unit, Unit::COMPANY, absl::StrCat("公司", i))));
    }
  }

  std::string Add(const v1::CreateDivisionRequest& request) {
    return *divisions_known_.insert(Get(Do(request)).name()).first;
  }
  std::string Add(const v1::CreateUnitRequest& request) {
    return *units_known_.insert(Get(Do(request)).name()).first;
  }

  const std::string& Any(const std::vector<std::string>& names) {
    return names[std::uniform_int_distribution<size_t>(0, names.size() - 1)(random_)];
  }
  absl::CivilDay AnyDay() {
    return absl::CivilDay(2010, 1, 1) + std::uniform_int_distribution<int>(0, 400)(random_);
  }
  // Whether the change was made; if it was not, it was refused by a rule.
  template <typename Request>
  void Try(const Request& request) {
    const auto result = Do(request);
    if (result.ok()) {
      ++made_[request.GetTypeName()];
      days_.insert(absl::CivilDay(request.effective_date().year(), request.effective_date().month(),
                                  request.effective_date().day()));
      return;
    }
    EXPECT_TRUE(absl::IsFailedPrecondition(result.status()) ||
                absl::IsInvalidArgument(result.status()))
        << qungong::testing::Describe(result.status());
    EXPECT_THAT(result,
                Not(StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_FIELD"))));
  }
  void ChangeAtRandom() {
    const absl::CivilDay day = AnyDay();
    const std::string name = absl::StrCat("新名", made_.size(), day.day());
    const bool small = std::bernoulli_distribution(0.7)(random_);
    const std::string division = small ? Any(villages_) : Any(towns_);
    switch (std::uniform_int_distribution<int>(0, 13)(random_)) {
      case 0:
        return Try(Rename<v1::RenameDivisionRequest>(division, name, day));
      case 1:
        return Try(Rename<v1::RenameUnitRequest>(Any(offices_), name, day));
      case 2:
        return Try(Dissolve<v1::DissolveDivisionRequest>(division, Any(villages_), day));
      case 3:
        return Try(Dissolve<v1::DissolveUnitRequest>(Any(offices_), Any(offices_), day));
      case 4:
        return Try(Move<v1::MoveDivisionRequest>(
            Any(towns_), small ? district_.division : other_district_.division, day));
      case 5:
        return Try(Move<v1::MoveUnitRequest>(Any({town_.unit, other_town_.unit}),
                                             small ? district_.unit : other_district_.unit, day));
      case 6:
      case 7:
      case 8:
        return Try(Move<v1::MoveDivisionRequest>(Any(villages_), Any(towns_), day));
      default:
        return Try(Move<v1::MoveUnitRequest>(
            Any(offices_), small ? Any(offices_) : Any({town_.unit, other_town_.unit}), day));
    }
  }

  absl::StatusOr<Division> On(const v1::ListDivisionsRequest&, const std::string& name,
                              absl::CivilDay day) {
    return DivisionOn(name, day);
  }
  absl::StatusOr<Unit> On(const v1::ListUnitsRequest&, const std::string& name,
                          absl::CivilDay day) {
    return UnitOn(name, day);
  }
  static bool IsMarked(const Division& division) { return !division.code().empty(); }
  static bool IsMarked(const Unit& unit) { return !unit.division().empty(); }
  static int Marked(const v1::CountDivisionsResponse::LevelCount& level) {
    return level.coded_count();
  }
  static int Marked(const v1::CountUnitsResponse::LevelCount& level) {
    return level.governing_count();
  }

  // level -> (all, with a code or governing, by kind).
  struct Tally {
    int all = 0;
    int marked = 0;
    std::map<int, int> kinds;
    friend bool operator==(const Tally&, const Tally&) = default;
  };
  using Tallies = std::map<int, Tally>;

  template <typename CountRequest>
  Tallies Counted(const std::string& below, absl::CivilDay day) {
    CountRequest request;
    request.set_parent(below);
    *request.mutable_as_of() = ToDate(day);
    Tallies tallies;
    const auto response = Get(Do(request));
    for (const auto& level : response.levels()) {
      Tally& tally = tallies[level.level()];
      EXPECT_EQ(tally.all, 0) << "a level comes twice";
      tally.all = level.count();
      tally.marked = Marked(level);
      for (const auto& kind : level.kinds()) tally.kinds[kind.kind()] += kind.count();
    }
    return tallies;
  }

  // Walks from the topmost down by lists of children; then lists, counts and single answers agree.
  template <typename ListRequest, typename CountRequest>
  void ExpectWhole(const std::set<std::string>& known, absl::CivilDay day) {
    SCOPED_TRACE(absl::FormatCivilTime(day));
    ListRequest list;
    *list.mutable_as_of() = ToDate(day);
    std::map<std::string, Tallies> below;
    std::map<std::string, std::string> parents;
    std::vector<std::string> frontier = {""};
    while (!frontier.empty()) {
      list.set_parent(frontier.back());
      frontier.pop_back();
      for (const auto& node : AllPages(list, 500)) {
        EXPECT_EQ(node.parent(), list.parent());
        ASSERT_TRUE(parents.emplace(node.name(), node.parent()).second) << "comes twice";
        frontier.push_back(node.name());
        below[node.name()];
        for (std::string above = node.name(); !above.empty();) {
          above = parents.at(above);
          Tally& tally = below[above][node.level()];
          ++tally.all;
          tally.marked += IsMarked(node) ? 1 : 0;
          ++tally.kinds[node.kind()];
        }
      }
    }
    for (const std::string& name : known) {
      EXPECT_EQ(On(list, name, day).ok(), parents.contains(name))
          << name << " is lost or left over";
    }
    EXPECT_LE(parents.size(), known.size());
    for (const auto& [name, tallies] : below) {
      EXPECT_TRUE(Counted<CountRequest>(name, day) == tallies) << "below '" << name << "'";
      for (const auto& [level, tally] : tallies) {
        list.set_parent(name);
        list.set_level(static_cast<rpc::v1::Level>(level));
        EXPECT_THAT(Names(list), SizeIs(tally.all)) << level << " below '" << name << "'";
      }
    }
  }

  // On each of its days a node has one parent, which exists.
  template <typename ListRequest>
  void ExpectParentsCover(const std::set<std::string>& known) {
    for (const std::string& name : known) {
      const auto node = Get(On(ListRequest(), name, kSince));
      if (node.parents().empty()) continue;
      EXPECT_EQ(DayNumber(node.parents(0).valid_from()), DayNumber(node.valid_from()));
      for (int i = 0; i < node.parents_size(); ++i) {
        const auto& period = node.parents(i);
        const bool is_last = i + 1 == node.parents_size();
        EXPECT_EQ(EndOf(period),
                  is_last ? EndOf(node) : DayNumber(node.parents(i + 1).valid_from()));
        const auto parent = Get(On(ListRequest(), period.parent(), kSince));
        EXPECT_LE(DayNumber(parent.valid_from()), DayNumber(period.valid_from()));
        EXPECT_GE(EndOf(parent), EndOf(period)) << name << " outlives " << period.parent();
      }
    }
  }
  static int32_t DayNumber(const google::type::Date& date) {
    return qungong::DayNumber(absl::CivilDay(date.year(), date.month(), date.day()));
  }
  template <typename Dated>
  static int32_t EndOf(const Dated& dated) {
    return dated.has_valid_to() ? DayNumber(dated.valid_to()) : kNoEndDay;
  }

  std::mt19937 random_{20150730};
  std::set<std::string> divisions_known_;
  std::set<std::string> units_known_;
  std::vector<std::string> towns_;
  std::vector<std::string> villages_;
  std::vector<std::string> offices_;
  std::map<std::string, int> made_;
  std::set<absl::CivilDay> days_;
};

TEST_F(OrgTreeWalkTest, NothingIsLostAndNothingComesTwice) {
  for (int i = 0; i < 150; ++i) ChangeAtRandom();
  EXPECT_THAT(made_, SizeIs(6)) << "each kind of change was made";
  std::set<absl::CivilDay> sample = {kSince - 1, kSince, kToday};
  for (const absl::CivilDay day : days_) {
    if (sample.size() < 15) sample.insert({day - 1, day});
  }
  for (const absl::CivilDay day : sample) {
    ExpectWhole<v1::ListDivisionsRequest, v1::CountDivisionsRequest>(divisions_known_, day);
    ExpectWhole<v1::ListUnitsRequest, v1::CountUnitsRequest>(units_known_, day);
  }
  ExpectParentsCover<v1::ListDivisionsRequest>(divisions_known_);
  ExpectParentsCover<v1::ListUnitsRequest>(units_known_);
}

}  // namespace
}  // namespace qungong::org
