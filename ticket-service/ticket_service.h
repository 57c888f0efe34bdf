// The table of contents of the ticket API: one line per RPC.
#ifndef QUNGONG_TICKET_SERVICE_TICKET_SERVICE_H_
#define QUNGONG_TICKET_SERVICE_TICKET_SERVICE_H_

#include "qungong/ticket/v1/ticket_class_service.grpc.pb.h"
#include "qungong/ticket/v1/ticket_service.grpc.pb.h"
#include "runtime/rpc.h"
#include "ticket-service/citizen_handlers.h"
#include "ticket-service/class_handlers.h"
#include "ticket-service/handling_handlers.h"
#include "ticket-service/intake_handlers.h"
#include "ticket-service/review_handlers.h"
#include "ticket-service/ticket_handlers.h"

namespace qungong::ticket {

class TicketService final : public v1::TicketService::CallbackService {
 public:
  TicketService(Chassis& chassis, CitizenHandlers& citizen)
      : rpc_(chassis, v1::TicketService::service_full_name()), citizen_(citizen) {}

  Reactor* SubmitTicket(Context* c, const v1::SubmitTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, citizen_, &CitizenHandlers::SubmitTicket);
  }
  Reactor* TrackTicket(Context* c, const v1::TrackTicketRequest* q,
                       v1::TicketProgress* r) override {
    return rpc_.Direct(__func__, c, q, r, citizen_, &CitizenHandlers::TrackTicket);
  }
  Reactor* GetTicket(Context* c, const v1::GetTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Read(__func__, c, q, r, tickets_, &TicketHandlers::GetTicket);
  }
  Reactor* ListTickets(Context* c, const v1::ListTicketsRequest* q,
                       v1::ListTicketsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, tickets_, &TicketHandlers::ListTickets);
  }
  Reactor* ListTicketEvents(Context* c, const v1::ListTicketEventsRequest* q,
                            v1::ListTicketEventsResponse* r) override {
    return rpc_.Read(__func__, c, q, r, tickets_, &TicketHandlers::ListTicketEvents);
  }
  Reactor* ExplainDeadline(Context* c, const v1::ExplainDeadlineRequest* q,
                           v1::DeadlineExplanation* r) override {
    return rpc_.Read(__func__, c, q, r, tickets_, &TicketHandlers::ExplainDeadline);
  }
  Reactor* AcceptTicket(Context* c, const v1::AcceptTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, intake_, &IntakeHandlers::AcceptTicket);
  }
  Reactor* RefuseTicket(Context* c, const v1::RefuseTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, intake_, &IntakeHandlers::RefuseTicket);
  }
  Reactor* ConfirmRefusal(Context* c, const v1::ConfirmRefusalRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, intake_, &IntakeHandlers::ConfirmRefusal);
  }
  Reactor* DispatchTicket(Context* c, const v1::DispatchTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, intake_, &IntakeHandlers::DispatchTicket);
  }
  Reactor* AcknowledgeTicket(Context* c, const v1::AcknowledgeTicketRequest* q,
                             v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, handling_, &HandlingHandlers::AcknowledgeTicket);
  }
  Reactor* DelegateTicket(Context* c, const v1::DelegateTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, handling_, &HandlingHandlers::DelegateTicket);
  }
  Reactor* EscalateTicket(Context* c, const v1::EscalateTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, handling_, &HandlingHandlers::EscalateTicket);
  }
  Reactor* RequestReturn(Context* c, const v1::RequestReturnRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, handling_, &HandlingHandlers::RequestReturn);
  }
  Reactor* AdjudicateReturn(Context* c, const v1::AdjudicateReturnRequest* q,
                            v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, handling_, &HandlingHandlers::AdjudicateReturn);
  }
  Reactor* SubmitForReview(Context* c, const v1::SubmitForReviewRequest* q,
                           v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, handling_, &HandlingHandlers::SubmitForReview);
  }
  Reactor* ReviewTicket(Context* c, const v1::ReviewTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, review_, &ReviewHandlers::ReviewTicket);
  }
  Reactor* RecordCallback(Context* c, const v1::RecordCallbackRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, review_, &ReviewHandlers::RecordCallback);
  }
  Reactor* CloseTicket(Context* c, const v1::CloseTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, review_, &ReviewHandlers::CloseTicket);
  }
  Reactor* ReopenTicket(Context* c, const v1::ReopenTicketRequest* q, v1::Ticket* r) override {
    return rpc_.Mutate(__func__, c, q, r, review_, &ReviewHandlers::ReopenTicket);
  }
  Reactor* RateTicket(Context* c, const v1::RateTicketRequest* q, v1::TicketProgress* r) override {
    return rpc_.Mutate(__func__, c, q, r, citizen_, &CitizenHandlers::RateTicket);
  }
  Reactor* WithdrawTicket(Context* c, const v1::WithdrawTicketRequest* q,
                          v1::TicketProgress* r) override {
    return rpc_.Mutate(__func__, c, q, r, citizen_, &CitizenHandlers::WithdrawTicket);
  }

 private:
  Rpc rpc_;
  CitizenHandlers& citizen_;
  IntakeHandlers intake_;
  HandlingHandlers handling_;
  ReviewHandlers review_;
  TicketHandlers tickets_;
};

class TicketClassService final : public v1::TicketClassService::CallbackService {
 public:
  explicit TicketClassService(Chassis& chassis)
      : rpc_(chassis, v1::TicketClassService::service_full_name()) {}

  Reactor* ListTicketClasses(Context* c, const v1::ListTicketClassesRequest* q,
                             v1::ListTicketClassesResponse* r) override {
    return rpc_.Read(__func__, c, q, r, classes_, &ClassHandlers::ListTicketClasses);
  }
  Reactor* ListDeadlinePolicies(Context* c, const v1::ListDeadlinePoliciesRequest* q,
                                v1::ListDeadlinePoliciesResponse* r) override {
    return rpc_.Read(__func__, c, q, r, classes_, &ClassHandlers::ListDeadlinePolicies);
  }

 private:
  Rpc rpc_;
  ClassHandlers classes_;
};

}  // namespace qungong::ticket

#endif  // QUNGONG_TICKET_SERVICE_TICKET_SERVICE_H_
