#include "org-service/grant_handlers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "org-service/account_rules.h"
#include "org-service/account_store.h"
#include "org-service/appointment_store.h"
#include "org-service/dates.h"
#include "org-service/grant_rules.h"
#include "org-service/grant_store.h"
#include "org-service/listing.h"
#include "org-service/node_store.h"
#include "org-service/unit_in_force.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

absl::StatusOr<StoredGrant> Load(Read& read, const std::string& name, RowLock lock) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("grants", name));
  ASSIGN_OR_RETURN(std::optional<StoredGrant> grant, FindGrant(read.tx(), id, lock));
  RETURN_IF_ERROR(AuthorizeKeeper(read, grant.has_value() ? grant->held.node : Uuid(), name));
  if (!grant.has_value()) return DeniedOrAbsent(name);
  return *std::move(grant);
}

absl::Status AppointmentMismatch(absl::string_view text) {
  return WithChinese(WithReason(absl::FailedPreconditionError(text), "APPOINTMENT_MISMATCH"),
                     "所选任职与账号或授权期限不符。");
}

// The account, locked, if the caller may give it anything. Neither an own account nor another of
// the same person.
absl::StatusOr<StoredAccount> LockReceiver(Mutation& m, const std::string& name) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("accounts", name));
  ASSIGN_OR_RETURN(const Uuid caller_id, ParseResourceName("accounts", m.call().principal));
  RETURN_IF_ERROR(CheckNotOwn(m.call().principal, name));
  ASSIGN_OR_RETURN(std::optional<StoredAccount> account,
                   FindAccount(m.tx(), id, RowLock::kForUpdate));
  if (!account.has_value()) return DeniedOrAbsent(name);
  ASSIGN_OR_RETURN(const auto caller, FindAccount(m.tx(), caller_id, RowLock::kNone));
  if (caller.has_value() && caller->person.has_value() && caller->person == account->person) {
    return CheckNotOwn(name, name);
  }
  if (account->state != v1::Account::ACTIVE) {
    return WithChinese(WithReason(absl::FailedPreconditionError("the account is not active"),
                                  "ACCOUNT_NOT_ACTIVE"),
                       "该账号未启用。");
  }
  return *std::move(account);
}

// The days asked for; within those of the appointment, if the grant follows one.
absl::StatusOr<Days> DaysOf(Mutation& m, const v1::CreateGrantRequest& request,
                            const StoredAccount& account, std::optional<Uuid>* appointment_id) {
  const absl::CivilDay today = FromDayNumber(m.call().today);
  std::optional<StoredAppointment> appointment;
  if (!request.appointment().empty()) {
    ASSIGN_OR_RETURN(*appointment_id, ParseResourceName("appointments", request.appointment()));
    ASSIGN_OR_RETURN(appointment, FindAppointment(m.tx(), **appointment_id, RowLock::kForUpdate));
    if (!appointment.has_value()) return DeniedOrAbsent(request.appointment());
    if (account.person != appointment->term.person)
      return AppointmentMismatch("the appointment is of another person");
  }
  const absl::CivilDay last = appointment.has_value() ? appointment->term.days.to : kNoEnd;
  if (last <= today) return AppointmentMismatch("the appointment has ended");
  const absl::CivilDay first =
      appointment.has_value() ? std::max(today, appointment->term.days.from) : today;
  ASSIGN_OR_RETURN(const Days days,
                   ParseDays(request.valid_from(), first, request.valid_to(), last));
  if (days.from < today) return InvalidField("valid_from", "lies before today");
  if (appointment.has_value() && !appointment->term.days.Covers(days)) {
    return AppointmentMismatch("the appointment does not cover the days of the grant");
  }
  return days;
}

// What all accounts of the account's person hold; locked, so that two grants at once see each
// other.
absl::StatusOr<std::vector<HeldRole>> LockHeld(mysql::Tx& tx, const StoredAccount& account) {
  std::vector<Uuid> accounts = {account.id};
  if (account.person.has_value()) {
    ASSIGN_OR_RETURN(accounts, LockAccountsOfPerson(tx, *account.person));
  }
  ASSIGN_OR_RETURN(const std::vector<StoredGrant> grants, GrantsOfAccounts(tx, accounts));
  std::vector<HeldRole> held;
  held.reserve(grants.size());
  for (const StoredGrant& grant : grants) held.push_back(grant.held);
  return held;
}

absl::StatusOr<v1::ListGrantsResponse> Respond(Read& read, const Conditions& conditions,
                                               const ListPage& page) {
  ASSIGN_OR_RETURN(std::vector<StoredGrant> grants,
                   ListGrantRows(read.tx(), conditions, page.limit()));
  v1::ListGrantsResponse response;
  if (page.Cut(grants)) response.set_next_page_token(page.NextToken(read, grants.back().id.View()));
  for (const StoredGrant& grant : grants) *response.add_grants() = grant.ToProto();
  return response;
}

}  // namespace

