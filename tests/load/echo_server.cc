#include "tests/load/echo_server.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "qungong/ticket/v1/ticket_service.grpc.pb.h"

namespace qungong::load {
namespace {

namespace pb = ticket::v1;

class Echo final : public pb::TicketService::CallbackService {
  grpc::ServerUnaryReactor* TrackTicket(grpc::CallbackServerContext* context,
                                        const pb::TrackTicketRequest* request,
                                        pb::TicketProgress* response) override {
    response->set_number(request->number());
    response->set_state(pb::Ticket::REGISTERED);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int ServeEcho(int port) {
  Echo echo;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), grpc::InsecureServerCredentials());
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
  return 0;
}

ticket::v1::TrackTicketRequest EchoRequest() {
  pb::TrackTicketRequest request;
  request.set_number("QG20150730-500105-000123-7");
  request.set_tracking_code("0123456789ABCDEF");
  return request;
}

}  // namespace qungong::load
