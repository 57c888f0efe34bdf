// What ends a right at org-service ends it at ticket-service: within a second, at once for a caller
// who says what has happened, and never the other way round. Both services in process, with the
// real feed between them.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "qungong/rpc/v1/feed_service.grpc.pb.h"
#include "qungong/ticket/v1/ticket_class_service.grpc.pb.h"
#include "qungong/ticket/v1/ticket_service.grpc.pb.h"
#include "runtime/server.h"
#include "tests/support/matchers.h"
#include "tests/support/org/people.h"
#include "tests/support/service_fixture.h"
#include "ticket-service/schedule.h"
#include "ticket-service/wire.h"

ABSL_DECLARE_FLAG(std::string, org_service);
ABSL_DECLARE_FLAG(std::string, service_login);
ABSL_DECLARE_FLAG(std::string, service_secret_file);

namespace qungong {

absl::Span<const Migration> TicketMigrations();

namespace org {
namespace {

using ::qungong::testing::Eventually;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::qungong::testing::TestService;
using rpc::v1::Role;

constexpr auto kDenied = absl::StatusCode::kPermissionDenied;

// A way in which a right ends.
struct Ending {
  const char* name;
  std::string holder;
  // At org-service; the position in its feed at which it is done.
  std::function<std::string()> end;
};

class RevocationTest : public OrgPeopleTest {
 protected:
  void SetUp() override {
    OrgPeopleTest::SetUp();
    absl::SetFlag(&FLAGS_org_service, service_->target());
    absl::SetFlag(&FLAGS_service_login, "ticket-service");
    absl::SetFlag(&FLAGS_service_secret_file, File("secret", kSecret));
    ticket_ = std::make_unique<TestService>(
        "ticket", TicketMigrations(), [](Chassis& chassis) -> absl::StatusOr<Wiring> {
          Wiring wiring;
          RETURN_IF_ERROR(FollowDirectory(chassis, wiring, ticket::OnDirectoryChange));
          ticket::WireTickets(chassis, wiring);
          return wiring;
        });
    tickets_ = ticket::v1::TicketService::NewStub(ticket_->channel());
  }
  void TearDown() override { ticket_.reset(); }

  // A call at ticket-service that needs a role; `after`, if it is not empty, is what has happened.
  absl::Status ListTickets(const std::string& account, const std::string& after = "") {
    const auto context = ticket_->As(account);
    if (!after.empty()) context->AddMetadata("x-qungong-after", after);
    ticket::v1::ListTicketsResponse response;
    return FromGrpcStatus(tickets_->ListTickets(context.get(), {}, &response));
  }
  std::unique_ptr<grpc::ClientReader<rpc::v1::StreamEventsResponse>> Stream(
      grpc::ClientContext& context, const std::string& after = "") {
    if (!after.empty()) context.AddMetadata("x-qungong-after", after);
    return rpc::v1::FeedService::NewStub(ticket_->channel())
        ->StreamEvents(&context, rpc::v1::StreamEventsRequest());
  }

  // A mutation at org-service that succeeds; its position.
  template <typename Stub, typename Request, typename Response>
  std::string Do(const std::string& account, Stub& stub,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                 Request request) {
    request.set_request_id(NewUuidV7(absl::Now()).ToString());
    const auto context = service_->As(account);
    context->AddMetadata("x-qungong-position", "1");
    Response response;
    EXPECT_THAT((stub.*method)(context.get(), request, &response), IsOk());
    const auto& trailers = context->GetServerTrailingMetadata();
    const auto position = trailers.find("x-qungong-after");
    if (position == trailers.end()) return "";
    return {position->second.data(), position->second.size()};
  }

  std::string RevokeGrant(const std::string& grant) {
    v1::RevokeGrantRequest request;
    request.set_name(grant);
    return Do(security_admin_, *grants_, &v1::GrantService::Stub::RevokeGrant, request);
  }
  std::string Disable(const std::string& account) {
    v1::DisableAccountRequest request;
    request.set_name(account);
    return Do(system_admin_, *accounts_, &v1::AccountService::Stub::DisableAccount, request);
  }

