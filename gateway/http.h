// HTTP as the rest of the gateway sees it: plain values, and an exchange that lives until it is
// answered.
#ifndef QUNGONG_GATEWAY_HTTP_H_
#define QUNGONG_GATEWAY_HTTP_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace qungong::gateway {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The header's value, or "". Names are compared without case.
std::string FindHeader(const HttpHeaders& headers, absl::string_view name);

struct HttpRequest {
  std::string method;  // as sent, such as "GET"
  std::string path;    // as sent: escaped, without the query
  std::string query;   // as sent
  HttpHeaders headers;
  std::string body;     // empty for a streamed body
  std::string peer;     // address without port
  bool secure = false;  // came over TLS
  absl::Time arrived;

  std::string Header(absl::string_view name) const { return FindHeader(headers, name); }
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  HttpHeaders headers;
  std::string body;
};

// One request and its answer. Thread-safe: any thread may call, callbacks run on a server thread.
// If the last reference goes without an answer, 500 is sent. After the answer, and after the peer
// has gone, calls do nothing.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  virtual const HttpRequest& request() const = 0;

  // The whole answer.
  virtual void Respond(HttpResponse response) = 0;

  // An answer of unknown length: StartStream, then Write one chunk at a time (`done` says whether
  // to go on), then EndStream. While nothing is written, `idle_text` is sent every `idle_interval`.
  virtual void StartStream(HttpResponse head, std::string idle_text,
                           absl::Duration idle_interval) = 0;
  virtual void Write(std::string chunk, absl::AnyInvocable<void(bool)> done) = 0;
  virtual void EndStream() = 0;

  // Streamed bodies only: the next part, at most `size` bytes, "" at the end. One call at a time.
  virtual void Read(size_t size, absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) = 0;

  // Called at most once: when the peer goes before the answer is complete, or the server wants a
  // stream to end.
  virtual void OnAbandoned(absl::AnyInvocable<void()> callback) = 0;
};

// What a server does with requests. Thread-safe; never blocks.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  enum class Body { kWhole, kStreamed };
  // Asked when the header has been read. kWhole: the body is read, up to its limit, before Handle.
  virtual Body BodyOf(const HttpRequest& head) const = 0;
  virtual void Handle(std::shared_ptr<HttpExchange> exchange) = 0;
  // The answer to a request that cannot be read or exceeds a limit.
  virtual HttpResponse Refuse(const absl::Status& status) const = 0;
};

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_HTTP_H_
