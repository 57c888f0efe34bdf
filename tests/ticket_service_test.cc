// Tickets through the API, on a real database: the story, who may do what, what is refused.
#include "tests/support/ticket/ticket_fixture.h"

namespace qungong::ticket {
namespace {

using ::qungong::testing::EqualsProto;
using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;
using ::testing::HasSubstr;

TEST_F(TicketServiceTest, ASubmissionGetsNumberUnitAndExpectedDateAndKeepsTheOriginal) {
  const pb::Ticket ticket = Submit();
  EXPECT_EQ(ticket.number().substr(0, 18), "QG20150730-500105-");
  EXPECT_EQ(ticket.state(), pb::Ticket::REGISTERED);
  EXPECT_EQ(ticket.intake_unit(), UnitOf("建新社区"));
  EXPECT_EQ(ticket.division_display_name(), "建新社区");
  EXPECT_EQ(ticket.ticket_class_display_name(), "路灯");
  EXPECT_THAT(ticket.expected_date(), EqualsProto("year: 2015 month: 8 day: 20"));
  EXPECT_FALSE(ticket.expected_date_provisional());
  EXPECT_EQ(ticket.deadline().kind(), pb::Deadline::ACCEPT);
  EXPECT_EQ(ticket.deadline().light(), pb::Deadline::GREEN);
  EXPECT_EQ(ticket.original().content(), Lamp().content());
  EXPECT_THAT(ticket.reporter(), EqualsProto("display_name: '张*' phone: '138****5678'"));
  EXPECT_EQ(ticket.etag(), "\"1\"");
  EXPECT_EQ(ticket.original_digest().size(), 32u);
}

TEST_F(TicketServiceTest, TheWholeStory) {
  pb::Ticket ticket = Submit();
  Advance(absl::Minutes(20));
  ticket = Accept(ticket);
  ticket = Dispatch("clerk", ticket, "观音桥街道");
  EXPECT_EQ(ticket.deadline().kind(), pb::Deadline::FINISH);
  EXPECT_EQ(ticket.deadline().due_time().seconds(), absl::ToUnixSeconds(At(2015, 8, 21, 0)));
  ticket = Acknowledge("town", ticket);
  pb::EscalateTicketRequest escalate;
  escalate.set_reason("路灯由区市政局维护");
  ticket = Get(Act("town", &Stub::EscalateTicket, ticket, escalate));
  EXPECT_EQ(ticket.lead_unit(), UnitOf("江北区"));
  EXPECT_EQ(ticket.assignments(2).kind(), pb::Assignment::CO_HANDLER);
  ticket = Dispatch("district", ticket, "江北区市政局");
  const int64_t due = ticket.deadline().due_time().seconds();

  // The dispute: responsible until the ruling, and the clock runs.
  pb::RequestReturnRequest ask;
  ask.set_basis("该路段未移交");
  ticket = Get(Act("lighting", &Stub::RequestReturn, ticket, ask));
  EXPECT_EQ(ticket.lead_unit(), UnitOf("江北区市政局"));
  EXPECT_EQ(ticket.deadline().due_time().seconds(), due);
  EXPECT_EQ(ticket.return_requests(0).adjudicating_unit(), UnitOf("江北区"));
  pb::AdjudicateReturnRequest rule;
  rule.set_ruling(pb::ReturnRequest::FORCED);
  rule.set_reason("2014 年已移交");
  EXPECT_THAT(Act("lighting", &Stub::AdjudicateReturn, ticket, rule),
              StatusIs(absl::StatusCode::kPermissionDenied));
  ticket = Get(Act("district", &Stub::AdjudicateReturn, ticket, rule));
  EXPECT_THAT(Act("lighting", &Stub::RequestReturn, ticket, ask),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("RETURN_ALREADY_ASKED")));

  SetNow(At(2015, 8, 3, 10));
  ticket = SubmitResult("lighting", ticket);
  EXPECT_EQ(ticket.state(), pb::Ticket::UNDER_REVIEW);
  EXPECT_EQ(ticket.assignments(2).state(), pb::Assignment::RELEASED);
  ticket = Review("district", ticket);
  EXPECT_EQ(ticket.state(), pb::Ticket::ANSWERED);
  EXPECT_FALSE(ticket.has_deadline());
  EXPECT_EQ(Get(Track(ticket.number())).answers(0).reply(), "路灯已修复。");

