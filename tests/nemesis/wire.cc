#include "tests/nemesis/wire.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "runtime/channel.h"
#include "runtime/ids.h"
#include "runtime/status.h"
#include "tests/support/service_fixture.h"

namespace qungong::nemesis {
namespace {

using google::protobuf::Message;

std::unique_ptr<TokenSigner> Signer() {
  auto signer = TokenSigner::FromFile(testing::TokenSigningKeyFile());
  if (signer.ok()) return *std::move(signer);
  std::fprintf(stderr, "nemesis: %s\n", signer.status().ToString().c_str());
  std::exit(2);
}

std::shared_ptr<grpc::Channel> ChannelOf(const std::string& target, bool retries) {
  grpc::ChannelArguments arguments = MakeChannelArguments();
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, retries ? 1 : 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

Wire::Wire(const std::string& org, const std::string& ticket_a, const std::string& ticket_b)
    : signer_(Signer()) {
  const std::string both = absl::StrCat("ipv4:", ticket_a, ",", ticket_b);
  for (const auto& [target, retries] :
       {std::pair(both, true), std::pair(both, false), std::pair("ipv4:" + ticket_a, false),
        std::pair("ipv4:" + ticket_b, false)}) {
    ticket_.push_back(std::make_unique<Stub>(ChannelOf(target, retries)));
    org_.push_back(std::make_unique<Stub>(ChannelOf("ipv4:" + org, retries)));
  }
}

std::string Wire::TokenOf(const std::string& principal) {
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mutex_);
  auto& [token, made] = tokens_[principal];
  if (token.empty() || made + absl::Minutes(5) < now) {
    token = signer_->Sign({principal, "", now, now + absl::Minutes(15)}).value();
    made = now;
  }
  return token;
}

absl::StatusOr<MessagePtr> Wire::Call(const std::string& method, const std::string& principal,
                                      const Message& request, absl::Duration deadline,
                                      Route route) {
  const std::string package = request.GetDescriptor()->file()->package();
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrCat(package, ".", absl::StrReplaceAll(method, {{"/", "."}})));
  if (descriptor == nullptr) return absl::InvalidArgumentError("no method " + method);
  MessagePtr reply(google::protobuf::MessageFactory::generated_factory()
                       ->GetPrototype(descriptor->output_type())
                       ->New());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
  if (!principal.empty())
    context.AddMetadata("authorization", absl::StrCat("Bearer ", TokenOf(principal)));
  auto& stubs = package == "qungong.org.v1" ? org_ : ticket_;
  absl::Notification done;
  grpc::Status status;
  stubs[route]->UnaryCall(&context, absl::StrCat("/", package, ".", method), {}, &request,
                          reply.get(), [&](const grpc::Status& ended) {
                            status = ended;
                            done.Notify();
                          });
  done.WaitForNotification();
  if (!status.ok()) return FromGrpcStatus(status);
  return reply;
}

MessagePtr Wire::Send(History& history, Write* write, const std::string& request_id,
                      absl::Duration deadline, Route route, bool quiet) {
  const MessagePtr request(write->request->New());
  request->CopyFrom(*write->request);
  request->GetReflection()->SetString(
      request.get(), request->GetDescriptor()->FindFieldByName("request_id"), request_id);
  history.Begin(write, request_id);
  absl::StatusOr<MessagePtr> reply =
      Call(write->method, write->principal, *request, deadline, route);
  history.End(write, reply.status(), reply.ok() ? reply->get() : nullptr, quiet);
  return reply.ok() ? *std::move(reply) : nullptr;
}

std::string NewRequestId() { return NewUuidV7(absl::Now()).ToString(); }

}  // namespace qungong::nemesis
