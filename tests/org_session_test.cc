// Signing in and out: what is counted, what ends, and what a stranger learns.
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/token.h"
#include "tests/support/matchers.h"
#include "tests/support/org/people.h"

namespace qungong::org {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;

const auto kFailed = StatusIs(absl::StatusCode::kUnauthenticated, HasReason("SIGN_IN_FAILED"));
const auto kLocked = StatusIs(absl::StatusCode::kResourceExhausted, HasReason("SIGN_IN_LOCKED"));
const auto kEnded = StatusIs(absl::StatusCode::kUnauthenticated, HasReason("SESSION_ENDED"));

class OrgSessionTest : public OrgPeopleTest {
 protected:
  void Advance(absl::Duration by) { service_->clock().Stand(service_->clock().Now() + by); }

  absl::Status WhoAmI(const std::string& authorization) {
    const auto context = service_->As("");
    if (!authorization.empty()) context->AddMetadata("authorization", authorization);
    v1::Account account;
    return FromGrpcStatus(accounts_->GetOwnAccount(context.get(), {}, &account));
  }
  absl::Status Disable(const std::string& account) {
    v1::DisableAccountRequest request;
    request.set_name(account);
    return As(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, request)
        .status();
  }
  absl::Status ServiceToken(const std::string& login, const std::string& secret) {
    v1::CreateServiceTokenRequest request;
    request.set_login(login);
    request.set_secret(secret);
    return As("", *sessions_, &v1::SessionService::Stub::CreateServiceToken, request).status();
  }
  absl::Status Delete(const std::string& secret) {
    v1::DeleteSessionRequest request;
    request.set_secret(secret);
    return As("", *sessions_, &v1::SessionService::Stub::DeleteSession, request).status();
  }

  const std::string secret_ = SecretOf("session");
};

TEST_F(OrgSessionTest, ASessionGivesATokenThatSaysWho) {
  const auto token = SignIn("registrar", kPassword, secret_);
  ASSERT_THAT(token, IsOk());
  EXPECT_EQ(token->account(), registrar_);
  EXPECT_EQ(token->display_name(), "组织部");
  EXPECT_EQ(token->token_expire_time().seconds(),
            absl::ToUnixSeconds(testing::TestNow() + absl::Minutes(15)));
  EXPECT_EQ(token->session_expire_time().seconds(),
            absl::ToUnixSeconds(testing::TestNow() + absl::Minutes(30)));
  const auto claims = service_->chassis().tokens.Verify(token->access_token(), testing::TestNow());
  ASSERT_THAT(claims, IsOk());
  EXPECT_EQ(claims->subject, registrar_);
  EXPECT_TRUE(absl::StartsWith(claims->session, "sessions/"));
  EXPECT_THAT(WhoAmI(absl::StrCat("Bearer ", token->access_token())), IsOk());
}

TEST_F(OrgSessionTest, FailuresCannotBeToldApart) {
  const auto gone = CreateAccount("gone");
  ASSERT_THAT(gone, IsOk());
  ASSERT_THAT(Disable(gone->name()), IsOk());
  const absl::Status wrong = SignIn("registrar", "not this one", secret_).status();
  EXPECT_THAT(wrong, kFailed);
  EXPECT_EQ(SignIn("nobody", kPassword, secret_).status(), wrong);
  EXPECT_EQ(SignIn("registrar ", kPassword, secret_).status(), wrong);
  EXPECT_EQ(SignIn("REGISTRAR", kPassword, secret_).status(), wrong);
  EXPECT_EQ(SignIn("gone", kPassword, secret_).status(), wrong);
  EXPECT_EQ(SignIn("ticket-service", kSecret, secret_).status(), wrong);
  EXPECT_EQ(service_->Count("sessions"), 0);
}

TEST_F(OrgSessionTest, FiveFailuresLockEvenTheRightPasswordOut) {
  for (int i = 0; i < 5; ++i) EXPECT_THAT(SignIn("registrar", "wrong", secret_), kFailed);
  EXPECT_THAT(SignIn("registrar", kPassword, secret_), kLocked);
  Advance(absl::Minutes(15) - absl::Microseconds(1));
  EXPECT_THAT(SignIn("registrar", kPassword, secret_), kLocked);
  Advance(absl::Microseconds(1));
  EXPECT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
}

TEST_F(OrgSessionTest, SuccessForgetsFailures) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_THAT(SignIn("registrar", "wrong", secret_), kFailed);
    EXPECT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
  }
}

