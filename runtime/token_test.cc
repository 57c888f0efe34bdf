#include "runtime/token.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "runtime/crypto.h"
#include "runtime/token_cache.h"
#include "tests/support/matchers.h"
#include "tests/support/test_keys.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOk;
using ::qungong::testing::StatusIs;

constexpr char kAccount[] = "accounts/0190f3a1-7b1c-7def-8123-456789abcdef";

// Claims as text, so that a test can say what no signer of ours would.
std::string Body(absl::string_view sub = kAccount, absl::string_view iss = "org-service",
                 absl::string_view aud = "qungong", int64_t iat = 1000000, int64_t exp = 1000900) {
  return absl::StrCat(R"({"iss":")", iss, R"(","aud":")", aud, R"(","sub":")", sub, R"(","iat":)",
                      iat, R"(,"exp":)", exp, "}");
}

// Signs anything with the test key (or a key of its own), under any header.
std::string SignRaw(absl::string_view header, absl::string_view body,
                    absl::string_view jwk = testing::kPrivateJwk) {
  cjose_err error{};
  cjose_header_t* head = json_loadb(header.data(), header.size(), 0, nullptr);
  cjose_jwk_t* key = cjose_jwk_import(jwk.data(), jwk.size(), &error);
  cjose_jws_t* jws =
      cjose_jws_sign(key, head, reinterpret_cast<const uint8_t*>(body.data()), body.size(), &error);
  const char* compact = nullptr;
  EXPECT_TRUE(jws != nullptr && cjose_jws_export(jws, &compact, &error)) << error.message;
  std::string token = compact == nullptr ? "" : compact;
  cjose_jws_release(jws);
  cjose_jwk_release(key);
  json_decref(head);
  return token;
}

constexpr char kHeader[] = R"({"alg":"ES256","typ":"JWT","kid":"test"})";

class TokenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write(jwk_file_, testing::kPrivateJwk);
    Write(jwks_file_, testing::kPublicJwks);
    signer_ = *TokenSigner::FromFile(jwk_file_);
    verifier_ = *TokenVerifier::FromFile(jwks_file_);
  }
  void TearDown() override {
    std::remove(jwk_file_.c_str());
    std::remove(jwks_file_.c_str());
  }
  static void Write(const std::string& file, absl::string_view content) {
    std::ofstream(file) << content;
  }

  const std::string jwk_file_ = ::testing::TempDir() + absl::StrCat("jwk_", getpid());
  const std::string jwks_file_ = ::testing::TempDir() + absl::StrCat("jwks_", getpid());
  const absl::Time now_ = absl::FromUnixSeconds(1000000);
  const TokenClaims claims_{kAccount, "sessions/0190f3a1-7b1c-7def-8123-456789abcdee", now_,
                            now_ + absl::Minutes(15)};
  std::unique_ptr<TokenSigner> signer_;
  std::unique_ptr<TokenVerifier> verifier_;
};

const auto kInvalid = StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_INVALID"));
const auto kExpired = StatusIs(absl::StatusCode::kUnauthenticated, HasReason("TOKEN_EXPIRED"));

TEST_F(TokenTest, VerifiesWhatWasSigned) {
  const std::string token = *signer_->Sign(claims_);
  for (int i = 0; i < 2; ++i) {  // the second time from the cache
    const absl::StatusOr<TokenClaims> claims = verifier_->Verify(token, now_ + absl::Minutes(1));
    ASSERT_THAT(claims, IsOk());
    EXPECT_EQ(claims->subject, claims_.subject);
    EXPECT_EQ(claims->session, claims_.session);
    EXPECT_EQ(claims->issued, claims_.issued);
    EXPECT_EQ(claims->expires, claims_.expires);
  }
  TokenClaims service = claims_;
  service.session = "";
  EXPECT_EQ(verifier_->Verify(*signer_->Sign(service), now_)->session, "");
}

