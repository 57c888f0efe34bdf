#include "org-service/pinyin.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "org-service/csv.h"
#include "runtime/crypto.h"
#include "runtime/utf8.h"

namespace qungong::org {

// Made by pinyin.cmake: lines such as "4E00 yī", and data/pinyin.csv.
absl::string_view CommonReadings();
absl::string_view PlaceReadings();

namespace {

// The letters that stand for vowels with a tone, and the marks that stand behind a letter.
struct ToneMark {
  char32_t marked;
  absl::string_view plain;
};
constexpr ToneMark kToneMarks[] = {
    {U'ā', "a"}, {U'á', "a"}, {U'ǎ', "a"}, {U'à', "a"}, {U'ē', "e"}, {U'é', "e"}, {U'ě', "e"},
    {U'è', "e"}, {U'ê', "e"}, {U'ế', "e"}, {U'ề', "e"}, {U'ī', "i"}, {U'í', "i"}, {U'ǐ', "i"},
    {U'ì', "i"}, {U'ō', "o"}, {U'ó', "o"}, {U'ǒ', "o"}, {U'ò', "o"}, {U'ū', "u"}, {U'ú', "u"},
    {U'ǔ', "u"}, {U'ù', "u"}, {U'ü', "v"}, {U'ǖ', "v"}, {U'ǘ', "v"}, {U'ǚ', "v"}, {U'ǜ', "v"},
    {U'ń', "n"}, {U'ň', "n"}, {U'ǹ', "n"}, {U'ḿ', "m"}};

std::string WithoutTone(absl::string_view reading) {
  std::string plain;
  while (!reading.empty()) {
    const CodePoint c = DecodeUtf8(reading);
    if (c.size == 0) break;
    if (c.value < 0x80) plain.push_back(static_cast<char>(c.value));
    for (const ToneMark& mark : kToneMarks) {
      if (mark.marked == c.value) absl::StrAppend(&plain, mark.plain);
    }
    reading.remove_prefix(c.size);
  }
  return plain;
}

class Table {
 public:
  Table() {
    for (const absl::string_view line : absl::StrSplit(CommonReadings(), '\n')) {
      const std::pair<absl::string_view, absl::string_view> parts =
          absl::StrSplit(line, absl::MaxSplits(' ', 1));
      uint32_t point = 0;
      if (!absl::SimpleHexAtoi(parts.first, &point)) continue;
      common_[static_cast<char32_t>(point)] = Known(WithoutTone(parts.second));
    }
    const auto rows = ParseCsv(PlaceReadings(), {"text", "pinyin"});
    if (!rows.ok()) return;  // PinyinTest reads it
    for (const CsvRow& row : *rows) {
      std::vector<const std::string*>& syllables = places_[row.fields[0]];
      for (const absl::string_view one : absl::StrSplit(row.fields[1], ' ')) {
        syllables.push_back(Known(std::string(one)));
      }
      longest_ = std::max(longest_, row.fields[0].size());
    }
  }

  std::vector<std::string> Read(absl::string_view name) const {
    std::vector<std::string> syllables;
    while (!name.empty()) {
      if (const size_t taken = TakePlace(name, syllables); taken > 0) {
        name.remove_prefix(taken);
        continue;
      }
      const CodePoint c = DecodeUtf8(name);
      if (c.size == 1 && absl::ascii_isalnum(static_cast<unsigned char>(c.value))) {
        syllables.emplace_back(1, absl::ascii_tolower(static_cast<unsigned char>(c.value)));
      } else if (const auto it = common_.find(c.value); it != common_.end()) {
        syllables.push_back(*it->second);
      }
      name.remove_prefix(std::max<size_t>(c.size, 1));
    }
    return syllables;
  }

  bool Begins(absl::string_view letters) const {
    const auto it = syllables_.lower_bound(std::string(letters));
    return it != syllables_.end() && absl::StartsWith(*it, letters);
  }

 private:
  const std::string* Known(std::string syllable) {
    return &*syllables_.insert(std::move(syllable)).first;
  }
  // The longest text of data/pinyin.csv with which `name` begins: its bytes; 0 if there is none.
  size_t TakePlace(absl::string_view name, std::vector<std::string>& syllables) const {
    for (size_t size = std::min(longest_, name.size()); size > 0; --size) {
      const auto it = places_.find(name.substr(0, size));
      if (it == places_.end()) continue;
      for (const std::string* syllable : it->second) syllables.push_back(*syllable);
      return size;
    }
    return 0;
  }

  std::set<std::string> syllables_;
  absl::flat_hash_map<char32_t, const std::string*> common_;
  absl::flat_hash_map<std::string, std::vector<const std::string*>> places_;
  size_t longest_ = 0;  // bytes
};

const Table& Readings() {
  static const auto* const kTable = new Table();
  return *kTable;
}

}  // namespace

std::vector<std::string> PinyinOf(absl::string_view name) { return Readings().Read(name); }

bool BeginsSyllable(absl::string_view letters) { return Readings().Begins(letters); }

std::string PinyinVersion() { return Sha256(absl::StrCat(CommonReadings(), PlaceReadings())); }

}  // namespace qungong::org
