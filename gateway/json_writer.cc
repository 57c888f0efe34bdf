#include "gateway/json_writer.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace qungong::gateway {
namespace {

void AppendUnicodeEscape(unsigned code, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out->push_back(kHex[(code >> shift) & 0xf]);
}

// True if the character must not stand for itself.
bool NeedsEscape(unsigned char c) {
  return c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0x7f;
}

void AppendEscaped(unsigned char c, std::string* out) {
  switch (c) {
    case '"':
      out->append("\\\"");
      break;
    case '\\':
      out->append("\\\\");
      break;
    case '\n':
      out->append("\\n");
      break;
    case '\r':
      out->append("\\r");
      break;
    case '\t':
      out->append("\\t");
      break;
    default:
      AppendUnicodeEscape(c, out);
  }
}

// U+2028 and U+2029 end a line in old JavaScript: E2 80 A8 and E2 80 A9.
bool IsLineSeparator(absl::string_view rest) {
  return rest.size() >= 3 && rest[0] == '\xe2' && rest[1] == '\x80' &&
         (rest[2] == '\xa8' || rest[2] == '\xa9');
}

template <typename Float>
void AppendFloat(Float value, std::string* out) {
  char buffer[32];  // the longest double has 24 characters
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  out->append(buffer, result.ptr);
}

}  // namespace

void JsonWriter::Separate() {
  if (comma_) text_.push_back(',');
  comma_ = true;
}

JsonWriter& JsonWriter::Open(char c) {
  Separate();
  text_.push_back(c);
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char c) {
  text_.push_back(c);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Key(absl::string_view key) {
  String(key);
  text_.push_back(':');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(absl::string_view text) {
  Separate();
  text_.push_back('"');
  size_t plain = 0;  // start of the run that is copied as it is
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool separator = c == 0xe2 && IsLineSeparator(text.substr(i));
    if (!separator && !NeedsEscape(c)) continue;
    text_.append(text.data() + plain, i - plain);
    if (separator) {
      AppendUnicodeEscape(text[i + 2] == '\xa8' ? 0x2028 : 0x2029, &text_);
      i += 2;
    } else {
      AppendEscaped(c, &text_);
    }
    plain = i + 1;
  }
  text_.append(text.data() + plain, text.size() - plain);
  text_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::Number(int64_t value) {
  Separate();
  absl::StrAppend(&text_, value);
  return *this;
}

JsonWriter& JsonWriter::Number(double value) {
  Separate();
  AppendFloat(value, &text_);
  return *this;
}

JsonWriter& JsonWriter::Number(float value) {
  Separate();
  AppendFloat(value, &text_);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::Raw(absl::string_view json) {
  Separate();
  text_.append(json.data(), json.size());
  return *this;
}

}  // namespace qungong::gateway
