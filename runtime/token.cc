#include "runtime/token.h"

#include <cjose/cjose.h>
#include <jansson.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "runtime/crypto.h"
#include "runtime/ids.h"
#include "runtime/status.h"
#include "runtime/token_cache.h"

namespace qungong {
namespace {

constexpr size_t kMaxTokenBytes = 4096;
constexpr absl::Duration kLeeway = absl::Seconds(60);
constexpr absl::Duration kRereadAfter = absl::Seconds(1);

struct JwkRelease {
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
};
struct JwsRelease {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
struct JsonRelease {
  void operator()(json_t* json) const { json_decref(json); }
};
using Jwk = std::unique_ptr<cjose_jwk_t, JwkRelease>;
using Jws = std::unique_ptr<cjose_jws_t, JwsRelease>;
using Json = std::unique_ptr<json_t, JsonRelease>;
using Keys = std::map<std::string, Jwk>;  // by kid

absl::Status Invalid(absl::string_view why) {
  absl::Status status =
      absl::UnauthenticatedError(absl::StrCat("the access token is not valid: ", why));
  return WithChinese(WithReason(std::move(status), "TOKEN_INVALID"), "登录信息无效,请重新登录。");
}

absl::Status Expired() {
  absl::Status status = absl::UnauthenticatedError("the access token has expired");
  return WithChinese(WithReason(std::move(status), "TOKEN_EXPIRED"), "登录已过期,请重新登录。");
}

Json ParseJson(absl::string_view text) {
  return Json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
}

std::string StringOf(const json_t* object, const char* key) {
  const json_t* value = json_object_get(object, key);
  return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value))
                               : "";
}

absl::StatusOr<std::string> ReadFile(const std::string& file) {
  std::ifstream in(file);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", file));
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

// A P-256 key with a kid; private or public as asked.
absl::StatusOr<std::pair<std::string, Jwk>> ImportJwk(const json_t* json, bool with_private) {
  const std::string kid = StringOf(json, "kid");
  const bool has_private = json_object_get(json, "d") != nullptr;
  if (kid.empty()) return absl::InvalidArgumentError("a key has no kid");
  if (StringOf(json, "kty") != "EC" || StringOf(json, "crv") != "P-256") {
    return absl::InvalidArgumentError(absl::StrCat("key ", kid, " is not an EC key on P-256"));
  }
  if (has_private != with_private) {
    return absl::InvalidArgumentError(absl::StrCat(
        "key ", kid, has_private ? " shows its private part" : " has no private part"));
  }
  char* const text = json_dumps(json, JSON_COMPACT);
  cjose_err error{};
  Jwk jwk(text == nullptr ? nullptr : cjose_jwk_import(text, strlen(text), &error));
  free(text);  // NOLINT(cppcoreguidelines-no-malloc): made by json_dumps
  if (jwk == nullptr)
    return absl::InvalidArgumentError(absl::StrCat("key ", kid, " is not a point on P-256"));
  return std::make_pair(kid, std::move(jwk));
}

absl::StatusOr<Keys> LoadKeys(const std::string& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  const Json json = ParseJson(text);
  const json_t* array = json_object_get(json.get(), "keys");
  Keys keys;
  for (size_t i = 0; i < json_array_size(array); ++i) {
    auto key = ImportJwk(json_array_get(array, i), /*with_private=*/false);
    if (!key.ok())
      return absl::InvalidArgumentError(absl::StrCat(file, ": ", key.status().message()));
    keys.insert(*std::move(key));
  }
  if (keys.empty())
    return absl::InvalidArgumentError(absl::StrCat(file, " is not a JWKS with at least one key"));
  return keys;
}

absl::StatusOr<TokenClaims> ParseClaims(absl::string_view text) {
  const Json json = ParseJson(text);
  if (!json_is_object(json.get())) return Invalid("its claims are not a JSON object");
  if (StringOf(json.get(), "iss") != kTokenIssuer) return Invalid("another issuer");
  if (StringOf(json.get(), "aud") != kTokenAudience) return Invalid("another audience");
  const json_t* issued = json_object_get(json.get(), "iat");
  const json_t* expires = json_object_get(json.get(), "exp");
  if (!json_is_integer(issued) || !json_is_integer(expires)) return Invalid("it has no times");
  TokenClaims claims;
  claims.subject = StringOf(json.get(), "sub");
  claims.session = StringOf(json.get(), "sid");
  claims.issued = absl::FromUnixSeconds(json_integer_value(issued));
  claims.expires = absl::FromUnixSeconds(json_integer_value(expires));
  if (!ParseResourceName("accounts", claims.subject).ok())
    return Invalid("its subject is not an account");
  return claims;
}

absl::Status CheckTimes(const TokenClaims& claims, absl::Time now) {
  if (claims.issued > now + kLeeway) return Invalid("it was issued in the future");
  if (claims.expires + kLeeway <= now) return Expired();
  return absl::OkStatus();
}

// Three parts of base64url: nothing else reaches the library.
bool LooksLikeToken(absl::string_view token) {
  size_t dots = 0;
  for (size_t i = 0; i < token.size(); ++i) {
    const char c = token[i];
    if (c == '.') {
      if (i == 0 || i + 1 == token.size() || token[i - 1] == '.') return false;
      ++dots;
    } else if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_') {
      return false;
    }
  }
  return dots == 2;
}

}  // namespace

class TokenSigner::Impl {
 public:
  Impl(std::string kid, Jwk key) : kid_(std::move(kid)), key_(std::move(key)) {}

