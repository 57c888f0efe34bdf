// Places of org-service around which who may do what is tried out, and what both halves of that
// test share.
#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_ORG_ORG_ACCESS_FIXTURE_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_ORG_ORG_ACCESS_FIXTURE_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/passwords.h"
#include "tests/support/access/expect_access.h"
#include "tests/support/matchers.h"
#include "tests/support/org/tree.h"

namespace qungong::org {

using testing::About;
using testing::AccessScenarios;
using testing::Attempt;
using testing::FormerHolder;
using testing::Scene;
using testing::Surroundings;

// Two towns of one district, each with a community that has a department; and two districts, each
// with two towns. What happens at the one is not the other's.
class OrgAccessTest : public OrgTreeTest {
 protected:
  static void SetUpTestSuite() {
    OrgTreeTest::SetUpTestSuite();
    service_->chassis().loops.Stop();  // an import that runs by itself cannot be cancelled
  }
  void SetUp() override {
    OrgTreeTest::SetUp();
    password_hash_ = HashPassword(kPassword).value();
    other_community_ = Found(other_town_, v1::Division::COMMUNITY, v1::Unit::COMMUNITY_COMMITTEE,
                             "嘉陵社区", "500105007001");
    far_town_ = Found(other_district_, v1::Division::SUBDISTRICT, v1::Unit::SUBDISTRICT_OFFICE,
                      "龙溪街道", "500112010");
    far_other_town_ = Found(other_district_, v1::Division::SUBDISTRICT,
                            v1::Unit::SUBDISTRICT_OFFICE, "双龙湖街道", "500112001");
    department_ = Get(Do(NewDepartment(community_.unit, "here"))).name();
    other_department_ = Get(Do(NewDepartment(other_community_.unit, "there"))).name();
  }

  const Place& Town(Scene s) const { return s == Scene::kHere ? town_ : other_town_; }
  const Place& Community(Scene s) const {
    return s == Scene::kHere ? community_ : other_community_;
  }
  static Scene Other(Scene s) { return s == Scene::kHere ? Scene::kThere : Scene::kHere; }

  Surroundings AroundTown(Scene s) const {
    return {Town(s).unit, district_.unit, Town(Other(s)).unit, Community(Other(s)).unit,
            Community(s).unit};
  }
  Surroundings AroundDistrict(Scene s) const {
    if (s == Scene::kHere)
      return {district_.unit, kCity, other_district_.unit, far_town_.unit, town_.unit};
    return {other_district_.unit, kCity, district_.unit, town_.unit, far_town_.unit};
  }
  // Of a unit below the town that has just been made.
  Surroundings Around(Scene s, const Place& fresh) {
    return {fresh.unit, Town(s).unit, Community(s).unit,
            s == Scene::kHere ? department_ : other_department_,
            Get(Do(NewDepartment(fresh.unit, "below"))).name()};
  }
  Surroundings AroundTop() const { return {kCity, "", "", "", district_.unit}; }

  int Next() { return ++made_; }
  std::string Code(Scene s) {
    return absl::StrCat(s == Scene::kHere ? "500105006" : "500105007", 300 + ++codes_);
  }
  Place NewCommunity(Scene s) {
    return Found(Town(s), v1::Division::COMMUNITY, v1::Unit::COMMUNITY_COMMITTEE, "新社区",
                 Code(s));
  }
  std::string NewDivisionAt(Scene s) {
    return Get(Do(NewDivision(Town(s).division, v1::Division::COMMUNITY, "新社区", Code(s))))
        .name();
  }
  std::string Phone() { return absl::StrCat("139", 10000000 + Next()); }
  std::string PersonAt(Scene s, const std::string& phone = "") {
    return Get(CreatePerson("王五", phone, "", Town(s).unit)).name();
  }
  std::string AccountAt(Scene s) {
    return Get(CreateAccount(absl::StrCat("someone-", Next()), Town(s).unit)).name();
  }
  std::string GrantAt(Scene s) {
    return Get(CreateGrant(AccountAt(s), rpc::v1::CLERK, Town(s).unit)).name();
  }
  std::string AppointmentAt(Scene s, const std::string& person) {
    return Get(Appoint(person, v1::Appointment::CENTER_STAFF, Town(s).unit, kToday - 30)).name();
  }
  // The methods of accounts, rights, people, posts and relations; the others are those of the
  // trees.
  static bool IsOfPeople(absl::string_view method) {
    for (const char* service : {"SessionService", "AccountService", "GrantService", "PersonService",
                                "AppointmentService", "RelationService"}) {
      if (absl::StrContains(method, service)) return true;
    }
    return false;
  }
  // Those methods, or the others, do what the reviewed table says.
  void ExpectAccess(bool of_people);

  // `request` gets a request_id if it has one.
  template <typename Request>
  void Put(const std::string& method, std::function<Attempt(Scene, Request)> make) {
    all_["qungong.org.v1." + method] = [make](Scene scene) {
      Request request;
      if constexpr (requires { request.set_request_id(""); })
        request.set_request_id(NewUuidV7(absl::Now()).ToString());
      if constexpr (requires { request.set_page_size(0); }) request.set_page_size(1000);
      return make(scene, std::move(request));
    };
  }
  AccessScenarios all_;
  Place other_community_;
  Place far_town_;
  Place far_other_town_;
  std::string department_;
  std::string other_department_;

 private:
  // Makes accounts, each able to sign in with kPassword.
  void Enroll(const std::vector<std::string>& principals);
  std::vector<FormerHolder> FormerHolders();

  std::string password_hash_;
  std::set<std::string> enrolled_;
  int made_ = 0;
  int codes_ = 0;  // the fixture's own end below 300
};

}  // namespace qungong::org

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_ORG_ORG_ACCESS_FIXTURE_H_
