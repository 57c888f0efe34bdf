// Percent-decoding and query strings. Pure.
#ifndef QUNGONG_GATEWAY_URL_H_
#define QUNGONG_GATEWAY_URL_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace qungong::gateway {

enum class Decode {
  kAll,        // one segment of a path
  kKeepSlash,  // a value of several segments: "%2F" stays, to be told from '/'
  kForm,       // a query string: '+' is a space
};

// Nothing if an escape is malformed or the result is not UTF-8 or holds a control character.
std::optional<std::string> PercentDecode(absl::string_view text, Decode mode);

// "a=1&b=2" in its order; nothing if a part is malformed or there are more than 256 parts.
std::optional<std::vector<std::pair<std::string, std::string>>> ParseQuery(absl::string_view query);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_URL_H_
