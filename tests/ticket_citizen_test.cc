// The reporter's side of tickets: what is taken in, what is refused, who may look.
#include "absl/strings/match.h"
#include "tests/support/ticket/ticket_fixture.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

using TicketCitizenTest = TicketServiceTest;

TEST_F(TicketCitizenTest, TheReporterRatesWithdrawsAndCannotDoEitherTooLate) {
  pb::Ticket ticket = Answered();
  pb::RateTicketRequest rate;
  rate.set_number(ticket.number());
  rate.set_tracking_code(kCode);
  rate.set_request_id(NewRequestId());
  rate.set_rating(pb::SATISFIED);
  rate.set_comment("谢谢");
  const pb::TicketProgress closed = Get(Call("", &Stub::RateTicket, rate));
  EXPECT_EQ(closed.state(), pb::Ticket::CLOSED);
  EXPECT_EQ(closed.steps(closed.steps_size() - 1).kind(), pb::TicketChange::RATED);
  EXPECT_THAT(Get(Call("", &Stub::RateTicket, rate)), EqualsProto(closed));  // a retry
  pb::WithdrawTicketRequest withdraw;
  withdraw.set_number(ticket.number());
  withdraw.set_tracking_code(kCode);
  withdraw.set_request_id(NewRequestId());
  EXPECT_THAT(Call("", &Stub::WithdrawTicket, withdraw),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("TICKET_STATE")));
  Advance(absl::Hours(24 * 30));
  rate.set_request_id(NewRequestId());
  rate.set_rating(pb::DISSATISFIED);
  EXPECT_THAT(Call("", &Stub::RateTicket, rate),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("WINDOW_CLOSED")));

  ticket = AtLighting();
  withdraw.set_number(ticket.number());
  withdraw.set_request_id(NewRequestId());
  EXPECT_EQ(Get(Call("", &Stub::WithdrawTicket, withdraw)).state(), pb::Ticket::WITHDRAWN);
  EXPECT_EQ(Count("assignments WHERE live_lead IS NOT NULL"), 0);
}

