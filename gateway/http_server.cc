#include "gateway/http_server.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "gateway/admission.h"
#include "gateway/http_connection.h"
#include "gateway/http_wire.h"
#include "runtime/log.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

// A thread with its own context and connections: nothing of a connection is shared between threads.
struct Loop {
  net::io_context context{1};
  absl::flat_hash_map<uint64_t, std::weak_ptr<HttpConnection>> connections;
  std::thread thread;
};

std::vector<std::unique_ptr<Loop>> MakeLoops(size_t count) {
  std::vector<std::unique_ptr<Loop>> loops(count);
  for (auto& loop : loops) loop = std::make_unique<Loop>();
  return loops;
}

int OnlyHttp11(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* in,
               unsigned int in_length, void*) {
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  const int result =
      SSL_select_next_proto(&selected, length, kProtocols, sizeof kProtocols - 1, in, in_length);
  *chosen = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

absl::StatusOr<std::unique_ptr<net::ssl::context>> MakeTls(const HttpOptions& options) {
  if (options.tls_cert_file.empty() && options.tls_key_file.empty()) return nullptr;
  auto tls = std::make_unique<net::ssl::context>(net::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_alpn_select_cb(tls->native_handle(), &OnlyHttp11, nullptr);
  error_code error;
  tls->use_certificate_chain_file(options.tls_cert_file, error);
  if (!error) tls->use_private_key_file(options.tls_key_file, net::ssl::context::pem, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("--tls_cert_file=", options.tls_cert_file,
                                                   " and --tls_key_file=", options.tls_key_file,
                                                   " cannot be used: ", error.message()));
  }
  return tls;
}

// As many connections as wanted, if descriptors are left for everything else: a gRPC listener of
// this process would not survive a moment without one.
HttpOptions WithinDescriptors(HttpOptions options) {
  constexpr size_t kOthers = 512;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || options.connections + kOthers <= limit.rlim_cur) {
    return options;
  }
  options.connections =
      limit.rlim_cur > 2 * kOthers ? limit.rlim_cur - kOthers : limit.rlim_cur / 4;
  log::Line(log::Severity::kWarning, "fewer connections than asked for: too few descriptors")
      .Set("connections", static_cast<int64_t>(options.connections))
      .Set("descriptors", static_cast<int64_t>(limit.rlim_cur));
  return options;
}

absl::StatusOr<tcp::endpoint> ParseAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  error_code error;
  if (colon != std::string::npos && absl::SimpleAtoi(address.substr(colon + 1), &port)) {
    std::string host = address.substr(0, colon);
    if (host == "localhost") host = "127.0.0.1";
    if (!host.empty() && host.front() == '[') host = host.substr(1, host.size() - 2);
    const net::ip::address ip = net::ip::make_address(host, error);
    if (!error) return tcp::endpoint(ip, static_cast<uint16_t>(port));
  }
  return absl::InvalidArgumentError(absl::StrCat("not an address to listen on: ", address));
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(HttpOptions options, HttpHandler& handler)
      : options_(WithinDescriptors(std::move(options))),
        handler_(handler),
        admission_({options_.connections, options_.connections_per_peer, options_.unread_bytes}),
        loops_(MakeLoops(options_.threads)),
        acceptor_(loops_[0]->context),
        retry_(loops_[0]->context) {}

  ~Impl() {
    for (auto& loop : loops_) loop->context.stop();
    for (auto& loop : loops_) {
      if (loop->thread.joinable()) loop->thread.join();
    }
  }

  absl::Status Listen(const std::string& address) {
    ASSIGN_OR_RETURN(tls_, MakeTls(options_));
    ASSIGN_OR_RETURN(const tcp::endpoint endpoint, ParseAddress(address));
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(SOMAXCONN, error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("cannot listen on ", address, ": ", error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
    Accept();
    for (auto& loop : loops_) {
      loop->thread = std::thread([&context = loop->context] {
        const auto work = net::make_work_guard(context);
        context.run();
      });
    }
    return absl::OkStatus();
  }

  int port() const { return port_; }
  size_t connections() const { return admission_.open(); }

  bool Drain(absl::Duration patience) {
    net::post(loops_[0]->context, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      for (auto& loop : loops_) {
        net::post(loop->context, [loop = loop.get()] {
          // A connection that closes leaves the map, so walk a copy.
          const auto connections = loop->connections;
          for (const auto& [id, weak] : connections) {
            if (const auto connection = weak.lock()) connection->Drain();
          }
        });
      }
    });
    return admission_.AwaitNone(patience);
  }

 private:
  // Accepts on the first loop, for each loop in turn.
  void Accept() {
    Loop& loop = *loops_[next_++ % loops_.size()];
    acceptor_.async_accept(loop.context, [this, &loop](error_code error, tcp::socket socket) {
      if (error == net::error::operation_aborted || !acceptor_.is_open()) return;
      if (!error) {
        Admit(loop, std::move(socket));
        return Accept();
      }
      // Out of descriptors or memory: a listener that gave up now would stay deaf for ever.
      log::Line(log::Severity::kError, "accept failed").Set("error", error.message());
      retry_.expires_after(std::chrono::milliseconds(100));
      retry_.async_wait([this](error_code stopped) {
        if (!stopped) Accept();
      });
    });
  }

  void Admit(Loop& loop, tcp::socket socket) {
    error_code error;
    const std::string peer = socket.remote_endpoint(error).address().to_string();
    if (error) return;
    std::unique_ptr<Admission::Seat> seat = admission_.Enter(peer);
    if (seat == nullptr) return;
    const uint64_t id = ++last_id_;
    net::post(loop.context,
              [this, &loop, id, seat = std::move(seat), socket = std::move(socket)]() mutable {
                auto connection = std::make_shared<HttpConnection>(
                    loop.context, std::move(socket), tls_.get(), options_, handler_,
                    std::move(seat), [&loop, id] { loop.connections.erase(id); });
                loop.connections.emplace(id, connection);
                connection->Start();
              });
  }

  const HttpOptions options_;
  HttpHandler& handler_;
  Admission admission_;
  std::unique_ptr<net::ssl::context> tls_;
  std::vector<std::unique_ptr<Loop>> loops_;
  tcp::acceptor acceptor_;
  net::steady_timer retry_;
  size_t next_ = 0;
  uint64_t last_id_ = 0;
  int port_ = 0;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              const HttpOptions& options,
                                                              HttpHandler& handler) {
  if (options.threads == 0) return absl::InvalidArgumentError("at least one HTTP thread");
  auto impl = std::make_unique<Impl>(options, handler);
  RETURN_IF_ERROR(impl->Listen(address));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->port(); }
size_t HttpServer::connections() const { return impl_->connections(); }
bool HttpServer::Drain(absl::Duration patience) { return impl_->Drain(patience); }

}  // namespace qungong::gateway
