#include "runtime/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/log.h"
#include "runtime/status.h"

namespace qungong {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<&BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<&X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

Bio Open(absl::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

absl::StatusOr<Certificate> ParseCertificate(absl::string_view text, const std::string& file) {
  Certificate certificate(PEM_read_bio_X509(Open(text).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no PEM certificate in ", file));
  }
  return certificate;
}

absl::StatusOr<absl::Time> EndOf(const X509& certificate) {
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) {
    return absl::InvalidArgumentError("a certificate whose end cannot be read");
  }
  return absl::FromTM(end, absl::UTCTimeZone());
}

struct Pem {
  std::string cert;
  std::string key;
  std::string ca;
};

// gRPC itself takes anything and then fails every handshake.
absl::Status CheckPem(const Pem& pem, const TlsOptions& tls) {
  ASSIGN_OR_RETURN(const Certificate certificate, ParseCertificate(pem.cert, tls.cert_file));
  RETURN_IF_ERROR(ParseCertificate(pem.ca, tls.ca_file).status());
  const Key key(PEM_read_bio_PrivateKey(Open(pem.key).get(), nullptr, nullptr, nullptr));
  const bool fits = key != nullptr && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return absl::InvalidArgumentError(
        absl::StrCat(tls.key_file, " is not the key of ", tls.cert_file));
  }
  ASSIGN_OR_RETURN(const absl::Time end, EndOf(*certificate));
  if (end > absl::Now()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(tls.cert_file, " has ended on ", absl::FormatTime(end, absl::UTCTimeZone())));
}

absl::StatusOr<Pem> ReadPem(const TlsOptions& tls) {
  if (tls.cert_file.empty() || tls.key_file.empty() || tls.ca_file.empty()) {
    return absl::InvalidArgumentError(
        "TLS is mutual: --tls_cert_file, --tls_key_file and --tls_ca_file go together");
  }
  Pem pem;
  ASSIGN_OR_RETURN(pem.cert, ReadFile(tls.cert_file));
  ASSIGN_OR_RETURN(pem.key, ReadFile(tls.key_file));
  ASSIGN_OR_RETURN(pem.ca, ReadFile(tls.ca_file));
  RETURN_IF_ERROR(CheckPem(pem, tls));
  return pem;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const TlsOptions& tls, absl::string_view flag, absl::string_view target) {
  if (!tls.Enabled()) {
    RETURN_IF_ERROR(CheckPlainText(flag, target, tls.allow_plain_text));
    return grpc::InsecureChannelCredentials();
  }
  ASSIGN_OR_RETURN(Pem pem, ReadPem(tls));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = std::move(pem.ca);
  options.pem_private_key = std::move(pem.key);
  options.pem_cert_chain = std::move(pem.cert);
  return grpc::SslCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& tls, absl::string_view flag, absl::string_view address) {
  if (!tls.Enabled()) {
    RETURN_IF_ERROR(CheckPlainText(flag, address, tls.allow_plain_text));
    return grpc::InsecureServerCredentials();
  }
  ASSIGN_OR_RETURN(Pem pem, ReadPem(tls));
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = std::move(pem.ca);
  options.pem_key_cert_pairs.push_back({std::move(pem.key), std::move(pem.cert)});
  return grpc::SslServerCredentials(options);
}

absl::Status ShowCertificateEnd(const std::string& file, Metrics& metrics) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  ASSIGN_OR_RETURN(const Certificate certificate, ParseCertificate(text, file));
  ASSIGN_OR_RETURN(const absl::Time end, EndOf(*certificate));
  metrics.Set("qungong_certificate_end_seconds", absl::ToDoubleSeconds(end - absl::UnixEpoch()));
  return absl::OkStatus();
}

bool IsLocal(absl::string_view address) {
  for (const char* scheme : {"unix:", "unix-abstract:"}) {
    if (absl::ConsumePrefix(&address, scheme)) return true;
  }
  for (const char* scheme : {"dns:///", "ipv4:", "ipv6:"}) {
    if (absl::ConsumePrefix(&address, scheme)) break;
  }
  absl::string_view host = address.substr(0, address.rfind(':'));
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) return false;
  const std::string name(host);
  in_addr v4 = {};
  in6_addr v6 = {};
  if (inet_pton(AF_INET, name.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, name.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return name == "localhost";
}

absl::Status CheckPlainText(absl::string_view flag, absl::string_view address, bool allowed) {
  if (IsLocal(address)) return absl::OkStatus();
  if (!allowed) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, "=", address,
                     " would be plain text beyond this machine: give certificates, or "
                     "--allow_plain_text in a network that nobody else can read"));
  }
  log::Line(log::Severity::kWarning, "plain text beyond this machine")
      .Set("flag", flag)
      .Set("address", address);
  return absl::OkStatus();
}

}  // namespace qungong
