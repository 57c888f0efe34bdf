#include "gateway/http_connection.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

constexpr size_t kWatchBytes = 1 << 10;  // what an idle connection holds
constexpr int kKernelBytes = 64 << 10;   // of an answer; the kernel doubles it
constexpr size_t kReadBytes = 16 << 10;  // one read of a body: memory follows what has arrived

absl::Status TooLarge(size_t limit) {
  return WithReason(
      absl::InvalidArgumentError(absl::StrCat("the body is larger than ", limit, " bytes")),
      "BODY_TOO_LARGE");
}

absl::Status PeerGone() { return absl::CancelledError("the peer has gone"); }

// The handle that the handler holds.
class Exchange final : public HttpExchange {
 public:
  Exchange(std::shared_ptr<HttpConnection> connection, uint64_t id, HttpRequest request)
      : connection_(std::move(connection)), id_(id), request_(std::move(request)) {}
  ~Exchange() override {
    if (!answered_) Run([id = id_](auto& c) { c.Drop(id); });
  }

  const HttpRequest& request() const override { return request_; }
  void Respond(HttpResponse response) override {
    answered_ = true;
    Run([id = id_, response = std::move(response)](auto& c) mutable {
      c.Respond(id, std::move(response));
    });
  }
  void StartStream(HttpResponse head, std::string idle_text, absl::Duration interval) override {
    Run([id = id_, head = std::move(head), text = std::move(idle_text), interval](auto& c) mutable {
      c.StartStream(id, std::move(head), std::move(text), interval);
    });
  }
  void Write(std::string chunk, HttpConnection::Done done) override {
    Run([id = id_, chunk = std::move(chunk), done = std::move(done)](auto& c) mutable {
      c.Write(id, std::move(chunk), std::move(done));
    });
  }
  void EndStream() override {
    answered_ = true;
    Run([id = id_](auto& c) { c.EndStream(id); });
  }
  void Read(size_t size, HttpConnection::PartDone done) override {
    Run([id = id_, size, done = std::move(done)](auto& c) mutable {
      c.Read(id, size, std::move(done));
    });
  }
  void OnAbandoned(absl::AnyInvocable<void()> callback) override {
    Run([id = id_, callback = std::move(callback)](auto& c) mutable {
      c.SetAbandoned(id, std::move(callback));
    });
  }

 private:
  template <typename F>
  void Run(F action) {
    net::dispatch(
        connection_->context(),
        [connection = connection_, action = std::move(action)]() mutable { action(*connection); });
  }

  const std::shared_ptr<HttpConnection> connection_;
  const uint64_t id_;
  const HttpRequest request_;
  std::atomic<bool> answered_ = false;
};

}  // namespace

HttpConnection::HttpConnection(net::io_context& context, tcp::socket socket, net::ssl::context* tls,
                               const HttpOptions& options, HttpHandler& handler,
                               std::unique_ptr<Admission::Seat> seat,
                               absl::AnyInvocable<void()> on_close)
    : context_(context),
      stream_(std::move(socket), tls),
      options_(options),
      handler_(handler),
      seat_(std::move(seat)),
      on_close_(std::move(on_close)),
      timer_(context),
      heartbeat_(context),
      buffer_(options.header_bytes + kReadBytes) {}

void HttpConnection::Start() {
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
  stream_.socket().set_option(net::socket_base::send_buffer_size(kKernelBytes), ignored);
  if (!stream_.secure()) return NextRequest();
  SetTimer(options_.header_time);
  stream_.async_handshake([self = shared_from_this()](error_code error) {
    error ? self->Close() : self->NextRequest();
  });
}

void HttpConnection::Drain() {
  draining_ = true;
  keep_alive_ = false;
  if (state_ == State::kIdle) return Close();
  if (state_ == State::kStreaming) Abandon();
}

void HttpConnection::SetTimer(absl::Duration time) {
  timer_.expires_after(absl::ToChronoNanoseconds(time));
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    // A timer that was set anew may have its old end in the queue already.
    if (error || self == nullptr || self->timer_.expiry() > net::steady_timer::clock_type::now()) {
      return;
    }
    self->OnTimer();
  });
}

void HttpConnection::OnTimer() {
  if (state_ == State::kBody) {
    return Refuse(WithReason(absl::DeadlineExceededError("the body did not arrive in time"),
                             "REQUEST_TIMEOUT"));
  }
  Close();
}

void HttpConnection::NextRequest() {
  if (draining_ || state_ == State::kClosed) return Close();
  state_ = State::kIdle;
  parser_.reset();
  if (buffer_.size() > 0) return ReadHeader();
  SetTimer(options_.idle_time);
  if (!watching_) Watch();
}

// One read serves both ends: it brings the next request, and while an answer is made it tells that
// the peer has gone.
void HttpConnection::Watch() {
  watching_ = true;
  stream_.async_read_some(
      buffer_.prepare(kWatchBytes),
      [self = shared_from_this()](error_code error, size_t size) { self->OnWatched(error, size); });
}

void HttpConnection::OnWatched(error_code error, size_t size) {
  watching_ = false;
  if (state_ == State::kClosed) return;
  if (state_ == State::kLingering) return error ? Close() : Linger();
  if (error && state_ == State::kAnswering) {
    keep_alive_ = false;  // it has sent all it wanted to; the answer may still be welcome
    return;
  }
  if (error) return Close();
  buffer_.commit(size);
  if (state_ == State::kIdle) ReadHeader();
}