  absl::StatusOr<std::string> Sign(const TokenClaims& claims) const {
    const Json header(json_pack("{s:s, s:s%, s:s}", "alg", CJOSE_HDR_ALG_ES256, "kid", kid_.data(),
                                kid_.size(), "typ", "JWT"));
    const Json body(json_pack("{s:s, s:s, s:s%, s:I, s:I}", "iss", kTokenIssuer, "aud",
                              kTokenAudience, "sub", claims.subject.data(), claims.subject.size(),
                              "iat", json_int_t{absl::ToUnixSeconds(claims.issued)}, "exp",
                              json_int_t{absl::ToUnixSeconds(claims.expires)}));
    if (header == nullptr || body == nullptr)
      return absl::InternalError("cannot write the claims of a token");
    if (!claims.session.empty())
      json_object_set_new(body.get(), "sid", json_string(claims.session.c_str()));
    const std::unique_ptr<char, decltype(&free)> text(json_dumps(body.get(), JSON_COMPACT), &free);
    cjose_err error{};
    const Jws jws(cjose_jws_sign(key_.get(), header.get(),
                                 reinterpret_cast<const uint8_t*>(text.get()), strlen(text.get()),
                                 &error));
    const char* compact = nullptr;
    if (jws == nullptr || !cjose_jws_export(jws.get(), &compact, &error)) {
      return absl::InternalError(absl::StrCat("cannot sign a token: ", error.message));
    }
    return std::string(compact);
  }

 private:
  const std::string kid_;
  const Jwk key_;
};

absl::StatusOr<std::unique_ptr<TokenSigner>> TokenSigner::FromFile(const std::string& jwk_file) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(jwk_file));
  auto key = ImportJwk(ParseJson(text).get(), /*with_private=*/true);
  if (!key.ok())
    return absl::InvalidArgumentError(absl::StrCat(jwk_file, ": ", key.status().message()));
  return std::unique_ptr<TokenSigner>(
      new TokenSigner(std::make_unique<Impl>(std::move(key->first), std::move(key->second))));
}

TokenSigner::TokenSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenSigner::~TokenSigner() = default;
absl::StatusOr<std::string> TokenSigner::Sign(const TokenClaims& claims) const {
  return impl_->Sign(claims);
}

class TokenVerifier::Impl {
 public:
  Impl(std::string file, Keys keys)
      : file_(std::move(file)), keys_(std::make_shared<const Keys>(std::move(keys))) {}

  absl::StatusOr<TokenClaims> Verify(absl::string_view token, absl::Time now) {
    if (token.size() > kMaxTokenBytes) return Invalid("it is too long");
    const std::string digest = Sha256(token);
    std::optional<TokenClaims> claims = cache_.Find(digest);
    if (!claims.has_value()) {
      if (!LooksLikeToken(token)) return Invalid("it is not a signed token");
      ASSIGN_OR_RETURN(claims, VerifySignature(token));
      RETURN_IF_ERROR(CheckTimes(*claims, now));
      cache_.Insert(digest, *claims);
      return *std::move(claims);
    }
    RETURN_IF_ERROR(CheckTimes(*claims, now));
    return *std::move(claims);
  }

 private:
  absl::StatusOr<TokenClaims> VerifySignature(absl::string_view token) {
    cjose_err error{};
    const Jws jws(cjose_jws_import(token.data(), token.size(), &error));
    if (jws == nullptr) return Invalid("it is not a signed token");
    const json_t* header = cjose_jws_get_protected(jws.get());
    // The algorithm is ours to choose, never the token's.
    if (StringOf(header, "alg") != CJOSE_HDR_ALG_ES256) return Invalid("another algorithm");
    if (json_object_get(header, "crit") != nullptr) return Invalid("it demands an extension");
    const std::string kid = StringOf(header, "kid");
    const std::shared_ptr<const Keys> keys = KeysWith(kid);
    const auto key = keys->find(kid);
    if (key == keys->end()) return Invalid("its key is not known");
    if (!cjose_jws_verify(jws.get(), key->second.get(), &error))
      return Invalid("its signature is wrong");
    uint8_t* text = nullptr;
    size_t size = 0;
    if (!cjose_jws_get_plaintext(jws.get(), &text, &size, &error)) return Invalid("it is empty");
    return ParseClaims(absl::string_view(reinterpret_cast<const char*>(text), size));
  }

  // An unknown kid makes the file be read again, if it changed and not more than once a second.
  std::shared_ptr<const Keys> KeysWith(const std::string& kid) {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = absl::Now();
    if (keys_->count(kid) != 0 || now - looked_at_ < kRereadAfter) return keys_;
    looked_at_ = now;
    if (absl::StatusOr<Keys> keys = LoadKeys(file_); keys.ok()) {
      keys_ = std::make_shared<const Keys>(*std::move(keys));
      cache_.Clear();  // what a withdrawn key has signed counts no more
    }
    return keys_;
  }

  const std::string file_;
  TokenCache cache_;
  absl::Mutex mutex_;
  std::shared_ptr<const Keys> keys_ ABSL_GUARDED_BY(mutex_);
  absl::Time looked_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::FromFile(
    const std::string& jwks_file) {
  ASSIGN_OR_RETURN(Keys keys, LoadKeys(jwks_file));
  return std::unique_ptr<TokenVerifier>(
      new TokenVerifier(std::make_unique<Impl>(jwks_file, std::move(keys))));
}

TokenVerifier::TokenVerifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenVerifier::~TokenVerifier() = default;
absl::StatusOr<TokenClaims> TokenVerifier::Verify(absl::string_view token, absl::Time now) {
  return impl_->Verify(token, now);
}

}  // namespace qungong
