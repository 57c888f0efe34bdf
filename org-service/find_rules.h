// What a node is found by, and what a typed text finds. Pure.
#ifndef QUNGONG_ORG_SERVICE_FIND_RULES_H_
#define QUNGONG_ORG_SERVICE_FIND_RULES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace qungong::org {

// The column search_keys.field; numbers never change.
enum class KeyField {
  kName = 1,      // 观音桥街道
  kPart = 2,      // 音桥街道, 桥街道, 街道, 道
  kPinyin = 3,    // guanyinqiaojiedao
  kInitials = 4,  // "gyqjd guan yin qiao jie dao"
  kCode = 5,      // 500105006
};

struct SearchKey {
  KeyField field;
  std::string text;
  friend bool operator==(const SearchKey&, const SearchKey&) = default;
};

// Which parts of a name are keys. Of a body that governs or serves a division and is called after
// it (新华村民委员会), the parts are those of the division's name: none of its own.
enum class Parts { kOwn, kOfDivision };
// The keys of a name and a code (which may be empty), each once. A part does not begin inside of
// what bodies are called at the end, such as 村民委员会. Long names are found by their beginning.
std::vector<SearchKey> KeysOf(absl::string_view name, absl::string_view code,
                              Parts parts = Parts::kOwn);

// Changes when KeysOf may give other keys than before.
std::string KeysVersion();

// A range of keys to look at: those of a field that begin with a text. Of kInitials moreover, each
// syllable must begin with the segment in its place: "guan", "y", "q".
struct Probe {
  KeyField field;
  std::string prefix;
  std::vector<std::string> segments;
  friend bool operator==(const Probe&, const Probe&) = default;
};

// At most kMaxProbes ranges for a text that was typed; none if nothing can match. Capitals, full
// width, spaces and apostrophes make no difference; ü is v.
inline constexpr size_t kMaxProbes = 5;
std::vector<Probe> ProbesOf(absl::string_view query);

// How well a key of a probe's range matches: smaller is better.
enum class MatchTier { kExact = 0, kPrefix = 1, kPart = 2 };
// nullopt: not at all.
std::optional<MatchTier> Match(const Probe& probe, absl::string_view key);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_FIND_RULES_H_