TEST_F(OrgSessionTest, AnUnknownLoginIsLockedLikeAnyOther) {
  for (int i = 0; i < 5; ++i) EXPECT_THAT(SignIn("nobody", "wrong", secret_), kFailed);
  EXPECT_THAT(SignIn("nobody", "wrong", secret_), kLocked);
  EXPECT_EQ(service_->Count("events WHERE kind = 'SignIn.FAILED'"), 4);
  EXPECT_EQ(service_->Count("events WHERE kind = 'SignIn.LOCKED'"), 1);
  EXPECT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
}

TEST_F(OrgSessionTest, ConcurrentFailuresAreCountedExactly) {
  std::vector<absl::Status> outcomes(16);
  std::vector<std::thread> clients;
  clients.reserve(outcomes.size());
  for (absl::Status& outcome : outcomes) {
    clients.emplace_back([&] { outcome = SignIn("registrar", "wrong", secret_).status(); });
  }
  for (std::thread& client : clients) client.join();
  int failed = 0;
  for (const absl::Status& outcome : outcomes) {
    if (absl::IsUnauthenticated(outcome)) {
      ++failed;
    } else {
      EXPECT_THAT(outcome, kLocked);
    }
  }
  EXPECT_EQ(failed, 5);
  EXPECT_EQ(service_->Count("events WHERE kind = 'SignIn.FAILED'"), 4);
  EXPECT_EQ(service_->Count("events WHERE kind = 'SignIn.LOCKED'"), 1);
}

TEST_F(OrgSessionTest, FailuresOutliveTheDatabaseServer) {
  for (int i = 0; i < 4; ++i) EXPECT_THAT(SignIn("registrar", "wrong", secret_), kFailed);
  testing::MariaDb::Get().Kill();
  testing::MariaDb::Get().Start();
  EXPECT_THAT(SignIn("registrar", "wrong", secret_), kFailed);
  EXPECT_THAT(SignIn("registrar", kPassword, secret_), kLocked);
}

TEST_F(OrgSessionTest, UseExtendsASessionUpToItsAbsoluteEnd) {
  ASSERT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
  for (int minutes = 0; minutes < 12 * 60 - 29; minutes += 29) {
    EXPECT_THAT(Refresh(secret_), IsOk()) << minutes;
    Advance(absl::Minutes(29));
  }
  const auto last = Refresh(secret_);
  ASSERT_THAT(last, IsOk());
  const int64_t end = absl::ToUnixSeconds(testing::TestNow() + absl::Hours(12));
  EXPECT_EQ(last->session_expire_time().seconds(), end);
  EXPECT_LE(last->token_expire_time().seconds(), end);
  Advance(absl::Minutes(29));
  EXPECT_THAT(Refresh(secret_), kEnded);
}

TEST_F(OrgSessionTest, AnIdleSessionEnds) {
  ASSERT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
  Advance(absl::Minutes(30) - absl::Microseconds(1));
  EXPECT_THAT(Refresh(secret_), IsOk());
  Advance(absl::Minutes(31));
  EXPECT_THAT(Refresh(secret_), kEnded);
}

TEST_F(OrgSessionTest, SigningOutEndsTheSessionOnce) {
  ASSERT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
  EXPECT_THAT(Delete(secret_), IsOk());
  EXPECT_THAT(Refresh(secret_), kEnded);
  EXPECT_THAT(Delete(secret_), IsOk());
  EXPECT_THAT(Delete(SecretOf("never was")), IsOk());
  EXPECT_EQ(service_->Count("events WHERE kind = 'Session.ENDED'"), 1);
}

TEST_F(OrgSessionTest, ForgedSessionsAreNoSessions) {
  ASSERT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
  EXPECT_THAT(Refresh(SecretOf("guessed")), kEnded);
  EXPECT_THAT(Refresh(secret_.substr(1)), kEnded);
  // The hash, as it stands in the database, opens nothing.
  EXPECT_THAT(Refresh(testing::MariaDb::Get()
                          .Query("SELECT secret_hash FROM qungong_org.sessions")
                          .at(0)
                          .String(0)),
              kEnded);
}

TEST_F(OrgSessionTest, RepeatingASignInOpensTheSameSession) {
  const auto first = SignIn("registrar", kPassword, secret_);
  const auto again = SignIn("registrar", kPassword, secret_);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(service_->Count("sessions"), 1);
  EXPECT_THAT(SignIn("audit-admin", kPassword, secret_),
              StatusIs(absl::StatusCode::kAlreadyExists, HasReason("SECRET_USED")));
  ASSERT_THAT(Delete(secret_), IsOk());
  EXPECT_THAT(SignIn("registrar", kPassword, secret_),
              StatusIs(absl::StatusCode::kAlreadyExists, HasReason("SECRET_USED")));
}

