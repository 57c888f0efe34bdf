#include "tests/load/floor_script.h"

#include <cctype>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace qungong::load {
namespace {

bool InName(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '=' ||
         c == '@' || c == '-';
}

// ":name" becomes a question mark, except in quotes and where a time has its colons.
FrozenStatement Parse(absl::string_view text) {
  FrozenStatement statement;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') quoted = !quoted;
    const bool parameter = text[i] == ':' && !quoted && i + 1 < text.size() && InName(text[i + 1]);
    if (!parameter) {
      statement.sql += text[i];
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && InName(text[end])) ++end;
    statement.parameters.emplace_back(text.substr(i + 1, end - i - 1));
    statement.sql += '?';
    i = end - 1;
  }
  return statement;
}

}  // namespace

absl::StatusOr<FloorScript> ReadFloorScript(const std::string& text) {
  FloorScript script;
  std::vector<FrozenStatement>* section = nullptr;
  std::string statement;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "-- == ")) {
      section = &script[std::string(absl::StripAsciiWhitespace(line))];
      continue;
    }
    if (absl::StartsWith(line, "--")) continue;
    absl::StrAppend(&statement, statement.empty() ? "" : "\n", line);
    if (absl::EndsWith(line, ";+")) statement.pop_back();
    if (!absl::ConsumeSuffix(&line, ";")) continue;
    if (section == nullptr) return absl::InvalidArgumentError("a statement before any section");
    statement.pop_back();
    section->push_back(Parse(absl::StripAsciiWhitespace(statement)));
    statement.clear();
  }
  if (!absl::StripAsciiWhitespace(statement).empty())
    return absl::InvalidArgumentError("the last statement has no end");
  return script;
}

namespace {

// Where blanks do not matter, there are none.
std::string Dense(absl::string_view sql) {
  std::string text = absl::StrReplaceAll(sql, {{"\n", " "}});
  absl::RemoveExtraAsciiWhitespace(&text);
  return absl::StrReplaceAll(text, {{", ", ","}, {"( ", "("}, {" )", ")"}});
}

}  // namespace

bool IsFilled(absl::string_view sent, absl::string_view frozen) {
  const std::string text = Dense(sent);
  const std::string pattern = Dense(frozen);
  const std::vector<std::string> pieces = absl::StrSplit(pattern, '?');
  absl::string_view left = text;
  if (!absl::ConsumePrefix(&left, pieces.front()) && !pieces.front().empty()) return false;
  for (size_t i = 1; i < pieces.size(); ++i) {
    // A value ends where the next piece begins; a quoted one, not before its quote.
    const bool last = i + 1 == pieces.size();
    const bool bytes = absl::StartsWith(left, "X'");
    const bool quoted = bytes || absl::StartsWith(left, "'");
    const std::string end = absl::StrCat(quoted ? "'" : "", pieces[i]);
    const size_t at = last ? left.rfind(end) : left.find(end, bytes ? 2 : 1);
    if (at == absl::string_view::npos) return false;
    left.remove_prefix(at + end.size());
  }
  return left.empty();
}

}  // namespace qungong::load
