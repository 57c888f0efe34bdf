#include "runtime/jws.h"

#include <cjose/cjose.h>

#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "runtime/jansson.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr absl::Duration kRereadAfter = absl::Seconds(1);

struct JwkRelease {
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
};
struct JwsRelease {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using Jwk = std::unique_ptr<cjose_jwk_t, JwkRelease>;
using Jws = std::unique_ptr<cjose_jws_t, JwsRelease>;
using Keys = std::map<std::string, Jwk>;  // by kid

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
  const std::string text = JsonText(json);
  cjose_err error{};
  Jwk jwk(cjose_jwk_import(text.data(), text.size(), &error));
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

// Three parts of base64url: nothing else reaches the library.
bool LooksSigned(absl::string_view token) {
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

class JwsSigner::Impl {
 public:
  Impl(std::string kid, Jwk key) : kid_(std::move(kid)), key_(std::move(key)) {}

  absl::StatusOr<std::string> Sign(absl::string_view type, absl::string_view payload) const {
    const Json header(json_pack("{s:s, s:s%, s:s%}", "alg", CJOSE_HDR_ALG_ES256, "kid", kid_.data(),
                                kid_.size(), "typ", type.data(), type.size()));
    if (header == nullptr) return absl::InternalError("cannot write the header of a signature");
    cjose_err error{};
    const Jws jws(cjose_jws_sign(key_.get(), header.get(),
                                 reinterpret_cast<const uint8_t*>(payload.data()), payload.size(),
                                 &error));
    const char* compact = nullptr;
    if (jws == nullptr || !cjose_jws_export(jws.get(), &compact, &error)) {
      return absl::InternalError(absl::StrCat("cannot sign: ", error.message));
    }
    return std::string(compact);
  }

 private:
  const std::string kid_;
  const Jwk key_;
};

absl::StatusOr<std::unique_ptr<JwsSigner>> JwsSigner::FromFile(const std::string& jwk_file) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(jwk_file));
  auto key = ImportJwk(ParseJson(text).get(), /*with_private=*/true);
  if (!key.ok())
    return absl::InvalidArgumentError(absl::StrCat(jwk_file, ": ", key.status().message()));
  return std::unique_ptr<JwsSigner>(
      new JwsSigner(std::make_unique<Impl>(std::move(key->first), std::move(key->second))));
}

JwsSigner::JwsSigner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JwsSigner::~JwsSigner() = default;
absl::StatusOr<std::string> JwsSigner::Sign(absl::string_view type,
                                            absl::string_view payload) const {
  return impl_->Sign(type, payload);
}

class JwsVerifier::Impl {
 public:
  Impl(std::string file, Keys keys, absl::AnyInvocable<void()> on_change)
      : file_(std::move(file)),
        keys_(std::make_shared<const Keys>(std::move(keys))),
        on_change_(std::move(on_change)) {}

  absl::StatusOr<std::string> Verify(absl::string_view type, absl::string_view text) {
    if (!LooksSigned(text)) return absl::InvalidArgumentError("it is not signed");
    cjose_err error{};
    const Jws jws(cjose_jws_import(text.data(), text.size(), &error));
    if (jws == nullptr) return absl::InvalidArgumentError("it is not signed");
    const json_t* header = cjose_jws_get_protected(jws.get());
    // The algorithm is ours to choose, never the text's.
    if (StringOf(header, "alg") != CJOSE_HDR_ALG_ES256)
      return absl::InvalidArgumentError("another algorithm");
    if (json_object_get(header, "crit") != nullptr)
      return absl::InvalidArgumentError("it demands an extension");
    if (StringOf(header, "typ") != type) return absl::InvalidArgumentError("another type");
    const std::string kid = StringOf(header, "kid");
    const std::shared_ptr<const Keys> keys = KeysWith(kid);
    const auto key = keys->find(kid);
    if (key == keys->end()) return absl::InvalidArgumentError("its key is not known");
    if (!cjose_jws_verify(jws.get(), key->second.get(), &error))
      return absl::InvalidArgumentError("its signature is wrong");
    uint8_t* payload = nullptr;
    size_t size = 0;
    if (!cjose_jws_get_plaintext(jws.get(), &payload, &size, &error))
      return absl::InvalidArgumentError("it is empty");
    return std::string(reinterpret_cast<const char*>(payload), size);
  }

 private:
  std::shared_ptr<const Keys> KeysWith(const std::string& kid) {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = absl::Now();
    if (keys_->count(kid) != 0 || now - looked_at_ < kRereadAfter) return keys_;
    looked_at_ = now;
    if (absl::StatusOr<Keys> keys = LoadKeys(file_); keys.ok()) {
      keys_ = std::make_shared<const Keys>(*std::move(keys));
      if (on_change_) on_change_();
    }
    return keys_;
  }

  const std::string file_;
  absl::Mutex mutex_;
  std::shared_ptr<const Keys> keys_ ABSL_GUARDED_BY(mutex_);
  absl::AnyInvocable<void()> on_change_ ABSL_GUARDED_BY(mutex_);
  absl::Time looked_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

absl::StatusOr<std::unique_ptr<JwsVerifier>> JwsVerifier::FromFile(
    const std::string& jwks_file, absl::AnyInvocable<void()> on_change) {
  ASSIGN_OR_RETURN(Keys keys, LoadKeys(jwks_file));
  return std::unique_ptr<JwsVerifier>(
      new JwsVerifier(std::make_unique<Impl>(jwks_file, std::move(keys), std::move(on_change))));
}

JwsVerifier::JwsVerifier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JwsVerifier::~JwsVerifier() = default;
absl::StatusOr<std::string> JwsVerifier::Verify(absl::string_view type, absl::string_view jws) {
  return impl_->Verify(type, jws);
}

}  // namespace qungong