  pb::RecordCallbackRequest callback;
  callback.set_responded(pb::Callback::YES);
  callback.set_resolved(pb::Callback::NO);
  callback.set_satisfaction(pb::DISSATISFIED);
  ticket = Get(Act("caller", &Stub::RecordCallback, ticket, callback));
  pb::ReopenTicketRequest reopen;
  reopen.set_reason("灯仍不亮");
  ticket = Get(Act("caller", &Stub::ReopenTicket, ticket, reopen));
  EXPECT_EQ(ticket.cycle(), 2);
  EXPECT_EQ(ticket.lead_unit(), UnitOf("江北区市政局"));
  EXPECT_EQ(ticket.deadline().start_time().seconds(), absl::ToUnixSeconds(At(2015, 8, 3, 10)));

  ticket = Review("district", SubmitResult("lighting", Acknowledge("lighting", ticket)));
  EXPECT_EQ(ticket.answers_size(), 2);
  EXPECT_THAT(Act("caller", &Stub::CloseTicket, ticket),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("EVALUATION_MISSING")));
  callback.set_resolved(pb::Callback::YES);
  callback.set_satisfaction(pb::SATISFIED);
  ticket = Get(Act("caller", &Stub::RecordCallback, ticket, callback));
  ticket = Get(Act("caller", &Stub::CloseTicket, ticket));
  EXPECT_EQ(ticket.state(), pb::Ticket::CLOSED);
  EXPECT_EQ(ticket.close_reason(), pb::Ticket::EVALUATED);

  // What was stored is what was said.
  pb::GetTicketRequest get;
  get.set_name(ticket.name());
  EXPECT_THAT(Get(Call("leader", &Stub::GetTicket, get)), EqualsProto(ticket));
  const pb::TicketProgress progress = Get(Track(ticket.number()));
  EXPECT_EQ(progress.steps_size(), 17);
  EXPECT_EQ(progress.steps(0).kind(), pb::TicketChange::SUBMITTED);
  EXPECT_EQ(progress.steps(5).unit_display_name(), "江北区");
  EXPECT_EQ(progress.steps(5).lead_unit_display_name(), "江北区市政局");
  EXPECT_EQ(progress.state(), pb::Ticket::CLOSED);
  pb::ListTicketEventsRequest events;
  events.set_parent(ticket.name());
  const pb::ListTicketEventsResponse timeline =
      Get(Call("leader", &Stub::ListTicketEvents, events));
  ASSERT_EQ(timeline.events_size(), 17);
  for (int i = 0; i < timeline.events_size(); ++i) EXPECT_EQ(timeline.events(i).version(), i + 1);
  EXPECT_EQ(timeline.events(1).actor(), AccountOf("clerk"));
}

TEST_F(TicketServiceTest, AnHonestRetryGetsTheSameReplyAndChangesNothingTwice) {
  const pb::SubmitTicketRequest request = Lamp();
  const pb::Ticket ticket = Submit(request);
  EXPECT_THAT(Submit(request), EqualsProto(ticket));
  pb::AcceptTicketRequest accept;
  accept.set_request_id(NewRequestId());
  const pb::Ticket accepted = Get(Act("clerk", &Stub::AcceptTicket, ticket, accept));
  EXPECT_THAT(Get(Act("clerk", &Stub::AcceptTicket, ticket, accept)), EqualsProto(accepted));
  EXPECT_EQ(Count("tickets"), 1);
  EXPECT_EQ(Count("events"), 2);
  accept.set_urgency(pb::Ticket::URGENT);
  EXPECT_THAT(Act("clerk", &Stub::AcceptTicket, ticket, accept),
              StatusIs(absl::StatusCode::kInvalidArgument, HasReason("REQUEST_ID_REUSED")));
}

TEST_F(TicketServiceTest, AStaleEtagIsRefusedAndChangesNothing) {
  const pb::Ticket ticket = Accept(Submit());
  pb::DispatchTicketRequest dispatch;
  dispatch.set_lead_unit(UnitOf("观音桥街道"));
  dispatch.set_etag("\"1\"");
  EXPECT_THAT(Act("clerk", &Stub::DispatchTicket, ticket, dispatch),
              StatusIs(absl::StatusCode::kAborted, HasReason("ETAG_MISMATCH")));
  dispatch.set_etag(ticket.etag());
  EXPECT_THAT(Act("clerk", &Stub::DispatchTicket, ticket, dispatch), IsOk());
  EXPECT_EQ(Count("assignments"), 1);
}

