#include "gateway/forwarded.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"
#include "runtime/trace.h"

namespace qungong::gateway {
namespace {

constexpr size_t kMostBytes = 4 << 10;

bool IsPrintable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); });
}

absl::Duration UnitOf(char unit) {
  switch (unit) {
    case 'H':
      return absl::Hours(1);
    case 'M':
      return absl::Minutes(1);
    case 'S':
      return absl::Seconds(1);
    case 'm':
      return absl::Milliseconds(1);
    case 'u':
      return absl::Microseconds(1);
    case 'n':
      return absl::Nanoseconds(1);
    default:
      return absl::ZeroDuration();
  }
}

void AddUnlessEmpty(grpc::ClientContext& context, const char* key, const std::string& value) {
  if (!value.empty()) context.AddMetadata(key, value);
}

}  // namespace

void Forwarded::Apply(grpc::ClientContext& context) const {
  if (deadline != absl::InfiniteFuture()) context.set_deadline(absl::ToChronoTime(deadline));
  AddUnlessEmpty(context, "authorization", authorization);
  AddUnlessEmpty(context, "x-request-id", request_id);
  AddUnlessEmpty(context, "traceparent", traceparent);
  AddUnlessEmpty(context, "x-qungong-after", after);
  AddUnlessEmpty(context, "x-qungong-position", position);
}

Forwarded NewForwarded(HeaderLookup header) {
  Forwarded forwarded;
  forwarded.request_id = CorrelationIdOrNew(header("x-request-id"));
  forwarded.traceparent = ChildTrace(header("traceparent"));
  return forwarded;
}

absl::Status AddCallerHeaders(HeaderLookup header, Forwarded* forwarded) {
  forwarded->authorization = header("authorization");
  forwarded->after = header("x-qungong-after");
  forwarded->position = header("x-qungong-position");
  size_t size = forwarded->request_id.size() + forwarded->traceparent.size();
  for (const std::string* value :
       {&forwarded->authorization, &forwarded->after, &forwarded->position}) {
    if (!IsPrintable(*value)) {
      return WithReason(absl::InvalidArgumentError("a header has unprintable characters"),
                        "HTTP_MALFORMED");
    }
    size += value->size();
  }
  if (size > kMostBytes) {
    return WithReason(absl::InvalidArgumentError(
                          absl::StrCat("more than ", kMostBytes, " bytes of headers to pass on")),
                      "HEADER_TOO_LARGE");
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> ParseTimeout(absl::string_view text, absl::Duration otherwise,
                                            absl::Duration most) {
  if (text.empty()) return std::min(otherwise, most);
  constexpr size_t kMostDigits = 8;
  const absl::Duration unit = UnitOf(text.back());
  const absl::string_view digits = text.substr(0, text.size() - 1);
  int64_t amount = 0;
  const bool number = !digits.empty() && digits.size() <= kMostDigits &&
                      std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) &&
                      absl::SimpleAtoi(digits, &amount);
  if (!number || unit == absl::ZeroDuration()) {
    return InvalidField("Grpc-Timeout", "must be a number and a unit (H, M, S, m, u, n)");
  }
  return std::min(amount * unit, most);
}

}  // namespace qungong::gateway
