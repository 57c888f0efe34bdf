#include "runtime/log.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/utf8.h"

namespace qungong::log {
namespace {

// Set once, before there are threads; never destroyed, because threads may log until the very end.
std::string& Service() {
  static std::string& service = *new std::string;
  return service;
}

absl::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "INFO";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
  }
  return "ERROR";
}

void WriteAll(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads; there is no place left to say so
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

Line::Line(Severity severity, absl::string_view message) {
  absl::StrAppend(&text_, R"("severity":")", NameOf(severity), R"(","service":")",
                  Escape(Service()), R"(","message":")", Escape(message), "\"");
}

Line::~Line() {
  const absl::Time now = absl::Now();
  const std::string time =
      absl::FormatTime(coarse_ ? "%E4Y-%m-%d" : "%E4Y-%m-%dT%H:%M:%E6SZ", now, absl::UTCTimeZone());
  WriteAll(absl::StrCat(R"({"time":")", time, "\",", text_, "}\n"));
}

Line& Line::Set(absl::string_view key, absl::string_view value) {
  absl::StrAppend(&text_, ",\"", Escape(key), "\":\"", Escape(value), "\"");
  return *this;
}

Line& Line::Set(absl::string_view key, int64_t value) {
  absl::StrAppend(&text_, ",\"", Escape(key), "\":", value);
  return *this;
}

Line& Line::Set(absl::string_view key, bool value) {
  absl::StrAppend(&text_, ",\"", Escape(key), "\":", value ? "true" : "false");
  return *this;
}

Line& Line::Coarse() {
  coarse_ = true;
  return *this;
}

void SetService(absl::string_view name) { Service() = std::string(name); }

std::string Escape(absl::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    if (c.size == 0) {
      escaped += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    if (c.value == '"' || c.value == '\\') {
      absl::StrAppend(&escaped, "\\", text.substr(0, 1));
    } else if (c.value < 0x20 || c.value == 0x7F) {
      absl::StrAppendFormat(&escaped, "\\u%04x", static_cast<unsigned>(c.value));
    } else {
      absl::StrAppend(&escaped, text.substr(0, c.size));
    }
    text.remove_prefix(c.size);
  }
  return escaped;
}

}  // namespace qungong::log
