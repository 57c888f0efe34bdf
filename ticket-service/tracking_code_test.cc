#include "ticket-service/tracking_code.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "runtime/status.h"

namespace qungong::ticket {
namespace {

// The hashes are those of coreutils' sha256sum.
TEST(TrackingCode, HashesAsDocumented) {
  EXPECT_EQ(absl::BytesToHexString(TrackingHash("0123-4567-89AB-CDEF").value()),
            "e00fc2ddfb006725efb38ba970916be731898631d6f8a5caa46211df33cf7a63");
  EXPECT_EQ(absl::BytesToHexString(TrackingHash("ZZZZZZZZZZZZZZZZ").value()),
            "bdb1a6cebab07de3c8ea5cad01c4d9a136c0dbb44613e2f4c6f339205e90ed1e");
}

TEST(TrackingCode, IsReadAsPeopleTypeIt) {
  for (const char* typed : {"0123-4567-89AB-CDEF", "0123456789abcdef", " 0123 4567 89ab cdef ",
                            "o123-4567-89AB-CDEF", "Oi23-4567-89AB-CDEF", "0L23-4567-89AB-CDEF",
                            "０１２３－４５６７－８９ＡＢ－ｃｄｅｆ", "0123—4567—89ab—cdef"}) {
    const auto code = NormalizeTrackingCode(typed);
    ASSERT_TRUE(code.ok()) << typed;
    EXPECT_EQ(*code, "0123456789ABCDEF") << typed;
  }
}

TEST(TrackingCode, RefusesWhatIsNotOneAndDoesNotRepeatIt) {
  const std::vector<std::string> bad = {"",
                                        "0123456789ABCDE",
                                        "0123456789ABCDEFG",
                                        "0123456789ABCDEU",
                                        "0123456789ABCDE!",
                                        "0123456789ABCDE*",
                                        "路灯坏了路灯坏了",
                                        std::string("0123456789ABCDE\0", 16),
                                        std::string(1000000, '0')};
  for (const std::string& typed : bad) {
    for (const absl::Status& status :
         {NormalizeTrackingCode(typed).status(), TrackingHash(typed).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(ReasonOf(status), "TRACKING_CODE_MALFORMED");
      EXPECT_EQ(status.message().find("0123"), absl::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace qungong::ticket