TEST_F(OrgSessionTest, ADisabledAccountLosesItsSessionsAndItsRightsAtOnce) {
  ASSERT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
  ASSERT_THAT(TryAsRegistrar(registrar_), IsOk());
  ASSERT_THAT(Disable(registrar_), IsOk());
  EXPECT_THAT(Refresh(secret_), kEnded);
  EXPECT_THAT(SignIn("registrar", kPassword, SecretOf("new")), kFailed);
  // Its tokens hold for minutes yet, but say only who.
  EXPECT_THAT(TryAsRegistrar(registrar_),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("ROLE_MISSING")));

  v1::EnableAccountRequest enable;
  enable.set_name(registrar_);
  ASSERT_THAT(As(system_admin_, *accounts_, &v1::AccountService::Stub::EnableAccount, enable),
              IsOk());
  EXPECT_THAT(TryAsRegistrar(registrar_), IsOk());
  EXPECT_THAT(Refresh(secret_), kEnded);
  EXPECT_THAT(SignIn("registrar", kPassword, SecretOf("new")), IsOk());
}

TEST_F(OrgSessionTest, AServiceIsNeverLockedOut) {
  for (int i = 0; i < 7; ++i) EXPECT_THAT(ServiceToken("ticket-service", "wrong"), kFailed);
  for (int i = 0; i < 7; ++i) (void)SignIn("ticket-service", "wrong", secret_);
  EXPECT_THAT(ServiceToken("ticket-service", kSecret), IsOk());
  EXPECT_THAT(ServiceToken("registrar", kPassword), kFailed);
  EXPECT_THAT(ServiceToken("no-service", kSecret), kFailed);
}

TEST_F(OrgSessionTest, BadTokensAreRefused) {
  const std::string good = service_->TokenOf(registrar_);
  const size_t signature = good.rfind('.') + 1;
  std::string forged = good;
  forged[signature + 10] = forged[signature + 10] == 'A' ? 'B' : 'A';
  EXPECT_THAT(WhoAmI(absl::StrCat("Bearer ", good)), IsOk());
  const auto invalid = StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_INVALID"));
  EXPECT_THAT(WhoAmI(absl::StrCat("Bearer ", forged)), invalid);
  EXPECT_THAT(WhoAmI(absl::StrCat("Bearer ", good.substr(0, signature))), invalid);
  EXPECT_THAT(WhoAmI("Bearer e30.e30."), invalid);
  EXPECT_THAT(WhoAmI(absl::StrCat("Basic ", good)), invalid);
  EXPECT_THAT(WhoAmI(""), StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_MISSING")));
  Advance(absl::Minutes(17));
  EXPECT_THAT(WhoAmI(absl::StrCat("Bearer ", good)),
              StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_EXPIRED")));
}

TEST_F(OrgSessionTest, PasswordsAndSecretsStandNowhere) {
  ASSERT_THAT(CreateAccount("someone"), IsOk());
  ASSERT_THAT(SignIn("someone", kPassword, secret_), IsOk());
  EXPECT_THAT(SignIn("someone", "not-the-password", SecretOf("x")), kFailed);
  EXPECT_EQ(service_->Count("accounts WHERE password_hash NOT LIKE '$argon2id$%'"), 0);
  for (const std::string& text :
       {std::string(kPassword), std::string("not-the-password"), secret_}) {
    EXPECT_EQ(service_->Count(absl::StrCat("events WHERE LOCATE('", text, "', image) + LOCATE('",
                                           text, "', payload) > 0")),
              0);
  }
}

TEST_F(OrgSessionTest, OldSessionsAreForgotten) {
  ASSERT_THAT(SignIn("registrar", kPassword, secret_), IsOk());
  EXPECT_THAT(SignIn("nobody", "wrong", SecretOf("x")), kFailed);
  service_->chassis().loops.Wake("forget-sessions");
  Advance(absl::Hours(24 * 31));
  service_->chassis().loops.Wake("forget-sessions");
  EXPECT_TRUE(testing::Eventually([&] { return service_->Count("sessions") == 0; }));
  EXPECT_TRUE(testing::Eventually([&] { return service_->Count("sign_ins") == 0; }));
}

}  // namespace
}  // namespace qungong::org
