// The divisions, units and service centers that an import deals with, in memory. Pure: loaded from
// the database by import_load.h, changed by the plans, written by the runner.
#ifndef QUNGONG_ORG_SERVICE_NODE_BOOK_H_
#define QUNGONG_ORG_SERVICE_NODE_BOOK_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "org-service/node_store.h"

namespace qungong::org {

class NodeBook {
 public:
  // A node as it is stored.
  void AddKnown(OrgNode node);
  // What keeps a unit from ending, such as HAS_GRANTS.
  void AddObstacle(const std::string& unit, const std::string& reason);

  // nullptr if it is not in the book.
  const NodeRecord* Find(const std::string& name) const;
  // The division that bears or bore the code: as of `day` if one does, else on any day.
  const NodeRecord* FindByCode(const std::string& code, int32_t day) const;
  const NodeRecord* GoverningUnit(const std::string& division, int32_t day) const;
  const NodeRecord* ServiceCenterOf(const std::string& division, int32_t day) const;
  // Names, in order, of what is there on `day` or comes to be later, for a node that is to end.
  std::vector<std::string> ServiceCentersRunBy(const std::string& unit, int32_t day) const;
  std::vector<std::string> Children(const std::string& parent, int32_t day) const;
  std::vector<std::string> NodesOf(const std::string& division, rpc::v1::NodeKind kind,
                                   int32_t day) const;
  // The divisions that bear or bore the code.
  std::vector<const NodeRecord*> AllByCode(const std::string& code) const;
  std::string ObstacleOf(const std::string& unit) const;

  // A new node; the name must not be in the book.
  void Create(NodeRecord record);
  // For changes; whoever takes it changes it.
  NodeRecord* Edit(const std::string& name);
  // Undo takes back what was created and edited since the last Mark; pointers to what was created
  // since are no longer valid. Without a Mark nothing is kept for it.
  void Mark();
  void Undo();

  // What is new or changed, parents before children.
  std::vector<OrgNode> Changed() const;

 private:
  // How a node was before it was edited; nothing if it was created.
  struct Before {
    std::string name;
    bool was_changed = false;
    std::optional<OrgNode> node;
  };

  void Index(const NodeRecord& record);
  const NodeRecord* OfDivision(rpc::v1::NodeKind kind, const std::string& division,
                               int32_t day) const;
  void Visit(const std::string& name, absl::flat_hash_set<std::string>* seen,
             std::vector<OrgNode>* nodes) const;

  std::map<std::string, OrgNode> nodes_;  // pointers to nodes stay valid
  std::map<std::string, std::string> obstacles_;
  absl::flat_hash_map<std::string, std::vector<std::string>> by_code_;
  absl::flat_hash_map<std::string, std::vector<std::string>> by_division_;  // units and centers
  std::vector<std::string> changed_;                                        // in order
  absl::flat_hash_set<std::string> is_changed_;
  bool is_marked_ = false;
  std::vector<Before> since_mark_;
  absl::flat_hash_set<std::string> is_since_mark_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_NODE_BOOK_H_
