#include "tests/demo/cast.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "qungong/org/v1/account_service.pb.h"
#include "qungong/org/v1/division_service.pb.h"
#include "qungong/org/v1/grant_service.pb.h"
#include "qungong/org/v1/unit_service.pb.h"

namespace qungong::demo {
namespace {

namespace pb = org::v1;
namespace v1 = rpc::v1;

// Before the story's first day: a role cannot be given for days that are past.
constexpr char kCastingDay[] = "2015-01-05T01:00:00Z";
constexpr char kLighting[] = "lighting";

std::string ReadFile(const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return std::string(absl::StripAsciiWhitespace(text.str()));
}

bool Fail(const std::string& what, const Reply& reply) {
  std::fprintf(stderr, "demo: %s failed: %s %s\n", what.c_str(), reply.Outcome().c_str(),
               reply.chinese.c_str());
  return false;
}

std::string DivisionByCode(Api& api, const std::string& code) {
  pb::ListDivisionsResponse found;
  api.Get(absl::StrCat("/v1/divisions?code=", code), &found);
  return found.divisions_size() == 1 ? found.divisions(0).name() : "";
}

std::string GoverningUnit(Api& api, const std::string& division) {
  pb::ListUnitsResponse found;
  api.Get(absl::StrCat("/v1/units?division=", division), &found);
  return found.units_size() == 1 ? found.units(0).name() : "";
}

// The district's department for street lamps; created by the registrar if it is not there yet.
bool PrepareDepartment(Api& registrar, const std::string& district) {
  pb::ListUnitsResponse found;
  Reply reply =
      registrar.Get(absl::StrCat("/v1/units?parent=", district, "&line=", kLightingLine), &found);
  if (!reply.ok()) return Fail("looking for the lighting department", reply);
  if (found.units_size() > 0) return true;
  pb::CreateUnitRequest request;
  request.set_request_id(NewRequestId());
  request.set_parent(district);
  request.set_kind(pb::Unit::DEPARTMENT);
  request.set_display_name("江北区市政园林管理局");
  request.set_line(kLightingLine);
  // The district was abolished on that day: its department cannot outlive it.
  request.mutable_valid_to()->set_year(2025);
  request.mutable_valid_to()->set_month(11);
  request.mutable_valid_to()->set_day(6);
  reply = registrar.Post("/v1/units", request);
  return reply.ok() || Fail("creating the lighting department", reply);
}

// A right as long as its unit lives; after that at the successor, for those who go on there.
struct Right {
  std::string node;
  google::type::Date from;  // empty: from now on
  google::type::Date to;    // empty: no end
};

bool SameDay(const google::type::Date& a, const google::type::Date& b) {
  return a.year() == b.year() && a.month() == b.month() && a.day() == b.day();
}

std::vector<Right> RightsAt(Api& registrar, const Role& role, const std::string& unit) {
  pb::Unit found;
  registrar.Get(absl::StrCat("/v1/", unit), &found);
  std::vector<Right> rights = {{unit, {}, found.valid_to()}};
  if (role.goes_on && !found.successor().empty())
    rights.push_back({found.successor(), found.valid_to(), {}});
  return rights;
}

bool Give(Api& security, const std::string& account, v1::Role role, const Right& right) {
  pb::CreateGrantRequest request;
  request.set_request_id(NewRequestId());
  request.set_account(account);
  request.set_role(role);
  request.set_node(right.node);
  if (right.from.year() != 0) *request.mutable_valid_from() = right.from;
  if (right.to.year() != 0) *request.mutable_valid_to() = right.to;
  const Reply reply = security.Post("/v1/grants", request);
  return reply.ok() || Fail("granting a role", reply);
}

bool PrepareAccount(Api& system, Api& security, const Role& role, const std::string& unit,
                    const std::vector<Right>& rights, const std::string& password) {
  pb::ListAccountsResponse found;
  Reply reply = system.Get(absl::StrCat("/v1/accounts?loginPrefix=", role.login), &found);
  if (!reply.ok()) return Fail("listing accounts", reply);
  std::string account;
  for (const pb::Account& candidate : found.accounts()) {
    if (candidate.login() == role.login) account = candidate.name();
  }
  if (account.empty()) {
    pb::CreateAccountRequest request;
    request.set_request_id(NewRequestId());
    request.set_login(role.login);
    request.set_display_name(role.display_name);
    request.set_kind(pb::Account::PERSON);
    request.set_unit(unit);
    request.set_password(password);
    pb::Account created;
    reply = system.Post("/v1/accounts", request, &created);
    if (!reply.ok()) return Fail(absl::StrCat("creating ", role.login), reply);
    account = created.name();
  }
  pb::ListGrantsResponse grants;
  reply = security.Get(absl::StrCat("/v1/grants?account=", account), &grants);
  if (!reply.ok()) return Fail("listing grants", reply);
  for (const v1::Role wanted : role.roles) {
    for (const Right& right : rights) {
      bool has = false;
      for (const pb::Grant& grant : grants.grants()) {
        has |= grant.role() == wanted && grant.node() == right.node &&
               SameDay(grant.valid_to(), right.to);
      }
      if (!has && !Give(security, account, wanted, right)) return false;
    }
  }
  return true;
}

bool PrepareAll(const Stage& stage) {
  Api registrar(stage.host, stage.port);
  Api system(stage.host, stage.port);
  Api security(stage.host, stage.port);
  for (const auto& [api, login] : {std::pair<Api*, const char*>{&registrar, "registrar"},
                                   {&system, "system-admin"},
                                   {&security, "security-admin"}}) {
    const Reply reply = api->SignIn(login, AdministratorPassword(stage, login));
    if (!reply.ok()) return Fail(absl::StrCat("signing in as ", login), reply);
  }
  const std::string district = GoverningUnit(registrar, DivisionByCode(registrar, kDistrict));
  if (!PrepareDepartment(registrar, district)) return false;
  const Units units = FindUnits(registrar);
  for (const Role& role : Cast()) {
    const auto unit = units.find(role.place);
    if (unit == units.end() || unit->second.empty()) {
      std::fprintf(stderr, "demo: there is no unit for %s\n", role.place);
      return false;
    }
    const std::vector<Right> rights = RightsAt(registrar, role, unit->second);
    if (!PrepareAccount(system, security, role, unit->second, rights, DemoPassword(stage)))
      return false;
  }
  return true;
}

}  // namespace

const std::vector<Role>& Cast() {
  static const auto* cast = new std::vector<Role>{
      {"community-clerk", "社区服务中心 受理员", "community", {v1::CLERK, v1::HANDLER}},
      {"subdistrict-staff",
       "观音桥街道服务中心 派单员",
       kSubdistrict,
       {v1::DISPATCHER, v1::HANDLER, v1::LEADER}},
      {"district-staff", "江北区服务中心 派单员", kDistrict, {v1::DISPATCHER, v1::LEADER}, true},
      {"district-callback", "江北区服务中心 回访员", kDistrict, {v1::CALLBACK_AGENT}, true},
      {"lighting-handler", "江北区市政园林管理局 承办人", kLighting, {v1::HANDLER}},
      {"neighbour-clerk",
       "渝北区服务中心 受理员",
       kNeighbour,
       {v1::CLERK, v1::DISPATCHER, v1::HANDLER, v1::CALLBACK_AGENT, v1::LEADER}},
  };
  return *cast;
}

std::string CommunityCode(Api& api) {
  pb::ListDivisionsResponse found;
  api.Get(absl::StrCat("/v1/divisions?parent=", DivisionByCode(api, kSubdistrict), "&pageSize=1"),
          &found);
  return found.divisions_size() == 1 ? found.divisions(0).code() : "";
}

Units FindUnits(Api& api) {
  Units units;
  for (const char* code : {kDistrict, kSubdistrict, kNeighbour}) {
    units[code] = GoverningUnit(api, DivisionByCode(api, code));
  }
  units["community"] = GoverningUnit(api, DivisionByCode(api, CommunityCode(api)));
  pb::ListUnitsResponse departments;
  api.Get(absl::StrCat("/v1/units?parent=", units[kDistrict], "&line=", kLightingLine),
          &departments);
  units[kLighting] = departments.units_size() == 1 ? departments.units(0).name() : "";
  return units;
}

std::string DemoPassword(const Stage& stage) {
  return ReadFile(stage.run_dir + "/secrets/demo.password");
}

std::string AdministratorPassword(const Stage& stage, const std::string& login) {
  return ReadFile(absl::StrCat(stage.run_dir, "/secrets/", login, ".password"));
}

void SetClock(const Stage& stage, const std::string& rfc3339) {
  const std::string file = stage.run_dir + "/clock";
  const std::string part = file + ".part";
  {
    std::ofstream out(part, std::ios::trunc);
    out << rfc3339;
  }
  std::rename(part.c_str(), file.c_str());                     // at once: nobody reads half of it
  std::this_thread::sleep_for(std::chrono::milliseconds(60));  // each process looks every 20 ms
}

int Prepare(const Stage& stage) {
  SetClock(stage, kCastingDay);
  const bool done = PrepareAll(stage);
  SetClock(stage, "");
  return done ? 0 : 1;
}

}  // namespace qungong::demo
