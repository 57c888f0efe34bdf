// Makes the search keys of nodes that were there before the keys, or before the rules that now make
// them.
#ifndef QUNGONG_ORG_SERVICE_SEARCH_REBUILD_H_
#define QUNGONG_ORG_SERVICE_SEARCH_REBUILD_H_

#include "absl/status/statusor.h"
#include "runtime/mysql.h"

namespace qungong::org {

enum class Rebuilt { kPart, kAll };
// One step: some hundred nodes, in one transaction. Any number of replicas may be at it.
absl::StatusOr<Rebuilt> RebuildSearchKeys(mysql::Session& session);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_SEARCH_REBUILD_H_
