#include "tests/support/access/access_probe.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "runtime/civil.h"
#include "runtime/ids.h"
#include "runtime/status.h"
#include "runtime/token.h"
#include "tests/support/contracts.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

using rpc::v1::Role;
using Where = AccessLine::Where;

// Where a caller's grant stands to what the call is about.
enum class Relation { kOwn, kAbove, kSibling, kNiece, kBelow, kOtherLine };
constexpr std::pair<Relation, const char*> kRelations[] = {
    {Relation::kOwn, "at the unit"},      {Relation::kAbove, "above it"},
    {Relation::kSibling, "at a sibling"}, {Relation::kNiece, "below a sibling"},
    {Relation::kBelow, "below the unit"}, {Relation::kOtherLine, "above it for another line"}};

enum class Days { kNow, kNotYet, kNoMore };
constexpr std::pair<Days, const char*> kDays[] = {
    {Days::kNow, ""}, {Days::kNotYet, " from tomorrow"}, {Days::kNoMore, " until yesterday"}};

enum class Token { kValid, kNone, kExpired, kForeign };
constexpr std::pair<Token, const char*> kBadTokens[] = {
    {Token::kNone, "no token"},
    {Token::kExpired, "an expired token"},
    {Token::kForeign, "a token of another key"}};

enum class Outcome {
  kLetThrough,
  kHidden,  // a list that does not show it
  kRoleMissing,
  kDeniedOrAbsent,
  kUnauthenticated,
  kBroken  // neither let through nor kept out as it should be
};

const char* Describe(Outcome outcome) {
  constexpr const char* kWords[] = {"let through",      "shown nothing",   "ROLE_MISSING",
                                    "DENIED_OR_ABSENT", "UNAUTHENTICATED", "something else"};
  return kWords[static_cast<int>(outcome)];
}

std::vector<Role> AllRoles() {
  std::vector<Role> roles;
  for (int i = 0; i < rpc::v1::Role_descriptor()->value_count(); ++i) {
    const int number = rpc::v1::Role_descriptor()->value(i)->number();
    if (number != rpc::v1::ROLE_UNSPECIFIED) roles.push_back(static_cast<Role>(number));
  }
  return roles;
}

std::string NodeOf(const Surroundings& at, Relation relation) {
  switch (relation) {
    case Relation::kOwn:
      return at.own;
    case Relation::kAbove:
      return at.above;
    case Relation::kSibling:
      return at.sibling;
    case Relation::kNiece:
      return at.niece;
    case Relation::kBelow:
      return at.below;
    case Relation::kOtherLine:
      return at.above.empty() ? at.own : at.above;
  }
  return "";
}

// Whether a second call of the same attempt finds something else than the first.
bool Changes(const AccessLine& line) {
  return line.where == Where::kBySecret || HasRequestId(*FindMethod(line.method));
}

// Whether an answer is exactly what the runtime says about a name, whatever else is true of it.
bool IsPlainDenial(const grpc::Status& status) {
  google::rpc::Status packed;
  google::rpc::ErrorInfo info;
  if (!packed.ParseFromString(status.error_details()) || packed.details_size() == 0 ||
      !packed.details(0).UnpackTo(&info)) {
    return false;
  }
  const grpc::Status plain =
      ToGrpcStatus(DeniedOrAbsent(info.metadata().at("resource")), info.domain(), "");
  return status.error_message() == plain.error_message() &&
         status.error_details() == plain.error_details();
}

Outcome Observed(const AccessLine& line, const Attempt& attempt, const RawAnswer& answer) {
  const std::string reason = ReasonOf(FromGrpcStatus(answer.status));
  switch (answer.status.error_code()) {
    case grpc::StatusCode::OK:
      return line.where == Where::kShowsOwn && !absl::StrContains(answer.reply, attempt.shown)
                 ? Outcome::kHidden
                 : Outcome::kLetThrough;
    case grpc::StatusCode::UNAUTHENTICATED:
      return absl::StartsWith(reason, "TOKEN_") ? Outcome::kUnauthenticated : Outcome::kBroken;
    case grpc::StatusCode::PERMISSION_DENIED:
      if (reason == "ROLE_MISSING") return Outcome::kRoleMissing;
      if (reason != "DENIED_OR_ABSENT") return Outcome::kLetThrough;
      return IsPlainDenial(answer.status) ? Outcome::kDeniedOrAbsent : Outcome::kBroken;
    // Refused by the rules, after the caller was let through.
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::NOT_FOUND:
      return Outcome::kLetThrough;
    default:
      return Outcome::kBroken;
  }
}

