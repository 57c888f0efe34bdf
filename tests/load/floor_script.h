// Reads floor.sql.
#ifndef QUNGONG_TESTS_LOAD_FLOOR_SCRIPT_H_
#define QUNGONG_TESTS_LOAD_FLOOR_SCRIPT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/load/floor.h"

namespace qungong::load {

// By operation. A section begins with "-- == NAME"; a statement ends with ";" at the end of a line;
// other lines that begin with "--" are comments.
using FloorScript = std::map<std::string, std::vector<FrozenStatement>>;
absl::StatusOr<FloorScript> ReadFloorScript(const std::string& text);

// Whether a statement is the frozen one with values in place of its question marks. Blanks and line
// ends are all the same.
bool IsFilled(absl::string_view sent, absl::string_view frozen);

}  // namespace qungong::load

#endif  // QUNGONG_TESTS_LOAD_FLOOR_SCRIPT_H_