TEST_F(TicketCitizenTest, AWrongCodeAndAnUnknownNumberAnswerAlikeAndAreCounted) {
  const pb::Ticket ticket = Submit();
  const std::string unknown =
      FormatTicketNumber({absl::CivilDay(2015, 7, 30), "500105", 999999}).value();
  std::vector<int> statements;
  for (const std::string& number : {ticket.number(), unknown}) {
    int count = 0;
    service_->SetFault([&](absl::string_view sql, bool after) {
      // A session is told about time limits when they change, whatever the call is.
      count += after || absl::StartsWith(sql, "SET ") ? 0 : 1;
      return absl::OkStatus();
    });
    EXPECT_THAT(Track(number, "YYYYYYYYYYYYYYYY"), StatusIs(absl::StatusCode::kPermissionDenied));
    service_->SetFault(nullptr);
    statements.push_back(count);
  }
  EXPECT_EQ(statements[0], statements[1]);
  for (const std::string& number : {ticket.number(), unknown}) {
    for (int i = 0; i < 9; ++i) {
      EXPECT_THAT(Track(number, "ZZZZZZZZZZZZZZZZ"),
                  StatusIs(absl::StatusCode::kPermissionDenied, Not(HasSubstr(ticket.name()))));
    }
    EXPECT_THAT(Track(number),
                StatusIs(absl::StatusCode::kResourceExhausted, HasReason("TOO_MANY_ATTEMPTS")));
  }
  Advance(absl::Hours(1));
  EXPECT_THAT(Track(ticket.number()), IsOk());
  EXPECT_THAT(Track(" qg20150730 " + ticket.number().substr(11)), IsOk());  // as people type it

  // Wrong codes are counted where the transaction fails, too.
  pb::WithdrawTicketRequest withdraw;
  withdraw.set_number(ticket.number());
  withdraw.set_tracking_code("ZZZZZZZZZZZZZZZZ");
  for (int i = 0; i < 10; ++i) {
    withdraw.set_request_id(NewRequestId());
    EXPECT_THAT(Call("", &Stub::WithdrawTicket, withdraw),
                StatusIs(absl::StatusCode::kPermissionDenied));
  }
  EXPECT_THAT(Track(ticket.number()), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(TicketCitizenTest, AnonymousAndConfidentialReportersAreNotShownEvenMasked) {
  pb::SubmitTicketRequest anonymous = Lamp();
  anonymous.clear_reporter();
  EXPECT_EQ(Submit(anonymous).secrecy(), pb::Ticket::ANONYMOUS);
  pb::SubmitTicketRequest confidential = Lamp();
  confidential.set_secrecy(pb::Ticket::CONFIDENTIAL);
  const pb::Ticket ticket = Accept(Submit(confidential));
  EXPECT_FALSE(ticket.has_reporter());
}

struct BadSubmission {
  const char* what;
  void (*spoil)(pb::SubmitTicketRequest&);
  absl::StatusCode code;
  const char* reason;
};

TEST_F(TicketCitizenTest, BadSubmissionsAreRefusedAndLeaveNothing) {
  using R = pb::SubmitTicketRequest;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  const BadSubmission cases[] = {
      {"no request_id", [](R& r) { r.clear_request_id(); }, kInvalid, "INVALID_FIELD"},
      {"short hash", [](R& r) { r.set_tracking_hash("abc"); }, kInvalid, "INVALID_FIELD"},
      {"no place", [](R& r) { r.clear_division_code(); }, kInvalid, "INVALID_FIELD"},
      {"two places", [](R& r) { r.set_division(DivisionOf("建新社区")); }, kInvalid,
       "INVALID_FIELD"},
      {"unknown place", [](R& r) { r.set_division_code("500105006999"); }, kInvalid,
       "INVALID_FIELD"},
      {"unknown class", [](R& r) { r.set_ticket_class("ticketClasses/7777"); }, kInvalid,
       "CLASS_UNKNOWN"},
      {"class with subclasses", [](R& r) { r.set_ticket_class("ticketClasses/01"); }, kInvalid,
       "CLASS_UNKNOWN"},
      {"no channel", [](R& r) { r.clear_channel(); }, kInvalid, "INVALID_FIELD"},
      {"no title", [](R& r) { r.clear_title(); }, kInvalid, "INVALID_FIELD"},
      {"long content", [](R& r) { r.set_content(std::string(2001, 'x')); }, kInvalid,
       "INVALID_FIELD"},
      {"bad phone", [](R& r) { r.mutable_reporter()->set_phone("call me"); }, kInvalid,
       "INVALID_FIELD"},
      {"anonymous with name", [](R& r) { r.set_secrecy(pb::Ticket::ANONYMOUS); }, kInvalid,
       "INVALID_FIELD"},
      {"open without name",
       [](R& r) {
         r.clear_reporter();
         r.set_secrecy(pb::Ticket::OPEN);
       },
       kInvalid, "INVALID_FIELD"},
      {"counter without account", [](R& r) { r.set_channel(pb::Ticket::COUNTER); },
       absl::StatusCode::kUnauthenticated, "CHANNEL_NEEDS_ACCOUNT"},
  };
  for (const BadSubmission& bad : cases) {
    R request = Lamp();
    bad.spoil(request);
    EXPECT_THAT(Call("", &Stub::SubmitTicket, request), StatusIs(bad.code, HasReason(bad.reason)))
        << bad.what;
  }
  EXPECT_EQ(Count("tickets"), 0);
  EXPECT_EQ(Count("idempotency_keys"), 0);
}

TEST_F(TicketCitizenTest, WhatPeopleWroteIsNowhereInClearInTheDatabase) {
  const pb::Ticket ticket = Answered();
  std::string dump;
  for (const char* table :
       {"tickets", "assignments", "answers", "events", "ticket_scopes", "idempotency_keys"}) {
    for (const mysql::Row& column : testing::MariaDb::Get().Query(
             absl::StrCat("SELECT column_name FROM information_schema.columns WHERE "
                          "table_schema = 'qungong_ticket' AND table_name = '",
                          table, "'"))) {
      for (const mysql::Row& row : testing::MariaDb::Get().Query(absl::StrCat(
               "SELECT CAST(HEX(", column.String(0), ") AS BINARY) FROM qungong_ticket.", table))) {
        absl::StrAppend(&dump, row.StringOr(0, ""), "\n");
      }
    }
  }
  const auto hex_of = [](absl::string_view text) {
    std::string hex;
    for (const char c : text)
      absl::StrAppend(&hex, absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
    return absl::AsciiStrToUpper(hex);
  };
  EXPECT_THAT(dump, HasSubstr(hex_of("江北区市政局")));  // the search finds what is there
  for (const char* secret :
       {"张三", "12345678", "1234 5678", "路灯坏了", "路灯已修复", "建新东路", kCode}) {
    EXPECT_THAT(dump, Not(HasSubstr(hex_of(secret)))) << secret;
  }
}

}  // namespace
}  // namespace qungong::ticket
