#include "tests/support/faults/effect.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "grpcpp/generic/generic_stub.h"
#include "runtime/status.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"

namespace qungong::testing {

using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

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

Send Sending(TestService& service, const std::string& method, absl::string_view principal,
             const google::protobuf::Message& request) {
  return [&service, path = absl::StrCat("/", method), principal = std::string(principal),
          bytes = request.SerializeAsString()](
             const std::shared_ptr<grpc::Channel>& replica,
             absl::Duration deadline) -> absl::StatusOr<std::string> {
    grpc::GenericStub stub(replica);
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

std::string Differs(const Effect& reference, const Effect& effect) {
  if (!effect.retry.ok())
    return absl::StrCat("the retry failed: ", Describe(effect.retry.status()));
  if (effect.first.ok() && *effect.first != *effect.retry) return "the retry got another reply";
  const auto text = [](const Rows& growth) {
    return absl::StrJoin(growth, ", ", absl::PairFormatter(" +"));
  };
  if (effect.growth != reference.growth) {
    return absl::StrCat("the effect was [", text(effect.growth), "], not [", text(reference.growth),
                        "]");
  }
  // A client that has an answer does not ask again.
  if (effect.first.ok() && effect.acknowledged != effect.growth)
    return absl::StrCat("[", text(effect.acknowledged), "] was there when it was acknowledged");
  return "";
}

Schema::Schema(const std::string& name, std::vector<std::string> invariants,
               const std::vector<std::string>& unsettled)
    : name_("qungong_" + name), invariants_(std::move(invariants)) {
  for (const mysql::Row& row : MariaDb::Get().Query(
           absl::StrCat("SELECT table_name FROM information_schema.tables WHERE table_schema = '",
                        name_, "' ORDER BY table_name"))) {
    const std::string table = row.String(0);
    if (std::find(unsettled.begin(), unsettled.end(), table) == unsettled.end())
      tables_.push_back(table);
  }
}

Rows Schema::Count() const {
  Rows counts;
  const std::string sql =
      absl::StrJoin(tables_, " UNION ALL ", [&](std::string* out, const std::string& table) {
        absl::StrAppend(out, "SELECT '", table, "', COUNT(*) FROM ", name_, ".", table);
      });
  for (const mysql::Row& row : MariaDb::Get().Query(sql)) counts[row.String(0)] = row.Int64(1);
  for (const mysql::Row& row : MariaDb::Get().Query(
           absl::StrCat("SELECT kind, COUNT(*) FROM ", name_, ".events GROUP BY kind"))) {
    counts[absl::StrCat("event ", row.String(0))] = row.Int64(1);
  }
  return counts;
}

Rows Schema::GrowthSince(const Rows& before) const {
  Rows growth;
  for (const auto& [what, count] : Count()) {
    const auto it = before.find(what);
    const int64_t grown = count - (it == before.end() ? 0 : it->second);
    if (grown != 0) growth[what] = grown;
  }
  return growth;
}

std::vector<std::string> Schema::Violated() const {
  std::vector<std::string> violated;
  MariaDb::Get().Query("USE " + name_);
  for (const std::string& question : invariants_) {
    const int64_t count =
        MariaDb::Get().Query(absl::StrCat("SELECT COUNT(*) FROM ", question)).at(0).Int64(0);
    if (count != 0) violated.push_back(absl::StrCat(count, " ", question));
  }
  return violated;
}

}  // namespace qungong::testing
