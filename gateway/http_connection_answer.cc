// The writing half of http_connection.h: answers, streams, and closing without losing them.
#include <utility>

#include "gateway/http_connection.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

constexpr size_t kLingerBytes = 1 << 20;  // of an unwanted body, read and dropped before closing
constexpr size_t kReadBytes = 16 << 10;
constexpr absl::Duration kLingerTime = absl::Seconds(2);

}  // namespace

void HttpConnection::Respond(uint64_t id, HttpResponse response) {
  if (Answering(id, State::kHandling)) Send(std::move(response));
}

void HttpConnection::Send(HttpResponse response) {
  if (!head_only_ && !seat_->Hold(response.body.size())) {
    response = handler_.Refuse(WithRetryAfter(
        WithReason(absl::UnavailableError("too many answers wait to be read"), "OVERLOADED"),
        absl::Seconds(1)));
    seat_->Hold(response.body.size());
  }
  state_ = State::kAnswering;
  abandoned_ = nullptr;
  if (!parser_->is_done()) keep_alive_ = false;
  SetTimer(options_.write_time);
  response_.emplace(WriteHead(std::move(response), stream_.secure()));
  response_->keep_alive(keep_alive_);
  response_->content_length(response_->body().size());
  if (response_->result() == http::status::no_content)
    response_->erase(http::field::content_length);
  serializer_.emplace(*response_);
  auto written = [self = shared_from_this()](error_code error, size_t) {
    error ? self->Close() : self->AfterAnswer();
  };
  if (head_only_) {
    http::async_write_header(stream_, *serializer_, std::move(written));
  } else {
    http::async_write(stream_, *serializer_, std::move(written));
  }
}

void HttpConnection::AfterAnswer() {
  if (state_ == State::kClosed) return;
  serializer_.reset();
  response_.reset();
  seat_->Release();
  if (keep_alive_ && !draining_) return NextRequest();
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  if (parser_->is_done()) return Close();
  state_ = State::kLingering;
  SetTimer(kLingerTime);
  Linger();
}

// Closing with unread bytes would reset the connection, and the answer with it: reads some and
// drops it.
void HttpConnection::Linger() {
  if (reading_ || watching_) return;
  if (lingered_ > kLingerBytes) return Close();
  buffer_.clear();
  watching_ = true;
  stream_.async_read_some(buffer_.prepare(kReadBytes),
                          [self = shared_from_this()](error_code error, size_t size) {
                            self->watching_ = false;
                            self->lingered_ += size;
                            if (self->state_ == State::kClosed) return;
                            error ? self->Close() : self->Linger();
                          });
}

void HttpConnection::StartStream(uint64_t id, HttpResponse head, std::string idle_text,
                                 absl::Duration interval) {
  if (!Answering(id, State::kHandling)) return;
  if (draining_) Abandon();
  state_ = State::kStreaming;
  idle_text_ = std::move(idle_text);
  idle_interval_ = interval;
  ending_ = false;
  SetTimer(options_.write_time);
  response_.emplace(WriteHead(std::move(head), stream_.secure()));
  response_->keep_alive(keep_alive_);
  response_->chunked(true);
  serializer_.emplace(*response_);
  writing_ = true;
  http::async_write_header(stream_, *serializer_,
                           [self = shared_from_this()](error_code error, size_t) {
                             self->writing_ = false;
                             error ? self->Close() : self->Pump();
                           });
}

void HttpConnection::Write(uint64_t id, std::string chunk, Done done) {
  if (!Answering(id, State::kStreaming) || ending_) return done(false);
  chunks_.emplace_back(std::move(chunk), std::move(done));
  Pump();
}

void HttpConnection::EndStream(uint64_t id) {
  if (!Answering(id, State::kStreaming)) return;
  ending_ = true;
  abandoned_ = nullptr;
  Pump();
}

// The handler has let go without finishing: a fault of ours, but the connection must not wait for
// ever.
void HttpConnection::Drop(uint64_t id) {
  if (Answering(id, State::kHandling)) return Refuse(absl::InternalError("not answered"));
  if (Answering(id, State::kStreaming)) Close();
}

// Writes what waits, one piece at a time; when nothing does, ends or waits for the heartbeat.
void HttpConnection::Pump() {
  if (state_ != State::kStreaming || writing_) return;
  if (!chunks_.empty()) {
    auto [chunk, done] = std::move(chunks_.front());
    chunks_.pop_front();
    return WriteChunk(std::move(chunk), std::move(done));
  }
  if (!ending_) return BeatLater();
  state_ = State::kAnswering;
  heartbeat_.cancel();
  SetTimer(options_.write_time);
  net::async_write(stream_, http::make_chunk_last(),
                   [self = shared_from_this()](error_code error, size_t) {
                     error ? self->Close() : self->AfterAnswer();
                   });
}

void HttpConnection::WriteChunk(std::string chunk, Done done) {
  writing_ = true;
  SetTimer(options_.write_time);
  chunk_ = std::move(chunk);
  net::async_write(
      stream_, http::make_chunk(net::buffer(chunk_)),
      [self = shared_from_this(), done = std::move(done)](error_code error, size_t) mutable {
        self->writing_ = false;
        if (error) self->Close();
        done(!error);
        self->Pump();
      });
}

void HttpConnection::BeatLater() {
  timer_.cancel();  // a quiet stream may last
  heartbeat_.expires_after(absl::ToChronoNanoseconds(idle_interval_));
  heartbeat_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || self == nullptr || self->state_ != State::kStreaming || self->writing_) return;
    self->WriteChunk(self->idle_text_, [](bool) {});
  });
}

}  // namespace qungong::gateway
