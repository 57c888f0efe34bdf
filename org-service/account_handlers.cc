#include "org-service/account_handlers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "org-service/dates.h"
#include "org-service/grant_store.h"
#include "org-service/listing.h"
#include "org-service/person_store.h"
#include "org-service/session_store.h"
#include "org-service/unit_in_force.h"
#include "runtime/feed.h"
#include "runtime/passwords.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

// Whoever could set the password of a security or audit administrator would hold both roles.
absl::Status CheckMayReset(mysql::Tx& tx, const Uuid& account, absl::CivilDay today) {
  ASSIGN_OR_RETURN(const std::vector<StoredGrant> grants, GrantsOfAccounts(tx, {account}));
  for (const StoredGrant& grant : grants) {
    const bool holds = !grant.held.days.Empty() && grant.held.days.to > today;
    if (!holds || !IsAdministrator(grant.held.role) ||
        grant.held.role == rpc::v1::SYSTEM_ADMINISTRATOR)
      continue;
    return WithChinese(WithReason(absl::FailedPreconditionError(
                                      "the account belongs to a security or audit administrator"),
                                  "ACCOUNT_OF_ADMINISTRATOR"),
                       "安全保密管理员和安全审计员的密码不能由系统管理员重置,请在服务器上处理。");
  }
  return absl::OkStatus();
}

}  // namespace

Event AccountEvent(const StoredAccount& account, const char* kind) {
  Event event;
  event.aggregate = account.Name();
  event.version = account.version;
  event.kind = kind;
  event.image = account.ToProto().SerializeAsString();
  return event;
}

absl::StatusOr<StoredAccount> AccountHandlers::Load(Read& read, const std::string& name,
                                                    RowLock lock) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("accounts", name));
  ASSIGN_OR_RETURN(std::optional<StoredAccount> account, FindAccount(read.tx(), id, lock));
  RETURN_IF_ERROR(AuthorizeKeeper(read, account.has_value() ? account->unit : Uuid(), name));
  if (!account.has_value()) return DeniedOrAbsent(name);
  return *std::move(account);
}

absl::StatusOr<v1::Account> AccountHandlers::CreateAccount(
    Mutation& m, const v1::CreateAccountRequest& request) {
  StoredAccount account;
  ASSIGN_OR_RETURN(account.unit, ParseResourceName("units", request.unit()));
  RETURN_IF_ERROR(m.Authorize({account.unit}, request.unit()));
  RETURN_IF_ERROR(CheckPassword(request.login(), request.password(), request.kind()));
  if (!request.person().empty()) {
    if (request.kind() != v1::Account::PERSON)
      return InvalidField("person", "is only for an account of kind PERSON");
    ASSIGN_OR_RETURN(account.person, ParseResourceName("people", request.person()));
  }
  // Hashed before the person is locked: it takes long.
  ASSIGN_OR_RETURN(account.password_hash, HashPassword(request.password()));
  if (account.person.has_value()) RETURN_IF_ERROR(LockPerson(m.tx(), *account.person));
  account.id = m.NewId();
  account.login = request.login();
  account.display_name = request.display_name();
  account.kind = request.kind();
  account.password_time = account.created = account.updated = m.call().now;
  RETURN_IF_ERROR(InsertAccount(m.tx(), account));
  m.Emit(AccountEvent(account, "Account.CREATED"));
  return account.ToProto();
}

absl::StatusOr<v1::Account> AccountHandlers::GetAccount(Read& read,
                                                        const v1::GetAccountRequest& request) {
  ASSIGN_OR_RETURN(const StoredAccount account, Load(read, request.name(), RowLock::kNone));
  return account.ToProto();
}

absl::StatusOr<v1::Account> AccountHandlers::GetOwnAccount(Read& read,
                                                           const v1::GetOwnAccountRequest&) {
  const std::string& name = read.call().principal;
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("accounts", name));
  ASSIGN_OR_RETURN(const auto account, FindAccount(read.tx(), id, RowLock::kNone));
  if (!account.has_value()) return DeniedOrAbsent(name);
  return account->ToProto();
}

absl::StatusOr<v1::ListAccountsResponse> AccountHandlers::ListAccounts(
    Read& read, const v1::ListAccountsRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  const std::string prefix = absl::StrCat(
      absl::StrReplaceAll(request.login_prefix(), {{"!", "!!"}, {"%", "!%"}, {"_", "!_"}}), "%");
  Uuid unit;
  Conditions conditions;
  conditions.AndWithin("a.unit_id", nodes, FromDayNumber(read.call().today));
  if (!request.login_prefix().empty()) conditions.And("a.login LIKE ? ESCAPE '!'", prefix);
  if (!request.unit().empty()) {
    ASSIGN_OR_RETURN(unit, ParseResourceName("units", request.unit()));
    conditions.And("a.unit_id = ?", unit);
  }
  if (request.state() != v1::Account::STATE_UNSPECIFIED)
    conditions.And("a.state = ?", request.state());
  if (!page.after().empty()) conditions.And("a.login > ?", page.after());
  ASSIGN_OR_RETURN(std::vector<StoredAccount> accounts,
                   ListAccountRows(read.tx(), conditions, page.limit()));
  v1::ListAccountsResponse response;
  if (page.Cut(accounts)) response.set_next_page_token(page.NextToken(read, accounts.back().login));
  for (const StoredAccount& account : accounts) *response.add_accounts() = account.ToProto();
  return response;
}

