#include "org-service/search_key_store.h"

#include <deque>
#include <utility>
#include <vector>

#include "org-service/find_rules.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Param;

constexpr char kDelete[] = "DELETE FROM search_keys WHERE node_id = ?";
constexpr char kInsert[] =
    "INSERT INTO search_keys (kind, level, field, key_text, node_id, valid_from)";

}  // namespace

absl::Status SaveSearchKeys(mysql::Tx& tx, absl::Span<const KeyedNode> nodes) {
  std::vector<Param> params;
  std::deque<SearchKey> keys;  // parameters refer to these and to the ids
  std::deque<Uuid> ids;
  for (const KeyedNode& node : nodes) {
    const rpc::v1::NodeRecord& record = *node.record;
    ASSIGN_OR_RETURN(ids.emplace_back(),
                     ParseResourceName(directory::CollectionOf(record.kind()), record.name()));
    const Uuid& id = ids.back();
    if (!node.is_new) RETURN_IF_ERROR(tx.Later(kDelete, id));
    for (const rpc::v1::NodeLabel& label : record.labels()) {
      const absl::CivilDay from = FromDayNumber(label.valid().from_day());
      for (SearchKey& key : KeysOf(label.display_name(), label.code())) {
        const SearchKey& kept = keys.emplace_back(std::move(key));
        params.insert(params.end(), {record.kind(), record.level(), static_cast<int>(kept.field),
                                     kept.text, id, from});
      }
    }
  }
  return tx.LaterMany(kInsert, 6, params);
}

}  // namespace qungong::org
