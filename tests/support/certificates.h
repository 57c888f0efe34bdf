// Certificates for tests, made anew by each process: nothing of the kind is committed.
#ifndef QUNGONG_TESTS_SUPPORT_CERTIFICATES_H_
#define QUNGONG_TESTS_SUPPORT_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/tls.h"

namespace qungong::testing {

// A certificate authority with an EC P-256 key. Its files last as long as it does. Owned by one
// thread.
class TestCa {
 public:
  TestCa();
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  const std::string& file() const { return file_; }

  // A certificate for server and client: valid from an hour ago for `names`, a list as OpenSSL
  // writes it, until `life` from now. The files' names carry `label`.
  TlsOptions Issue(absl::string_view label, const std::string& names = kHere,
                   absl::Duration life = absl::Hours(1));

  static constexpr char kHere[] = "DNS:localhost,IP:127.0.0.1";

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  Certificate Sign(EVP_PKEY* key, absl::string_view subject, absl::Duration life, const char* usage,
                   const std::string& names);
  std::string Write(const std::string& name, X509* certificate, EVP_PKEY* key) const;

  const std::string directory_;
  const Key key_;
  Certificate certificate_;
  std::string file_;
  int64_t last_serial_ = 0;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_CERTIFICATES_H_
