#include "org-service/bootstrap.h"

#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "org-service/account_handlers.h"
#include "org-service/account_rules.h"
#include "org-service/account_store.h"
#include "org-service/grant_rules.h"
#include "org-service/grant_store.h"
#include "org-service/municipality.h"
#include "org-service/session_sign_in.h"
#include "org-service/session_store.h"
#include "runtime/civil.h"
#include "runtime/feed.h"
#include "runtime/log.h"
#include "runtime/passwords.h"
#include "runtime/server.h"
#include "runtime/status.h"
#include "runtime/validate.h"

namespace qungong::org {
namespace {

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// One run: what it makes, in one transaction.
class Run {
 public:
  Run(Chassis& chassis, const v1::BootstrapFile& file)
      : chassis_(chassis),
        file_(file),
        sign_in_(chassis.keys),
        now_(chassis.clock.Now()),
        ids_(now_) {}

  absl::Status Execute();

 private:
  // Hashes take long, so they are made before the transaction, and only where they are needed.
  absl::Status HashPasswords(mysql::Session& session);
  absl::Status Attempt(mysql::Tx& tx);
  absl::StatusOr<StoredAccount> EnsureAccount(mysql::Tx& tx, const v1::BootstrapAccount& wanted,
                                              const Uuid& unit);
  absl::Status ResetAccount(mysql::Tx& tx, const v1::BootstrapAccount& wanted,
                            StoredAccount& account);
  absl::Status EnsureGrant(mysql::Tx& tx, const StoredAccount& account, rpc::v1::Role role);
  absl::CivilDay Today() const { return DayOf(now_); }

