// What may be done to the record of a division, unit or service center. Pure: a record in, a record
// out; what concerns other nodes is checked by the callers.
#ifndef QUNGONG_ORG_SERVICE_NODE_RULES_H_
#define QUNGONG_ORG_SERVICE_NODE_RULES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/dated_tree.h"
#include "runtime/ids.h"

namespace qungong::org {

using rpc::v1::NodeEdge;
using rpc::v1::NodeLabel;
using rpc::v1::NodeRecord;

// An error about a node: `reason` is one of ErrorReason, `chinese` says what to do.
absl::Status NodeError(absl::StatusCode code, absl::string_view reason, absl::string_view node,
                       absl::string_view message, absl::string_view chinese);

// FAILED_PRECONDITION `reason`, such as HAS_CHILDREN: something keeps the node from ending.
absl::Status Obstacle(absl::string_view node, absl::string_view reason);
// ALREADY_EXISTS CODE_TAKEN: another division bears the code at that time.
absl::Status CodeTaken(absl::string_view division, absl::string_view code);

// The tree in which nodes of a kind have their parents; service centers have none.
rpc::v1::Tree HomeTree(rpc::v1::NodeKind kind);
// The level below; LEVEL_UNSPECIFIED below villages.
rpc::v1::Level LevelBelow(rpc::v1::Level level);

DayInterval ToInterval(const rpc::v1::DateInterval& interval);
bool ExistsOn(const NodeRecord& record, int32_t day);
// The day nearest to `day` on which the node exists.
int32_t NearestDay(const NodeRecord& record, int32_t day);
// nullptr if there is none on that day.
const NodeLabel* LabelOn(const NodeRecord& record, int32_t day);
const NodeEdge* EdgeOn(const NodeRecord& record, int32_t day);  // in the home tree

struct NewNode {
  std::string name;  // resource name
  rpc::v1::NodeKind kind = rpc::v1::NODE_KIND_UNSPECIFIED;
  rpc::v1::Level level = rpc::v1::LEVEL_UNSPECIFIED;
  int subkind = 0;
  std::string display_name;
  std::string code;
  std::string parent;  // "" for a root
  DayInterval valid;
};
NodeRecord MakeNode(const NewNode& node);

// From `day` on the node has this name, and this code if one is given. FAILED_PRECONDITION
// NOT_VALID_ON_DATE or LATER_CHANGE_EXISTS.
absl::Status Relabel(int32_t day, absl::string_view display_name,
                     std::optional<absl::string_view> code, NodeRecord* record);
// Before `day`, since the name before, the node had this name and code; from then on what it has
// now. Does nothing if that is known. Else as Relabel.
absl::Status RelabelBefore(int32_t day, absl::string_view display_name, absl::string_view code,
                           NodeRecord* record);
// From `day` on the node stands below `parent` in its home tree. As Relabel.
absl::Status Reparent(int32_t day, absl::string_view parent, NodeRecord* record);
// From `day` on the node no longer exists. As Relabel.
absl::Status End(int32_t day, absl::string_view successor, NodeRecord* record);

// FAILED_PRECONDITION SUCCESSOR_NOT_VALID unless `heir` is another node that exists from `day` on
// and whose end is not known yet: so successors never lead back.
absl::Status CheckSuccessor(const NodeRecord& node, const NodeRecord& heir, int32_t day);

// FAILED_PRECONDITION `reason` unless `other` exists on all these days.
absl::Status CheckCovers(const NodeRecord& other, DayInterval days, absl::string_view reason,
                         absl::string_view chinese);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_NODE_RULES_H_
