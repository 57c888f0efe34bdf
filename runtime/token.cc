#include "runtime/token.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/crypto.h"
#include "runtime/ids.h"
#include "runtime/jansson.h"
#include "runtime/jws.h"
#include "runtime/status.h"
#include "runtime/token_cache.h"

namespace qungong {
namespace {

constexpr char kType[] = "JWT";
constexpr size_t kMaxTokenBytes = 4096;
constexpr absl::Duration kLeeway = absl::Seconds(60);

absl::Status Invalid(absl::string_view why) {
  absl::Status status =
      absl::UnauthenticatedError(absl::StrCat("the access token is not valid: ", why));
  return WithChinese(WithReason(std::move(status), "TOKEN_INVALID"), "登录信息无效,请重新登录。");
}

absl::Status Expired() {
  absl::Status status = absl::UnauthenticatedError("the access token has expired");
  return WithChinese(WithReason(std::move(status), "TOKEN_EXPIRED"), "登录已过期,请重新登录。");
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

}  // namespace

TokenSigner::TokenSigner(std::unique_ptr<JwsSigner> signer) : signer_(std::move(signer)) {}
TokenSigner::~TokenSigner() = default;

absl::StatusOr<std::unique_ptr<TokenSigner>> TokenSigner::FromFile(const std::string& jwk_file) {
  ASSIGN_OR_RETURN(auto signer, JwsSigner::FromFile(jwk_file));
  return std::unique_ptr<TokenSigner>(new TokenSigner(std::move(signer)));
}

absl::StatusOr<std::string> TokenSigner::Sign(const TokenClaims& claims) const {
  const Json body(json_pack("{s:s, s:s, s:s%, s:I, s:I}", "iss", kTokenIssuer, "aud",
                            kTokenAudience, "sub", claims.subject.data(), claims.subject.size(),
                            "iat", json_int_t{absl::ToUnixSeconds(claims.issued)}, "exp",
                            json_int_t{absl::ToUnixSeconds(claims.expires)}));
  if (body == nullptr) return absl::InternalError("cannot write the claims of a token");
  if (!claims.session.empty())
    json_object_set_new(body.get(), "sid", json_string(claims.session.c_str()));
  return signer_->Sign(kType, JsonText(body.get()));
}

class TokenVerifier::Impl {
 public:
  static absl::StatusOr<std::unique_ptr<Impl>> FromFile(const std::string& file) {
    auto impl = std::make_unique<Impl>();
    // What a withdrawn key has signed counts no more.
    ASSIGN_OR_RETURN(impl->signatures_,
                     JwsVerifier::FromFile(file, [cache = &impl->cache_] { cache->Clear(); }));
    return impl;
  }

  absl::StatusOr<TokenClaims> Verify(absl::string_view token, absl::Time now) {
    if (token.size() > kMaxTokenBytes) return Invalid("it is too long");
    const std::string digest = Sha256(token);
    std::optional<TokenClaims> claims = cache_.Find(digest);
    if (!claims.has_value()) {
      const absl::StatusOr<std::string> payload = signatures_->Verify(kType, token);
      if (!payload.ok()) return Invalid(payload.status().message());
      ASSIGN_OR_RETURN(claims, ParseClaims(*payload));
      RETURN_IF_ERROR(CheckTimes(*claims, now));
      cache_.Insert(digest, *claims);
      return *std::move(claims);
    }
    RETURN_IF_ERROR(CheckTimes(*claims, now));
    return *std::move(claims);
  }

 private:
  TokenCache cache_;
  std::unique_ptr<JwsVerifier> signatures_;
};

absl::StatusOr<std::unique_ptr<TokenVerifier>> TokenVerifier::FromFile(
    const std::string& jwks_file) {
  ASSIGN_OR_RETURN(auto impl, Impl::FromFile(jwks_file));
  return std::unique_ptr<TokenVerifier>(new TokenVerifier(std::move(impl)));
}

TokenVerifier::TokenVerifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenVerifier::~TokenVerifier() = default;
absl::StatusOr<TokenClaims> TokenVerifier::Verify(absl::string_view token, absl::Time now) {
  return impl_->Verify(token, now);
}

}  // namespace qungong
