// Logs: one JSON object a line on stderr. Never request bodies, tokens, names or phone numbers.
#ifndef QUNGONG_RUNTIME_LOG_H_
#define QUNGONG_RUNTIME_LOG_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace qungong::log {

enum class Severity { kInfo, kWarning, kError };

// Builds one line and writes it when it goes out of scope:
//   log::Line(log::Severity::kInfo, "call").Set("method", m).Set("latency_us", 120);
class Line {
 public:
  Line(Severity severity, absl::string_view message);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Line& Set(absl::string_view key, absl::string_view value);
  Line& Set(absl::string_view key, const char* value) { return Set(key, absl::string_view(value)); }
  Line& Set(absl::string_view key, const std::string& value) {
    return Set(key, absl::string_view(value));
  }
  Line& Set(absl::string_view key, int64_t value);
  Line& Set(absl::string_view key, int value) { return Set(key, static_cast<int64_t>(value)); }
  Line& Set(absl::string_view key, bool value);
  // Leaves out the fine time: for methods marked unlinkable.
  Line& Coarse();

 private:
  std::string text_;
  bool coarse_ = false;
};

// "service" in every line; set once at start.
void SetService(absl::string_view name);
// JSON string body without quotes.
std::string Escape(absl::string_view text);

inline void Info(absl::string_view message) { Line line(Severity::kInfo, message); }
inline void Warning(absl::string_view message) { Line line(Severity::kWarning, message); }
inline void Error(absl::string_view message) { Line line(Severity::kError, message); }

}  // namespace qungong::log

#endif  // QUNGONG_RUNTIME_LOG_H_
