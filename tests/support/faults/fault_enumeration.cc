#include "tests/support/faults/fault_enumeration.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "runtime/status.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr int kMostStatements = 200;

// How many fields a reply has, and its etag.
std::string ShapeOf(const MethodDescriptor* method, const std::string& bytes) {
  google::protobuf::DynamicMessageFactory messages;
  const std::unique_ptr<google::protobuf::Message> reply(
      messages.GetPrototype(method->output_type())->New());
  if (!reply->ParseFromString(bytes)) return "unreadable";
  std::vector<const FieldDescriptor*> fields;
  reply->GetReflection()->ListFields(*reply, &fields);
  const FieldDescriptor* etag = method->output_type()->FindFieldByName("etag");
  return absl::StrCat(
      fields.size(), " fields",
      etag == nullptr ? ""
                      : absl::StrCat(", etag ", reply->GetReflection()->GetString(*reply, etag)));
}

}  // namespace

Send Sending(TestService& service, const std::string& method, absl::string_view principal,
             const google::protobuf::Message& request) {
  return [&service, path = absl::StrCat("/", method), principal = std::string(principal),
          bytes =
              request.SerializeAsString()](absl::Duration deadline) -> absl::StatusOr<std::string> {
    grpc::GenericStub stub(service.channel());
    const auto context = service.As(principal);
    context->set_deadline(absl::ToChronoTime(absl::Now() + deadline));
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer asked(&slice, 1);
    grpc::ByteBuffer answered;
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareUnaryCall(context.get(), path, asked, &queue);
    grpc::Status status;
    call->StartCall();
    call->Finish(&answered, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    if (!status.ok()) return FromGrpcStatus(status);
    grpc::Slice reply;
    if (!answered.DumpToSingleSlice(&reply).ok()) return absl::InternalError("no reply");
    return std::string(reinterpret_cast<const char*>(reply.begin()), reply.size());
  };
}

struct FaultEnumeration::Fault {
  const char* name;
  int error;  // the driver's; 0: a stall of 200 ms while the client waits for 100 ms
  bool after;
};

struct FaultEnumeration::Trace {
  bool struck = false;
  int statements = 0;
  absl::StatusOr<std::string> first = absl::UnknownError("not sent");
  absl::StatusOr<std::string> retry = absl::UnknownError("not sent");
  std::map<std::string, int64_t> growth;  // rows by table and events by kind
};

FaultEnumeration::FaultEnumeration(TestService& service, std::string schema,
                                   std::vector<std::string> invariants,
                                   std::vector<std::string> unsettled)
    : service_(service), schema_(std::move(schema)), invariants_(std::move(invariants)) {
  for (const mysql::Row& row : MariaDb::Get().Query(absl::StrCat(
           "SELECT table_name FROM information_schema.tables WHERE table_schema = 'qungong_",
           schema_, "' ORDER BY table_name"))) {
    const std::string table = row.String(0);
    if (std::find(unsettled.begin(), unsettled.end(), table) == unsettled.end())
      tables_.push_back(table);
  }
}

std::map<std::string, int64_t> FaultEnumeration::CountRows() {
  std::map<std::string, int64_t> counts;
  const std::string sql =
      absl::StrJoin(tables_, " UNION ALL ", [&](std::string* out, const std::string& table) {
        absl::StrAppend(out, "SELECT '", table, "', COUNT(*) FROM qungong_", schema_, ".", table);
      });
  for (const mysql::Row& row : MariaDb::Get().Query(sql)) counts[row.String(0)] = row.Int64(1);
  for (const mysql::Row& row : MariaDb::Get().Query(
           absl::StrCat("SELECT kind, COUNT(*) FROM qungong_", schema_, ".events GROUP BY kind"))) {
    counts[absl::StrCat("event ", row.String(0))] = row.Int64(1);
  }
  return counts;
}

FaultEnumeration::Trace FaultEnumeration::Observe(const Send& send, const Fault* fault, int at) {
  Trace trace;
  const auto before = CountRows();
  std::atomic<int> seen = 0;
  std::atomic<bool> struck = false;
  service_.SetFault([&](absl::string_view, bool after) -> absl::Status {
    if (struck) return absl::OkStatus();
    const int n = after ? seen.load() : ++seen;
    if (fault == nullptr || n != at || after != fault->after) return absl::OkStatus();
    struck = true;
    if (fault->error != 0) return mysql::StatusFromDriver(fault->error, "HY000", "planted");
    absl::SleepFor(absl::Milliseconds(200));
    return absl::OkStatus();
  });
  const bool stall = fault != nullptr && fault->error == 0;
  trace.first = send(stall ? absl::Milliseconds(100) : kPatience);
  trace.struck = struck;
  trace.statements = seen;
  trace.retry = send(kPatience);
  service_.SetFault(nullptr);
  auto after = CountRows();
  for (const auto& [what, count] : after) {
    const auto it = before.find(what);
    const int64_t grown = count - (it == before.end() ? 0 : it->second);
    if (grown != 0) trace.growth[what] = grown;
  }
  return trace;
}

std::string FaultEnumeration::Compare(const Trace& reference, const Trace& trace) {
  if (!trace.retry.ok()) return absl::StrCat("the retry failed: ", Describe(trace.retry.status()));
  if (trace.first.ok() && *trace.first != *trace.retry) return "the retry got another reply";
  if (trace.growth != reference.growth) {
    const auto text = [](const std::map<std::string, int64_t>& growth) {
      return absl::StrJoin(growth, ", ", absl::PairFormatter(" +"));
    };
    return absl::StrCat("the effect was [", text(trace.growth), "], not [", text(reference.growth),
                        "]");
  }
  return "";
}

std::vector<std::string> FaultEnumeration::Run(const std::string& method, const Prepare& prepare) {
  constexpr Fault kFaults[] = {{"deadlock", 1213, false},
                               {"lock wait timeout", 1205, false},
                               {"snapshot conflict", 1020, false},
                               {"connection lost before", 2013, false},
                               {"connection lost after", 2013, true},
                               {"stall", 0, false}};
  std::vector<std::string> wrong;
  const Trace reference = Observe(prepare(), nullptr, 0);
  if (!reference.first.ok())
    return {absl::StrCat("without a fault: ", Describe(reference.first.status()))};
  if (const std::string found = Compare(reference, reference); !found.empty())
    return {absl::StrCat("without a fault: ", found)};
  const auto* descriptor = FindMethod(method);
  const std::string shape = ShapeOf(descriptor, *reference.first);
  for (const Fault& fault : kFaults) {
    int at = 1;
    for (; at <= kMostStatements; ++at) {
      const Trace trace = Observe(prepare(), &fault, at);
      // Beyond the last statement, unless a busy machine let the time run out before this one.
      if (!trace.struck && (fault.error != 0 || at > reference.statements)) break;
      planted_ += trace.struck ? 1 : 0;
      std::string found = Compare(reference, trace);
      if (found.empty() && ShapeOf(descriptor, *trace.retry) != shape)
        found = "the reply is of another shape";
      if (!found.empty())
        wrong.push_back(absl::StrCat(fault.name, " at statement ", at, ": ", found));
    }
    for (const std::string& question : invariants_) {
      if (const int64_t count = service_.Count(question); count != 0)
        wrong.push_back(absl::StrCat(fault.name, ": ", count, " ", question));
    }
    // BEGIN, the key, the effect, the event and COMMIT at the least.
    if (at <= 5 || at > kMostStatements)
      wrong.push_back(absl::StrCat(fault.name, ": planted at ", at - 1, " statements only"));
  }
  return wrong;
}

}  // namespace qungong::testing
