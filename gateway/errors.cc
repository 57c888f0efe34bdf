#include "gateway/errors.h"

#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/json_codec.h"
#include "gateway/json_writer.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/time_util.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::util::TimeUtil;

// The first detail of the given type.
template <typename Detail>
std::optional<Detail> FindDetail(const google::rpc::Status& status) {
  Detail detail;
  for (const Any& any : status.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) details.Clear();
  return details;
}

// Reason of an error that the gateway gave, or "": another domain's word does not change our
// answer.
std::string GatewayReason(const google::rpc::Status& details) {
  const auto info = FindDetail<google::rpc::ErrorInfo>(details);
  return info.has_value() && info->domain() == kGatewayDomain ? info->reason() : "";
}

int CanonicalHttpStatus(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return 200;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::OUT_OF_RANGE:
      return 400;
    case grpc::StatusCode::UNAUTHENTICATED:
      return 401;
    case grpc::StatusCode::PERMISSION_DENIED:
      return 403;
    case grpc::StatusCode::NOT_FOUND:
      return 404;
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::ABORTED:
      return 409;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return 429;
    case grpc::StatusCode::CANCELLED:
      return 499;
    case grpc::StatusCode::UNIMPLEMENTED:
      return 501;
    case grpc::StatusCode::UNAVAILABLE:
      return 503;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return 504;
    default:
      return 500;
  }
}

int HttpStatus(grpc::StatusCode code, const google::rpc::Status& details) {
  const int special = HttpStatusOfReason(GatewayReason(details));
  return special != 0 ? special : CanonicalHttpStatus(code);
}

// Public kinds of google.rpc details; DebugInfo and whatever is not known stay inside.
void WriteDetail(const Any& any, JsonWriter& json) {
  const absl::string_view url = any.type_url();
  const absl::string_view name = url.substr(url.rfind('/') + 1);
  if (!absl::StartsWith(name, "google.rpc.") || name == "google.rpc.DebugInfo") return;
  const Descriptor* type =
      DescriptorPool::generated_pool()->FindMessageTypeByName(std::string(name));
  if (type == nullptr) return;
  const std::unique_ptr<Message> detail(
      MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!detail->ParseFromString(any.value())) return;
  json.BeginObject().Field("@type", any.type_url());
  WriteFields(*detail, json);
  json.EndObject();
}

}  // namespace

grpc::Status GatewayError(const absl::Status& status, absl::string_view request_id) {
  return ToGrpcStatus(status, kGatewayDomain, request_id);
}

grpc::Status CleanUpstreamError(const grpc::Status& status, absl::string_view request_id) {
  if (!status.error_details().empty()) return status;
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return GatewayError(
          WithRetryAfter(
              WithReason(absl::UnavailableError("a service cannot be reached, try again"),
                         "UPSTREAM_UNAVAILABLE"),
              absl::Seconds(1)),
          request_id);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
      return GatewayError(
          WithReason(absl::DeadlineExceededError("no answer within the time of the request"),
                     "UPSTREAM_TIMEOUT"),
          request_id);
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::DATA_LOSS:
      return GatewayError(absl::InternalError("upstream"), request_id);
    default:
      return status;
  }
}

std::string ErrorJson(const grpc::Status& status) {
  google::rpc::Status details = DetailsOf(status);
  if (!FindDetail<google::rpc::LocalizedMessage>(details).has_value()) {
    google::rpc::LocalizedMessage localized;
    localized.set_locale("zh-CN");
    localized.set_message(std::string(ChineseText(GatewayReason(details), status.error_code())));
    details.add_details()->PackFrom(localized);
  }
  JsonWriter json;
  json.BeginObject().Key("error").BeginObject();
  json.Key("code").Number(int64_t{HttpStatus(status.error_code(), details)});
  json.Field("message", status.error_message());
  json.Field("status", CodeName(status.error_code()));
  json.Key("details").BeginArray();
  for (const Any& any : details.details()) WriteDetail(any, json);
  json.EndArray().EndObject().EndObject();
  return json.Take();
}

HttpResponse ErrorResponse(const grpc::Status& status) {
  const google::rpc::Status details = DetailsOf(status);
  HttpResponse response;
  response.status = HttpStatus(status.error_code(), details);
  response.body = ErrorJson(status);
  if (const auto retry = FindDetail<google::rpc::RetryInfo>(details); retry.has_value()) {
    const int64_t millis = TimeUtil::DurationToMilliseconds(retry->retry_delay());
    response.headers.emplace_back("Retry-After", absl::StrCat((millis + 999) / 1000));
  }
  if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (response.status == 405) {
    const auto info = FindDetail<google::rpc::ErrorInfo>(details);
    const auto allow = info->metadata().find("allow");
    if (allow != info->metadata().end()) response.headers.emplace_back("Allow", allow->second);
  }
  return response;
}

int HttpStatusOf(const grpc::Status& status) {
  return HttpStatus(status.error_code(), DetailsOf(status));
}

std::string ReasonOfError(const grpc::Status& status) {
  const auto info = FindDetail<google::rpc::ErrorInfo>(DetailsOf(status));
  return info.has_value() ? info->reason() : "";
}

absl::string_view CodeName(grpc::StatusCode code) {
  constexpr absl::string_view kNames[] = {"OK",
                                          "CANCELLED",
                                          "UNKNOWN",
                                          "INVALID_ARGUMENT",
                                          "DEADLINE_EXCEEDED",
                                          "NOT_FOUND",
                                          "ALREADY_EXISTS",
                                          "PERMISSION_DENIED",
                                          "RESOURCE_EXHAUSTED",
                                          "FAILED_PRECONDITION",
                                          "ABORTED",
                                          "OUT_OF_RANGE",
                                          "UNIMPLEMENTED",
                                          "INTERNAL",
                                          "UNAVAILABLE",
                                          "DATA_LOSS",
                                          "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

}  // namespace qungong::gateway
