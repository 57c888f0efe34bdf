#include "runtime/keys.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;

std::string Unhex(absl::string_view hex) { return absl::HexStringToBytes(hex); }

// "The Galois/Counter Mode of Operation", McGrew and Viega, which NIST SP 800-38D took over: test
// cases 14 and 16.
TEST(KeysTest, OpensTheVectorsOfItsCipher) {
  const std::string zeros(32, '\0');
  EXPECT_THAT(OpenWith(zeros,
                       Unhex("01"
                             "000000000000000000000000"
                             "cea7403d4d606b6e074ec5d3baf39d18"
                             "d0d1c8a799996bf0265b98b5d48ab919"),
                       ""),
              IsOkAndHolds(std::string(16, '\0')));
  EXPECT_THAT(OpenWith(Unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
                       Unhex("01"
                             "cafebabefacedbaddecaf888"
                             "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                             "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                             "76fc6ece0f4e1768cddf8853bb2d551b"),
                       Unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")),
              IsOkAndHolds(Unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")));
}

TEST(KeysTest, OpensWhatItSealedAndNeverSealsTwiceAlike) {
  const std::string key(32, 'k');
  for (const std::string& text : {std::string(), std::string("王五"), std::string(100000, '\0')}) {
    const std::string sealed = SealWith(key, text, "tickets/1 phone");
    EXPECT_EQ(sealed.size(), text.size() + 29);
    EXPECT_THAT(OpenWith(key, sealed, "tickets/1 phone"), IsOkAndHolds(text));
    EXPECT_NE(SealWith(key, text, "tickets/1 phone"), sealed);
  }
  EXPECT_THAT(OpenWith(key, SealWith(key, "x", ""), ""), IsOkAndHolds(std::string("x")));
}

TEST(KeysTest, NoChangedBitOpens) {
  const std::string key(32, 'k');
  const std::string sealed = SealWith(key, "text", "context");
  const auto broken = StatusIs(absl::StatusCode::kDataLoss, HasReason("SEAL_BROKEN"));
  for (size_t i = 0; i < sealed.size() * 8; ++i) {
    std::string forged = sealed;
    forged[i / 8] = static_cast<char>(forged[i / 8] ^ (1 << (i % 8)));
    EXPECT_THAT(OpenWith(key, forged, "context"), broken) << i;
  }
  for (size_t size = 0; size < sealed.size(); ++size)
    EXPECT_THAT(OpenWith(key, sealed.substr(0, size), "context"), broken);
  EXPECT_THAT(OpenWith(key, sealed + "x", "context"), broken);
  EXPECT_THAT(OpenWith(key, sealed, "another place"), broken);
  EXPECT_THAT(OpenWith(std::string(32, 'j'), sealed, "context"), broken);
}

class KeyFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<KeyRing> Read(absl::string_view content) {
    std::ofstream(file_) << content;
    return KeyRing::FromFile(file_);
  }
  void TearDown() override { std::remove(file_.c_str()); }

  const std::string file_ = ::testing::TempDir() + absl::StrCat("key_file_test_", getpid());
  const std::string a_ = absl::Base64Escape(std::string(32, 'a'));
  const std::string b_ = absl::Base64Escape(std::string(32, 'b'));
};

TEST_F(KeyFileTest, TakesLinesOfIdAndKey) {
  EXPECT_THAT(Read(absl::StrCat("1 ", a_)), IsOk());
  EXPECT_THAT(Read(absl::StrCat("\n7\t", a_, " \r\n12 ", b_, "\n\n")), IsOk());
}

TEST_F(KeyFileTest, RefusesEverythingElse) {
  const std::string contents[] = {"",
                                  "\n",
                                  "1",
                                  a_,
                                  absl::StrCat("0 ", a_),
                                  absl::StrCat("-1 ", a_),
                                  absl::StrCat("x ", a_),
                                  absl::StrCat("1 ", a_, " x"),
                                  absl::StrCat("1 ", a_, "\n1 ", b_),
                                  absl::StrCat("1 ", absl::Base64Escape(std::string(31, 'a'))),
                                  "1 ****"};
  for (const std::string& content : contents) {
    EXPECT_THAT(Read(content), StatusIs(absl::StatusCode::kInvalidArgument)) << content;
  }
  EXPECT_THAT(KeyRing::FromFile(file_ + ".absent"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(KeyFileTest, DerivedKeysBelongToOnePurposeAndOutliveRotation) {
  const KeyRing before = *Read(absl::StrCat("1 ", a_));
  const KeyRing after = *Read(absl::StrCat("1 ", a_, "\n2 ", b_));
  const KeyRing other = *Read(absl::StrCat("1 ", b_));
  EXPECT_EQ(before.Derive("pages").size(), 32u);
  EXPECT_EQ(before.Derive("pages"), after.Derive("pages"));
  EXPECT_NE(before.Derive("pages"), before.Derive("page"));
  EXPECT_NE(before.Derive("pages"), other.Derive("pages"));
  EXPECT_EQ(before.BlindIndex("phone", "138"), after.BlindIndex("phone", "138"));
  EXPECT_NE(before.BlindIndex("phone", "138"), before.BlindIndex("login", "138"));
  EXPECT_NE(before.BlindIndex("phone", "138"), before.BlindIndex("phone", "139"));
}

}  // namespace
}  // namespace qungong
