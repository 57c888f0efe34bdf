// What is shown of a person, and which numbers are numbers. Pure.
#ifndef QUNGONG_ORG_SERVICE_PERSON_RULES_H_
#define QUNGONG_ORG_SERVICE_PERSON_RULES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace qungong::org {

// 张三 -> 张*, 欧阳娜娜 -> 欧***, 张 -> *.
std::string MaskName(absl::string_view name);
// 13812345678 -> 138****5678; another number shows its last two digits.
std::string MaskPhone(absl::string_view phone);
// 11010519491231002X -> 110*************2X.
std::string MaskIdNumber(absl::string_view id_number);

// One form for one number, so that equal numbers have equal indexes: digits only, +86 and 0086
// before a mainland number dropped, other countries with their +.
std::string NormalizePhone(absl::string_view phone);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_PERSON_RULES_H_
