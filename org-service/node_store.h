// Divisions, units and service centers in the directory tables, with what only their owner keeps.
#ifndef QUNGONG_ORG_SERVICE_NODE_STORE_H_
#define QUNGONG_ORG_SERVICE_NODE_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "org-service/node_rules.h"
#include "runtime/directory.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

struct OrgNode {
  NodeRecord record;
  int64_t version = 0;
  absl::Time updated;
};

// Every change of a tree begins with this, and whatever may only begin while a unit exists, before
// anything else is read in its transaction by plain reads that the change rests on: of two changes
// at once one is decided again.
absl::Status LockTree(mysql::Tx& tx);

// NOT_FOUND NODE_NOT_FOUND if it is not known, or does not exist on `day`.
absl::StatusOr<OrgNode> LoadNode(mysql::Tx& tx, const std::string& name);
absl::StatusOr<OrgNode> LoadNodeOn(mysql::Tx& tx, const std::string& name, int32_t day);
// Those of them that are known, in the order asked for.
absl::StatusOr<std::vector<OrgNode>> LoadNodes(mysql::Tx& tx, absl::Span<const Uuid> ids);

// Writes nodes as they now stand, and what they are found by.
absl::Status SaveNodes(mysql::Tx& tx, absl::Span<const OrgNode> nodes);

struct NodeFilter {
  rpc::v1::NodeKind kind = rpc::v1::NODE_KIND_UNSPECIFIED;
  std::optional<Uuid> parent;  // direct children; with a level everything below on that level
  rpc::v1::Level level = rpc::v1::LEVEL_UNSPECIFIED;
  std::string code;
  std::optional<Uuid> division;
  std::optional<Uuid> unit;
  std::string line;
  bool roots = false;
};
struct ListedNode {
  OrgNode node;
  std::string key;  // for the next page
};
// As of `day`, by the code of the division that a node is, governs or serves, then by name.
absl::StatusOr<std::vector<ListedNode>> ListNodes(mysql::Tx& tx, const NodeFilter& filter,
                                                  int32_t day, absl::string_view after_key,
                                                  int limit);

struct NodeCount {
  rpc::v1::Level level;
  int subkind;
  std::string ending;  // last characters of the names of districts
  bool has_code;
  int count;
};
// Nodes of a kind as of `day`, all or those below `parent`, by level.
absl::StatusOr<std::vector<NodeCount>> CountNodes(mysql::Tx& tx, rpc::v1::NodeKind kind,
                                                  const std::optional<Uuid>& parent, int32_t day);

// Whether another division bears the code on one of the days.
absl::StatusOr<bool> IsCodeTaken(mysql::Tx& tx, absl::string_view code, const Uuid& except,
                                 DayInterval days);
// Nodes of a kind that govern or serve the division on one of the days.
absl::StatusOr<std::vector<Uuid>> NodesOfDivision(mysql::Tx& tx, rpc::v1::NodeKind kind,
                                                  const Uuid& division, DayInterval days);
// The unit that governs a division, or else the nearest one above it, on the day of the division's
// life nearest to `day`; nullopt if there is none.
absl::StatusOr<std::optional<Uuid>> FindUnitOver(mysql::Tx& tx, const Uuid& division, int32_t day);
// The same of many; those without one are missing.
absl::StatusOr<absl::flat_hash_map<Uuid, Uuid>> FindUnitsOver(mysql::Tx& tx,
                                                              absl::Span<const Uuid> divisions,
                                                              int32_t day);
// The ways up on `day` from a unit and from all that stood above it on the day of its life nearest
// to `day`; those that do not exist on `day` have none.
absl::StatusOr<std::vector<directory::WayUp>> WaysUpFromKeepers(mysql::Tx& tx, const Uuid& unit,
                                                                int32_t day);
// The same of many, by unit.
absl::StatusOr<absl::flat_hash_map<Uuid, std::vector<directory::WayUp>>> WaysUpFromKeepersOf(
    mysql::Tx& tx, absl::Span<const Uuid> units, int32_t day);
// Who would be left with a post, a relation or a right in a unit that ends on `day`:
// HAS_APPOINTMENTS, HAS_RELATIONS, HAS_GRANTS or "". A right counts, too, while its account is
// disabled.
absl::StatusOr<std::string> FindRights(mysql::Tx& tx, const NodeRecord& unit, int32_t day);
// What keeps a node from ending on `day`: a reason such as HAS_CHILDREN, or "".
absl::StatusOr<std::string> FindObstacle(mysql::Tx& tx, const NodeRecord& record, int32_t day);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_NODE_STORE_H_
