#include "runtime/status.h"

#include <algorithm>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/any.pb.h"
#include "google/rpc/status.pb.h"
#include "runtime/utf8.h"

namespace qungong {
namespace {

constexpr char kTypePrefix[] = "type.googleapis.com/";
// An error travels in trailing metadata, of which gRPC takes 8 KiB in all; the message is in it
// twice.
constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxDetailBytes = 4096;
constexpr size_t kMaxViolations = 16;
constexpr size_t kMaxViolationBytes = 120;

template <typename Message>
std::string TypeUrl() {
  return absl::StrCat(kTypePrefix, Message::descriptor()->full_name());
}

template <typename Message>
absl::Status WithPayload(absl::Status status, const Message& message) {
  status.SetPayload(TypeUrl<Message>(), absl::Cord(message.SerializeAsString()));
  return status;
}

std::optional<google::rpc::ErrorInfo> InfoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(TypeUrl<google::rpc::ErrorInfo>());
  google::rpc::ErrorInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return std::nullopt;
  return info;
}

bool HidesCause(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown;
}

// The reason first: it must not be what is left out when there is too much.
void PackDetails(const absl::Status& status, absl::string_view domain,
                 google::rpc::Status& packed) {
  size_t size = 0;
  const auto add = [&](absl::string_view type_url, std::string value) {
    size += type_url.size() + value.size();
    if (size > kMaxDetailBytes) return;
    google::protobuf::Any* any = packed.add_details();
    any->set_type_url(type_url.data(), type_url.size());
    any->set_value(std::move(value));
  };
  const std::string info_url = TypeUrl<google::rpc::ErrorInfo>();
  if (std::optional<google::rpc::ErrorInfo> info = InfoOf(status)) {
    if (info->domain().empty()) info->set_domain(std::string(domain));
    add(info_url, info->SerializeAsString());
  }
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    if (type_url != info_url) add(type_url, std::string(payload));
  });
}

}  // namespace

absl::Status WithReason(absl::Status status, absl::string_view reason, ReasonMetadata metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[std::string(key)] = ValidUtf8Prefix(value, kMaxMessageBytes);
  }
  return WithPayload(std::move(status), info);
}

absl::Status WithMetadata(absl::Status status, absl::string_view key, absl::string_view value) {
  std::optional<google::rpc::ErrorInfo> info = InfoOf(status);
  if (!info.has_value()) return status;
  (*info->mutable_metadata())[std::string(key)] = ValidUtf8Prefix(value, kMaxMessageBytes);
  return WithPayload(std::move(status), *info);
}

absl::Status WithChinese(absl::Status status, absl::string_view text) {
  google::rpc::LocalizedMessage message;
  message.set_locale("zh-CN");
  message.set_message(ValidUtf8Prefix(text, kMaxMessageBytes));
  return WithPayload(std::move(status), message);
}

absl::Status WithRetryAfter(absl::Status status, absl::Duration delay) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(absl::IDivDuration(delay, absl::Seconds(1), &delay));
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(delay)));
  return WithPayload(std::move(status), retry);
}

absl::Status InvalidFields(const std::vector<Violation>& violations) {
  google::rpc::BadRequest bad;
  const size_t shown = std::min(violations.size(), kMaxViolations);
  for (size_t i = 0; i < shown; ++i) {
    google::rpc::BadRequest::FieldViolation* violation = bad.add_field_violations();
    violation->set_field(ValidUtf8Prefix(violations[i].field, kMaxViolationBytes));
    violation->set_description(ValidUtf8Prefix(violations[i].description, kMaxViolationBytes));
  }
  std::string text =
      absl::StrJoin(bad.field_violations(), "; ", [](std::string* out, const auto& violation) {
        absl::StrAppend(out, violation.field(), ": ", violation.description());
      });
  if (shown < violations.size())
    absl::StrAppend(&text, "; and ", violations.size() - shown, " more");
  absl::Status status = WithReason(absl::InvalidArgumentError(text), "INVALID_FIELD");
  status = WithChinese(std::move(status), "填写的内容不符合要求,请按提示修改后重新提交。");
  return WithPayload(std::move(status), bad);
}

absl::Status InvalidField(absl::string_view field, absl::string_view description) {
  return InvalidFields({{std::string(field), std::string(description)}});
}

absl::Status DeniedOrAbsent(absl::string_view resource) {
  absl::Status status = absl::PermissionDeniedError(
      absl::StrCat(resource, " may not be accessed by the caller, or does not exist"));
  status = WithReason(std::move(status), "DENIED_OR_ABSENT", {{"resource", resource}});
  return WithChinese(std::move(status), "没有权限,或者内容不存在。");
}

std::string ReasonOf(const absl::Status& status) {
  const std::optional<google::rpc::ErrorInfo> info = InfoOf(status);
  return info.has_value() ? info->reason() : "";
}

grpc::Status ToGrpcStatus(const absl::Status& status, absl::string_view domain,
                          absl::string_view correlation_id) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  google::rpc::Status packed;
  packed.set_code(static_cast<int>(code));
  if (HidesCause(status.code())) {
    packed.set_message(absl::StrCat("internal error, ", correlation_id));
  } else {
    packed.set_message(ValidUtf8Prefix(status.message(), kMaxMessageBytes));
    PackDetails(status, domain, packed);
  }
  return grpc::Status(code, packed.message(), packed.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status packed;
  if (!packed.ParseFromString(status.error_details())) return result;
  for (const google::protobuf::Any& detail : packed.details()) {
    result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return result;
}

}  // namespace qungong
