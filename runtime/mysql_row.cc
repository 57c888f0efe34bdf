// Reading rows strictly.
#include <limits>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "runtime/mysql.h"

namespace qungong::mysql {
namespace {

[[noreturn]] void BadCell(size_t i, const char* wanted) {
  throw std::logic_error(absl::StrCat("column ", i, " does not hold ", wanted));
}

}  // namespace

bool Row::IsNull(size_t i) const { return std::holds_alternative<std::monostate>(cells_.at(i)); }

int64_t Row::Int64(size_t i) const {
  if (const auto* v = std::get_if<int64_t>(&cells_.at(i))) return *v;
  const auto* u = std::get_if<uint64_t>(&cells_.at(i));
  if (u == nullptr || *u > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    BadCell(i, "a signed 64-bit number");
  }
  return static_cast<int64_t>(*u);
}

int32_t Row::Int32(size_t i) const {
  const int64_t v = Int64(i);
  if (v < std::numeric_limits<int32_t>::min() || v > std::numeric_limits<int32_t>::max()) {
    BadCell(i, "a 32-bit number");
  }
  return static_cast<int32_t>(v);
}

uint64_t Row::Uint64(size_t i) const {
  if (const auto* v = std::get_if<uint64_t>(&cells_.at(i))) return *v;
  const int64_t s = Int64(i);
  if (s < 0) BadCell(i, "an unsigned number");
  return static_cast<uint64_t>(s);
}

double Row::Double(size_t i) const {
  if (const auto* v = std::get_if<double>(&cells_.at(i))) return *v;
  return static_cast<double>(Int64(i));
}

const std::string& Row::String(size_t i) const {
  const auto* v = std::get_if<std::string>(&cells_.at(i));
  if (v == nullptr) BadCell(i, "text");
  return *v;
}

bool Row::Bool(size_t i) const {
  const int64_t v = Int64(i);
  if (v != 0 && v != 1) BadCell(i, "a truth value");
  return v == 1;
}

Uuid Row::Id(size_t i) const {
  auto id = Uuid::FromBytes(String(i));
  if (!id.ok()) BadCell(i, "an id of 16 bytes");
  return *id;
}

absl::Time Row::Time(size_t i) const {
  absl::Time t;
  std::string error;
  // 0 to 6 digits of a second: a prepared statement and a plain one format them differently.
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", String(i), absl::UTCTimeZone(), &t, &error))
    BadCell(i, "an instant");
  return t;
}

absl::CivilDay Row::Day(size_t i) const {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(String(i), &day)) BadCell(i, "a date");
  return day;
}

std::optional<absl::Time> Row::OptTime(size_t i) const {
  if (IsNull(i)) return std::nullopt;
  return Time(i);
}

std::optional<Uuid> Row::OptId(size_t i) const {
  if (IsNull(i)) return std::nullopt;
  return Id(i);
}

std::string Row::StringOr(size_t i, absl::string_view otherwise) const {
  return IsNull(i) ? std::string(otherwise) : String(i);
}

}  // namespace qungong::mysql
