// What happens to tickets.
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "tests/nemesis/clients.h"
#include "ticket-service/ticket_rules.h"
#include "ticket-service/tracking_code.h"

namespace qungong::nemesis {
namespace {

namespace pb = ticket::v1;

// 16 characters of Crockford's base 32.
std::string NewCode(Random& random) {
  constexpr absl::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string code;
  for (int i = 0; i < 16; ++i)
    code.push_back(kAlphabet[static_cast<size_t>(Between(random, 0, 31))]);
  return code;
}

std::string Method(absl::string_view method) { return absl::StrCat("TicketService/", method); }

}  // namespace

void TicketClient::Learn(const Write& write, const google::protobuf::Message& reply) {
  if (reply.GetTypeName() != pb::Ticket::descriptor()->full_name()) return;
  const auto& ticket = static_cast<const pb::Ticket&>(reply);
  if (write.method != Method("SubmitTicket")) return world_.board.Learn(ticket);
  // The code is where only its citizen would look for it.
  world_.board.Add(ticket, ticket.original().place_detail());
}

template <typename Request>
Request TicketClient::About(const Board::Card& card) {
  Request request;
  request.set_name(card.ticket.name());
  if (card.certain && Chance(random_, 50)) request.set_etag(card.ticket.etag());
  return request;
}

template <typename Request>
void TicketClient::Do(const char* method, const std::vector<std::string>& who, Request request,
                      const std::string& marker) {
  Send(NewWrite(Method(method), OneOf(random_, who), std::move(request), marker));
}

void TicketClient::Step() {
  const std::optional<Board::Card> card = world_.board.Draw(random_);
  if (!card.has_value() || Chance(random_, 12)) return Submit();
  if (Chance(random_, 25)) return Look(*card);
  Act(*card);
}

void TicketClient::Submit() {
  static constexpr std::array<const char*, 4> kClasses = {"0101", "0102", "0401", "1301"};
  const std::string marker = NewMarker();
  const std::string code = NewCode(random_);
  pb::SubmitTicketRequest request;
  request.set_tracking_hash(ticket::TrackingHash(code).value());
  request.set_channel(pb::Ticket::WEB);
  request.set_division(OneOf(random_, world_.city.communities));
  request.set_ticket_class(
      absl::StrCat("ticketClasses/", kClasses[static_cast<size_t>(Between(random_, 0, 3))]));
  request.set_urgency(Chance(random_, 40) ? pb::Ticket::EMERGENCY : pb::Ticket::NORMAL);
  request.set_title("路灯不亮");
  request.set_content(marker);
  request.set_place_detail(code);
  Send(NewWrite(Method("SubmitTicket"), "", request, marker));
}

// Whoever was told of a version never sees an older one.
void TicketClient::Look(const Board::Card& card) {
  const std::string& reader = OneOf(random_, world_.city.reviewers);
  const int64_t known = world_.board.VersionOf(card.ticket.name());
  const int dice = Between(random_, 1, 4);
  if (dice == 1) {
    pb::TrackTicketRequest request;
    request.set_number(card.ticket.number());
    request.set_tracking_code(card.code);
    Read(Method("TrackTicket"), "", request).status().IgnoreError();
  } else if (dice == 2) {
    pb::ListTicketsRequest request;
    request.set_page_size(20);
    Read(Method("ListTickets"), reader, request).status().IgnoreError();
  } else if (dice == 3) {
    pb::ListTicketEventsRequest request;
    request.set_parent(card.ticket.name());
    Read(Method("ListTicketEvents"), reader, request).status().IgnoreError();
  } else {
    pb::GetTicketRequest request;
    request.set_name(card.ticket.name());
    const absl::StatusOr<MessagePtr> reply = Read(Method("GetTicket"), reader, request);
    if (!reply.ok()) return;
    const auto& ticket = static_cast<const pb::Ticket&>(**reply);
    if (nemesis::VersionOf(ticket.etag()) < known) {
      world_.history.Report("stale reads",
                            absl::StrCat(ticket.name(), " was read at ", ticket.etag(), " after ",
                                         known, " was acknowledged"));
    }
    world_.board.Learn(ticket);
  }
}

void TicketClient::Act(const Board::Card& card) {
  const City& city = world_.city;
  if (Chance(random_, 2)) return Withdraw(card);
  switch (card.ticket.state()) {
    case pb::Ticket::REGISTERED: {
      if (card.ticket.has_refusal() && Chance(random_, 50))
        return Do("ConfirmRefusal", city.clerks, About<pb::ConfirmRefusalRequest>(card));
      if (!Chance(random_, 8))
        return Do("AcceptTicket", city.clerks, About<pb::AcceptTicketRequest>(card));
      auto request = About<pb::RefuseTicketRequest>(card);
      request.set_reason(pb::Refusal::LITIGATION_OR_PETITION);
      request.set_explanation("此事正在法院审理。");
      request.set_other_route("请等待法院判决。");
      return Do("RefuseTicket", city.clerks, std::move(request));
    }
    case pb::Ticket::ACCEPTED: {
      const std::string marker = NewMarker();
      auto request = About<pb::DispatchTicketRequest>(card);
      request.set_lead_unit(world_.tree_moves ? OneOf(random_, city.towns)
                                              : city.superior.at(card.ticket.intake_unit()));
      request.set_instruction(marker);
      return Do("DispatchTicket", city.clerks, std::move(request), marker);
    }
    case pb::Ticket::IN_PROGRESS:
      return ActInProgress(card);
    case pb::Ticket::UNDER_REVIEW: {
      const std::string marker = NewMarker();
      auto request = About<pb::ReviewTicketRequest>(card);
      request.set_decision(Chance(random_, 80) ? pb::Review::APPROVE : pb::Review::SEND_BACK);
      request.set_reason(marker);
      return Do("ReviewTicket", city.reviewers, std::move(request), marker);
    }
    default:
      return Evaluate(card);
  }
}

void TicketClient::ActInProgress(const Board::Card& card) {
  const City& city = world_.city;
  const pb::Assignment* lead = ticket::LiveLead(card.ticket);
  if (lead == nullptr) return Look(card);
  if (lead->state() == pb::Assignment::RETURN_ASKED) {
    auto request = About<pb::AdjudicateReturnRequest>(card);
    request.set_ruling(Chance(random_, 50) ? pb::ReturnRequest::FORCED
                                           : pb::ReturnRequest::GRANTED);
    request.set_reason("裁决");
    return Do("AdjudicateReturn", city.reviewers, std::move(request));
  }
  if (lead->state() != pb::Assignment::PENDING_ACKNOWLEDGEMENT) return Handle(card);
  if (Chance(random_, 90))
    return Do("AcknowledgeTicket", city.handlers, About<pb::AcknowledgeTicketRequest>(card));
  const std::string marker = NewMarker();
  auto request = About<pb::RequestReturnRequest>(card);
  request.set_basis(marker);
  Do("RequestReturn", city.handlers, std::move(request), marker);
}

void TicketClient::Handle(const Board::Card& card) {
  const City& city = world_.city;
  const std::string marker = NewMarker();
  const auto below = city.inferior.find(card.ticket.lead_unit());
  if (below != city.inferior.end() && Chance(random_, 15)) {
    auto request = About<pb::DelegateTicketRequest>(card);
    request.set_lead_unit(below->second);
    request.set_instruction(marker);
    return Do("DelegateTicket", city.handlers, std::move(request), marker);
  }
  if (Chance(random_, 15)) {
    auto request = About<pb::EscalateTicketRequest>(card);
    request.set_reason(marker);
    return Do("EscalateTicket", city.handlers, std::move(request), marker);
  }
  auto request = About<pb::SubmitForReviewRequest>(card);
  request.set_result(marker);
  request.set_reply("路灯已修复。");
  Do("SubmitForReview", city.handlers, std::move(request), marker);
}

void TicketClient::Evaluate(const Board::Card& card) {
  const City& city = world_.city;
  const std::string marker = NewMarker();
  const int dice = Between(random_, 1, 100);
  if (dice <= 35) {
    auto request = About<pb::RecordCallbackRequest>(card);
    request.set_responded(pb::Callback::YES);
    request.set_resolved(Chance(random_, 70) ? pb::Callback::YES : pb::Callback::NO);
    request.set_satisfaction(pb::MOSTLY_SATISFIED);
    request.set_note(marker);
    return Do("RecordCallback", city.callers, std::move(request), marker);
  }
  if (dice <= 60) {
    pb::RateTicketRequest request;
    request.set_number(card.ticket.number());
    request.set_tracking_code(card.code);
    request.set_rating(Chance(random_, 60) ? pb::SATISFIED : pb::DISSATISFIED);
    const MessagePtr reply = Send(NewWrite(Method("RateTicket"), "", request));
    if (reply != nullptr)
      world_.board.LearnState(card.ticket.name(),
                              static_cast<const pb::TicketProgress&>(*reply).state());
    return;
  }
  if (dice <= 80) {
    auto request = About<pb::CloseTicketRequest>(card);
    request.set_explanation("已说明");
    return Do("CloseTicket", city.callers, std::move(request));
  }
  auto request = About<pb::ReopenTicketRequest>(card);
  request.set_reason(marker);
  Do("ReopenTicket", city.callers, std::move(request), marker);
}

void TicketClient::Withdraw(const Board::Card& card) {
  pb::WithdrawTicketRequest request;
  request.set_number(card.ticket.number());
  request.set_tracking_code(card.code);
  if (Send(NewWrite(Method("WithdrawTicket"), "", request)) != nullptr)
    world_.board.LearnState(card.ticket.name(), pb::Ticket::WITHDRAWN);
}

}  // namespace qungong::nemesis