// RFC 7515, appendix A.3: the signature of that document opens with its key, through the same
// library, and the forged one does not; its claims are not ours, which is what is refused.
TEST_F(TokenTest, TheVectorOfTheRfcHasAGoodSignatureAndForeignClaims) {
  const std::string vector =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ."
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  cjose_err error{};
  cjose_jwk_t* key =
      cjose_jwk_import(testing::kPrivateJwk, sizeof(testing::kPrivateJwk) - 1, &error);
  cjose_jws_t* jws = cjose_jws_import(vector.data(), vector.size(), &error);
  EXPECT_TRUE(cjose_jws_verify(jws, key, &error));
  cjose_jws_release(jws);
  cjose_jwk_release(key);
  EXPECT_THAT(verifier_->Verify(vector, now_), kInvalid);  // no kid
}

TEST_F(TokenTest, TimesHaveAMinuteOfLeeway) {
  const std::string token = *signer_->Sign(claims_);
  EXPECT_THAT(verifier_->Verify(token, now_ - absl::Seconds(60)), IsOk());
  EXPECT_THAT(verifier_->Verify(token, claims_.expires + absl::Seconds(59)), IsOk());
  // Also when it is in the cache.
  EXPECT_THAT(verifier_->Verify(token, now_ - absl::Seconds(61)), kInvalid);
  EXPECT_THAT(verifier_->Verify(token, claims_.expires + absl::Seconds(60)), kExpired);
  const auto fresh = *TokenVerifier::FromFile(jwks_file_);
  EXPECT_THAT(fresh->Verify(token, now_ - absl::Seconds(61)), kInvalid);
  EXPECT_THAT(fresh->Verify(token, claims_.expires + absl::Seconds(60)), kExpired);
}

TEST_F(TokenTest, SignedButNotOursIsRefused) {
  struct Case {
    const char* name;
    std::string header;
    std::string body;
  };
  const Case cases[] = {
      {"issuer", kHeader, Body(kAccount, "other")},
      {"audience", kHeader, Body(kAccount, "org-service", "other")},
      {"list of audiences", kHeader,
       absl::StrReplaceAll(Body(), {{R"("qungong")", R"(["qungong"])"}})},
      {"no audience", kHeader, absl::StrReplaceAll(Body(), {{R"("aud":"qungong",)", ""}})},
      {"no expiry", kHeader, absl::StrReplaceAll(Body(), {{R"(,"exp":1000900)", ""}})},
      {"no issue time", kHeader, absl::StrReplaceAll(Body(), {{R"(,"iat":1000000)", ""}})},
      {"expiry as text", kHeader, absl::StrReplaceAll(Body(), {{"1000900", R"("1000900")"}})},
      {"expiry as fraction", kHeader, absl::StrReplaceAll(Body(), {{"1000900", "1e99"}})},
      {"subject is no account", kHeader, Body("sessions/0190f3a1-7b1c-7def-8123-456789abcdef")},
      {"subject twice", kHeader,
       absl::StrReplaceAll(Body(),
                           {{R"("iat")", absl::StrCat(R"("sub":")", kAccount, R"(","iat")")}})},
      {"no subject", kHeader, Body("")},
      {"claims are a list", kHeader, "[1]"},
      {"claims are no JSON", kHeader, "hello"},
      {"another kid", R"({"alg":"ES256","typ":"JWT","kid":"other"})", Body()},
      {"no kid", R"({"alg":"ES256","typ":"JWT"})", Body()},
      {"kid is a number", R"({"alg":"ES256","typ":"JWT","kid":7})", Body()},
      {"no type", R"({"alg":"ES256","kid":"test"})", Body()},
      {"a checkpoint's type", R"({"alg":"ES256","typ":"checkpoint+jwt","kid":"test"})", Body()},
      {"critical extension",
       R"({"alg":"ES256","typ":"JWT","kid":"test","crit":["b64"],"b64":false})", Body()},
  };
  for (const Case& c : cases)
    EXPECT_THAT(verifier_->Verify(SignRaw(c.header, c.body), now_), kInvalid) << c.name;
  EXPECT_THAT(verifier_->Verify(SignRaw(kHeader, Body()), now_),
              IsOk());  // what the cases differ from
}

