// Looks nodes up by their search keys. However many match, only so many rows are read.
#ifndef QUNGONG_ORG_SERVICE_FIND_STORE_H_
#define QUNGONG_ORG_SERVICE_FIND_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "org-service/find_rules.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/ids.h"
#include "runtime/mysql.h"

namespace qungong::org {

struct FindQuery {
  std::vector<rpc::v1::NodeKind> kinds;
  std::vector<Probe> probes;
  absl::CivilDay day;
  // At or below this node of a tree.
  struct Below {
    rpc::v1::Tree tree;
    Uuid node;
  };
  std::optional<Below> below;
};

// A node and the best way in which it matches.
struct Candidate {
  Uuid node;
  MatchTier tier;
  rpc::v1::Level level;
  std::string key;
  // Whose label matched: the node's, or that of the division that it governs or serves.
  Uuid labeled;
  // First days of the labels that match so.
  std::vector<absl::CivilDay> labels;
  KeyField field;
};
struct Candidates {
  std::vector<Candidate> list;  // best tier first, then by level and key
  bool more = false;            // not all were read
};
// The query has a kind and a probe.
absl::StatusOr<Candidates> FindCandidates(mysql::Tx& tx, const FindQuery& query);

struct NodeOnDay {
  Uuid id;
  rpc::v1::NodeKind kind;
  rpc::v1::Level level;
  std::string display_name;
  std::string code;              // of the division that it is, governs or serves
  std::optional<Uuid> division;  // that it governs or serves
};
// Those of the candidates that exist on the query's day and lie where it asks, in no order.
absl::StatusOr<std::vector<NodeOnDay>> LoadFound(mysql::Tx& tx, const FindQuery& query,
                                                 absl::Span<const Candidate> candidates);

struct DatedLabel {
  Uuid node;
  absl::CivilDay from;
  absl::CivilDay to;
  std::string display_name;
  std::string code;
};
// All labels of these nodes.
absl::StatusOr<std::vector<DatedLabel>> LoadLabels(mysql::Tx& tx, absl::Span<const Uuid> nodes);

struct NameAbove {
  Uuid node;
  std::string display_name;
};
// For each of the nodes the names of those above it in a tree on a day, from the top.
absl::StatusOr<std::vector<NameAbove>> LoadNamesAbove(mysql::Tx& tx, rpc::v1::Tree tree,
                                                      absl::Span<const Uuid> nodes,
                                                      absl::CivilDay day);

}  // namespace qungong::org

#endif  // QUNGONG_ORG_SERVICE_FIND_STORE_H_