  // Holders of a role at the district, each of whom one ending awaits. Ticket-service knows them.
  std::vector<Ending> Endings();

  std::unique_ptr<TestService> ticket_;
  std::unique_ptr<ticket::v1::TicketService::Stub> tickets_;
};

std::vector<Ending> RevocationTest::Endings() {
  const std::string revoked = CreateAccount("revoked")->name();
  const std::string grant = CreateGrant(revoked, rpc::v1::CLERK, kDistrict)->name();
  const std::string disabled = CreateAccount("disabled")->name();
  EXPECT_THAT(CreateGrant(disabled, rpc::v1::LEADER, kDistrict), IsOk());
  const std::string person = CreatePerson("张三丰")->name();
  const std::string retired = CreateAccount("retired", kCity, person)->name();
  const std::string post =
      Appoint(person, v1::Appointment::CENTER_STAFF, kDistrict, kToday - 30)->name();
  EXPECT_THAT(CreateGrant(retired, rpc::v1::HANDLER, kDistrict, post), IsOk());
  for (const std::string& account : {revoked, disabled, retired})
    EXPECT_TRUE(Eventually([&] { return ListTickets(account).ok(); })) << account;
  return {{"a grant is revoked", revoked, [this, grant] { return RevokeGrant(grant); }},
          {"an account is disabled", disabled, [this, disabled] { return Disable(disabled); }},
          {"a post ends", retired, [this, post] {
             v1::EndAppointmentRequest request;
             request.set_name(post);
             *request.mutable_effective_date() = ToDate(kToday);
             return Do(registrar_, *appointments_, &v1::AppointmentService::Stub::EndAppointment,
                       request);
           }}};
}

TEST_F(RevocationTest, HoldsWithinASecond) {
  for (const Ending& ending : Endings()) {
    SCOPED_TRACE(ending.name);
    ending.end();
    const absl::Time ended = absl::Now();
    EXPECT_TRUE(Eventually([&] { return !ListTickets(ending.holder).ok(); }));
    const absl::Duration took = absl::Now() - ended;
    EXPECT_LT(took, absl::Seconds(1));
    EXPECT_THAT(ListTickets(ending.holder), StatusIs(kDenied, HasReason("ROLE_MISSING")));
    std::printf("%s: %ld ms\n", ending.name, absl::ToInt64Milliseconds(took));
  }
}

TEST_F(RevocationTest, HoldsAtOnceForACallerWhoSaysWhatHasHappened) {
  for (const Ending& ending : Endings()) {
    SCOPED_TRACE(ending.name);
    const std::string after = ending.end();
    ASSERT_FALSE(after.empty());
    EXPECT_THAT(ListTickets(ending.holder, after), StatusIs(kDenied, HasReason("ROLE_MISSING")));
  }
}

TEST_F(RevocationTest, IsNeverOverlookedByACallerWhoSaysWhatHasHappened) {
  const std::string stale = CreateAccount("stale")->name();
  const std::string grant = CreateGrant(stale, rpc::v1::CLERK, kDistrict)->name();
  const std::string reader = CreateAccount("reader")->name();
  ASSERT_THAT(CreateGrant(reader, rpc::v1::LEADER, kDistrict), IsOk());
  ASSERT_TRUE(Eventually([&] { return ListTickets(reader).ok(); }));
  service_->BeginDrain();  // ticket-service hears no more
  const std::string after = RevokeGrant(grant);
  // The witness: without the position the stale right still opens.
  EXPECT_THAT(ListTickets(stale), IsOk());
  EXPECT_THAT(ListTickets(stale, after),
              StatusIs(absl::StatusCode::kUnavailable, HasReason("DIRECTORY_BEHIND")));
}

TEST_F(RevocationTest, IsNotOverlookedByAStreamEither) {
  const std::string follower = AccountOf("ticket-service");
  ASSERT_TRUE(Eventually([&] {
    const auto context = ticket_->As(follower);
    const auto stream = Stream(*context);
    rpc::v1::StreamEventsResponse response;
    const bool read = stream->Read(&response);
    context->TryCancel();
    EXPECT_FALSE(stream->Finish().ok());
    return read;
  }));
  service_->BeginDrain();
  const std::string after = Disable(follower);
  const auto context = ticket_->As(follower);
  const auto stream = Stream(*context, after);
  rpc::v1::StreamEventsResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_THAT(FromGrpcStatus(stream->Finish()), HasReason("DIRECTORY_BEHIND"));
}

TEST_F(RevocationTest, EndsAnOpenStreamWithinASecond) {
  v1::CreateAccountRequest request;
  request.set_login("another-service");
  request.set_display_name("另一服务");
  request.set_kind(v1::Account::SERVICE);
  request.set_unit(kCity);
  request.set_password(kSecret);
  const std::string follower =
      As(system_admin_, *accounts_, &v1::AccountService::Stub::CreateAccount, request)->name();
  const std::string grant = CreateGrant(follower, rpc::v1::SERVICE)->name();
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientReader<rpc::v1::StreamEventsResponse>> stream;
  rpc::v1::StreamEventsResponse response;
  ASSERT_TRUE(Eventually([&] {
    stream.reset();  // before its context
    context = ticket_->As(follower);
    stream = Stream(*context);
    if (stream->Read(&response)) return true;
    EXPECT_FALSE(stream->Finish().ok());
    return false;
  }));
  RevokeGrant(grant);
  const absl::Time ended = absl::Now();
  while (stream->Read(&response)) {
  }
  EXPECT_LT(absl::Now() - ended, absl::Seconds(1));
  EXPECT_THAT(FromGrpcStatus(stream->Finish()), StatusIs(kDenied, HasReason("ROLE_MISSING")));
}

// A token says who, nothing more, and org-service is not asked again while it lasts. What any
// account may do, a disabled one may do for these minutes, too.
TEST_F(RevocationTest, ATokenOutlivesItsAccountByMinutesAndOpensNothingThatNeedsARole) {
  const auto account = CreateAccount("leaver");
  ASSERT_THAT(CreateGrant(account->name(), rpc::v1::CLERK, kDistrict), IsOk());
  const std::string secret = SecretOf("session");
  ASSERT_THAT(SignIn("leaver", kPassword, secret), IsOk());
  ASSERT_TRUE(Eventually([&] { return ListTickets(account->name()).ok(); }));
  const auto classes = ticket::v1::TicketClassService::NewStub(ticket_->channel());
  const auto context = ticket_->As(account->name());  // with a token of now
  const std::string after = Disable(account->name());

  EXPECT_THAT(Refresh(secret),
              StatusIs(absl::StatusCode::kUnauthenticated, HasReason("SESSION_ENDED")));
  EXPECT_THAT(SignIn("leaver", kPassword, SecretOf("another")).status(),
              HasReason("SIGN_IN_FAILED"));
  EXPECT_THAT(ListTickets(account->name(), after), HasReason("ROLE_MISSING"));
  ticket::v1::ListDeadlinePoliciesResponse policies;
  EXPECT_THAT(classes->ListDeadlinePolicies(context.get(), {}, &policies), IsOk());
  const std::string token = absl::StrCat("Bearer ", ticket_->TokenOf(account->name()));
  ticket_->clock().Stand(testing::TestNow() + absl::Minutes(17));
  const auto later = ticket_->As("");
  later->AddMetadata("authorization", token);
  EXPECT_THAT(classes->ListDeadlinePolicies(later.get(), {}, &policies),
              StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_EXPIRED")));
}

}  // namespace
}  // namespace org
}  // namespace qungong