void HttpConnection::ReadHeader() {
  state_ = State::kHeader;
  SetTimer(options_.header_time);
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(options_.header_bytes));
  // Ours is checked while reading. Not boost::none: Boost 1.74 compares it as less than any length.
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, size_t) { self->OnHeader(error); });
}

void HttpConnection::OnHeader(error_code error) {
  if (state_ == State::kClosed) return;
  ++id_;
  received_ = 0;
  lingered_ = 0;
  keep_alive_ = false;
  head_only_ = false;
  if (error) {
    const absl::Status status = ReadError(error);
    return status.ok() ? Close() : Refuse(status);
  }
  const auto& header = parser_->get();
  error_code ignored;
  const std::string peer = stream_.socket().remote_endpoint(ignored).address().to_string();
  absl::StatusOr<HttpRequest> request =
      ReadHead(header, parser_->chunked(), peer, stream_.secure(), options_);
  if (!request.ok()) return Refuse(request.status());
  request_ = *std::move(request);
  head_only_ = request_.method == "HEAD";
  keep_alive_ = header.keep_alive() && !draining_;
  streamed_ = handler_.BodyOf(request_) == HttpHandler::Body::kStreamed;
  AcceptBody();
}

// Decides by the announced length; says "100 Continue" to a peer that waits for it.
void HttpConnection::AcceptBody() {
  const size_t limit = streamed_ ? options_.upload_bytes : options_.body_bytes;
  if (parser_->content_length().value_or(0) > limit) return Refuse(TooLarge(limit));
  const auto go_on = [self = shared_from_this()] {
    self->streamed_ ? self->Handle() : self->ReadBody();
  };
  if (parser_->is_done() || !absl::EqualsIgnoreCase(request_.Header("Expect"), "100-continue")) {
    return go_on();
  }
  static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
  net::async_write(stream_, net::buffer(kContinue, sizeof kContinue - 1),
                   [self = shared_from_this(), go_on](error_code error, size_t) {
                     error ? self->Close() : go_on();
                   });
}

void HttpConnection::ReadBody() {
  if (state_ != State::kBody) {
    state_ = State::kBody;
    SetTimer(options_.body_time);
  }
  if (parser_->is_done()) return Handle();
  const uint64_t left = parser_->content_length_remaining().value_or(kReadBytes);
  ReadPart(std::string(std::clamp<uint64_t>(left, 1, kReadBytes), '\0'),
           [self = shared_from_this()](error_code error, const std::string& part) {
             if (self->state_ != State::kBody) return;
             if (error) {
               const absl::Status status = ReadError(error);
               return status.ok() ? self->Close() : self->Refuse(status);
             }
             if (self->received_ > self->options_.body_bytes) {
               return self->Refuse(TooLarge(self->options_.body_bytes));
             }
             self->request_.body.append(part);
             self->ReadBody();
           });
}

// Fills `part` from the body, less at its end.
void HttpConnection::ReadPart(std::string part,
                              absl::AnyInvocable<void(error_code, std::string)> done) {
  reading_ = true;
  auto shared = std::make_unique<std::string>(std::move(part));
  parser_->get().body().data = shared->data();
  parser_->get().body().size = shared->size();
  parser_->get().body().more = true;
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this(), shared = std::move(shared), done = std::move(done)](
                       error_code error, size_t) mutable {
                     self->reading_ = false;
                     if (error == http::error::need_buffer) error = {};
                     shared->resize(shared->size() - self->parser_->get().body().size);
                     self->received_ += shared->size();
                     done(error, std::move(*shared));
                     if (self->state_ == State::kLingering) self->Linger();
                   });
}

void HttpConnection::Handle() {
  state_ = State::kHandling;
  const absl::Duration time = streamed_ ? options_.upload_time : options_.request_time;
  over_ = absl::Now() + time;
  SetTimer(time);
  if (parser_->is_done() && buffer_.size() == 0 && !watching_) Watch();
  handler_.Handle(std::make_shared<Exchange>(shared_from_this(), id_, std::exchange(request_, {})));
}

void HttpConnection::Refuse(const absl::Status& status) {
  keep_alive_ = false;
  state_ = State::kHandling;
  Send(handler_.Refuse(status));
}

void HttpConnection::Read(uint64_t id, size_t size, PartDone done) {
  if (!Answering(id, State::kHandling) || reading_) return done(PeerGone());
  if (parser_->is_done()) return done("");
  SetTimer(std::min(options_.body_time, over_ - absl::Now()));
  ReadPart(std::string(size, '\0'), [self = shared_from_this(), done = std::move(done)](
                                        error_code error, std::string part) mutable {
    if (self->state_ != State::kHandling) return done(PeerGone());  // answered meanwhile
    self->SetTimer(self->over_ - absl::Now());
    if (error) {
      self->Close();
      return done(PeerGone());
    }
    const size_t limit = self->options_.upload_bytes;
    done(self->received_ > limit ? absl::StatusOr<std::string>(TooLarge(limit)) : std::move(part));
  });
}

void HttpConnection::SetAbandoned(uint64_t id, absl::AnyInvocable<void()> callback) {
  const bool open = id == id_ && (state_ == State::kHandling || state_ == State::kStreaming);
  if (!open) return callback();
  abandoned_ = std::move(callback);
}

void HttpConnection::Abandon() {
  if (abandoned_) std::exchange(abandoned_, nullptr)();
}

void HttpConnection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  timer_.cancel();
  heartbeat_.cancel();
  error_code ignored;
  stream_.socket().close(ignored);
  Abandon();
  for (auto& [chunk, done] : std::exchange(chunks_, {})) done(false);
  on_close_();
  seat_.reset();
}

}  // namespace qungong::gateway
