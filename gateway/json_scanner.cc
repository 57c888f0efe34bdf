#include "gateway/json_scanner.h"

#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"
#include "runtime/utf8.h"

namespace qungong::gateway {
namespace {

using Byte = unsigned char;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four digits after "\u", or -1.
int HexQuad(absl::string_view digits) {
  if (digits.size() < 4) return -1;
  int value = 0;
  for (size_t i = 0; i < 4; ++i) {
    const int digit = HexValue(digits[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool IsHighSurrogate(int unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool IsLowSurrogate(int unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

void AppendUtf8(uint32_t code, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

class Scanner {
 public:
  Scanner(absl::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  absl::StatusOr<JsonDocument> Scan() {
    RETURN_IF_ERROR(ScanValue(0));
    SkipSpace();
    if (at_ != text_.size()) return Malformed("the end of the text");
    return JsonDocument(text_, std::move(nodes_));
  }

 private:
  absl::Status Malformed(absl::string_view expected) const {
    return WithReason(absl::InvalidArgumentError(
                          absl::StrCat("malformed JSON at byte ", at_, ": expected ", expected)),
                      "JSON_MALFORMED", {{"byte", absl::StrCat(at_)}});
  }
  static absl::Status TooLarge(absl::string_view what, size_t limit) {
    return WithReason(
        absl::InvalidArgumentError(absl::StrCat("JSON has more than ", limit, " ", what)),
        "JSON_TOO_LARGE");
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  absl::StatusOr<uint32_t> Add(JsonKind kind) {
    if (nodes_.size() >= limits_.nodes) return TooLarge("values", limits_.nodes);
    nodes_.push_back({.kind = kind, .begin = static_cast<uint32_t>(at_)});
    return static_cast<uint32_t>(nodes_.size() - 1);
  }
  void Close(uint32_t index, size_t end) {
    nodes_[index].end = static_cast<uint32_t>(end);
    nodes_[index].next = static_cast<uint32_t>(nodes_.size());
  }

  absl::Status ScanValue(size_t depth) {
    SkipSpace();
    switch (Peek()) {
      case '{':
        return ScanList(JsonKind::kObject, '}', depth + 1);
      case '[':
        return ScanList(JsonKind::kArray, ']', depth + 1);
      case '"':
        return ScanString();
      case 'n':
        return ScanWord("null", JsonKind::kNull);
      case 't':
        return ScanWord("true", JsonKind::kTrue);
      case 'f':
        return ScanWord("false", JsonKind::kFalse);
      default:
        return ScanNumber();
    }
  }

  absl::Status ScanList(JsonKind kind, char close, size_t depth) {
    if (depth > limits_.depth) return TooLarge("levels", limits_.depth);
    ASSIGN_OR_RETURN(const uint32_t index, Add(kind));
    ++at_;
    SkipSpace();
    for (bool first = true; !Take(close); first = false) {
      if (!first && !Take(','))
        return Malformed(absl::StrCat("',' or '", std::string(1, close), "'"));
      if (kind == JsonKind::kObject) RETURN_IF_ERROR(ScanKey());
      RETURN_IF_ERROR(ScanValue(depth));
      SkipSpace();
    }
    Close(index, at_);
    return absl::OkStatus();
  }

  absl::Status ScanKey() {
    SkipSpace();
    if (Peek() != '"') return Malformed("a key in double quotes");
    RETURN_IF_ERROR(ScanString());
    SkipSpace();
    return Take(':') ? absl::OkStatus() : Malformed("':'");
  }

  absl::Status ScanWord(absl::string_view word, JsonKind kind) {
    if (text_.substr(at_, word.size()) != word) return Malformed("a value");
    ASSIGN_OR_RETURN(const uint32_t index, Add(kind));
    at_ += word.size();
    Close(index, at_);
    return absl::OkStatus();
  }

  absl::Status ScanNumber() {
    ASSIGN_OR_RETURN(const uint32_t index, Add(JsonKind::kNumber));
    Take('-');
    if (!absl::ascii_isdigit(static_cast<Byte>(Peek()))) {
      return Malformed(at_ == nodes_[index].begin ? "a value" : "a digit");
    }
    if (!Take('0')) SkipDigits();
    if (Take('.') && SkipDigits() == 0) return Malformed("a digit");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (SkipDigits() == 0) return Malformed("a digit");
    }
    Close(index, at_);
    return absl::OkStatus();
  }
  size_t SkipDigits() {
    const size_t begin = at_;
    while (absl::ascii_isdigit(static_cast<Byte>(Peek()))) ++at_;
    return at_ - begin;
  }

  absl::Status ScanString() {
    ++at_;
    ASSIGN_OR_RETURN(const uint32_t index, Add(JsonKind::kString));
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<Byte>(text_[at_]) < 0x20) return Malformed("no control character");
      if (text_[at_] == '\\') {
        nodes_[index].escaped = true;
        RETURN_IF_ERROR(ScanEscape());
        continue;
      }
      const size_t length = DecodeUtf8(text_.substr(at_)).size;
      if (length == 0) return Malformed("UTF-8");
      at_ += length;
    }
    if (at_ >= text_.size()) return Malformed("'\"'");
    Close(index, at_++);
    return absl::OkStatus();
  }

  absl::Status ScanEscape() {
    ++at_;
    const char c = Peek();
    if (c != 'u') {
      if (c == '\0' || !absl::StrContains("\"\\/bfnrt", c)) {
        return Malformed("an escape of JSON");
      }
      ++at_;
      return absl::OkStatus();
    }
    const int unit = HexQuad(text_.substr(at_ + 1));
    if (unit < 0) return Malformed("four hexadecimal digits");
    if (IsLowSurrogate(unit)) return Malformed("no lone surrogate");
    at_ += 5;
    if (!IsHighSurrogate(unit)) return absl::OkStatus();
    if (text_.substr(at_, 2) != "\\u" || !IsLowSurrogate(HexQuad(text_.substr(at_ + 2)))) {
      return Malformed("the second half of a surrogate pair");
    }
    at_ += 6;
    return absl::OkStatus();
  }

  const absl::string_view text_;
  const JsonLimits limits_;
  size_t at_ = 0;
  std::vector<JsonNode> nodes_;
};

char DecodeShortEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

absl::StatusOr<JsonDocument> ScanJson(absl::string_view text, const JsonLimits& limits) {
  if (text.size() > std::numeric_limits<uint32_t>::max()) {
    return WithReason(absl::InvalidArgumentError("JSON is longer than 4 GiB"), "JSON_TOO_LARGE");
  }
  return Scanner(text, limits).Scan();
}

std::string JsonDocument::Decode(const JsonNode& node) const {
  const absl::string_view raw = Raw(node);
  if (!node.escaped) return std::string(raw);
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      out.push_back(raw[i]);
      continue;
    }
    if (raw[++i] != 'u') {
      out.push_back(DecodeShortEscape(raw[i]));
      continue;
    }
    auto code = static_cast<uint32_t>(HexQuad(raw.substr(i + 1)));
    i += 4;
    if (IsHighSurrogate(static_cast<int>(code))) {
      const auto low = static_cast<uint32_t>(HexQuad(raw.substr(i + 3)));
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      i += 6;
    }
    AppendUtf8(code, &out);
  }
  return out;
}

bool IsJsonNumber(absl::string_view text) {
  const absl::StatusOr<JsonDocument> document = ScanJson(text);
  return document.ok() && (*document)[0].kind == JsonKind::kNumber &&
         document->Raw((*document)[0]) == text;
}

bool IsValidUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = DecodeUtf8(text).size;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace qungong::gateway