TEST_F(TokenTest, ForeignKeysAndAlgorithmsAreRefused) {
  const std::string public_x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
  const std::string head_hs = absl::WebSafeBase64Escape(R"({"alg":"HS256","kid":"test"})");
  const std::string signed_part = absl::StrCat(head_hs, ".", absl::WebSafeBase64Escape(Body()));
  cjose_err error{};
  cjose_jwk_t* random = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
  char* random_json = cjose_jwk_to_json(random, true, &error);
  cjose_jwk_t* wide = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, &error);
  char* wide_json = cjose_jwk_to_json(wide, true, &error);
  const std::string none = absl::StrCat(absl::WebSafeBase64Escape(R"({"alg":"none","kid":"test"})"),
                                        ".", absl::WebSafeBase64Escape(Body()), ".");
  const std::pair<const char*, std::string> tokens[] = {
      {"another key under the same kid", SignRaw(kHeader, Body(), random_json)},
      {"another curve", SignRaw(R"({"alg":"ES384","kid":"test"})", Body(), wide_json)},
      {"unsigned", none},
      {"unsigned with a signature", none + "AAAA"},
      // The public key taken for the secret of an HMAC, in two forms in which an attacker would
      // have it.
      {"HMAC of the JWK's x",
       absl::StrCat(signed_part, ".",
                    absl::WebSafeBase64Escape(HmacSha256(public_x, signed_part)))},
      {"HMAC of the JWKS",
       absl::StrCat(signed_part, ".",
                    absl::WebSafeBase64Escape(HmacSha256(testing::kPublicJwks, signed_part)))},
  };
  for (const auto& [name, token] : tokens)
    EXPECT_THAT(verifier_->Verify(token, now_), kInvalid) << name;
  free(random_json);
  free(wide_json);
  cjose_jwk_release(random);
  cjose_jwk_release(wide);
}

TEST_F(TokenTest, NoChangedCharacterIsAccepted) {
  const std::string token = *signer_->Sign(claims_);
  const size_t signature = token.rfind('.') + 1;
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    const absl::StatusOr<TokenClaims> claims = verifier_->Verify(forged, now_);
    if (claims.ok()) {
      // Only bits at the end of the signature's base64 that mean nothing.
      EXPECT_EQ(i, token.size() - 1);
      EXPECT_EQ(claims->subject, kAccount);
    }
  }
  EXPECT_THAT(verifier_->Verify(token.substr(0, signature) + std::string(86, 'A'), now_),
              kInvalid);  // r = s = 0
}

TEST_F(TokenTest, NonsenseIsRefusedBeforeItIsParsed) {
  const std::string token = *signer_->Sign(claims_);
  const std::string garbage[] = {
      "",
      ".",
      "..",
      "...",
      "a.b",
      "a.b.c.d",
      "a..c",
      ".b.c",
      "a.b.",
      token + "=",
      token + " ",
      " " + token,
      token + ".",
      "." + token,
      token + token,
      "a.b.c\n",
      "ä.b.c",
      std::string(1 << 20, 'a'),
      absl::StrCat(std::string(4000, 'a'), ".", std::string(4000, 'b'), ".c"),
      std::string("a\0b.c.d", 7)};
  for (const std::string& text : garbage)
    EXPECT_THAT(verifier_->Verify(text, now_), kInvalid) << text.substr(0, 40);
}