absl::StatusOr<v1::Grant> GrantHandlers::CreateGrant(Mutation& m,
                                                     const v1::CreateGrantRequest& request) {
  RETURN_IF_ERROR(LockTree(m.tx()));
  StoredGrant grant;
  HeldRole& asked = grant.held;
  ASSIGN_OR_RETURN(asked.node, ParseResourceName("units", request.node()));
  RETURN_IF_ERROR(AuthorizeKeeper(m, asked.node, request.node()));
  ASSIGN_OR_RETURN(const StoredAccount account, LockReceiver(m, request.account()));
  RETURN_IF_ERROR(CheckRoleForAccount(request.role(), account.kind));
  asked.account = account.id;
  asked.role = request.role();
  asked.line = request.line();
  ASSIGN_OR_RETURN(asked.days, DaysOf(m, request, account, &grant.appointment));
  ASSIGN_OR_RETURN(asked.days, WithinUnit(m.tx(), asked.node, asked.days, request.has_valid_to()));
  ASSIGN_OR_RETURN(const std::vector<HeldRole> held, LockHeld(m.tx(), account));
  RETURN_IF_ERROR(CheckAgainstHeld(asked, held));
  grant.id = m.NewId();
  grant.created = m.call().now;
  RETURN_IF_ERROR(InsertGrant(m.tx(), grant));
  ASSIGN_OR_RETURN(
      const rpc::v1::DirectoryChange change,
      TellDirectory(m.tx(), {grant}, /*account_active=*/true, FromDayNumber(m.call().today)));
  m.Emit(grant.MakeEvent("Grant.CREATED").WithPayload(change));
  return grant.ToProto();
}

absl::StatusOr<v1::Grant> GrantHandlers::GetGrant(Read& read, const v1::GetGrantRequest& request) {
  ASSIGN_OR_RETURN(const StoredGrant grant, Load(read, request.name(), RowLock::kNone));
  return grant.ToProto();
}

absl::StatusOr<v1::ListGrantsResponse> GrantHandlers::ListGrants(
    Read& read, const v1::ListGrantsRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  Uuid account;
  Uuid node;
  Conditions conditions;
  conditions.AndWithin("g.node_id", nodes, FromDayNumber(read.call().today));
  if (!request.account().empty()) {
    ASSIGN_OR_RETURN(account, ParseResourceName("accounts", request.account()));
    conditions.And("g.account_id = ?", account);
  }
  if (!request.node().empty()) {
    ASSIGN_OR_RETURN(node, ParseResourceName("units", request.node()));
    conditions.And("g.node_id = ?", node);
  }
  if (request.role() != rpc::v1::ROLE_UNSPECIFIED) conditions.And("g.role = ?", request.role());
  if (request.has_as_of()) {
    ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(request.as_of(), "as_of", kFirstDay));
    conditions.And("g.valid_from <= ? AND g.valid_to > ?", day, day);
  }
  if (!page.after().empty()) conditions.And("g.id > ?", page.after());
  return Respond(read, conditions, page);
}

absl::StatusOr<v1::ListGrantsResponse> GrantHandlers::ListOwnGrants(
    Read& read, const v1::ListOwnGrantsRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const Uuid account, ParseResourceName("accounts", read.call().principal));
  const absl::CivilDay today = FromDayNumber(read.call().today);
  Conditions conditions;
  conditions.And("g.account_id = ?", account);
  conditions.And("g.valid_from <= ? AND g.valid_to > ?", today, today);
  if (!page.after().empty()) conditions.And("g.id > ?", page.after());
  return Respond(read, conditions, page);
}

absl::StatusOr<v1::Grant> GrantHandlers::RevokeGrant(Mutation& m,
                                                     const v1::RevokeGrantRequest& request) {
  ASSIGN_OR_RETURN(StoredGrant grant, Load(m, request.name(), RowLock::kForUpdate));
  RETURN_IF_ERROR(CheckEtag(request.etag(), grant.version, request.name()));
  RETURN_IF_ERROR(CheckNotOwn(m.call().principal, ResourceName("accounts", grant.held.account)));
  const absl::CivilDay today = FromDayNumber(m.call().today);
  if (grant.held.days.Empty() || grant.held.days.to <= today) {
    return WithChinese(
        WithReason(absl::FailedPreconditionError("the grant has ended"), "GRANT_ENDED"),
        "该授权已经终止。");
  }
  // Days are half open: a grant that ends today does not hold today.
  RETURN_IF_ERROR(EndGrant(m.tx(), grant, std::max(grant.held.days.from, today)));
  // It ends in the directory whether or not its account is disabled.
  ASSIGN_OR_RETURN(const rpc::v1::DirectoryChange change,
                   TellDirectory(m.tx(), {grant}, /*account_active=*/true, today));
  m.Emit(grant.MakeEvent("Grant.REVOKED").WithPayload(change));
  return grant.ToProto();
}

}  // namespace qungong::org
