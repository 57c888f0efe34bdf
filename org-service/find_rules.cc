#include "org-service/find_rules.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "org-service/pinyin.h"
#include "runtime/crypto.h"
#include "runtime/utf8.h"

namespace qungong::org {
namespace {

// To be changed with KeysOf.
constexpr char kKeysOf[] = "1";
// Longest keys, longer than any query: characters of a name, syllables.
constexpr size_t kMaxCharacters = 60;
constexpr size_t kMaxSyllables = 30;

// How bodies' names end (org-service/division_rules.cc); longer ones first.
constexpr absl::string_view kEndings[] = {"村民委员会", "居民委员会",   "管理委员会", "人民政府",
                                          "办事处",     "群众服务中心", "村委会",     "居委会"};

size_t EndingOf(absl::string_view name) {
  for (const absl::string_view ending : kEndings) {
    if (absl::EndsWith(name, ending)) return name.size() - ending.size();
  }
  return name.size();
}

// At most `count` code points from the beginning.
absl::string_view First(absl::string_view text, size_t count) {
  size_t size = 0;
  for (; count > 0 && size < text.size(); --count) {
    size += std::max<size_t>(DecodeUtf8(text.substr(size)).size, 1);
  }
  return text.substr(0, size);
}

// Lower case, half width, without spaces and apostrophes, v for ü.
std::string Fold(absl::string_view text) {
  std::string folded;
  while (!text.empty()) {
    const CodePoint c = DecodeUtf8(text);
    const size_t size = std::max<size_t>(c.size, 1);
    char32_t value = c.value;
    if (value >= 0xFF01 && value <= 0xFF5E) value -= 0xFEE0;
    if (value == U'ü' || value == U'Ü') value = 'v';
    if (value == 0x3000 || value == U'’' || value == '\'' || value == ' ') {
      // Between syllables.
    } else if (value < 0x80) {
      folded.push_back(absl::ascii_tolower(static_cast<unsigned char>(value)));
    } else {
      absl::StrAppend(&folded, text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return folded;
}

bool IsAscii(absl::string_view text, bool (*is)(unsigned char)) {
  return std::all_of(text.begin(), text.end(),
                     [is](char c) { return is(static_cast<unsigned char>(c)); });
}

// The ways to cut letters into pieces with each of which a syllable begins, at most `limit` of
// them, long pieces first: "guanyq" into guan y q, "xian" into xian, xia n, xi an.
class Cutter {
 public:
  Cutter(absl::string_view letters, size_t limit)
      : letters_(letters), limit_(limit), reaches_end_(letters.size() + 1) {
    reaches_end_[letters.size()] = true;
    for (size_t at = letters.size(); at-- > 0;) {
      for (size_t size = 1; size <= kLongest && at + size <= letters.size(); ++size) {
        if (reaches_end_[at + size] && IsPiece(at, size)) reaches_end_[at] = true;
      }
    }
  }

  std::vector<std::vector<std::string>> Cut() {
    if (reaches_end_[0]) Go(0);
    return std::move(found_);
  }

 private:
  static constexpr size_t kLongest = 6;  // zhuang

  bool IsPiece(size_t at, size_t size) const {
    const absl::string_view piece = letters_.substr(at, size);
    return (size == 1 && absl::ascii_isdigit(static_cast<unsigned char>(piece[0]))) ||
           BeginsSyllable(piece);
  }
  // Only where the end can be reached: what is begun is found.
  void Go(size_t at) {
    if (at == letters_.size()) {
      found_.push_back(pieces_);
      return;
    }
    for (size_t size = std::min(kLongest, letters_.size() - at); size > 0; --size) {
      if (found_.size() == limit_) return;
      if (!reaches_end_[at + size] || !IsPiece(at, size)) continue;
      pieces_.emplace_back(letters_.substr(at, size));
      Go(at + size);
      pieces_.pop_back();
    }
  }

  const absl::string_view letters_;
  const size_t limit_;
  std::vector<bool> reaches_end_;
  std::vector<std::string> pieces_;
  std::vector<std::vector<std::string>> found_;
};

std::string InitialsOf(absl::Span<const std::string> syllables) {
  std::string initials;
  for (const std::string& syllable : syllables) initials.push_back(syllable[0]);
  return initials;
}

}  // namespace

std::vector<SearchKey> KeysOf(absl::string_view name, absl::string_view code, Parts parts) {
  std::vector<SearchKey> keys;
  const std::string folded = Fold(name);
  const absl::string_view text = folded;
  const size_t ending = EndingOf(text);
  const bool has_parts = parts == Parts::kOwn || ending == text.size();
  absl::flat_hash_set<absl::string_view> seen;
  for (size_t at = 0; at < text.size() && at <= ending;) {
    const absl::string_view rest = First(text.substr(at), kMaxCharacters);
    if (at == 0) {
      keys.push_back({KeyField::kName, std::string(rest)});
    } else if (has_parts && seen.insert(rest).second) {  // long ones may be cut to the same
      keys.push_back({KeyField::kPart, std::string(rest)});
    }
    at += std::max<size_t>(DecodeUtf8(text.substr(at)).size, 1);
  }
  std::vector<std::string> syllables = PinyinOf(folded);
  if (syllables.size() > kMaxSyllables) syllables.resize(kMaxSyllables);
  if (!syllables.empty()) {
    keys.push_back({KeyField::kPinyin, absl::StrJoin(syllables, "")});
    keys.push_back({KeyField::kInitials,
                    absl::StrCat(InitialsOf(syllables), " ", absl::StrJoin(syllables, " "))});
  }
  if (!code.empty()) keys.push_back({KeyField::kCode, std::string(code)});
  return keys;
}

std::string KeysVersion() { return Sha256(absl::StrCat(kKeysOf, PinyinVersion())); }

std::vector<Probe> ProbesOf(absl::string_view query) {
  const std::string text = Fold(query);
  if (text.empty()) return {};
  std::vector<Probe> probes;
  if (!IsAscii(text, absl::ascii_isalnum)) {
    return {{KeyField::kName, text, {}}, {KeyField::kPart, text, {}}};
  }
  if (IsAscii(text, absl::ascii_isdigit)) {
    return {{KeyField::kCode, text, {}}, {KeyField::kName, text, {}}, {KeyField::kPart, text, {}}};
  }
  probes.push_back({KeyField::kPinyin, text, {}});
  for (std::vector<std::string>& pieces : Cutter(text, kMaxProbes - 1).Cut()) {
    // One piece is a prefix of the pinyin itself.
    if (pieces.size() == 1 || pieces.size() > kMaxSyllables) continue;
    std::string initials = InitialsOf(pieces);
    probes.push_back({KeyField::kInitials, std::move(initials), std::move(pieces)});
  }
  return probes;
}

std::optional<MatchTier> Match(const Probe& probe, absl::string_view key) {
  if (!absl::StartsWith(key, probe.prefix)) return std::nullopt;
  if (probe.field == KeyField::kPart) return MatchTier::kPart;
  if (probe.field != KeyField::kInitials) {
    return key == probe.prefix ? MatchTier::kExact : MatchTier::kPrefix;
  }
  const std::vector<absl::string_view> words = absl::StrSplit(key, ' ');
  for (size_t i = 0; i < probe.segments.size(); ++i) {
    if (i + 1 >= words.size() || !absl::StartsWith(words[i + 1], probe.segments[i])) {
      return std::nullopt;
    }
  }
  return words[0] == probe.prefix ? MatchTier::kExact : MatchTier::kPrefix;
}

}  // namespace qungong::org
