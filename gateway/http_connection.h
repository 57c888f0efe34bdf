// One connection of the HTTP server: reads requests one after another, writes their answers.
// Included by http_server.cc and http_connection*.cc only.
#ifndef QUNGONG_GATEWAY_HTTP_CONNECTION_H_
#define QUNGONG_GATEWAY_HTTP_CONNECTION_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "gateway/admission.h"
#include "gateway/http_stream.h"
#include "gateway/http_wire.h"

namespace qungong::gateway {

// Every call must come from the one thread of the context, and every member runs on it.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Done = absl::AnyInvocable<void(bool)>;
  using PartDone = absl::AnyInvocable<void(absl::StatusOr<std::string>)>;

  // `context` is that of the socket. `on_close` is called once, before the seat is given back.
  HttpConnection(net::io_context& context, tcp::socket socket, net::ssl::context* tls,
                 const HttpOptions& options, HttpHandler& handler,
                 std::unique_ptr<Admission::Seat> seat, absl::AnyInvocable<void()> on_close);

  void Start();
  // No further request: closes now if idle, otherwise after the answer; asks a stream to end.
  void Drain();

  // What an exchange asks for; ignored unless `id` is the request being answered.
  void Respond(uint64_t id, HttpResponse response);
  void StartStream(uint64_t id, HttpResponse head, std::string idle_text, absl::Duration interval);
  void Write(uint64_t id, std::string chunk, Done done);
  void EndStream(uint64_t id);
  void Drop(uint64_t id);
  void Read(uint64_t id, size_t size, PartDone done);
  void SetAbandoned(uint64_t id, absl::AnyInvocable<void()> callback);

  net::io_context& context() { return context_; }

 private:
  enum class State {
    kStarting,
    kIdle,
    kHeader,
    kBody,
    kHandling,
    kAnswering,
    kStreaming,
    kLingering,
    kClosed
  };
  bool Answering(uint64_t id, State state) const { return id == id_ && state == state_; }

  void SetTimer(absl::Duration time);
  void OnTimer();
  void NextRequest();
  void Watch();
  void OnWatched(error_code error, size_t size);
  void ReadHeader();
  void OnHeader(error_code error);
  void AcceptBody();
  void ReadBody();
  void ReadPart(std::string part, absl::AnyInvocable<void(error_code, std::string)> done);
  void Handle();
  void Refuse(const absl::Status& status);
  void Send(HttpResponse response);
  void AfterAnswer();
  void Linger();
  void Pump();
  void WriteChunk(std::string chunk, Done done);
  void BeatLater();
  void Abandon();
  void Close();

  net::io_context& context_;
  HttpStream stream_;
  const HttpOptions& options_;
  HttpHandler& handler_;
  std::unique_ptr<Admission::Seat> seat_;  // null when closed
  absl::AnyInvocable<void()> on_close_;
  net::steady_timer timer_;      // the bound of the present state
  net::steady_timer heartbeat_;  // of a stream
  State state_ = State::kStarting;
  bool draining_ = false;
  bool watching_ = false;  // a read for the next request, or the peer's end, is under way
  bool reading_ = false;   // a read of the body is under way

  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::buffer_body>> parser_;
  uint64_t id_ = 0;
  HttpRequest request_;
  bool streamed_ = false;
  bool head_only_ = false;
  bool keep_alive_ = false;
  size_t received_ = 0;  // bytes of the body
  absl::Time over_;      // of the exchange, answered or not
  size_t lingered_ = 0;
  absl::AnyInvocable<void()> abandoned_;

  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::deque<std::pair<std::string, Done>> chunks_;
  std::string chunk_;
  bool writing_ = false;
  bool ending_ = false;
  std::string idle_text_;
  absl::Duration idle_interval_;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_HTTP_CONNECTION_H_
