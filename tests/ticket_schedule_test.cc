// What happens to tickets without a caller, exactly once, and what happens when many call at once.
#include <set>
#include <thread>

#include "tests/support/ticket/ticket_fixture.h"
#include "ticket-service/number_store.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;

class TicketScheduleTest : public TicketServiceTest {
 protected:
  pb::Ticket Read(const pb::Ticket& ticket) {
    pb::GetTicketRequest get;
    get.set_name(ticket.name());
    return Get(Call("mayor", &Stub::GetTicket, get));
  }
  // The same pass on several replicas at once.
  void RunDueEverywhere() {
    std::vector<std::thread> replicas;
    replicas.reserve(4);
    for (int i = 0; i < 4; ++i) {
      replicas.emplace_back([] {
        const mysql::ThreadInit thread;
        mysql::Session session(service_->chassis().database);
        for (int pass = 0; pass < 3; ++pass)
          EXPECT_THAT(SchedulePass(session, service_->chassis().keys), IsOk());
      });
    }
    for (std::thread& replica : replicas) replica.join();
  }
  static void Publish(const rpc::v1::CalendarRecord& calendar,
                      mysql::Session& session = *session_) {
    rpc::v1::DirectoryChange change;
    *change.add_calendars() = calendar;
    Follow(change, session);
  }
  // 2027 with three days off, 05-03 to 05-05, Monday to Wednesday.
  static rpc::v1::CalendarRecord Calendar2027() {
    rpc::v1::CalendarRecord calendar;
    calendar.set_year(2027);
    calendar.set_source("test");
    for (const int day : {123, 124, 125}) calendar.add_holidays(day);
    return calendar;
  }
};

TEST_F(TicketScheduleTest, EachLightIsSwitchedOnceHoweverManyReplicasLook) {
  const pb::Ticket ticket = Dispatch("clerk", Accept(Submit()), "观音桥街道");
  EXPECT_EQ(ticket.deadline().light(), pb::Deadline::GREEN);
  // 15 working days: yellow when ten are used, at the end of 2015-08-13.
  SetNow(At(2015, 8, 13, 23, 59));
  RunDueEverywhere();
  EXPECT_EQ(Read(ticket).deadline().light(), pb::Deadline::GREEN);
  SetNow(At(2015, 8, 14, 0));
  RunDueEverywhere();
  EXPECT_EQ(Read(ticket).deadline().light(), pb::Deadline::YELLOW);
  SetNow(At(2015, 8, 20, 23, 59));
  RunDueEverywhere();
  EXPECT_EQ(Read(ticket).deadline().light(), pb::Deadline::YELLOW);
  SetNow(At(2015, 8, 21, 0));
  RunDueEverywhere();
  RunDueEverywhere();
  const pb::Ticket late = Read(ticket);
  EXPECT_EQ(late.deadline().light(), pb::Deadline::RED);
  EXPECT_EQ(Count("events WHERE kind = 'Ticket.LIGHT_CHANGED'"), 2);
  EXPECT_EQ(late.etag(), "\"5\"");
  EXPECT_EQ(Count("due_rows"), 0);
}

TEST_F(TicketScheduleTest, AcceptanceIsTimedFromSubmissionAndDispatchFromAcceptance) {
  pb::Ticket ticket = Submit();
  SetNow(At(2015, 8, 1, 0));
  RunDue();
  EXPECT_EQ(Read(ticket).deadline().light(), pb::Deadline::RED);
  ticket = Accept(ticket);
  EXPECT_EQ(ticket.deadline().kind(), pb::Deadline::DISPATCH);
  EXPECT_EQ(ticket.deadline().light(), pb::Deadline::GREEN);
  EXPECT_EQ(ticket.deadline().due_time().seconds(), absl::ToUnixSeconds(At(2015, 8, 4, 0)));
}

TEST_F(TicketScheduleTest, AnAnsweredTicketStopsItsClockAndClosesOnceAfterSilence) {
  const pb::Ticket ticket = Answered();
  SetNow(At(2015, 7, 30, 9) + absl::Hours(24 * 7) - absl::Seconds(1));
  RunDueEverywhere();
  EXPECT_EQ(Read(ticket).state(), pb::Ticket::ANSWERED);
  Advance(absl::Seconds(1));
  RunDueEverywhere();
  const pb::Ticket closed = Read(ticket);
  EXPECT_EQ(closed.state(), pb::Ticket::CLOSED);
  EXPECT_EQ(closed.close_reason(), pb::Ticket::SILENCE);
  EXPECT_EQ(closed.rating(), pb::UNRATED);
  SetNow(At(2016, 1, 1, 0));
  RunDueEverywhere();
  EXPECT_EQ(Count("events WHERE kind = 'Ticket.CLOSED'"), 1);
  EXPECT_EQ(Count("events WHERE kind = 'Ticket.LIGHT_CHANGED'"), 0);
  pb::ReopenTicketRequest reopen;
  reopen.set_reason("x");
  EXPECT_THAT(Act("caller", &Stub::ReopenTicket, ticket, reopen),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("WINDOW_CLOSED")));
}

TEST_F(TicketScheduleTest, ADeadlineInAnUnpublishedYearIsProvisionalUntilItsCalendarComes) {
  SetNow(At(2027, 4, 20, 9));  // a Tuesday of a year that is not published
  pb::Ticket ticket = Submit();
  EXPECT_TRUE(ticket.expected_date_provisional());
  ticket = Dispatch("clerk", Accept(ticket), "观音桥街道");
  EXPECT_TRUE(ticket.deadline().provisional());
  EXPECT_EQ(ticket.deadline().due_time().seconds(), absl::ToUnixSeconds(At(2027, 5, 12, 0)));
  Publish(Calendar2027());
  RunDue();
  ticket = Read(ticket);
  EXPECT_FALSE(ticket.deadline().provisional());
  EXPECT_FALSE(ticket.expected_date_provisional());
  EXPECT_EQ(ticket.deadline().due_time().seconds(), absl::ToUnixSeconds(At(2027, 5, 15, 0)));
  EXPECT_EQ(Count("events WHERE kind = 'Ticket.DEADLINE_CHANGED'"), 1);
  Publish(Calendar2027());  // the same again changes nothing
  RunDue();
  EXPECT_EQ(Count("events WHERE kind = 'Ticket.DEADLINE_CHANGED'"), 1);
}

