#include "tests/nemesis/city.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "qungong/org/v1/account_service.pb.h"
#include "qungong/org/v1/grant_service.pb.h"
#include "runtime/ids.h"

namespace qungong::nemesis {
namespace {

using org::v1::Division;
using org::v1::Unit;

// EMERGENCY: a minute for everything, yellow after a fiftieth of it, and an answer that nobody
// rates is closed at once.
constexpr char kShortLimits[] = R"sql(
REPLACE INTO qungong_ticket.deadline_policies
  (class_code, urgency, valid_from, valid_to, accept_clock, accept_amount, dispatch_clock, dispatch_amount,
   acknowledge_clock, acknowledge_amount, finish_clock, finish_amount, yellow_numerator, yellow_denominator,
   yellow_working_days, silence_days, window_days, source)
VALUES ('', 3, '2000-01-01', '9999-12-31', 1, 1, 1, 1, 1, 1, 1, 1, 1, 50, 1, 0, 30, 'nemesis'))sql";

constexpr int kCommunities = 12;  // of each subdistrict

struct Place {
  std::string division;
  std::string unit;
};

class Builder {
 public:
  Builder(Suite& suite, Wire& wire, History& history)
      : suite_(suite), wire_(wire), history_(history) {}

  City Build();

 private:
  template <typename Response, typename Request>
  Response Do(const std::string& method, const std::string& principal, const Request& request);
  std::string Bootstrapped(const std::string& login);
  Place Found(const Place& parent, Division::Kind kind, Unit::Kind unit, const std::string& name,
              const std::string& code);
  std::string Hire(const std::string& login, const std::string& unit,
                   const std::vector<rpc::v1::Role>& roles);

  Suite& suite_;
  Wire& wire_;
  History& history_;
  City city_;
};

template <typename Response, typename Request>
Response Builder::Do(const std::string& method, const std::string& principal,
                     const Request& request) {
  Write* write = history_.Intend(NewWrite(method, principal, request));
  const MessagePtr reply =
      wire_.Send(history_, write, NewRequestId(), absl::Seconds(20), kWithRetries);
  if (reply != nullptr) return static_cast<const Response&>(*reply);
  std::fprintf(stderr, "nemesis: %s: %s\n", method.c_str(),
               write->attempts.back().status.ToString().c_str());
  std::exit(2);
}

std::string Builder::Bootstrapped(const std::string& login) {
  const mysql::Rows rows = suite_.database().Query(
      absl::StrCat("SELECT id FROM qungong_org.accounts WHERE login = '", login, "'"));
  return ResourceName("accounts", rows.at(0).Id(0));
}

Place Builder::Found(const Place& parent, Division::Kind kind, Unit::Kind unit,
                     const std::string& name, const std::string& code) {
  org::v1::CreateDivisionRequest division;
  division.set_parent(parent.division);
  division.set_kind(kind);
  division.set_display_name(name);
  division.set_code(code);
  Place place;
  place.division = Do<Division>("DivisionService/CreateDivision", city_.registrar, division).name();
  org::v1::CreateUnitRequest request;
  request.set_parent(parent.unit);
  request.set_kind(unit);
  request.set_display_name(name + "机关");
  request.set_division(place.division);
  place.unit = Do<Unit>("UnitService/CreateUnit", city_.registrar, request).name();
  city_.superior[place.unit] = parent.unit;
  city_.inferior[parent.unit] = place.unit;
  return place;
}

std::string Builder::Hire(const std::string& login, const std::string& unit,
                          const std::vector<rpc::v1::Role>& roles) {
  org::v1::CreateAccountRequest request;
  request.set_login(login);
  request.set_display_name(login);
  request.set_kind(org::v1::Account::PERSON);
  request.set_unit(unit);
  request.set_password("k7#mTq2pLx-w");
  const std::string account =
      Do<org::v1::Account>("AccountService/CreateAccount", city_.system_admin, request).name();
  for (const rpc::v1::Role role : roles) {
    org::v1::CreateGrantRequest grant;
    grant.set_account(account);
    grant.set_role(role);
    grant.set_node(unit);
    Do<org::v1::Grant>("GrantService/CreateGrant", city_.security_admin, grant);
  }
  return account;
}

City Builder::Build() {
  suite_.database().Query(kShortLimits);
  city_.registrar = Bootstrapped("registrar");
  city_.system_admin = Bootstrapped("system-admin");
  city_.security_admin = Bootstrapped("security-admin");
  const Place municipality = {ResourceName("divisions", NameUuid("division:500000")),
                              ResourceName("units", NameUuid("unit:500000"))};
  const Place district =
      Found(municipality, Division::DISTRICT, Unit::GOVERNMENT, "江北区", "500105");
  for (const char* code : {"500105001", "500105002"}) {
    const Place town = Found(district, Division::SUBDISTRICT, Unit::SUBDISTRICT_OFFICE,
                             absl::StrCat("街道", code), code);
    city_.towns.push_back(town.unit);
    city_.units.push_back(town.unit);
    for (int village = 1; village <= kCommunities; ++village) {
      const std::string full = absl::StrCat(code, absl::Dec(village, absl::kZeroPad3));
      const Place community = Found(town, Division::COMMUNITY, Unit::COMMUNITY_COMMITTEE,
                                    absl::StrCat("社区", full), full);
      city_.communities.push_back(community.division);
      city_.community_units.push_back(community.unit);
      city_.units.push_back(community.unit);
    }
  }
  for (const char* n : {"1", "2"}) {
    using namespace rpc::v1;  // NOLINT(google-build-using-namespace): roles of a small table
    const auto hire = [&](const char* login, const std::string& unit, const std::vector<Role>& r) {
      return Hire(absl::StrCat(login, "-", n), unit, r);
    };
    city_.clerks.push_back(hire("clerk", district.unit, {CLERK}));
    city_.handlers.push_back(hire("handler", district.unit, {HANDLER}));
    city_.reviewers.push_back(hire("reviewer", municipality.unit, {DISPATCHER, LEADER}));
    city_.callers.push_back(hire("caller", municipality.unit, {CALLBACK_AGENT}));
    city_.spares.push_back(hire("spare", municipality.unit, {}));
  }
  return city_;
}

}  // namespace

City MakeCity(Suite& suite, Wire& wire, History& history) {
  return Builder(suite, wire, history).Build();
}

}  // namespace qungong::nemesis
