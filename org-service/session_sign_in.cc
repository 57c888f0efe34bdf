#include "org-service/session_sign_in.h"

#include "absl/strings/str_cat.h"
#include "org-service/session_rules.h"
#include "org-service/session_store.h"
#include "runtime/civil.h"
#include "runtime/feed.h"
#include "runtime/operation.h"
#include "runtime/passwords.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

absl::Status SignInLocked(absl::Time until, absl::Time now) {
  absl::Status status = absl::ResourceExhaustedError("too many failed sign-ins with this login");
  status = WithReason(std::move(status), "SIGN_IN_LOCKED",
                      {{"retry_time", absl::FormatTime(until, absl::UTCTimeZone())}});
  const int64_t minutes = absl::ToInt64Minutes(absl::Ceil(until - now, absl::Minutes(1)));
  return WithChinese(WithRetryAfter(std::move(status), until - now),
                     absl::StrCat("登录失败次数过多,账号已临时锁定,请", minutes, "分钟后再试。"));
}

// Whether this account can be entered with what was just verified against `verified_hash`.
bool MayEnter(const std::optional<StoredAccount>& account, v1::Account::Kind kind,
              absl::string_view verified_hash) {
  return account.has_value() && account->kind == kind && account->state == v1::Account::ACTIVE &&
         account->password_hash == verified_hash;
}

// Of an unknown login, too: what is written must not tell whether there is an account. The login
// itself is not kept: it may be a password that was typed into the wrong field.
Event FailedEvent(const Uuid& id, const std::optional<StoredAccount>& account, bool locked) {
  Event event;
  event.aggregate = ResourceName("signIns", id);
  event.version = 1;
  event.kind = locked ? "SignIn.LOCKED" : "SignIn.FAILED";
  if (account.has_value()) event.image = account->ToProto().SerializeAsString();
  event.retention_years = 1;
  return event;
}

}  // namespace

absl::Status SignInFailed() {
  return WithChinese(WithReason(absl::UnauthenticatedError("the login or the password is wrong"),
                                "SIGN_IN_FAILED"),
                     "登录名或密码不正确。");
}

std::string SignIn::LoginKey(absl::string_view login) const {
  return keys_.BlindIndex("sign-in", login);
}

absl::Status SignIn::Unlock(mysql::Tx& tx, absl::string_view login) const {
  return ForgetFailures(tx, LoginKey(login));
}

absl::Status SignIn::CountFailure(const Call& call, mysql::Tx& tx, absl::string_view login_key,
                                  std::vector<absl::Time> failures,
                                  const std::optional<StoredAccount>& account) const {
  const SignInPolicy& policy = SignInPolicyOn(DayOf(call.now));
  failures = AfterFailure(std::move(failures), call.now, policy);
  RETURN_IF_ERROR(SaveFailures(tx, login_key, failures, call.now));
  const bool locked = LockedUntil(failures, call.now, policy).has_value();
  IdSource ids(call.now);
  const Event event = FailedEvent(ids.Next(), account, locked);
  return AppendEvents(tx, keys_, ids.Next(), ids, call.now, call.principal,
                      absl::MakeConstSpan(&event, 1));
}

absl::Status SignIn::Check(const Call& call, mysql::Session& session, absl::string_view login,
                           absl::string_view password,
                           absl::FunctionRef<absl::Status(mysql::Tx&, StoredAccount&)> enter,
                           const std::optional<Uuid>& change) const {
  const std::string login_key = LoginKey(login);
  std::string hash;
  RETURN_IF_ERROR(session.Transact(
      {.deadline = call.deadline, .read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(const auto account, FindAccountByLogin(tx, login, RowLock::kNone));
        hash = account.has_value() ? account->password_hash : "";
        return absl::OkStatus();
      }));
  const bool right = VerifyPassword(hash, password);
  std::string better_hash;
  if (right && PasswordNeedsRehash(hash)) {
    ASSIGN_OR_RETURN(better_hash, HashPassword(password));
  }
  absl::Status outcome;
  RETURN_IF_ERROR(session.Transact({.deadline = call.deadline}, [&](mysql::Tx& tx) -> absl::Status {
    outcome = absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<absl::Time> failures, LockFailures(tx, login_key, call.now));
    if (const auto until = LockedUntil(failures, call.now, SignInPolicyOn(DayOf(call.now)))) {
      outcome = SignInLocked(*until, call.now);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(std::optional<StoredAccount> account,
                     FindAccountByLogin(tx, login, RowLock::kForUpdate));
    if (!right || !MayEnter(account, v1::Account::PERSON, hash)) {
      outcome = SignInFailed();
      if (change.has_value() && account.has_value() && account->password_request == change)
        return absl::OkStatus();
      return CountFailure(call, tx, login_key, std::move(failures), account);
    }
    if (!better_hash.empty()) RETURN_IF_ERROR(ReplacePasswordHash(tx, account->id, better_hash));
    RETURN_IF_ERROR(ForgetFailures(tx, login_key));
    return enter(tx, *account);
  }));
  return outcome;
}

absl::StatusOr<StoredAccount> SignIn::CheckService(const Call& call, mysql::Session& session,
                                                   absl::string_view login,
                                                   absl::string_view secret) const {
  std::optional<StoredAccount> account;
  RETURN_IF_ERROR(session.Transact(
      {.deadline = call.deadline, .read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(account, FindAccountByLogin(tx, login, RowLock::kNone));
        return absl::OkStatus();
      }));
  const std::string hash = account.has_value() ? account->password_hash : "";
  if (!VerifyPassword(hash, secret) || !MayEnter(account, v1::Account::SERVICE, hash))
    return SignInFailed();
  return *std::move(account);
}

}  // namespace qungong::org
