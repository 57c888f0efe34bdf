// Reads data/amendments.csv, whose head says what the rows mean.
#ifndef QUNGONG_ORG_SERVICE_AMENDMENT_FILE_H_
#define QUNGONG_ORG_SERVICE_AMENDMENT_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

namespace qungong::org {

// A division or a unit as an amendment names it.
struct AmendmentNode {
  bool is_unit = false;  // written with "unit:" before it
  std::string key;       // a code of 6, 9 or 12 digits, or a word of a-z, 0-9 and -

  bool has_code() const { return key[0] >= '0' && key[0] <= '9'; }
  friend bool operator==(const AmendmentNode&, const AmendmentNode&) = default;
};

struct Amendment {
  enum class Operation { kCreate, kMove, kRelabel, kDissolve };
  int line = 0;
  absl::CivilDay day;
  Operation operation = Operation::kCreate;
  AmendmentNode node;  // kRelabel: the code until then
  std::string name;
  AmendmentNode parent;     // kCreate, kMove
  AmendmentNode successor;  // kRelabel, kDissolve
  std::string source;
};

// The amendments of a file, in its order, which is that of their days. Says nothing about whether
// the nodes exist. INVALID_ARGUMENT, reason CSV_INVALID, with line and column.
absl::StatusOr<std::vector<Amendment>> ParseAmendments(absl::string_view text);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_AMENDMENT_FILE_H_