TEST_F(TicketServiceTest, ARefusalNeedsTwoAccountsAndAcceptanceOverrulesIt) {
  pb::RefuseTicketRequest refuse;
  refuse.set_reason(pb::Refusal::EMERGENCY_SERVICES);
  refuse.set_explanation("请拨打 119");
  refuse.set_other_route("119");
  pb::Ticket ticket = Submit();
  EXPECT_THAT(Act("clerk2", &Stub::ConfirmRefusal, ticket),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("REFUSAL_NOT_PROPOSED")));
  ticket = Get(Act("clerk", &Stub::RefuseTicket, ticket, refuse));
  EXPECT_EQ(ticket.state(), pb::Ticket::REGISTERED);
  EXPECT_THAT(Act("clerk", &Stub::ConfirmRefusal, ticket),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("SECOND_ACCOUNT_NEEDED")));
  EXPECT_FALSE(Get(Track(ticket.number())).has_refusal());
  ticket = Get(Act("clerk2", &Stub::ConfirmRefusal, ticket));
  EXPECT_EQ(ticket.state(), pb::Ticket::NOT_ACCEPTED);
  const pb::TicketProgress progress = Get(Track(ticket.number()));
  EXPECT_EQ(progress.refusal().other_route(), "119");
  EXPECT_EQ(progress.refusal().proposer(), "");
  EXPECT_THAT(Act("clerk", &Stub::AcceptTicket, ticket),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("TICKET_STATE")));

  pb::Ticket other = Submit();
  other = Accept(Get(Act("clerk", &Stub::RefuseTicket, other, refuse)));
  EXPECT_EQ(other.state(), pb::Ticket::ACCEPTED);
  EXPECT_FALSE(other.has_refusal());
}

TEST_F(TicketServiceTest, AGrantedReturnGoesBackToTheDispatchingUnitWhichPassesItOn) {
  pb::RequestReturnRequest ask;
  ask.set_basis("不属本单位职责");
  pb::Ticket ticket = Get(Act("lighting", &Stub::RequestReturn, AtLighting(), ask));
  pb::AdjudicateReturnRequest rule;
  rule.set_ruling(pb::ReturnRequest::GRANTED);
  rule.set_reason("确属误派");
  rule.set_lead_unit(UnitOf("江北区市政局"));
  EXPECT_THAT(Act("district", &Stub::AdjudicateReturn, ticket, rule),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("TARGET_UNIT_INVALID")));
  rule.set_lead_unit(UnitOf("渝北区"));
  EXPECT_THAT(Act("district", &Stub::AdjudicateReturn, ticket, rule),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("TARGET_UNIT_INVALID")));
  rule.clear_lead_unit();
  ticket = Get(Act("district", &Stub::AdjudicateReturn, ticket, rule));
  EXPECT_EQ(ticket.lead_unit(), UnitOf("江北区"));
  ticket = Dispatch("district", ticket, "观音桥街道");
  EXPECT_EQ(ticket.lead_unit(), UnitOf("观音桥街道"));
  EXPECT_EQ(Count("assignments WHERE live_lead IS NOT NULL"), 1);
}

TEST_F(TicketServiceTest, NobodyJudgesTheirOwnWork) {
  const pb::Ticket submitted = SubmitResult("lighting", AtLighting());
  pb::ReviewTicketRequest review;
  review.set_decision(pb::Review::APPROVE);
  // The handling unit's own dispatcher, and one whose grant is elsewhere, get the answer of the
  // absent.
  EXPECT_THAT(Act("lighting", &Stub::ReviewTicket, submitted, review),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(Act("town", &Stub::ReviewTicket, submitted, review),
              StatusIs(absl::StatusCode::kPermissionDenied));
  review.set_decision(pb::Review::SEND_BACK);
  EXPECT_THAT(Act("district", &Stub::ReviewTicket, submitted, review),
              StatusIs(absl::StatusCode::kInvalidArgument));
  review.set_reason("未见现场照片");
  pb::Ticket ticket = Get(Act("mayor", &Stub::ReviewTicket, submitted, review));
  EXPECT_EQ(ticket.state(), pb::Ticket::IN_PROGRESS);
  EXPECT_EQ(ticket.assignments(3).state(), pb::Assignment::REWORK);

  // Someone above may both handle and review, but not the same ticket.
  TreeBuilder more;
  more.Grant("busy", rpc::v1::HANDLER, "江北区").Grant("busy", rpc::v1::DISPATCHER, "江北区");
  Learn(more);
  ticket = SubmitResult("busy", ticket);
  review.set_decision(pb::Review::APPROVE);
  EXPECT_THAT(Act("busy", &Stub::ReviewTicket, ticket, review),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("HANDLER_NOT_INDEPENDENT")));
  EXPECT_THAT(Act("district", &Stub::ReviewTicket, ticket, review), IsOk());
}

