// The gateway: public HTTP/JSON, native gRPC pass-through, admin listener.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "gateway/process.h"
#include "runtime/log.h"
#include "runtime/process.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:8080", "public HTTP listener, host:port");
ABSL_FLAG(std::string, grpc_listen, "", "native gRPC listener, host:port; empty: none");
ABSL_FLAG(std::string, admin_listen, "127.0.0.1:0",
          "HTTP listener for /metrics, /livez and /readyz, host:port");
ABSL_FLAG(std::string, backends, "", "PACKAGE=TARGET, separated by commas");
ABSL_FLAG(std::string, descriptor_set, "",
          "descriptor set with comments, for /openapi.json; empty: the one that is built in");
ABSL_FLAG(std::string, token_keys_file, "",
          "public keys of access tokens, a JWKS; empty: only the services verify tokens");
ABSL_FLAG(std::string, test_clock_file, "",
          "tests and demo: time stands at the RFC 3339 instant in this file");
ABSL_FLAG(
    std::string, tls_cert_file, "",
    "PEM certificate and chain of this gateway: for HTTPS and, with --tls_ca_file, to services "
    "and gRPC clients; empty: plain text, on this machine only. Read at start: restart after "
    "it is renewed");
ABSL_FLAG(std::string, tls_key_file, "", "PEM key of --tls_cert_file");
ABSL_FLAG(
    std::string, tls_ca_file, "",
    "PEM CA that the certificates of services and of gRPC clients must come from: TLS between "
    "them is mutual; empty: plain text to them, on this machine only");
ABSL_FLAG(bool, allow_plain_text, false,
          "plain text to and from other machines too: behind a proxy that ends TLS, or in networks "
          "that nobody else can read");
ABSL_FLAG(bool, secure_cookies, false, "mark cookies Secure also on plain listeners");
ABSL_FLAG(absl::Duration, drain, absl::Seconds(10),
          "how long running requests may take to end after SIGTERM");
ABSL_FLAG(absl::Duration, drain_delay, absl::ZeroDuration(),
          "wait between not ready and the end of accepting");

ABSL_FLAG(uint32_t, http_threads, 2, "threads of the HTTP listener");
ABSL_FLAG(uint32_t, max_header_bytes, 16 << 10, "largest request header");
ABSL_FLAG(uint32_t, max_target_bytes, 4 << 10, "longest path and query");
ABSL_FLAG(uint32_t, max_body_bytes, 1 << 20, "largest JSON body");
ABSL_FLAG(uint32_t, max_upload_bytes, 64 << 20, "largest uploaded file");
ABSL_FLAG(uint32_t, max_unread_bytes, 64 << 20,
          "most bytes of answers that peers are slow to read; one address may hold a quarter");
ABSL_FLAG(uint32_t, max_connections, 10'000,
          "most HTTP connections; with TLS an idle one holds 75 KiB");
