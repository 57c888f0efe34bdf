#include "gateway/process.h"

#include <atomic>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gateway/assets.h"
#include "gateway/comments.h"
#include "gateway/openapi.h"
#include "gateway/pages.h"
#include "gateway/pass_through.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "runtime/channel.h"
#include "runtime/log.h"
#include "runtime/probe.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

absl::StatusOr<std::string> DescriptorSet(const std::string& file) {
  if (file.empty()) return std::string(Asset("qungong.protoset"));
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", file));
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

PassThroughOptions ForPassThrough(const GatewayOptions& options) {
  return {.default_time = options.default_time,
          .longest_time = options.longest_time,
          .stream_time = options.stream_time,
          .calls = options.grpc_calls};
}

}  // namespace

class Process::Impl {
 public:
  explicit Impl(const ProcessOptions& options)
      : options_(options), clock_(options.test_clock_file) {}

  // Answers go through the HTTP server, so calls end before it does.
  ~Impl() {
    if (upstream_ != nullptr) upstream_->Finish(options_.gateway.longest_time);
  }

  absl::Status Start() {
    RETURN_IF_ERROR(LoadContracts());
    if (!options_.token_keys_file.empty()) {
      ASSIGN_OR_RETURN(tokens_, TokenVerifier::FromFile(options_.token_keys_file));
    }
    gateway_ = std::make_unique<Gateway>(routes_, *upstream_, pages_, clock_, tokens_.get(),
                                         metrics_, options_.gateway);
    RETURN_IF_ERROR(StartGrpc());
    RETURN_IF_ERROR(StartHttp());
    admin_ = std::make_unique<AdminServer>(
        options_.admin_listen, metrics_, [this] { return Live(); }, [this] { return Ready(); });
    log::Line(log::Severity::kInfo, "serving")
        .Set("port", http_->port())
        .Set("grpc_port", grpc_port_)
        .Set("admin_port", admin_->port())
        .Set("routes", static_cast<int64_t>(routes_.routes().size()));
    return absl::OkStatus();
  }

  bool Stop(absl::Duration delay, absl::Duration drain) {
    draining_ = true;
    absl::SleepFor(delay);
    const absl::Time end = absl::Now() + drain;
    const bool clean = http_->Drain(drain);
    if (grpc_ != nullptr) grpc_->Shutdown(absl::ToChronoTime(end));
    return clean;
  }

  int port() const { return http_->port(); }
  int grpc_port() const { return grpc_port_; }
  int admin_port() const { return admin_->port(); }

 private:
  // Backends, routes and pages; the descriptor set is dropped when its comments are read.
  absl::Status LoadContracts() {
    ASSIGN_OR_RETURN(upstream_, Upstream::Make(options_.backends, options_.tls));
    ASSIGN_OR_RETURN(const std::string set, DescriptorSet(options_.descriptor_set_file));
    ASSIGN_OR_RETURN(const Comments comments, ReadComments(set));
    pass_through_ =
        std::make_unique<PassThrough>(*upstream_, metrics_, ForPassThrough(options_.gateway));
    if (upstream_->Find(kSessionPackage) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("--backends must name ", kSessionPackage, ": it keeps the sessions"));
    }
    for (const auto& [package, backend] : upstream_->backends()) {
      const auto services = comments.services.find(package);
      if (services == comments.services.end()) {
        return absl::InvalidArgumentError(absl::StrCat("--backends: no such package: ", package));
      }
      for (const std::string& service : services->second) {
        RETURN_IF_ERROR(routes_.AddService(service));
        RETURN_IF_ERROR(pass_through_->AddService(service));
      }
    }
    pages_ = MakePages(MakeOpenApi(routes_, comments));
    return absl::OkStatus();
  }

  absl::Status StartHttp() {
    const std::string& certificate = options_.http.tls_cert_file;
    if (certificate.empty()) {
      RETURN_IF_ERROR(CheckPlainText("--listen", options_.listen, options_.tls.allow_plain_text));
    } else {
      RETURN_IF_ERROR(ShowCertificateEnd(certificate, metrics_));
    }
    ASSIGN_OR_RETURN(http_, HttpServer::Start(options_.listen, options_.http, *gateway_));
    return absl::OkStatus();
  }

  absl::Status StartGrpc() {
    if (options_.grpc_listen.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto credentials,
                     MakeServerCredentials(options_.tls, "--grpc_listen", options_.grpc_listen));
    grpc::ServerBuilder builder;
    ApplyServerArguments(builder);
    builder.AddListeningPort(options_.grpc_listen, credentials, &grpc_port_);
    builder.RegisterCallbackGenericService(pass_through_.get());
    grpc_ = builder.BuildAndStart();
    if (grpc_ != nullptr && grpc_port_ != 0) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options_.grpc_listen));
  }

  // Alive means: new connections to our own ports are served (gRPC 1.51 can stop accepting for
  // ever, after one moment without a free descriptor).
  absl::Status Live() const {
    RETURN_IF_ERROR(ProbeListener(Host(options_.listen), http_->port()));
    if (grpc_ == nullptr) return absl::OkStatus();
    return ProbeListener(Host(options_.grpc_listen), grpc_port_);
  }
  static std::string Host(const std::string& address) {
    return address.substr(0, address.rfind(':'));
  }
  absl::Status Ready() const {
    return draining_ ? absl::UnavailableError("draining") : absl::OkStatus();
  }

  const ProcessOptions options_;
  const Clock clock_;
  Metrics metrics_;
  std::unique_ptr<TokenVerifier> tokens_;
  std::unique_ptr<Upstream> upstream_;
  RouteTable routes_;
  Pages pages_;
  std::unique_ptr<PassThrough> pass_through_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<AdminServer> admin_;
  int grpc_port_ = 0;
  std::atomic<bool> draining_ = false;
};

Process::Process(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Process::~Process() = default;

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const ProcessOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Process>(new Process(std::move(impl)));
}

int Process::port() const { return impl_->port(); }
int Process::grpc_port() const { return impl_->grpc_port(); }
int Process::admin_port() const { return impl_->admin_port(); }
bool Process::Stop(absl::Duration delay, absl::Duration drain) { return impl_->Stop(delay, drain); }

}  // namespace qungong::gateway
