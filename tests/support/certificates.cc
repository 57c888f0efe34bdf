#include "tests/support/certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace qungong::testing {
namespace {

void Check(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "certificates for tests: %s failed\n", what);
  std::_Exit(1);
}

std::string NewDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "qungong-certificates-XXXXXX";
  Check(mkdtemp(name.data()) != nullptr, "mkdtemp");
  return name;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Check(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, value.c_str());
  X509_EXTENSION_free(extension);
}

}  // namespace

TestCa::TestCa() : directory_(NewDirectory()), key_(EVP_EC_gen("P-256")) {
  certificate_ = Sign(key_.get(), "Qungong test CA", absl::Hours(1), "critical,CA:TRUE", "");
  file_ = Write("ca.crt", certificate_.get(), nullptr);
}

TestCa::~TestCa() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

TlsOptions TestCa::Issue(absl::string_view label, const std::string& names, absl::Duration life) {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = Sign(key.get(), label, life, "critical,CA:FALSE", names);
  return {.cert_file = Write(absl::StrCat(label, ".crt"), certificate.get(), nullptr),
          .key_file = Write(absl::StrCat(label, ".key"), nullptr, key.get()),
          .ca_file = file_};
}

TestCa::Certificate TestCa::Sign(EVP_PKEY* key, absl::string_view subject, absl::Duration life,
                                 const char* usage, const std::string& names) {
  Certificate made(X509_new());
  X509* const c = made.get();
  X509_set_version(c, X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(c), ++last_serial_);
  X509_gmtime_adj(X509_getm_notBefore(c), -3600);
  X509_gmtime_adj(X509_getm_notAfter(c), static_cast<long>(life / absl::Seconds(1)));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(subject.data()),
                             static_cast<int>(subject.size()), -1, 0);
  X509_set_pubkey(c, key);
  X509* const issuer = certificate_ == nullptr ? c : certificate_.get();
  X509_set_issuer_name(c, X509_get_subject_name(issuer));
  AddExtension(c, issuer, NID_basic_constraints, usage);
  AddExtension(c, issuer, NID_subject_key_identifier, "hash");
  if (!names.empty()) {
    AddExtension(c, issuer, NID_subject_alt_name, names);
    AddExtension(c, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  }
  Check(X509_sign(c, key_.get(), EVP_sha256()) != 0, "X509_sign");
  return made;
}

std::string TestCa::Write(const std::string& name, X509* certificate, EVP_PKEY* key) const {
  std::string path = absl::StrCat(directory_, "/", name);
  std::FILE* const file = std::fopen(path.c_str(), "wx");
  Check(file != nullptr, path.c_str());
  const int written = certificate != nullptr
                          ? PEM_write_X509(file, certificate)
                          : PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  Check(written == 1 && std::fclose(file) == 0, path.c_str());
  return path;
}

}  // namespace qungong::testing
