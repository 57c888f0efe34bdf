// What this service knows about the organisation: dated trees, grants, calendars, in tables
// directory_*.
//
// org-service writes them in the transaction of each change; the other services apply the same
// records from org-service's feed (directory_consumer.h). Authorization, routing and roll-ups read
// only these tables, so tickets go on when org-service is down. Functions, not a class: all state
// is in the database.
#ifndef QUNGONG_RUNTIME_DIRECTORY_H_
#define QUNGONG_RUNTIME_DIRECTORY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::directory {

namespace pb = ::qungong::rpc::v1;

// A node as of one day.
struct Node {
  Uuid id;
  pb::NodeKind kind = pb::NODE_KIND_UNSPECIFIED;
  pb::Level level = pb::LEVEL_UNSPECIFIED;
  int subkind = 0;
  std::string line;
  std::string display_name;      // on that day
  std::string code;              // on that day; may be empty
  std::optional<Uuid> division;  // that a unit governs or a service center serves
  std::optional<Uuid> unit;      // that runs a service center

  std::string Name() const;  // units/{uuid}, divisions/{uuid} or serviceCenters/{uuid}
};

// Collection of a kind: "units", "divisions", "serviceCenters".
absl::string_view CollectionOf(pb::NodeKind kind);

// Replaces what is known of these nodes, grants and calendars, and recomputes the closure below
// changed edges. Of a node that comes twice the last record counts. Parents must be known or in the
// same change. INVALID_ARGUMENT TREE_CYCLE, TREE_UNKNOWN_PARENT or RECORD_INVALID: the transaction
// must not go on.
absl::Status Apply(mysql::Tx& tx, const pb::DirectoryChange& change);

// The stored record of a node, with its whole history; DeniedOrAbsent if there is none.
absl::StatusOr<pb::NodeRecord> LoadRecord(mysql::Tx& tx, const Uuid& id);
// Those of them that are known, in no particular order.
absl::StatusOr<std::vector<pb::NodeRecord>> LoadRecords(mysql::Tx& tx, absl::Span<const Uuid> ids);

// The node as of `day`; nullopt if it does not exist then.
absl::StatusOr<std::optional<Node>> FindNode(mysql::Tx& tx, const Uuid& id, int32_t day);
absl::StatusOr<std::vector<Node>> FindNodes(mysql::Tx& tx, absl::Span<const Uuid> ids, int32_t day);
// The division that bears a code on a day.
absl::StatusOr<std::optional<Node>> FindDivisionByCode(mysql::Tx& tx, absl::string_view code,
                                                       int32_t day);
// A division on a day and the unit that governs it, if one does.
struct Governed {
  Node division;
  std::optional<Uuid> unit;
};
// The division of that code on a day and those above it, nearest first, in one query; empty if
// there is none.
absl::StatusOr<std::vector<Governed>> UpwardFromCode(mysql::Tx& tx, absl::string_view code,
                                                     int32_t day);
// The same by id: empty for a node that is no division.
absl::StatusOr<std::vector<Governed>> UpwardFromDivision(mysql::Tx& tx, const Uuid& id,
                                                         int32_t day);
// The unit that governs a division on a day (never a department).
absl::StatusOr<std::optional<Node>> FindGoverningUnit(mysql::Tx& tx, const Uuid& division,
                                                      int32_t day);
// Departments of a line directly below a unit.
absl::StatusOr<std::vector<Node>> FindDepartments(mysql::Tx& tx, const Uuid& unit,
                                                  absl::string_view line, int32_t day);

// Whether what is read stays as it is until the transaction ends. What is derived from the
// directory and kept (scope rows, deadlines) must hold what it is derived from: otherwise the
// directory could change, and everything derived from it be derived anew, between the reading and
// the COMMIT of a transaction that nobody can see yet. Writers of the directory wait meanwhile; if
// one was faster, the transaction runs again. Not in a read-only transaction.
enum class Hold { kNo, kUntilCommit };

// Ancestors of a node on a day, nearest first, beginning with itself.
absl::StatusOr<std::vector<Node>> Ancestors(mysql::Tx& tx, pb::Tree tree, const Uuid& node,
                                            int32_t day);
// Their ids only: one indexed query.
absl::StatusOr<std::vector<Uuid>> AncestorIds(mysql::Tx& tx, pb::Tree tree, const Uuid& node,
                                              int32_t day, Hold hold = Hold::kNo);
// What stands above a node on a day, and when that changes: AncestorIds and NextChangeAbove in one
// query.
struct Upward {
  std::vector<Uuid> ids;
  int32_t next_change = 0;  // kNoEndDay: as far as is known, it does not
};
absl::StatusOr<Upward> UpwardAndNextChange(mysql::Tx& tx, pb::Tree tree, const Uuid& node,
                                           int32_t day, Hold hold);
// The same with each node's line (条), "" for none.
using WayUp = std::vector<std::pair<Uuid, std::string>>;
absl::StatusOr<WayUp> LinesUpward(mysql::Tx& tx, pb::Tree tree, const Uuid& node, int32_t day);
// The nodes of a line at or below `node` on a day, in no particular order.
absl::StatusOr<std::vector<Uuid>> NodesOfLine(mysql::Tx& tx, pb::Tree tree, const Uuid& node,
                                              absl::string_view line, int32_t day);
// The first day after `day` on which what stands above a node changes, as far as it is known today;
// kNoEndDay if it does not.
absl::StatusOr<int32_t> NextChangeAbove(mysql::Tx& tx, pb::Tree tree, const Uuid& node,
                                        int32_t day);
// The nearest node above both (or one of them, if it is above the other); nullopt if there is none.
absl::StatusOr<std::optional<Node>> NearestCommonSuperior(mysql::Tx& tx, pb::Tree tree,
                                                          const Uuid& a, const Uuid& b,
                                                          int32_t day);
// Whether `ancestor` is `node` or above it.
absl::StatusOr<bool> IsWithin(mysql::Tx& tx, pb::Tree tree, const Uuid& node, const Uuid& ancestor,
                              int32_t day);
// Direct children, ordered by code then name, after `after_key` (Node.code + '\0' + name of the
// last seen), at most `limit`.
absl::StatusOr<std::vector<Node>> Children(mysql::Tx& tx, pb::Tree tree, const Uuid& parent,
                                           int32_t day, absl::string_view after_key, int limit);

// Published calendars of these years; unpublished ones are missing.
absl::StatusOr<std::vector<pb::CalendarRecord>> LoadCalendars(mysql::Tx& tx, int from_year,
                                                              int to_year, Hold hold = Hold::kNo);

// A right of a principal that holds on a day.
struct Grant {
  pb::Role role;
  Uuid node;
  std::string line;
};
absl::StatusOr<std::vector<Grant>> LoadGrants(mysql::Tx& tx, absl::string_view principal,
                                              int32_t day);

}  // namespace qungong::directory

#endif  // QUNGONG_RUNTIME_DIRECTORY_H_
