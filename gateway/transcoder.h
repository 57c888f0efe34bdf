// An HTTP request becomes the request message of the RPC that its route names. Pure.
#ifndef QUNGONG_GATEWAY_TRANSCODER_H_
#define QUNGONG_GATEWAY_TRANSCODER_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/route_table.h"
#include "google/protobuf/message.h"

namespace qungong::gateway {

struct HttpInput {
  absl::string_view query;
  absl::string_view content_type;
  absl::string_view body;
};

// Fills `request`, an empty message of type match.route->bound, from body, path and query. Every
// field of the request has one source: whatever is given twice, is unknown or has the wrong form is
// INVALID_ARGUMENT, with all violations at once.
absl::Status BindRequest(const Match& match, const HttpInput& input,
                         google::protobuf::Message* request);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_TRANSCODER_H_
