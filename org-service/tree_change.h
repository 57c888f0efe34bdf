// What changes of the trees do to the book: the one mechanism of amendments and reorganizations.
// Pure.
#ifndef QUNGONG_ORG_SERVICE_TREE_CHANGE_H_
#define QUNGONG_ORG_SERVICE_TREE_CHANGE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "org-service/node_book.h"
#include "qungong/org/v1/division_service.pb.h"

namespace qungong::org {

// A new division with the unit that governs it and its service center.
struct NewPlace {
  std::string division;  // resource names
  std::string unit;
  std::string center;
  v1::Division::Kind kind = v1::Division::KIND_UNSPECIFIED;
  std::string display_name;
  std::string unit_name;
  std::string center_name;
  std::string code;  // may be empty
  DayInterval valid;
};

// Changes of one day. A change that fails leaves the book half changed: Undo, or write none of it.
class TreeChange {
 public:
  TreeChange(int32_t day, NodeBook& book) : day_(day), book_(book) {}

  // One level below `parent`, the unit below the one that governs it. INVALID_ARGUMENT
  // LEVEL_MISMATCH, FAILED_PRECONDITION PARENT_NOT_VALID. Whether the code is free is not asked.
  absl::Status Create(const NewPlace& place, const NodeRecord& parent);
  // A division's governing unit goes with it if it stands under the unit of the parent that is
  // left. LEVEL_MISMATCH, PARENT_NOT_VALID, TREE_CYCLE, and as of Reparent.
  absl::Status Move(const NodeRecord& node, const NodeRecord& parent);
  // Ends a division with its unit and service center, or one of these alone. What stands below
  // passes to the successor if `pass_children`. SUCCESSOR_NOT_VALID, HAS_CHILDREN, HAS_UNITS,
  // HAS_SERVICE_CENTERS, an obstacle of the book, what Move returns of a child, and as of End.
  absl::Status Dissolve(const NodeRecord& node, const NodeRecord& successor, bool pass_children);

 private:
  absl::Status MoveOne(const NodeRecord& node, const NodeRecord& parent);
  absl::Status CheckNotBelow(const NodeRecord& node, const NodeRecord& parent) const;
  absl::Status DissolveOne(const NodeRecord& node, const NodeRecord& successor, bool pass_children);
  absl::Status DissolveWhatServes(const NodeRecord& division, const NodeRecord& successor,
                                  bool pass_children);

  const int32_t day_;
  NodeBook& book_;
};

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_TREE_CHANGE_H_
