#include "gateway/http.h"

#include "absl/strings/match.h"

namespace qungong::gateway {

std::string FindHeader(const HttpHeaders& headers, absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

}  // namespace qungong::gateway
