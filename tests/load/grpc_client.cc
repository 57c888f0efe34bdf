#include "tests/load/grpc_client.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"
#include "qungong/ticket/v1/statistics_service.grpc.pb.h"
#include "qungong/ticket/v1/ticket_service.grpc.pb.h"
#include "tests/load/echo_server.h"

namespace qungong::load {
namespace {

namespace pb = ticket::v1;

std::shared_ptr<grpc::Channel> Connection(int port) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                   grpc::InsecureChannelCredentials(), arguments);
}

// One method of a stub. Make gives the request of the next call.
template <typename Stub, typename Request, typename Response, typename Make>
class Unary : public Client {
 public:
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  Unary(int port, const std::string& token, Method method, Make make)
      : stub_(Connection(port)),
        authorization_(token.empty() ? "" : absl::StrCat("Bearer ", token)),
        method_(method),
        make_(std::move(make)) {}

  std::string Call() override {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    if (!authorization_.empty()) context.AddMetadata("authorization", authorization_);
    Response response;
    const grpc::Status status = (stub_.*method_)(&context, make_(), &response);
    return status.ok() ? ""
                       : absl::StrCat("gRPC ", static_cast<int>(status.error_code()), " ",
                                      status.error_message());
  }

 private:
  Stub stub_;
  const std::string authorization_;
  const Method method_;
  const Make make_;
};

template <typename Stub, typename Request, typename Response, typename Make>
std::unique_ptr<Client> MakeUnary(int port, const std::string& token,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  Make make) {
  return std::make_unique<Unary<Stub, Request, Response, Make>>(port, token, method,
                                                                std::move(make));
}

}  // namespace

std::unique_ptr<Client> GrpcSubmit(const World& world) {
  return MakeUnary(world.ticket_service_port(), "", &pb::TicketService::Stub::SubmitTicket,
                   [&world] { return NewSubmission(world); });
}

std::unique_ptr<Client> GrpcGet(const World& world) {
  return MakeUnary(world.ticket_service_port(), world.token, &pb::TicketService::Stub::GetTicket,
                   [&world] {
                     pb::GetTicketRequest request;
                     request.set_name(AnyTicket(world));
                     return request;
                   });
}

std::unique_ptr<Client> GrpcList(const World& world) {
  return MakeUnary(world.ticket_service_port(), world.token, &pb::TicketService::Stub::ListTickets,
                   [] { return ListQuestion(); });
}

std::unique_ptr<Client> GrpcDashboard(const World& world) {
  return MakeUnary(world.ticket_service_port(), world.token,
                   &pb::StatisticsService::Stub::GetStatistics,
                   [&world] { return DashboardQuestion(world); });
}

std::unique_ptr<Client> GrpcEcho(int port) {
  return MakeUnary(port, "", &pb::TicketService::Stub::TrackTicket, [] { return EchoRequest(); });
}

}  // namespace qungong::load