ABSL_FLAG(uint32_t, max_connections_per_peer, 1'000, "most HTTP connections of one address");
ABSL_FLAG(int, max_grpc_calls, 1'000, "most calls under way at the gRPC listener; more are shed");
ABSL_FLAG(uint32_t, forwarded_hops, 0,
          "proxies of ours in front: their X-Forwarded-For is believed");
ABSL_FLAG(absl::Duration, header_time, absl::Seconds(10), "longest arrival of a request header");
ABSL_FLAG(absl::Duration, body_time, absl::Seconds(30), "longest arrival of a request body");
ABSL_FLAG(absl::Duration, idle_time, absl::Seconds(60), "longest pause between requests");
ABSL_FLAG(absl::Duration, default_time, absl::Seconds(10), "time of a call that names none");
ABSL_FLAG(absl::Duration, request_time, absl::Seconds(30), "longest time of a call");
ABSL_FLAG(absl::Duration, stream_time, absl::Minutes(15), "longest time of a stream");
ABSL_FLAG(absl::Duration, upload_time, absl::Minutes(10), "longest time of an upload");
ABSL_FLAG(uint32_t, sign_ins_per_minute, 60, "failed sign-ins that one address may make");
ABSL_FLAG(uint32_t, cached_sessions, 10'000, "sessions whose tokens are kept");

namespace qungong::gateway {
namespace {

int Die(absl::string_view why) {
  log::Line(log::Severity::kError, "cannot start").Set("cause", why);
  std::fprintf(stderr, "cannot start: %s\n", std::string(why).c_str());
  return 1;
}

HttpOptions HttpFlags() {
  HttpOptions http;
  http.threads = absl::GetFlag(FLAGS_http_threads);
  http.header_bytes = absl::GetFlag(FLAGS_max_header_bytes);
  http.target_bytes = absl::GetFlag(FLAGS_max_target_bytes);
  http.body_bytes = absl::GetFlag(FLAGS_max_body_bytes);
  http.upload_bytes = absl::GetFlag(FLAGS_max_upload_bytes);
  http.unread_bytes = absl::GetFlag(FLAGS_max_unread_bytes);
  http.connections = absl::GetFlag(FLAGS_max_connections);
  http.connections_per_peer = absl::GetFlag(FLAGS_max_connections_per_peer);
  http.forwarded_hops = absl::GetFlag(FLAGS_forwarded_hops);
  http.header_time = absl::GetFlag(FLAGS_header_time);
  http.body_time = absl::GetFlag(FLAGS_body_time);
  http.idle_time = absl::GetFlag(FLAGS_idle_time);
  // A little more than the call's own time, which should end it first.
  http.request_time = absl::GetFlag(FLAGS_request_time) + absl::Seconds(5);
  http.upload_time = absl::GetFlag(FLAGS_upload_time) + absl::Seconds(5);
  http.tls_cert_file = absl::GetFlag(FLAGS_tls_cert_file);
  http.tls_key_file = absl::GetFlag(FLAGS_tls_key_file);
  return http;
}

ProcessOptions ProcessFlags() {
  ProcessOptions options;
  options.listen = absl::GetFlag(FLAGS_listen);
  options.grpc_listen = absl::GetFlag(FLAGS_grpc_listen);
  options.admin_listen = absl::GetFlag(FLAGS_admin_listen);
  options.backends = absl::GetFlag(FLAGS_backends);
  options.descriptor_set_file = absl::GetFlag(FLAGS_descriptor_set);
  options.token_keys_file = absl::GetFlag(FLAGS_token_keys_file);
  options.test_clock_file = absl::GetFlag(FLAGS_test_clock_file);
  options.tls.allow_plain_text = absl::GetFlag(FLAGS_allow_plain_text);
  if (!absl::GetFlag(FLAGS_tls_ca_file).empty()) {
    options.tls.cert_file = absl::GetFlag(FLAGS_tls_cert_file);
    options.tls.key_file = absl::GetFlag(FLAGS_tls_key_file);
    options.tls.ca_file = absl::GetFlag(FLAGS_tls_ca_file);
  }
  options.http = HttpFlags();
  options.gateway.default_time = absl::GetFlag(FLAGS_default_time);
  options.gateway.longest_time = absl::GetFlag(FLAGS_request_time);
  options.gateway.stream_time = absl::GetFlag(FLAGS_stream_time);
  options.gateway.upload_time = absl::GetFlag(FLAGS_upload_time);
  options.gateway.grpc_calls = absl::GetFlag(FLAGS_max_grpc_calls);
  options.gateway.sessions.secure_cookies = absl::GetFlag(FLAGS_secure_cookies);
  options.gateway.sessions.sign_ins_per_minute =
      static_cast<int>(absl::GetFlag(FLAGS_sign_ins_per_minute));
  options.gateway.sessions.cached_sessions = absl::GetFlag(FLAGS_cached_sessions);
  return options;
}

int Main() {
  // Before the first thread, so that all inherit it: the signal is taken by sigwait below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  log::SetService("gateway");
  RaiseDescriptorLimit();
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(ProcessFlags());
  if (!process.ok()) return Die(process.status().message());
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  const absl::Duration drain = absl::GetFlag(FLAGS_drain);
  const absl::Duration delay = absl::GetFlag(FLAGS_drain_delay);
  EndAfter(delay + drain + absl::Seconds(5));  // first of all: the log may be what hangs
  log::Line(log::Severity::kInfo, "stopping").Set("signal", signal_number);
  const bool clean = (*process)->Stop(delay, drain);
  log::Line(log::Severity::kInfo, "stopped").Set("clean", clean);
  _exit(clean ? 0 : 3);  // static destructors of the libraries have nothing to add
}

}  // namespace
}  // namespace qungong::gateway

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("gateway: HTTP/JSON and gRPC in front of the services");
  absl::ParseCommandLine(argc, argv);
  return qungong::gateway::Main();
}
