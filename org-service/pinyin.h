// How names of places are read, in letters without tones (pinyin): 长寿区 is "chang shou qu", 绿 is
// "lv". Pure.
#ifndef QUNGONG_ORG_SERVICE_PINYIN_H_
#define QUNGONG_ORG_SERVICE_PINYIN_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace qungong::org {

// The syllables of a name in their order. Of a character with several readings, the one that names
// of places have (data/pinyin.csv). Each letter (in lower case) and each digit is a syllable by
// itself; whatever else has no reading is passed over.
std::vector<std::string> PinyinOf(absl::string_view name);

// Whether some syllable begins with `letters`.
bool BeginsSyllable(absl::string_view letters);

// Changes when a name may be read in another way than before.
std::string PinyinVersion();

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_PINYIN_H_
