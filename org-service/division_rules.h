// Kinds and names of divisions, of the units that govern them and of their service centers. Pure.
#ifndef QUNGONG_ORG_SERVICE_DIVISION_RULES_H_
#define QUNGONG_ORG_SERVICE_DIVISION_RULES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "qungong/org/v1/division_service.pb.h"
#include "qungong/org/v1/unit_service.pb.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/ids.h"

namespace qungong::org {

// Ids of imported nodes are made of the code or key in the file, so that a file that is imported
// again meets what it made.
Uuid DivisionId(absl::string_view key);
Uuid UnitId(absl::string_view key);
Uuid ServiceCenterId(absl::string_view key);

// Digits of a code on a level: 6, 6, 9, 12.
size_t CodeLength(rpc::v1::Level level);

// The kind that a name tells, such as COUNTY for 璧山县; KIND_UNSPECIFIED if it tells none.
v1::Division::Kind KindOfName(rpc::v1::Level level, absl::string_view display_name);
// The kind of a division under the name of a day: a district that was 璧山县 was a county then.
v1::Division::Kind KindUnderName(v1::Division::Kind kind, absl::string_view display_name);
// Whether divisions of the kind stand on the level.
bool StandsOn(v1::Division::Kind kind, rpc::v1::Level level);

// A division as the statistical files name it: on the lowest level they give the committee's name.
struct NamedDivision {
  v1::Division::Kind kind = v1::Division::KIND_UNSPECIFIED;
  std::string display_name;  // 桃源社区, 青龙村
  std::string unit_name;     // 桃源社区居民委员会, 青龙村民委员会
};
// KIND_UNSPECIFIED if the name tells no kind.
NamedDivision NameDivision(rpc::v1::Level level, absl::string_view file_name);

// The kind of unit that governs divisions of a kind, and its name.
v1::Unit::Kind GoverningKind(v1::Division::Kind kind);
std::string GoverningName(v1::Division::Kind kind, absl::string_view division_name);
// Whether units of this kind govern.
bool Governs(v1::Unit::Kind kind);

std::string ServiceCenterName(absl::string_view division_name);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_DIVISION_RULES_H_
