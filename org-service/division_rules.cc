#include "org-service/division_rules.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace qungong::org {
namespace {

using v1::Division;
using v1::Unit;

struct Ending {
  rpc::v1::Level level;
  const char* text;
  Division::Kind kind;
};

// Longer endings first.
constexpr Ending kEndings[] = {
    {rpc::v1::MUNICIPALITY_LEVEL, "市", Division::MUNICIPALITY},
    {rpc::v1::DISTRICT_LEVEL, "开发区", Division::FUNCTIONAL_AREA},
    {rpc::v1::DISTRICT_LEVEL, "区", Division::DISTRICT},
    {rpc::v1::DISTRICT_LEVEL, "自治县", Division::AUTONOMOUS_COUNTY},
    {rpc::v1::DISTRICT_LEVEL, "县", Division::COUNTY},
    {rpc::v1::TOWNSHIP_LEVEL, "街道", Division::SUBDISTRICT},
    {rpc::v1::TOWNSHIP_LEVEL, "镇", Division::TOWN},
    {rpc::v1::TOWNSHIP_LEVEL, "族乡", Division::ETHNIC_TOWNSHIP},
    {rpc::v1::TOWNSHIP_LEVEL, "乡", Division::TOWNSHIP},
    {rpc::v1::TOWNSHIP_LEVEL, "区", Division::FUNCTIONAL_AREA},
    {rpc::v1::VILLAGE_LEVEL, "社区", Division::COMMUNITY},
    {rpc::v1::VILLAGE_LEVEL, "村", Division::VILLAGE},
};

struct Committee {
  const char* ending;
  const char* place;  // what a place of that kind is called at the end
  Division::Kind kind;
};

constexpr Committee kCommittees[] = {
    {"村民委员会", "村", Division::VILLAGE},     {"村委会", "村", Division::VILLAGE},
    {"居民委员会", "社区", Division::COMMUNITY}, {"居委会", "社区", Division::COMMUNITY},
    {"工作站", "社区", Division::COMMUNITY},
};

// 桃源社区居民委员会 -> 桃源社区; 青龙村民委员会 -> 青龙村; 先锋社区村民委员会 -> 先锋社区.
NamedDivision NameVillage(absl::string_view file_name) {
  for (const Committee& committee : kCommittees) {
    absl::string_view place = file_name;
    if (!absl::ConsumeSuffix(&place, committee.ending) || place.empty()) continue;
    NamedDivision named{committee.kind, std::string(place), std::string(file_name)};
    if (!absl::EndsWith(place, "村") && !absl::EndsWith(place, "社区")) {
      absl::StrAppend(&named.display_name, committee.place);
    }
    return named;
  }
  const Division::Kind kind = KindOfName(rpc::v1::VILLAGE_LEVEL, file_name);
  return {kind, std::string(file_name), GoverningName(kind, file_name)};
}

}  // namespace

Uuid DivisionId(absl::string_view key) { return NameUuid(absl::StrCat("division:", key)); }
Uuid UnitId(absl::string_view key) { return NameUuid(absl::StrCat("unit:", key)); }
Uuid ServiceCenterId(absl::string_view key) {
  return NameUuid(absl::StrCat("serviceCenter:", key));
}

size_t CodeLength(rpc::v1::Level level) {
  switch (level) {
    case rpc::v1::TOWNSHIP_LEVEL:
      return 9;
    case rpc::v1::VILLAGE_LEVEL:
      return 12;
    default:
      return 6;
  }
}

Division::Kind KindOfName(rpc::v1::Level level, absl::string_view display_name) {
  for (const Ending& ending : kEndings) {
    if (ending.level == level && absl::EndsWith(display_name, ending.text)) return ending.kind;
  }
  return Division::KIND_UNSPECIFIED;
}

Division::Kind KindUnderName(Division::Kind kind, absl::string_view display_name) {
  if (kind != Division::DISTRICT && kind != Division::COUNTY &&
      kind != Division::AUTONOMOUS_COUNTY) {
    return kind;
  }
  const Division::Kind told = KindOfName(rpc::v1::DISTRICT_LEVEL, display_name);
  return told == Division::KIND_UNSPECIFIED ? kind : told;
}

bool StandsOn(Division::Kind kind, rpc::v1::Level level) {
  return std::any_of(std::begin(kEndings), std::end(kEndings), [&](const Ending& ending) {
    return ending.level == level && ending.kind == kind;
  });
}

NamedDivision NameDivision(rpc::v1::Level level, absl::string_view file_name) {
  if (level == rpc::v1::VILLAGE_LEVEL) return NameVillage(file_name);
  const Division::Kind kind = KindOfName(level, file_name);
  return {kind, std::string(file_name), GoverningName(kind, file_name)};
}

Unit::Kind GoverningKind(Division::Kind kind) {
  switch (kind) {
    case Division::FUNCTIONAL_AREA:
      return Unit::FUNCTIONAL_AREA_COMMITTEE;
    case Division::SUBDISTRICT:
      return Unit::SUBDISTRICT_OFFICE;
    case Division::VILLAGE:
      return Unit::VILLAGE_COMMITTEE;
    case Division::COMMUNITY:
      return Unit::COMMUNITY_COMMITTEE;
    default:
      return Unit::GOVERNMENT;
  }
}

std::string GoverningName(Division::Kind kind, absl::string_view division_name) {
  switch (GoverningKind(kind)) {
    case Unit::FUNCTIONAL_AREA_COMMITTEE:
      return absl::StrCat(division_name, "管理委员会");
    case Unit::SUBDISTRICT_OFFICE:
      return absl::StrCat(division_name, "办事处");
    case Unit::VILLAGE_COMMITTEE:
      return absl::StrCat(division_name, "村民委员会");
    case Unit::COMMUNITY_COMMITTEE:
      return absl::StrCat(division_name, "居民委员会");
    default:
      return absl::StrCat(division_name, "人民政府");
  }
}

bool Governs(Unit::Kind kind) {
  return kind == Unit::GOVERNMENT || kind == Unit::SUBDISTRICT_OFFICE ||
         kind == Unit::VILLAGE_COMMITTEE || kind == Unit::COMMUNITY_COMMITTEE ||
         kind == Unit::FUNCTIONAL_AREA_COMMITTEE;
}

std::string ServiceCenterName(absl::string_view division_name) {
  return absl::StrCat(division_name, "群众服务中心");
}

}  // namespace qungong::org
