// What nodes are found by, kept in step with their labels.
#ifndef QUNGONG_ORG_SERVICE_SEARCH_KEY_STORE_H_
#define QUNGONG_ORG_SERVICE_SEARCH_KEY_STORE_H_

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/mysql.h"

namespace qungong::org {

struct KeyedNode {
  const rpc::v1::NodeRecord* record = nullptr;
  bool is_new = false;  // it has no labels yet
};
// Writes the keys of nodes as they will stand and deletes those that they will not have, in the
// transaction that writes their labels, and before it does.
absl::Status SaveSearchKeys(mysql::Tx& tx, absl::Span<const KeyedNode> nodes);
// Writes the keys of nodes as they stand, whether there are some already or not.
absl::Status AddSearchKeys(mysql::Tx& tx, absl::Span<const rpc::v1::NodeRecord> nodes);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SEARCH_KEY_STORE_H_
