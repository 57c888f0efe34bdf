// Who may read what the processes say to each other: TLS between machines, plain text on loopback
// and sockets.
//
// TLS inside the suite is mutual. gRPC 1.51 can be exhausted by a stranger, so a peer without a
// certificate of our own CA gets no further than the handshake.
#ifndef QUNGONG_RUNTIME_TLS_H_
#define QUNGONG_RUNTIME_TLS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "runtime/metrics.h"

namespace qungong {

// The PEM files are given all three or not at all. They are read once: a new certificate needs a
// new process.
struct TlsOptions {
  std::string cert_file;  // of this process, with the chain up to the CA
  std::string key_file;
  std::string ca_file;  // whose certificates peers must show
  bool allow_plain_text = false;

  bool Enabled() const { return !cert_file.empty() || !key_file.empty() || !ca_file.empty(); }
};

// Credentials for a listener or a target: mutual TLS with files, without them plain text as far as
// CheckPlainText lets it. INVALID_ARGUMENT also if only some of the files are named, one cannot be
// read, the key is another certificate's, or the certificate has ended. `flag` says in errors where
// the address is from.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsOptions& tls, absl::string_view flag, absl::string_view address);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const TlsOptions& tls, absl::string_view flag, absl::string_view target);

// Sets the gauge qungong_certificate_end_seconds (Unix time) to the end of the first certificate in
// the file: somebody has to renew it and start the process anew before.
absl::Status ShowCertificateEnd(const std::string& file, Metrics& metrics);

// Whether an address stays on this machine: "127.0.0.1:80", "[::1]:80", "localhost:80" or
// "unix:/path", also behind "dns:///", "ipv4:" or "ipv6:". What is not understood does not.
bool IsLocal(absl::string_view address);

// INVALID_ARGUMENT for plain text to or from another machine, unless it is allowed: then a warning
// in the log. For gRPC the two above ask it.
absl::Status CheckPlainText(absl::string_view flag, absl::string_view address, bool allowed);

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_TLS_H_
