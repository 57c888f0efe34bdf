// The comments of the protos, which the linked descriptors lack: read once from a descriptor set.
#ifndef QUNGONG_GATEWAY_COMMENTS_H_
#define QUNGONG_GATEWAY_COMMENTS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong::gateway {

struct Comments {
  // By full name: services, methods, messages, fields, enums and their values.
  absl::flat_hash_map<std::string, std::string> by_name;
  // Full names of the services of each package, in the order of their files; a package may have
  // none.
  std::map<std::string, std::vector<std::string>> services;

  // The comment, or "".
  std::string Of(const std::string& full_name) const;
};

// `descriptor_set` is a serialized FileDescriptorSet with source information. INVALID_ARGUMENT if
// it is not.
absl::StatusOr<Comments> ReadComments(absl::string_view descriptor_set);

}  // namespace qungong::gateway

#endif  // QUNGONG_GATEWAY_COMMENTS_H_
