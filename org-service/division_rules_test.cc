#include "org-service/division_rules.h"

#include "gtest/gtest.h"

namespace qungong::org {
namespace {

using rpc::v1::DISTRICT_LEVEL;
using rpc::v1::MUNICIPALITY_LEVEL;
using rpc::v1::TOWNSHIP_LEVEL;
using rpc::v1::VILLAGE_LEVEL;
using v1::Division;
using v1::Unit;

struct NameCase {
  rpc::v1::Level level;
  const char* file_name;
  Division::Kind kind;
  const char* display_name;
  const char* unit_name;
};

TEST(DivisionRules, NamesTellKindsAndUnits) {
  const NameCase cases[] = {
      {MUNICIPALITY_LEVEL, "重庆市", Division::MUNICIPALITY, "重庆市", "重庆市人民政府"},
      {DISTRICT_LEVEL, "江北区", Division::DISTRICT, "江北区", "江北区人民政府"},
      {DISTRICT_LEVEL, "两江新区", Division::DISTRICT, "两江新区", "两江新区人民政府"},
      {DISTRICT_LEVEL, "城口县", Division::COUNTY, "城口县", "城口县人民政府"},
      {DISTRICT_LEVEL, "石柱土家族自治县", Division::AUTONOMOUS_COUNTY, "石柱土家族自治县",
       "石柱土家族自治县人民政府"},
      {DISTRICT_LEVEL, "万盛经济技术开发区", Division::FUNCTIONAL_AREA, "万盛经济技术开发区",
       "万盛经济技术开发区管理委员会"},
      {DISTRICT_LEVEL, "某某", Division::KIND_UNSPECIFIED, "某某", "某某人民政府"},
      {TOWNSHIP_LEVEL, "观音桥街道", Division::SUBDISTRICT, "观音桥街道", "观音桥街道办事处"},
      {TOWNSHIP_LEVEL, "统景镇", Division::TOWN, "统景镇", "统景镇人民政府"},
      {TOWNSHIP_LEVEL, "地宝土家族乡", Division::ETHNIC_TOWNSHIP, "地宝土家族乡",
       "地宝土家族乡人民政府"},
      {TOWNSHIP_LEVEL, "恒合乡", Division::TOWNSHIP, "恒合乡", "恒合乡人民政府"},
      {VILLAGE_LEVEL, "桃源社区居民委员会", Division::COMMUNITY, "桃源社区", "桃源社区居民委员会"},
      {VILLAGE_LEVEL, "桃源社区居委会", Division::COMMUNITY, "桃源社区", "桃源社区居委会"},
      {VILLAGE_LEVEL, "桃源居委会", Division::COMMUNITY, "桃源社区", "桃源居委会"},
      {VILLAGE_LEVEL, "雨花村村民委员会", Division::VILLAGE, "雨花村", "雨花村村民委员会"},
      {VILLAGE_LEVEL, "青龙村民委员会", Division::VILLAGE, "青龙村", "青龙村民委员会"},
      {VILLAGE_LEVEL, "雨花村委会", Division::VILLAGE, "雨花村", "雨花村委会"},
      {VILLAGE_LEVEL, "先锋社区村民委员会", Division::VILLAGE, "先锋社区", "先锋社区村民委员会"},
      {VILLAGE_LEVEL, "化龙桥社区工作站", Division::COMMUNITY, "化龙桥社区", "化龙桥社区工作站"},
      {VILLAGE_LEVEL, "雨花村", Division::VILLAGE, "雨花村", "雨花村村民委员会"},
      {VILLAGE_LEVEL, "桃源社区", Division::COMMUNITY, "桃源社区", "桃源社区居民委员会"},
  };
  for (const NameCase& c : cases) {
    const NamedDivision named = NameDivision(c.level, c.file_name);
    EXPECT_EQ(named.kind, c.kind) << c.file_name;
    EXPECT_EQ(named.display_name, c.display_name);
    EXPECT_EQ(named.unit_name, c.unit_name);
    EXPECT_EQ(StandsOn(c.kind, c.level), c.kind != Division::KIND_UNSPECIFIED);
  }
  EXPECT_EQ(NameDivision(VILLAGE_LEVEL, "居民委员会").kind, Division::KIND_UNSPECIFIED);
}

TEST(DivisionRules, DistrictsHaveTheKindOfTheDaysName) {
  EXPECT_EQ(KindUnderName(Division::DISTRICT, "璧山县"), Division::COUNTY);
  EXPECT_EQ(KindUnderName(Division::DISTRICT, "璧山区"), Division::DISTRICT);
  EXPECT_EQ(KindUnderName(Division::DISTRICT, "某某"), Division::DISTRICT);
  EXPECT_EQ(KindUnderName(Division::FUNCTIONAL_AREA, "北部新区"), Division::FUNCTIONAL_AREA);
  EXPECT_EQ(KindUnderName(Division::COMMUNITY, "先锋社区"), Division::COMMUNITY);
}

TEST(DivisionRules, EveryKindHasAGoverningUnitAndALevel) {
  for (int kind = Division::Kind_MIN + 1; kind <= Division::Kind_MAX; ++kind) {
    int levels = 0;
    for (const auto level : {MUNICIPALITY_LEVEL, DISTRICT_LEVEL, TOWNSHIP_LEVEL, VILLAGE_LEVEL}) {
      if (StandsOn(static_cast<Division::Kind>(kind), level)) ++levels;
    }
    EXPECT_EQ(levels, kind == Division::FUNCTIONAL_AREA ? 2 : 1) << kind;
    EXPECT_TRUE(Governs(GoverningKind(static_cast<Division::Kind>(kind))));
  }
  EXPECT_FALSE(Governs(Unit::DEPARTMENT));
  EXPECT_FALSE(Governs(Unit::COMPANY));
}

TEST(DivisionRules, IdsAreMadeOfCodes) {
  EXPECT_EQ(DivisionId("500105"), DivisionId("500105"));
  EXPECT_NE(DivisionId("500105"), UnitId("500105"));
  EXPECT_NE(ServiceCenterId("500105"), UnitId("500105"));
}

}  // namespace
}  // namespace qungong::org