std::string Sign(const std::string& key_file, const std::string& principal, absl::Time issued) {
  const auto signer = TokenSigner::FromFile(key_file);
  const auto token = (*signer)->Sign({principal, "", issued, issued + absl::Minutes(15)});
  return *token;
}

}  // namespace

std::string TokenOfHolder(TestService& service, const Enroll& enroll, const std::string& role_name,
                          const std::string& node) {
  const std::string principal =
      ResourceName("accounts", NameUuid(absl::StrCat("holder ", role_name, node)));
  if (enroll) enroll({principal});
  rpc::v1::DirectoryChange change;
  rpc::v1::GrantRecord& grant = *change.add_grants();
  rpc::v1::Role role = rpc::v1::ROLE_UNSPECIFIED;
  rpc::v1::Role_Parse(role_name, &role);
  grant.set_name(ResourceName("grants", NameUuid(principal)));
  grant.set_principal(principal);
  grant.set_role(role);
  grant.set_node(node);
  grant.mutable_valid()->set_to_day(kNoEndDay);
  if (role != rpc::v1::ROLE_UNSPECIFIED) service.ApplyDirectory(change);
  return service.TokenOf(principal);
}

struct AccessProbe::Caller {
  std::string who;  // in words
  Role role = rpc::v1::ROLE_UNSPECIFIED;
  Relation relation = Relation::kOwn;
  Days days = Days::kNow;
  Token token = Token::kValid;
  bool former = false;  // the service knows its grant as it ended
  std::string principal;

  static Caller Of(Role role, Relation relation, Days days, std::string who) {
    const std::string id = absl::StrCat("probe ", who);
    return {std::move(who),
            role,
            relation,
            days,
            Token::kValid,
            false,
            ResourceName("accounts", NameUuid(id))};
  }

  Outcome ExpectedOf(const AccessLine& line) const {
    if (token == Token::kNone && line.MayBeAnonymous()) return Outcome::kLetThrough;
    if (token != Token::kValid) return Outcome::kUnauthenticated;
    if (!line.NeedsRole()) return Outcome::kLetThrough;
    if (!line.Admits(rpc::v1::Role_Name(role)) || days != Days::kNow || former)
      return Outcome::kRoleMissing;
    const bool over = relation == Relation::kOwn || relation == Relation::kAbove;
    if (line.where == Where::kEverywhere || over) return Outcome::kLetThrough;
    if (line.where == Where::kAnyLine && relation == Relation::kOtherLine)
      return Outcome::kLetThrough;
    return line.where == Where::kShowsOwn ? Outcome::kHidden : Outcome::kDeniedOrAbsent;
  }
};

std::vector<AccessProbe::Caller> AccessProbe::CallersOf(const AccessLine& line,
                                                        const Surroundings& at) const {
  std::vector<Caller> callers;
  const bool anywhere = !line.NeedsRole() || line.where == Where::kEverywhere;
  for (const Role role : AllRoles()) {
    for (const auto& [relation, standing] : kRelations) {
      if (NodeOf(at, relation).empty() || (anywhere && relation != Relation::kOwn)) continue;
      for (const auto& [days, when] : kDays) {
        if (!line.NeedsRole() && days != Days::kNow) continue;
        callers.push_back(Caller::Of(role, relation, days,
                                     absl::StrCat(rpc::v1::Role_Name(role), " ", standing, when)));
      }
    }
  }
  callers.push_back(
      Caller::Of(rpc::v1::ROLE_UNSPECIFIED, Relation::kOwn, Days::kNow, "an account without role"));
  Role role = rpc::v1::LEADER;
  if (line.NeedsRole()) rpc::v1::Role_Parse(line.who.front(), &role);
  for (const auto& [token, what] : kBadTokens) {
    callers.push_back(Caller::Of(role, Relation::kOwn, Days::kNow, what));
    callers.back().token = token;
  }
  for (const FormerHolder& former : former_) {
    if (!line.NeedsRole()) continue;
    const std::string who = absl::StrCat(rpc::v1::Role_Name(former.role), " ", former.how);
    callers.push_back(Caller::Of(former.role, Relation::kAbove, Days::kNow, who));
    callers.back().former = true;
    callers.back().principal = former.principal;
  }
  return callers;
}

