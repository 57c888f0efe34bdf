// Every service of a package is registered, and each of its methods overridden: what is not answers
// UNIMPLEMENTED. The list of methods comes from the contracts, not from what is linked: a service
// that nobody registers would be missing there too.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "org-service/people_wiring.h"
#include "org-service/tree_wiring.h"
#include "runtime/civil.h"
#include "runtime/ids.h"
#include "runtime/status.h"
#include "tests/support/contracts.h"
#include "tests/support/matchers.h"
#include "tests/support/service_fixture.h"
#include "ticket-service/wire.h"

namespace qungong {

absl::Span<const Migration> OrgMigrations();
absl::Span<const Migration> TicketMigrations();
absl::Span<const Migration> AppraisalMigrations();

namespace {

using ::qungong::testing::Describe;
using ::qungong::testing::TestService;
using ::testing::IsEmpty;

// Holds every role at the top.
constexpr char kEverything[] = "accounts/00000000-0000-4000-8000-000000000001";

absl::StatusOr<Wiring> WireOrg(Chassis& chassis) {
  Wiring wiring;
  RETURN_IF_ERROR(
      org::WirePeople(chassis, testing::TokenSigningKeyFile(), org::SessionLimits(), wiring));
  org::WireTree(chassis, wiring);
  return wiring;
}

absl::StatusOr<Wiring> WireTicket(Chassis& chassis) {
  Wiring wiring;
  ticket::WireTickets(chassis, wiring);
  return wiring;
}

absl::StatusOr<Wiring> WireAppraisal(Chassis&) { return Wiring(); }

struct Service {
  std::string name;
  absl::Span<const Migration> migrations;
  TestService::Wire wire;
};
void PrintTo(const Service& service, std::ostream* out) { *out << service.name; }

struct Method {
  std::string path;  // "/qungong.org.v1.UnitService/GetUnit"
  bool streams = false;
};

// The methods of the package's services, and of those that every service serves.
std::vector<Method> MethodsOf(const std::string& name) {
  std::vector<Method> methods;
  for (const std::string& package :
       {absl::StrCat("qungong.", name, ".v1"), std::string("qungong.rpc.v1")}) {
    for (const std::string& method : testing::MethodsOf(package))
      methods.push_back(
          {absl::StrCat("/", method), testing::FindMethod(method)->server_streaming()});
  }
  return methods;
}

// Sends one empty message, whatever the method takes and gives, and returns how the call ended.
absl::Status CallWithNothing(TestService& service, const Method& method,
                             absl::string_view principal) {
  grpc::GenericStub stub(service.channel());
  const auto context = service.As(principal);
  if (method.streams) context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(2)));
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(context.get(), method.path, &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  const grpc::Slice nothing;
  call->WriteLast(grpc::ByteBuffer(&nothing, 1), grpc::WriteOptions(), nullptr);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer answer;
  do {
    call->Read(&answer, nullptr);
    queue.Next(&tag, &ok);
  } while (ok);
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  return FromGrpcStatus(status);
}

// A service that is down or broken does not answer either; a stream may have nothing to say yet.
bool IsAnswer(const absl::Status& status, bool streams) {
  return status.ok() || absl::IsInvalidArgument(status) || absl::IsUnauthenticated(status) ||
         absl::IsPermissionDenied(status) || absl::IsNotFound(status) ||
         (streams && absl::IsDeadlineExceeded(status));
}

class EveryMethodTest : public ::testing::TestWithParam<Service> {};

TEST_P(EveryMethodTest, Answers) {
  TestService service(GetParam().name, GetParam().migrations, GetParam().wire);
  service.Reset();
  rpc::v1::DirectoryChange change;
  for (int role = 1; role < rpc::v1::Role_ARRAYSIZE; ++role) {
    if (!rpc::v1::Role_IsValid(role)) continue;
    rpc::v1::GrantRecord& grant = *change.add_grants();
    grant.set_name(ResourceName("grants", NameUuid(absl::StrCat("role ", role))));
    grant.set_principal(kEverything);
    grant.set_role(static_cast<rpc::v1::Role>(role));
    grant.set_node(ResourceName("units", NameUuid("the top")));
    grant.mutable_valid()->set_to_day(kNoEndDay);
  }
  service.ApplyDirectory(change);
  const std::vector<Method> methods = MethodsOf(GetParam().name);
  ASSERT_THAT(methods, Not(IsEmpty()));
  for (const Method& method : methods) {
    for (const char* principal : {"", kEverything}) {
      const absl::Status status = CallWithNothing(service, method, principal);
      EXPECT_TRUE(IsAnswer(status, method.streams))
          << method.path << " as '" << principal << "': " << Describe(status);
    }
  }
  EXPECT_EQ(CallWithNothing(service, {"/qungong.rpc.v1.FeedService/NoMethod"}, "").code(),
            absl::StatusCode::kUnimplemented);
}

INSTANTIATE_TEST_SUITE_P(, EveryMethodTest,
                         ::testing::Values(Service{"org", OrgMigrations(), WireOrg},
                                           Service{"ticket", TicketMigrations(), WireTicket},
                                           Service{"appraisal", AppraisalMigrations(),
                                                   WireAppraisal}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qungong
