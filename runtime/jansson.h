// JSON values of jansson, for the few small objects that the runtime itself reads and writes.
#ifndef QUNGONG_RUNTIME_JANSSON_H_
#define QUNGONG_RUNTIME_JANSSON_H_

#include <jansson.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace qungong {

struct JsonRelease {
  void operator()(json_t* json) const { json_decref(json); }
};
using Json = std::unique_ptr<json_t, JsonRelease>;

// Null if the text is not JSON; duplicate keys are refused.
inline Json ParseJson(absl::string_view text) {
  return Json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
}

// "" if there is no such string.
inline std::string StringOf(const json_t* object, const char* key) {
  const json_t* value = json_object_get(object, key);
  return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value))
                               : "";
}

// Without spaces, keys in the order in which they were set; "" for a null value.
inline std::string JsonText(const json_t* json) {
  const std::unique_ptr<char, decltype(&free)> text(json_dumps(json, JSON_COMPACT), &free);
  return text == nullptr ? "" : text.get();
}

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_JANSSON_H_