TEST_F(TicketScheduleTest, AClockThatStartsWhileACalendarIsPublishedRunsByThatCalendar) {
  SetNow(At(2027, 4, 30, 9));  // a Friday
  pb::WithdrawTicketRequest withdraw;
  withdraw.set_number(Submit().number());
  withdraw.set_tracking_code(kCode);
  withdraw.set_request_id(NewRequestId());
  Get(Call("", &Stub::WithdrawTicket, withdraw));
  const pb::Ticket submitted = Meanwhile(
      "COMMIT", [](mysql::Session& session) { Publish(Calendar2027(), session); },
      [] { return Submit(); });
  RunDue();
  const pb::Ticket ticket = Read(submitted);
  EXPECT_FALSE(ticket.deadline().provisional());
  // Acceptance within a working day: not on Monday, but on Thursday.
  EXPECT_EQ(ticket.deadline().due_time().seconds(), absl::ToUnixSeconds(At(2027, 5, 7, 0)));
}

// Runs `f` on eight threads at once and gives the statuses.
std::vector<absl::Status> AtOnce(const std::function<absl::Status(int)>& f) {
  std::vector<absl::Status> statuses(8);
  std::vector<std::thread> clients;
  clients.reserve(statuses.size());
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] { statuses[static_cast<size_t>(i)] = f(i); });
  }
  for (std::thread& client : clients) client.join();
  return statuses;
}

TEST_F(TicketScheduleTest, OfEightWhoAcceptAtOnceOneDoesAndSevenLearnThatItIsDone) {
  const pb::Ticket ticket = Submit();
  int accepted = 0;
  for (const absl::Status& status :
       AtOnce([&](int) { return Act("clerk", &Stub::AcceptTicket, ticket).status(); })) {
    if (status.ok()) {
      ++accepted;
    } else {
      EXPECT_THAT(status,
                  StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("TICKET_STATE")));
    }
  }
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(Count("events"), 2);
  EXPECT_EQ(Read(ticket).etag(), "\"2\"");
}

TEST_F(TicketScheduleTest, TheSameRequestSentEightTimesAtOnceHasOneEffectAndOneReply) {
  const pb::Ticket ticket = Submit();
  pb::AcceptTicketRequest accept;
  accept.set_request_id(NewRequestId());
  std::vector<std::string> replies(8);
  for (const absl::Status& status : AtOnce([&](int i) {
         const auto reply = Act("clerk", &Stub::AcceptTicket, ticket, accept);
         if (reply.ok()) replies[static_cast<size_t>(i)] = reply->SerializeAsString();
         return reply.status();
       })) {
    EXPECT_THAT(status, IsOk());
  }
  EXPECT_EQ(std::set<std::string>(replies.begin(), replies.end()).size(), 1u);
  EXPECT_EQ(Count("events"), 2);
}

TEST_F(TicketScheduleTest, NumbersAreNeverGivenTwice) {
  std::vector<std::vector<std::string>> given(8);
  for (const absl::Status& status : AtOnce([&](int i) {
         for (int n = 0; n < 20; ++n) {
           const auto ticket = Call("", &Stub::SubmitTicket, Lamp());
           if (!ticket.ok()) return ticket.status();
           given[static_cast<size_t>(i)].push_back(ticket->number());
         }
         return absl::OkStatus();
       })) {
    EXPECT_THAT(status, IsOk());
  }
  std::set<std::string> numbers;
  for (const auto& list : given) {
    for (const std::string& number : list) {
      EXPECT_THAT(ParseTicketNumber(number), IsOk());
      EXPECT_TRUE(numbers.insert(number).second) << number;
    }
  }
  EXPECT_EQ(numbers.size(), 160u);
  EXPECT_EQ(Count("ticket_number_blocks"), 1);
  EXPECT_EQ(Count("ticket_scopes"), 160 * 4);
}

TEST_F(TicketScheduleTest, TwoReplicasTakeTurnsInBlocksAndStopAtTheLastNumber) {
  Aside aside(service_->chassis().database);
  NumberBlocks first(aside, 3);
  NumberBlocks second(aside, 3);
  const absl::CivilDay day(2015, 7, 31);
  std::set<std::string> numbers;
  for (int i = 0; i < 20; ++i) {
    numbers.insert(Get(first.Next(day, "500105", absl::InfiniteFuture())));
    numbers.insert(Get(second.Next(day, "500105", absl::InfiniteFuture())));
  }
  EXPECT_EQ(numbers.size(), 40u);
  EXPECT_EQ(Get(second.Next(day, "500112", absl::InfiniteFuture())).substr(0, 24),
            "QG20150731-500112-000001");
  service_->Transact([](mysql::Tx& tx) {
    return tx
        .Execute(
            "UPDATE ticket_number_blocks SET next_sequence = 999999 WHERE district_code = '500112'")
        .status();
  });
  NumberBlocks third(aside, 3);
  EXPECT_THAT(third.Next(day, "500112", absl::InfiniteFuture()), IsOk());
  EXPECT_THAT(third.Next(day, "500112", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kResourceExhausted, HasReason("NUMBERS_EXHAUSTED")));
}

}  // namespace
}  // namespace qungong::ticket
