#include "runtime/mysql_batch.h"

#include <algorithm>
#include <stdexcept>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace qungong::mysql {
namespace {

bool IsPlain(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~' && c != '\'' && c != '\\'; });
}

}  // namespace

void AppendLiteral(std::string& sql, const Param::Value& value) {
  if (const auto* s = std::get_if<int64_t>(&value)) return absl::StrAppend(&sql, *s);
  if (const auto* u = std::get_if<uint64_t>(&value)) return absl::StrAppend(&sql, *u);
  if (const auto* d = std::get_if<double>(&value))
    return absl::StrAppend(&sql, absl::StrFormat("%.17g", *d));
  if (const auto* t = std::get_if<absl::Time>(&value)) {
    return absl::StrAppend(&sql, "'",
                           absl::FormatTime("%Y-%m-%d %H:%M:%E6S", *t, absl::UTCTimeZone()), "'");
  }
  if (const auto* d = std::get_if<absl::CivilDay>(&value))
    return absl::StrAppend(&sql, "'", absl::FormatCivilTime(*d), "'");
  const auto* text = std::get_if<absl::string_view>(&value);
  if (text == nullptr) return absl::StrAppend(&sql, "NULL");
  if (IsPlain(*text)) return absl::StrAppend(&sql, "'", *text, "'");
  absl::StrAppend(&sql, "X'", absl::BytesToHexString(*text), "'");
}

void Batch::Add(absl::string_view sql, absl::Span<const Param> params) {
  absl::StrAppend(&text_, size_ > 0 ? ";\n" : "");
  absl::StrAppend(&shape_, size_ > 0 ? ";\n" : "", sql);
  ++size_;
  size_t next = 0;
  bool quoted = false;
  for (const char c : sql) {
    if (c == '\'') quoted = !quoted;
    if (c != '?' || quoted) {
      text_ += c;
    } else if (next == params.size()) {
      throw std::logic_error("a statement has more question marks than parameters");
    } else {
      AppendLiteral(text_, params[next++].value());
    }
  }
  if (next != params.size())
    throw std::logic_error("a statement has fewer question marks than parameters");
}

void Batch::Clear() {
  text_.clear();
  shape_.clear();
  size_ = 0;
}

}  // namespace qungong::mysql
