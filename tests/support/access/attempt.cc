#include "tests/support/access/attempt.h"

#include "absl/time/clock.h"
#include "google/protobuf/dynamic_message.h"
#include "qungong/rpc/v1/options.pb.h"
#include "runtime/ids.h"

namespace qungong::testing {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

std::string Attempt::ValueIn(const std::string& field) const {
  const FieldDescriptor* f = request->GetDescriptor()->FindFieldByName(field);
  return f == nullptr ? "" : request->GetReflection()->GetString(*request, f);
}

std::string Attempt::ValueOf(const std::string& field) const {
  const auto named = may_name.find(field);
  return named == may_name.end() ? ValueIn(field) : named->second;
}

std::string Attempt::AbsentValueOf(const std::string& field) const {
  const auto known = absent.find(field);
  if (known != absent.end()) return known->second;
  const FieldDescriptor* f = request->GetDescriptor()->FindFieldByName(field);
  return ResourceName(f->options().GetExtension(rpc::v1::rules).resource(), NewUuidV7(absl::Now()));
}

Attempt Attempt::With(const std::string& field, const std::string& value) const {
  Attempt copy = *this;
  copy.request.reset(request->New());
  copy.request->CopyFrom(*request);
  copy.request->GetReflection()->SetString(
      copy.request.get(), copy.request->GetDescriptor()->FindFieldByName(field), value);
  return copy;
}

namespace {

// What goes over the wire: of an upload its metadata and one chunk.
std::vector<std::string> MessagesOf(const MethodDescriptor& method, const Attempt& attempt) {
  if (!method.client_streaming()) return {attempt.request->SerializeAsString()};
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> part(factory.GetPrototype(method.input_type())->New());
  const auto* reflection = part->GetReflection();
  reflection->MutableMessage(part.get(), method.input_type()->FindFieldByName("metadata"), &factory)
      ->ParseFromString(attempt.request->SerializeAsString());
  std::vector<std::string> messages = {part->SerializeAsString()};
  reflection->SetString(part.get(), method.input_type()->FindFieldByName("chunk"), attempt.chunk);
  messages.push_back(part->SerializeAsString());
  return messages;
}

}  // namespace

RawAnswer Send(TestService& service, const MethodDescriptor& method, const Attempt& attempt,
               const std::string& token) {
  return CallRaw(service, method, MessagesOf(method, attempt), token);
}

}  // namespace qungong::testing
