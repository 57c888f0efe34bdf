// Writes JSON text, piece by piece, in the order of the calls.
#ifndef QUNGONG_GATEWAY_JSON_WRITER_H_
#define QUNGONG_GATEWAY_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace qungong::gateway {

// The caller keeps the grammar (a key before each value of an object); the writer keeps commas and
// escapes.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(absl::string_view key);
  // `text` is UTF-8. Beside what JSON demands, '<', '>', '&' and the line separators are escaped,
  // so that the text is harmless inside HTML and JavaScript too.
  JsonWriter& String(absl::string_view text);
  JsonWriter& Number(int64_t value);
  JsonWriter& Number(double value);  // finite; the shortest text that reads back as the same number
  JsonWriter& Number(float value);
  JsonWriter& Bool(bool value);
  // A value that is JSON already.
  JsonWriter& Raw(absl::string_view json);

  JsonWriter& Field(absl::string_view key, absl::string_view text) { return Key(key).String(text); }

  const std::string& text() const { return text_; }
  std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char c);
  JsonWriter& Close(char c);
  void Separate();

  std::string text_;
  bool comma_ = false;  // the next value of this list follows another
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_JSON_WRITER_H_