// Gives each its grant, at a node around `at`.
void AccessProbe::Settle(const std::vector<Caller>& callers, const Surroundings& at) {
  const int32_t today = DayNumber(service_.clock().Now());
  rpc::v1::DirectoryChange change;
  std::vector<std::string> principals;
  for (const Caller& caller : callers) {
    if (caller.former) continue;
    principals.push_back(caller.principal);
    if (caller.role == rpc::v1::ROLE_UNSPECIFIED || at.own.empty()) continue;
    rpc::v1::GrantRecord& grant = *change.add_grants();
    grant.set_name(ResourceName("grants", NameUuid(caller.principal)));
    grant.set_principal(caller.principal);
    grant.set_role(caller.role);
    grant.set_node(NodeOf(at, caller.relation));
    if (caller.relation == Relation::kOtherLine) grant.set_line("no_such_line");
    // Days are half open: what ends today does not hold today.
    grant.mutable_valid()->set_from_day(caller.days == Days::kNotYet ? today + 1 : today - 100);
    grant.mutable_valid()->set_to_day(caller.days == Days::kNoMore ? today : kNoEndDay);
  }
  if (enroll_) enroll_(principals);
  service_.ApplyDirectory(change);
}

std::string AccessProbe::TokenOf(const Caller& caller) const {
  const absl::Time now = service_.clock().Now();
  switch (caller.token) {
    case Token::kNone:
      return "";
    case Token::kExpired:
      return Sign(TokenSigningKeyFile(), caller.principal, now - absl::Minutes(20));
    case Token::kForeign:
      return Sign(ForeignSigningKeyFile(), caller.principal, now);
    default:
      return service_.TokenOf(caller.principal);
  }
}

std::vector<std::string> AccessProbe::Run(const AccessLine& line, const Scenario& scenario) {
  Attempt attempt = scenario(Scene::kHere);
  std::vector<std::string> wrong;
  if (line.where == Where::kShowsOwn && attempt.shown.empty()) wrong.push_back("nothing is shown");
  std::vector<Caller> callers = CallersOf(line, attempt.at);
  Settle(callers, attempt.at);
  // What is let through may change what the others would find: last, each with an attempt of its
  // own.
  std::stable_partition(callers.begin(), callers.end(), [&](const Caller& caller) {
    return caller.ExpectedOf(line) != Outcome::kLetThrough;
  });
  bool used = false;
  bool worked = false;
  for (const Caller& caller : callers) {
    const Outcome expected = caller.ExpectedOf(line);
    if (used && Changes(line)) {
      attempt = scenario(Scene::kHere);
      Settle({caller}, attempt.at);
    }
    used = expected == Outcome::kLetThrough;
    const RawAnswer answer = Send(service_, *FindMethod(line.method), attempt, TokenOf(caller));
    ++calls_;
    worked = worked || answer.status.ok();
    const Outcome observed = Observed(line, attempt, answer);
    if (observed == expected) continue;
    wrong.push_back(absl::StrCat(caller.who, ": ", Describe(observed), " (",
                                 testing::Describe(FromGrpcStatus(answer.status)), "), not ",
                                 Describe(expected)));
  }
  if (!worked) wrong.push_back("nobody succeeded: the scenario does not work");
  return wrong;
}

}  // namespace qungong::testing
