// The few pages that the gateway serves itself, with strong ETags.
#ifndef QUNGONG_GATEWAY_PAGES_H_
#define QUNGONG_GATEWAY_PAGES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "gateway/pending.h"

namespace qungong::gateway {

struct Page {
  std::string content_type;
  std::string body;
  std::string etag;
};

// Built at start, then only read: thread-safe.
class Pages {
 public:
  // Serves `body` at `path`; what it is follows from the extension of `name`.
  void Add(const std::string& path, absl::string_view name, absl::string_view body);
  const Page* Find(absl::string_view path) const;

 private:
  absl::flat_hash_map<std::string, Page> pages_;
};

// "/", "/api" and what they need; `openapi` becomes "/openapi.json".
Pages MakePages(absl::string_view openapi);

// Answers GET and HEAD; 304 to a browser that has it already.
void AnswerPage(const Page& page, Pending& pending);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_PAGES_H_
