#include "org-service/session_handlers.h"

#include <algorithm>

#include "org-service/dates.h"
#include "runtime/crypto.h"
#include "runtime/feed.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr size_t kSecretBytes = 32;

absl::Status SessionEnded() {
  return WithChinese(
      WithReason(absl::UnauthenticatedError("the session has ended"), "SESSION_ENDED"),
      "登录已过期,请重新登录。");
}

Event SessionEvent(const StoredSession& session, const StoredAccount& account, int64_t version,
                   const char* kind) {
  v1::SessionToken image;
  image.set_account(account.Name());
  image.set_display_name(account.display_name);
  *image.mutable_session_expire_time() = ToTimestamp(session.expires);
  Event event;
  event.aggregate = ResourceName("sessions", session.id);
  event.version = version;
  event.kind = kind;
  event.image = image.SerializeAsString();
  event.retention_years = 1;
  return event;
}

}  // namespace

absl::StatusOr<StoredSession> SessionHandlers::Open(const Call& call, mysql::Tx& tx, IdSource& ids,
                                                    const StoredAccount& account,
                                                    const std::string& secret_hash) {
  ASSIGN_OR_RETURN(const std::optional<StoredSession> known, FindSession(tx, secret_hash));
  if (known.has_value()) {
    if (known->account == account.id && known->OpenAt(call.now)) return *known;
    return WithReason(absl::AlreadyExistsError("the session secret was used before"),
                      "SECRET_USED");
  }
  StoredSession session;
  session.id = ids.Next();
  session.account = account.id;
  session.secret_hash = secret_hash;
  session.created = call.now;
  session.expires = call.now + limits_.absolute;
  session.idle_expires = IdleExpiry(call.now, session.expires, limits_);
  RETURN_IF_ERROR(InsertSession(tx, session));
  const Event event = SessionEvent(session, account, 1, "Session.CREATED");
  RETURN_IF_ERROR(AppendEvents(tx, keys_, ids.Next(), ids, call.now, account.Name(),
                               absl::MakeConstSpan(&event, 1)));
  return session;
}

absl::StatusOr<v1::SessionToken> SessionHandlers::MakeToken(
    const Call& call, const StoredAccount& account,
    const std::optional<StoredSession>& session) const {
  TokenClaims claims;
  claims.subject = account.Name();
  claims.issued = call.now;
  claims.expires = call.now + limits_.token;
  if (session.has_value()) {
    claims.session = ResourceName("sessions", session->id);
    claims.expires = std::min(claims.expires, session->expires);
  }
  v1::SessionToken token;
  token.set_account(account.Name());
  token.set_display_name(account.display_name);
  ASSIGN_OR_RETURN(*token.mutable_access_token(), signer_->Sign(claims));
  *token.mutable_token_expire_time() = ToTimestamp(claims.expires);
  if (session.has_value())
    *token.mutable_session_expire_time() = ToTimestamp(session->idle_expires);
  return token;
}

absl::StatusOr<v1::SessionToken> SessionHandlers::CreateSession(
    const Call& call, mysql::Session& database, const v1::CreateSessionRequest& request) {
  if (request.secret_hash().size() != kSecretBytes)
    return InvalidField("secret_hash", "must have 32 bytes");
  IdSource ids(call.now);
  StoredAccount account;
  StoredSession session;
  RETURN_IF_ERROR(sign_in_.Check(call, database, request.login(), request.password(),
                                 [&](mysql::Tx& tx, StoredAccount& entered) -> absl::Status {
                                   ids.Rewind();
                                   account = entered;
                                   ASSIGN_OR_RETURN(session, Open(call, tx, ids, account,
                                                                  request.secret_hash()));
                                   return absl::OkStatus();
                                 }));
  return MakeToken(call, account, session);
}

absl::StatusOr<v1::SessionToken> SessionHandlers::RefreshSession(
    const Call& call, mysql::Session& database, const v1::RefreshSessionRequest& request) {
  std::optional<StoredAccount> account;
  std::optional<StoredSession> session;
  RETURN_IF_ERROR(database.Transact(
      {.deadline = call.deadline, .repeatable = true}, [&](mysql::Tx& tx) -> absl::Status {
        ASSIGN_OR_RETURN(session, FindSession(tx, Sha256(request.secret())));
        if (!session.has_value() || !session->OpenAt(call.now)) return SessionEnded();
        ASSIGN_OR_RETURN(account, FindAccount(tx, session->account, RowLock::kNone));
        if (!account.has_value() || account->state != v1::Account::ACTIVE) return SessionEnded();
        const absl::Time extended = IdleExpiry(call.now, session->expires, limits_);
        if (!WorthExtending(session->idle_expires, extended)) return absl::OkStatus();
        session->idle_expires = extended;
        return ExtendSession(tx, session->id, extended);
      }));
  return MakeToken(call, *account, session);
}

absl::StatusOr<google::protobuf::Empty> SessionHandlers::DeleteSession(
    const Call& call, mysql::Session& database, const v1::DeleteSessionRequest& request) {
  IdSource ids(call.now);
  RETURN_IF_ERROR(database.Transact(
      {.deadline = call.deadline, .repeatable = true}, [&](mysql::Tx& tx) -> absl::Status {
        ids.Rewind();
        ASSIGN_OR_RETURN(const std::optional<StoredSession> session,
                         FindSession(tx, Sha256(request.secret())));
        if (!session.has_value() || session->ended.has_value()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const auto account, FindAccount(tx, session->account, RowLock::kNone));
        if (!account.has_value()) return absl::InternalError("a session has no account");
        RETURN_IF_ERROR(EndSession(tx, session->id, call.now));
        const Event event = SessionEvent(*session, *account, 2, "Session.ENDED");
        return AppendEvents(tx, keys_, ids.Next(), ids, call.now, account->Name(),
                            absl::MakeConstSpan(&event, 1));
      }));
  return google::protobuf::Empty();
}

absl::StatusOr<v1::SessionToken> SessionHandlers::CreateServiceToken(
    const Call& call, mysql::Session& database, const v1::CreateServiceTokenRequest& request) {
  ASSIGN_OR_RETURN(const StoredAccount account,
                   sign_in_.CheckService(call, database, request.login(), request.secret()));
  return MakeToken(call, account, std::nullopt);
}

}  // namespace qungong::org
