// Files that are built into the binary, so that it needs nothing beside it.
#ifndef QUNGONG_GATEWAY_ASSETS_H_
#define QUNGONG_GATEWAY_ASSETS_H_

#include "absl/strings/string_view.h"

namespace qungong::gateway {

// The file's content; empty if there is no such file. Names are those in gateway/web, and
// "qungong.protoset".
absl::string_view Asset(absl::string_view name);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_ASSETS_H_
