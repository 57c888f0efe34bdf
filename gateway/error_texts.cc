// What people read when the gateway refuses, and the HTTP statuses that no canonical code has.
#include "absl/container/flat_hash_map.h"
#include "gateway/errors.h"

namespace qungong::gateway {
namespace {

struct ReasonText {
  absl::string_view reason;
  int http_status;  // 0: that of the canonical code
  absl::string_view chinese;
};

constexpr ReasonText kReasons[] = {
    {"BODY_NOT_EXPECTED", 0, "该请求不应带有请求体。"},
    {"BODY_TOO_LARGE", 413, "提交的内容过大，请缩减后重试。"},
    {"CSRF_HEADER_MISSING", 0, "请求缺少安全标记，请刷新页面后重试。"},
    {"DRAINING", 0, "服务正在更新，请稍后重试。"},
    {"HEADER_REPEATED", 0, "请求头重复，请检查后重试。"},
    {"HEADER_TOO_LARGE", 431, "请求头过大，请清除浏览器 Cookie 后重试。"},
    {"HTTP_MALFORMED", 0, "无法识别该请求，请检查请求格式。"},
    {"INVALID_FIELD", 0, "填写的内容有误，请按提示修改后重新提交。"},
    {"JSON_MALFORMED", 0, "请求内容不是正确的 JSON，请检查后重新提交。"},
    {"JSON_TOO_LARGE", 0, "请求内容的层级或条目过多，请分批提交。"},
    {"METHOD_NOT_ALLOWED", 405, "该地址不支持这种请求方式。"},
    {"PATH_MALFORMED", 0, "请求地址有误，请检查后重试。"},
    {"QUERY_MALFORMED", 0, "查询条件格式有误，请检查后重试。"},
    {"REQUEST_TIMEOUT", 408, "请求发送超时，请检查网络后重试。"},
    {"ROUTE_NOT_FOUND", 0, "请求的地址不存在。"},
    {"SESSION_ENDED", 0, "登录已失效，请重新登录。"},
    {"SESSION_MISSING", 0, "尚未登录，请先登录。"},
    {"SIGN_IN_TOO_OFTEN", 0, "登录尝试过于频繁，请稍后再试。"},
    {"UNSUPPORTED_MEDIA_TYPE", 415, "不支持该内容类型，请以 JSON（UTF-8）提交。"},
    {"UPSTREAM_TIMEOUT", 0, "处理超时，请稍后用同一请求编号重试。"},
    {"UPSTREAM_UNAVAILABLE", 0, "服务暂时不可用，请稍后重试。"},
    {"URI_TOO_LONG", 414, "请求地址过长，请减少查询条件后重试。"},
};

const ReasonText* Find(absl::string_view reason) {
  for (const ReasonText& text : kReasons) {
    if (text.reason == reason) return &text;
  }
  return nullptr;
}

absl::string_view TextOfCode(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return "填写的内容有误，请修改后重新提交。";
    case grpc::StatusCode::UNAUTHENTICATED:
      return "请先登录。";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "没有权限，或所访问的内容不存在。";
    case grpc::StatusCode::NOT_FOUND:
      return "所访问的内容不存在。";
    case grpc::StatusCode::ALREADY_EXISTS:
      return "该内容已经存在。";
    case grpc::StatusCode::FAILED_PRECONDITION:
      return "当前状态下不能进行此操作，请刷新后查看。";
    case grpc::StatusCode::ABORTED:
      return "内容已被他人修改，请刷新后重试。";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "操作过于频繁或超出限额，请稍后再试。";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "暂不支持此操作。";
    case grpc::StatusCode::UNAVAILABLE:
      return "服务暂时不可用，请稍后重试。";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "处理超时，请稍后重试。";
    case grpc::StatusCode::CANCELLED:
      return "请求已取消。";
    default:
      return "系统内部错误，请稍后重试；如仍有问题，请提供请求编号。";
  }
}

}  // namespace

int HttpStatusOfReason(absl::string_view gateway_reason) {
  const ReasonText* text = Find(gateway_reason);
  return text == nullptr ? 0 : text->http_status;
}

absl::string_view ChineseText(absl::string_view gateway_reason, grpc::StatusCode code) {
  const ReasonText* text = Find(gateway_reason);
  return text == nullptr ? TextOfCode(code) : text->chinese;
}

}  // namespace qungong::gateway
