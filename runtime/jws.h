// Signed statements: JWS compact, ES256 only, with the key's id (kid). Tokens and checkpoints are
// made of them.
#ifndef QUNGONG_RUNTIME_JWS_H_
#define QUNGONG_RUNTIME_JWS_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong {

// Signs with a private EC P-256 JWK that has a kid. Thread-safe.
class JwsSigner {
 public:
  static absl::StatusOr<std::unique_ptr<JwsSigner>> FromFile(const std::string& jwk_file);
  ~JwsSigner();
  // `type` is the header's typ: what kind of statement this is.
  absl::StatusOr<std::string> Sign(absl::string_view type, absl::string_view payload) const;

 private:
  class Impl;
  explicit JwsSigner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Verifies against a JWKS of public keys. A file that has changed is read again when an unknown kid
// appears, at most once a second; then `on_change` is called. Thread-safe.
class JwsVerifier {
 public:
  static absl::StatusOr<std::unique_ptr<JwsVerifier>> FromFile(
      const std::string& jwks_file, absl::AnyInvocable<void()> on_change = nullptr);
  ~JwsVerifier();
  // The payload; INVALID_ARGUMENT says in a few words what is wrong.
  absl::StatusOr<std::string> Verify(absl::string_view type, absl::string_view jws);

 private:
  class Impl;
  explicit JwsVerifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_JWS_H_
