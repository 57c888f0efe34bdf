#include "runtime/clock.h"

#include <chrono>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"

namespace qungong {
namespace {

constexpr int64_t kRereadAfterNs = 20'000'000;

int64_t SteadyNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

absl::Time Clock::Now() const { return Standing().value_or(absl::Now()); }

std::optional<absl::Time> Clock::Standing() const {
  absl::MutexLock lock(&mutex_);
  if (file_.empty()) return standing_;
  const int64_t now_ns = SteadyNs();
  if (read_at_ns_ != 0 && now_ns - read_at_ns_ < kRereadAfterNs) return standing_;
  read_at_ns_ = now_ns;
  std::ifstream file(file_);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const absl::string_view trimmed = absl::StripAsciiWhitespace(text);
  absl::Time instant;
  if (trimmed.empty()) {
    standing_.reset();
  } else if (absl::ParseTime(absl::RFC3339_full, trimmed, &instant, nullptr)) {
    standing_ = instant;
  }
  // Otherwise the file is being written: the last instant holds.
  return standing_;
}

void Clock::Stand(std::optional<absl::Time> at) {
  absl::MutexLock lock(&mutex_);
  file_.clear();
  standing_ = at;
}

}  // namespace qungong
