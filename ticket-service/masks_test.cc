#include "ticket-service/masks.h"

#include "gtest/gtest.h"

namespace qungong::ticket {
namespace {

struct Case {
  const char* text;
  const char* masked;
};

TEST(Masks, OfNamesOnlyTheFirstCharacterShows) {
  for (const Case& c :
       {Case{"张三", "张*"}, {"欧阳娜娜", "欧***"}, {"张", "张"}, {"Li Lei", "L*****"}, {"", ""}}) {
    EXPECT_EQ(MaskName(c.text), c.masked) << c.text;
  }
}

TEST(Masks, OfPhonesTheEndsShow) {
  for (const Case& c : {Case{"13812345678", "138****5678"},
                        {"+86 138-1234-5678", "138****5678"},
                        {"023-67890123", "****123"},
                        {"6789012", "****012"},
                        {"", ""}}) {
    EXPECT_EQ(MaskPhone(c.text), c.masked) << c.text;
  }
}

TEST(Masks, TheSameNumberWrittenDifferentlyIsTheSame) {
  for (const char* text :
       {"13812345678", "+8613812345678", "0086 138 1234 5678", "138-1234-5678"}) {
    EXPECT_EQ(NormalizePhone(text), "13812345678") << text;
  }
  EXPECT_EQ(NormalizePhone("023-67890123"), "02367890123");
}

}  // namespace
}  // namespace qungong::ticket