  Chassis& chassis_;
  const v1::BootstrapFile& file_;
  const SignIn sign_in_;
  const absl::Time now_;
  IdSource ids_;
  std::map<std::string, std::string> hashes_;  // by login
  std::vector<Event> events_;
};

absl::Status Run::HashPasswords(mysql::Session& session) {
  for (const v1::BootstrapAccount& wanted : file_.accounts()) {
    bool known = false;
    RETURN_IF_ERROR(session.Transact({.read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
      ASSIGN_OR_RETURN(const auto account, FindAccountByLogin(tx, wanted.login(), RowLock::kNone));
      known = account.has_value();
      return absl::OkStatus();
    }));
    if (known && !wanted.reset_password()) continue;
    ASSIGN_OR_RETURN(const std::string password, ReadSecret(wanted.password_file()));
    if (const absl::Status weak = CheckPassword(wanted.login(), password, wanted.kind());
        !weak.ok()) {
      return absl::Status(weak.code(), absl::StrCat(wanted.login(), ": ", weak.message()));
    }
    ASSIGN_OR_RETURN(hashes_[wanted.login()], HashPassword(password));
  }
  return absl::OkStatus();
}

absl::Status Run::ResetAccount(mysql::Tx& tx, const v1::BootstrapAccount& wanted,
                               StoredAccount& account) {
  account.password_hash = hashes_.at(wanted.login());
  account.password_time = now_;
  account.password_request = std::nullopt;
  account.state = v1::Account::ACTIVE;
  RETURN_IF_ERROR(UpdateAccount(tx, account, now_));
  RETURN_IF_ERROR(EndSessionsOf(tx, account.id, now_));
  RETURN_IF_ERROR(sign_in_.Unlock(tx, account.login));
  ASSIGN_OR_RETURN(const std::vector<StoredGrant> grants, GrantsOfAccounts(tx, {account.id}));
  ASSIGN_OR_RETURN(const rpc::v1::DirectoryChange change,
                   TellDirectory(tx, grants, /*account_active=*/true, Today()));
  events_.push_back(AccountEvent(account, "Account.PASSWORD_RESET").WithPayload(change));
  return absl::OkStatus();
}

absl::StatusOr<StoredAccount> Run::EnsureAccount(mysql::Tx& tx, const v1::BootstrapAccount& wanted,
                                                 const Uuid& unit) {
  ASSIGN_OR_RETURN(std::optional<StoredAccount> known,
                   FindAccountByLogin(tx, wanted.login(), RowLock::kForUpdate));
  if (known.has_value()) {
    if (known->kind != wanted.kind()) {
      return absl::FailedPreconditionError(
          absl::StrCat(wanted.login(), " exists and is of another kind"));
    }
    if (wanted.reset_password()) RETURN_IF_ERROR(ResetAccount(tx, wanted, *known));
    return *std::move(known);
  }
  StoredAccount account;
  account.id = ids_.Next();
  account.unit = unit;
  account.login = wanted.login();
  account.display_name = wanted.display_name();
  account.kind = wanted.kind();
  account.password_hash = hashes_.at(wanted.login());
  account.password_time = account.created = account.updated = now_;
  RETURN_IF_ERROR(InsertAccount(tx, account));
  events_.push_back(AccountEvent(account, "Account.CREATED"));
  return account;
}

absl::Status Run::EnsureGrant(mysql::Tx& tx, const StoredAccount& account, rpc::v1::Role role) {
  RETURN_IF_ERROR(CheckRoleForAccount(role, account.kind));
  StoredGrant grant;
  // The same id in every run, so that a revoked grant is not given again.
  grant.id = NameUuid(absl::StrCat("grant:", account.login, ":", rpc::v1::Role_Name(role)));
  ASSIGN_OR_RETURN(const std::optional<StoredGrant> known,
                   FindGrant(tx, grant.id, RowLock::kForUpdate));
  if (known.has_value()) return absl::OkStatus();
  grant.held.role = role;
  grant.held.account = account.id;
  grant.held.node = account.unit;
  grant.held.days.from = Today();
  grant.created = now_;
  ASSIGN_OR_RETURN(const std::vector<StoredGrant> others, GrantsOfAccounts(tx, {account.id}));
  std::vector<HeldRole> held;
  held.reserve(others.size());
  for (const StoredGrant& other : others) held.push_back(other.held);
  RETURN_IF_ERROR(CheckAgainstHeld(grant.held, held));
  RETURN_IF_ERROR(InsertGrant(tx, grant));
  const bool active = account.state == v1::Account::ACTIVE;
  ASSIGN_OR_RETURN(const rpc::v1::DirectoryChange change,
                   TellDirectory(tx, {grant}, active, Today()));
  events_.push_back(grant.MakeEvent("Grant.CREATED").WithPayload(change));
  return absl::OkStatus();
}

absl::Status Run::Attempt(mysql::Tx& tx) {
  ids_.Rewind();
  events_.clear();
  ASSIGN_OR_RETURN(const Uuid unit, EnsureMunicipality(tx, file_.municipality(), now_, events_));
  for (const v1::BootstrapAccount& wanted : file_.accounts()) {
    ASSIGN_OR_RETURN(const StoredAccount account, EnsureAccount(tx, wanted, unit));
    for (const int role : wanted.roles()) {
      RETURN_IF_ERROR(EnsureGrant(tx, account, static_cast<rpc::v1::Role>(role)));
    }
  }
  if (events_.empty()) return absl::OkStatus();
  return AppendEvents(tx, chassis_.keys, ids_.Next(), ids_, now_, /*actor=*/"", events_);
}

absl::Status Run::Execute() {
  mysql::Session session(chassis_.database);
  RETURN_IF_ERROR(HashPasswords(session));
  RETURN_IF_ERROR(
      session.Transact({.repeatable = true}, [&](mysql::Tx& tx) { return Attempt(tx); }));
  for (const Event& event : events_) {
    log::Line(log::Severity::kInfo, "bootstrap")
        .Set("kind", event.kind)
        .Set("aggregate", event.aggregate);
  }
  log::Line(log::Severity::kInfo, "bootstrap is complete")
      .Set("changes", static_cast<int64_t>(events_.size()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::BootstrapFile> ParseBootstrapFile(const std::string& json) {
  v1::BootstrapFile file;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &file);
  if (!status.ok()) return absl::InvalidArgumentError(status.ToString());
  RETURN_IF_ERROR(ValidateAndClear(file));
  return file;
}

absl::Status Bootstrap(Chassis& chassis, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, ReadFile(path));
  absl::StatusOr<v1::BootstrapFile> file = ParseBootstrapFile(json);
  if (!file.ok())
    return absl::Status(file.status().code(), absl::StrCat(path, ": ", file.status().message()));
  return Run(chassis, *file).Execute();
}

}  // namespace qungong::org