TEST_F(TokenTest, AnUnknownKeyIsLookedForInTheFile) {
  const std::string old = SignRaw(kHeader, Body());
  EXPECT_THAT(verifier_->Verify(old, now_), IsOk());
  cjose_err error{};
  cjose_jwk_t* key = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
  cjose_jwk_set_kid(key, "next", 4, &error);
  char* private_json = cjose_jwk_to_json(key, true, &error);
  char* public_json = cjose_jwk_to_json(key, false, &error);
  const std::string token =
      SignRaw(R"({"alg":"ES256","typ":"JWT","kid":"next"})", Body(), private_json);
  Write(jwks_file_, absl::StrCat(R"({"keys":[)", public_json, "]}"));
  EXPECT_THAT(verifier_->Verify(token, now_), IsOk());
  // The key that was withdrawn is forgotten with what it had signed.
  EXPECT_THAT(verifier_->Verify(old, now_), kInvalid);
  free(private_json);
  free(public_json);
  cjose_jwk_release(key);
}

TEST_F(TokenTest, ABrokenFileKeepsTheKeysThatWereRead) {
  Write(jwks_file_, "{");
  EXPECT_THAT(
      verifier_->Verify(SignRaw(R"({"alg":"ES256","typ":"JWT","kid":"next"})", Body()), now_),
      kInvalid);
  EXPECT_THAT(verifier_->Verify(SignRaw(kHeader, Body()), now_), IsOk());
}

TEST_F(TokenTest, KeyFilesHoldP256KeysOnTheRightSide) {
  const std::string secret = testing::kPrivateJwk;
  const std::string jwks[] = {
      "",
      "{}",
      R"({"keys":[]})",
      R"({"keys":[{}]})",
      absl::StrCat(R"({"keys":[)", secret, "]}"),
      absl::StrReplaceAll(testing::kPublicJwks, {{R"("kid":"test",)", ""}}),
      absl::StrReplaceAll(testing::kPublicJwks, {{"P-256", "P-384"}}),
      absl::StrReplaceAll(testing::kPublicJwks, {{"f83O", "AAAA"}}),  // not on the curve
      R"({"keys":[{"kty":"oct","kid":"test","k":"AAAA"}]})",
  };
  for (const std::string& text : jwks) {
    Write(jwks_file_, text);
    EXPECT_THAT(TokenVerifier::FromFile(jwks_file_).status(),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
  for (const std::string& text :
       {std::string(), std::string("{}"), absl::StrReplaceAll(secret, {{R"("d")", R"("e")"}})}) {
    Write(jwk_file_, text);
    EXPECT_THAT(TokenSigner::FromFile(jwk_file_).status(),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
  EXPECT_THAT(TokenSigner::FromFile(jwk_file_ + ".absent").status(),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TokenTest, ManyThreadsSignAndVerify) {
  std::vector<int> good(4);
  std::vector<std::thread> threads;
  threads.reserve(good.size());
  for (int& mine : good) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        TokenClaims claims = claims_;
        claims.expires += absl::Seconds(i % 25);
        if (verifier_->Verify(*signer_->Sign(claims), now_).ok()) ++mine;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(4, 50));
}

TEST(TokenCacheTest, IsBoundedAndForgetsTheLeastRecentlyUsed) {
  TokenCache cache;
  const std::string kept = "\x01 kept";
  cache.Insert(kept, {"accounts/x", "", absl::UnixEpoch(), absl::UnixEpoch()});
  for (size_t i = 0; i < TokenCache::kPerShard * 2; ++i) {
    cache.Insert(absl::StrCat("\x01", i), {});
    ASSERT_TRUE(cache.Find(kept).has_value());
  }
  EXPECT_EQ(cache.size(), TokenCache::kPerShard);
  EXPECT_FALSE(cache
                   .Find("\x01"
                         "0")
                   .has_value());
  for (size_t i = 0; i < 100000; ++i) cache.Insert(Sha256(absl::StrCat(i)), {});
  EXPECT_LE(cache.size(), TokenCache::kShards * TokenCache::kPerShard);
  cache.Clear();
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace qungong