TEST_F(TicketServiceTest, WhatACommunityHandlesItselfIsReviewedFromAbove) {
  TreeBuilder more;
  more.Grant("hand", rpc::v1::HANDLER, "建新社区").Grant("chief", rpc::v1::DISPATCHER, "建新社区");
  Learn(more);
  const pb::Ticket ticket =
      SubmitResult("hand", Acknowledge("hand", Dispatch("clerk", Accept(Submit()), "建新社区")));
  pb::ReviewTicketRequest review;
  review.set_decision(pb::Review::APPROVE);
  EXPECT_THAT(Act("chief", &Stub::ReviewTicket, ticket, review),
              StatusIs(absl::StatusCode::kPermissionDenied, HasReason("HANDLER_NOT_INDEPENDENT")));
  EXPECT_THAT(Act("town", &Stub::ReviewTicket, ticket, review), IsOk());
}

TEST_F(TicketServiceTest, TheSecondReopeningGoesOneLevelUp) {
  pb::ReopenTicketRequest reopen;
  reopen.set_reason("仍未解决");
  pb::Ticket ticket = Get(Act("caller", &Stub::ReopenTicket, Answered(), reopen));
  ticket = Review("district", SubmitResult("lighting", Acknowledge("lighting", ticket)));
  ticket = Get(Act("caller", &Stub::ReopenTicket, ticket, reopen));
  EXPECT_EQ(ticket.cycle(), 3);
  EXPECT_EQ(ticket.lead_unit(), UnitOf("江北区"));
  EXPECT_EQ(ticket.dispatching_unit(), UnitOf("重庆市"));
}

TEST_F(TicketServiceTest, ADeadlineExplainsItself) {
  pb::ExplainDeadlineRequest request;
  const pb::Ticket ticket = Dispatch("clerk", Accept(Submit()), "观音桥街道");
  request.set_name(ticket.name());
  const pb::DeadlineExplanation explanation = Get(Call("leader", &Stub::ExplainDeadline, request));
  EXPECT_THAT(explanation.deadline(), EqualsProto(ticket.deadline()));
  EXPECT_GE(explanation.steps_size(), 3);
  EXPECT_THAT(explanation.policy(), HasSubstr("默认时限"));
  request.set_name(Answered().name());
  EXPECT_THAT(Call("leader", &Stub::ExplainDeadline, request),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasReason("NO_DEADLINE")));
}

TEST_F(TicketServiceTest, ClassesAreShownToEverybodyPageByPage) {
  const auto stub = pb::TicketClassService::NewStub(service_->channel());
  pb::ListTicketClassesRequest request;
  request.set_page_size(20);
  int classes = 0;
  int assignable = 0;
  do {
    pb::ListTicketClassesResponse response;
    ASSERT_THAT(stub->ListTicketClasses(service_->As("").get(), request, &response), IsOk());
    classes += response.ticket_classes_size();
    for (const pb::TicketClass& c : response.ticket_classes()) assignable += c.assignable() ? 1 : 0;
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(classes, Count("ticket_classes"));
  EXPECT_EQ(assignable, classes - 13);
  pb::ListDeadlinePoliciesResponse policies;
  ASSERT_THAT(stub->ListDeadlinePolicies(service_->As(AccountOf("clerk")).get(), {}, &policies),
              IsOk());
  EXPECT_EQ(policies.deadline_policies_size(), 3);
  EXPECT_THAT(stub->ListDeadlinePolicies(service_->As("").get(), {}, &policies),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

}  // namespace
}  // namespace qungong::ticket