absl::StatusOr<v1::Account> AccountHandlers::Step(Mutation& m, const std::string& name,
                                                  const std::string& etag, AccountStep step) {
  ASSIGN_OR_RETURN(StoredAccount account, Load(m, name, RowLock::kForUpdate));
  RETURN_IF_ERROR(CheckEtag(etag, account.version, name));
  RETURN_IF_ERROR(CheckNotOwn(m.call().principal, name));
  ASSIGN_OR_RETURN(account.state, NextState(account.state, step));
  if (step == AccountStep::kEnable && account.person.has_value()) {
    RETURN_IF_ERROR(LockPerson(m.tx(), *account.person));
  }
  RETURN_IF_ERROR(UpdateAccount(m.tx(), account, m.call().now));
  RETURN_IF_ERROR(EndSessionsOf(m.tx(), account.id, m.call().now));
  ASSIGN_OR_RETURN(const std::vector<StoredGrant> grants, GrantsOfAccounts(m.tx(), {account.id}));
  const bool active = account.state == v1::Account::ACTIVE;
  ASSIGN_OR_RETURN(const rpc::v1::DirectoryChange change,
                   TellDirectory(m.tx(), grants, active, FromDayNumber(m.call().today)));
  m.Emit(
      AccountEvent(account, active ? "Account.ENABLED" : "Account.DISABLED").WithPayload(change));
  return account.ToProto();
}

absl::StatusOr<v1::Account> AccountHandlers::DisableAccount(
    Mutation& m, const v1::DisableAccountRequest& request) {
  return Step(m, request.name(), request.etag(), AccountStep::kDisable);
}

absl::StatusOr<v1::Account> AccountHandlers::EnableAccount(
    Mutation& m, const v1::EnableAccountRequest& request) {
  return Step(m, request.name(), request.etag(), AccountStep::kEnable);
}

absl::StatusOr<v1::Account> AccountHandlers::ResetPassword(
    Mutation& m, const v1::ResetPasswordRequest& request) {
  ASSIGN_OR_RETURN(StoredAccount account, Load(m, request.name(), RowLock::kNone));
  RETURN_IF_ERROR(CheckNotOwn(m.call().principal, request.name()));
  RETURN_IF_ERROR(CheckPassword(account.login, request.password(), account.kind));
  // Hashed before the account is locked: it takes long.
  ASSIGN_OR_RETURN(const std::string hash, HashPassword(request.password()));
  ASSIGN_OR_RETURN(account, Load(m, request.name(), RowLock::kForUpdate));
  RETURN_IF_ERROR(CheckEtag(request.etag(), account.version, request.name()));
  RETURN_IF_ERROR(CheckMayReset(m.tx(), account.id, FromDayNumber(m.call().today)));
  account.password_hash = hash;
  account.password_time = m.call().now;
  account.password_request = std::nullopt;
  RETURN_IF_ERROR(UpdateAccount(m.tx(), account, m.call().now));
  RETURN_IF_ERROR(EndSessionsOf(m.tx(), account.id, m.call().now));
  RETURN_IF_ERROR(sign_in_.Unlock(m.tx(), account.login));
  m.Emit(AccountEvent(account, "Account.PASSWORD_RESET"));
  return account.ToProto();
}

absl::StatusOr<v1::Account> AccountHandlers::ChangePassword(
    const Call& call, mysql::Session& database, const v1::ChangePasswordRequest& request) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("accounts", call.principal));
  ASSIGN_OR_RETURN(const Uuid request_id, Uuid::Parse(request.request_id()));
  std::optional<StoredAccount> own;
  const auto load = [&] {
    return database.Transact(
        {.deadline = call.deadline, .read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
          ASSIGN_OR_RETURN(own, FindAccount(tx, id, RowLock::kNone));
          return own.has_value() ? absl::OkStatus() : DeniedOrAbsent(call.principal);
        });
  };
  RETURN_IF_ERROR(load());
  if (own->password_request == request_id) {
    if (VerifyPassword(own->password_hash, request.new_password())) return own->ToProto();
    return WithReason(absl::InvalidArgumentError("this request_id was used for another request"),
                      "REQUEST_ID_REUSED");
  }
  if (request.new_password() == request.old_password())
    return InvalidField("new_password", "must be a new one");
  RETURN_IF_ERROR(CheckPassword(own->login, request.new_password(), own->kind));
  ASSIGN_OR_RETURN(const std::string hash, HashPassword(request.new_password()));
  IdSource ids(call.now);
  const absl::Status changed = sign_in_.Check(
      call, database, own->login, request.old_password(),
      [&](mysql::Tx& tx, StoredAccount& account) -> absl::Status {
        ids.Rewind();
        account.password_hash = hash;
        account.password_time = call.now;
        account.password_request = request_id;
        RETURN_IF_ERROR(UpdateAccount(tx, account, call.now));
        RETURN_IF_ERROR(EndSessionsOf(tx, account.id, call.now));
        own = account;
        const Event event = AccountEvent(account, "Account.PASSWORD_CHANGED");
        return AppendEvents(tx, keys_, ids.Next(), ids, call.now, call.principal,
                            absl::MakeConstSpan(&event, 1));
      },
      request_id);
  if (!changed.ok()) {
    // The same request may have been at work still, and have changed the password just now.
    RETURN_IF_ERROR(load());
    if (own->password_request != request_id) return changed;
  }
  return own->ToProto();
}

}  // namespace qungong::org
