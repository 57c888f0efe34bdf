// Access tokens: JWS, ES256, signed by org-service, verified by every service itself. A token says
// who, nothing more.
#ifndef QUNGONG_RUNTIME_TOKEN_H_
#define QUNGONG_RUNTIME_TOKEN_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/jws.h"

namespace qungong {

struct TokenClaims {
  std::string subject;  // accounts/{uuid}
  std::string session;  // sessions/{uuid}, or "" for a service account
  absl::Time issued;
  absl::Time expires;
};

inline constexpr char kTokenIssuer[] = "org-service";
inline constexpr char kTokenAudience[] = "qungong";

// Signs tokens with a private EC P-256 JWK that has a kid. Thread-safe.
class TokenSigner {
 public:
  static absl::StatusOr<std::unique_ptr<TokenSigner>> FromFile(const std::string& jwk_file);
  ~TokenSigner();
  absl::StatusOr<std::string> Sign(const TokenClaims& claims) const;

 private:
  explicit TokenSigner(std::unique_ptr<JwsSigner> signer);
  std::unique_ptr<JwsSigner> signer_;
};

// Verifies signature, alg (ES256 only), kid, iss, aud, exp and iat (60 s leeway). Verified tokens
// are cached, bounded, until they expire. A file that has changed is read again when an unknown kid
// appears. Thread-safe.
class TokenVerifier {
 public:
  static absl::StatusOr<std::unique_ptr<TokenVerifier>> FromFile(const std::string& jwks_file);
  ~TokenVerifier();
  // UNAUTHENTICATED with reason TOKEN_INVALID or TOKEN_EXPIRED.
  absl::StatusOr<TokenClaims> Verify(absl::string_view token, absl::Time now);

 private:
  class Impl;
  explicit TokenVerifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_TOKEN_H_
