// Errors as HTTP answers: the canonical status table and the body of AIP-193, with a text in
// Chinese. Pure.
#ifndef QUNGONG_GATEWAY_ERRORS_H_
#define QUNGONG_GATEWAY_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http.h"
#include "grpcpp/support/status.h"

namespace qungong::gateway {

// Domain of the reasons that the gateway itself gives.
inline constexpr char kGatewayDomain[] = "gateway.qungong";

// An error of the gateway, in the form in which services give theirs.
grpc::Status GatewayError(const absl::Status& status, absl::string_view request_id);

// What a service answered, as a caller may see it: an error of the transport (no details) says no
// more than its kind, never an address.
grpc::Status CleanUpstreamError(const grpc::Status& status, absl::string_view request_id);

// {"error": {"code": 404, "message": …, "status": "NOT_FOUND", "details": […]}}
std::string ErrorJson(const grpc::Status& status);
// With Retry-After, Allow and WWW-Authenticate where they belong.
HttpResponse ErrorResponse(const grpc::Status& status);

// The HTTP status and the reason, for the log.
int HttpStatusOf(const grpc::Status& status);
std::string ReasonOfError(const grpc::Status& status);
absl::string_view CodeName(grpc::StatusCode code);

// From error_texts.cc. HTTP status of a gateway reason that the canonical code does not tell, such
// as 405; 0: none.
int HttpStatusOfReason(absl::string_view gateway_reason);
// What a person should read, in Chinese: by the gateway's reason, otherwise by the code.
absl::string_view ChineseText(absl::string_view gateway_reason, grpc::StatusCode code);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_ERRORS_H_
