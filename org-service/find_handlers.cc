#include "org-service/find_handlers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_map.h"
#include "org-service/dates.h"
#include "org-service/find_store.h"
#include "org-service/node_change.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

constexpr int kDefaultPage = 20;
constexpr int kLargestPage = 50;

// Divisions are published; who acts for them is told to those who work with them (ListUnits).
std::vector<rpc::v1::NodeKind> KindsFor(const Read& read, const v1::FindNodesRequest& request) {
  std::vector<rpc::v1::NodeKind> kinds;
  for (const rpc::v1::NodeKind kind :
       {rpc::v1::DIVISION_NODE, rpc::v1::UNIT_NODE, rpc::v1::SERVICE_CENTER_NODE}) {
    const bool wanted = request.kinds().empty() || absl::c_linear_search(request.kinds(), kind);
    const bool may = kind == rpc::v1::DIVISION_NODE || !read.call().principal.empty();
    if (wanted && may) kinds.push_back(kind);
  }
  return kinds;
}

absl::StatusOr<std::optional<FindQuery::Below>> ParseBelow(const std::string& name) {
  if (name.empty()) return std::optional<FindQuery::Below>();
  if (const auto id = ParseResourceName("divisions", name); id.ok()) {
    return std::optional<FindQuery::Below>({rpc::v1::DIVISION_TREE, *id});
  }
  if (const auto id = ParseResourceName("units", name); id.ok()) {
    return std::optional<FindQuery::Below>({rpc::v1::ADMINISTRATIVE_TREE, *id});
  }
  return InvalidField("below", "must be divisions/{uuid} or units/{uuid}");
}

// A result in the making: what was found and how.
struct Hit {
  const Candidate* candidate;
  NodeOnDay node;
};

std::vector<Hit> Rank(const std::vector<Candidate>& candidates, std::vector<NodeOnDay> nodes) {
  absl::flat_hash_map<Uuid, const Candidate*> by_node;
  for (const Candidate& candidate : candidates) by_node[candidate.node] = &candidate;
  std::vector<Hit> hits;
  hits.reserve(nodes.size());
  for (NodeOnDay& node : nodes) hits.push_back({by_node[node.id], std::move(node)});
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    const auto key = [](const Hit& hit) {
      return std::tie(hit.candidate->tier, hit.node.level, hit.node.code, hit.node.kind,
                      hit.node.display_name, hit.node.id);
    };
    return key(a) < key(b);
  });
  return hits;
}

// Fills in what matched: of the labels that match equally well, the one of the day, else the last.
void FillMatch(const Candidate& candidate, const std::vector<DatedLabel>& labels,
               absl::CivilDay day, v1::FoundNode* found) {
  const DatedLabel* best = nullptr;
  const auto holds = [day](const DatedLabel& label) { return label.from <= day && day < label.to; };
  for (const DatedLabel& label : labels) {
    if (label.node != candidate.labeled || !absl::c_linear_search(candidate.labels, label.from)) {
      continue;
    }
    if (best == nullptr ||
        std::make_pair(holds(*best), best->from) < std::make_pair(holds(label), label.from)) {
      best = &label;
    }
  }
  if (best == nullptr) return;
  found->set_matched_text(candidate.field == KeyField::kCode ? best->code : best->display_name);
  if (holds(*best)) return;
  v1::NamePeriod& other = *found->mutable_other_day();
  SetDays({best->from, best->to}, other);
  other.set_display_name(best->display_name);
  other.set_code(best->code);
}

// The names above what was found: those of its place, or else of its unit.
absl::Status FillPaths(mysql::Tx& tx, const std::vector<Hit>& hits, absl::CivilDay day,
                       v1::FindNodesResponse* response) {
  for (const rpc::v1::Tree tree : {rpc::v1::DIVISION_TREE, rpc::v1::ADMINISTRATIVE_TREE}) {
    std::vector<Uuid> below(hits.size());
    std::vector<Uuid> asked;
    for (size_t i = 0; i < hits.size(); ++i) {
      const NodeOnDay& node = hits[i].node;
      const bool is_place = node.kind == rpc::v1::DIVISION_NODE || node.division.has_value();
      if (is_place != (tree == rpc::v1::DIVISION_TREE)) continue;
      below[i] = node.division.value_or(node.id);
      asked.push_back(below[i]);
    }
    ASSIGN_OR_RETURN(const std::vector<NameAbove> names, LoadNamesAbove(tx, tree, asked, day));
    for (size_t i = 0; i < hits.size(); ++i) {
      for (const NameAbove& name : names) {
        if (name.node == below[i]) {
          response->mutable_nodes(static_cast<int>(i))->add_path(name.display_name);
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::FindNodesResponse> FindHandlers::FindNodes(Read& read,
                                                              const v1::FindNodesRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOrToday(read, request.as_of(), "as_of"));
  FindQuery query{.kinds = KindsFor(read, request),
                  .probes = ProbesOf(request.query()),
                  .day = FromDayNumber(day),
                  .below = std::nullopt};
  ASSIGN_OR_RETURN(query.below, ParseBelow(request.below()));
  v1::FindNodesResponse response;
  if (query.kinds.empty() || query.probes.empty()) return response;

  ASSIGN_OR_RETURN(const Candidates candidates, FindCandidates(read.tx(), query));
  response.set_more(candidates.more);
  ASSIGN_OR_RETURN(std::vector<NodeOnDay> nodes, LoadFound(read.tx(), query, candidates.list));
  std::vector<Hit> hits = Rank(candidates.list, std::move(nodes));
  const int asked = request.page_size() == 0 ? kDefaultPage : request.page_size();
  const auto size = static_cast<size_t>(std::min(asked, kLargestPage));
  if (hits.size() > size) {
    response.set_more(true);
    hits.resize(size);
  }
  std::vector<Uuid> labeled;
  labeled.reserve(hits.size());
  for (const Hit& hit : hits) labeled.push_back(hit.candidate->labeled);
  ASSIGN_OR_RETURN(const std::vector<DatedLabel> labels, LoadLabels(read.tx(), labeled));
  for (const Hit& hit : hits) {
    v1::FoundNode& found = *response.add_nodes();
    found.set_name(ResourceName(directory::CollectionOf(hit.node.kind), hit.node.id));
    found.set_kind(hit.node.kind);
    found.set_level(hit.node.level);
    found.set_display_name(hit.node.display_name);
    found.set_code(hit.node.code);
    FillMatch(*hit.candidate, labels, query.day, &found);
  }
  RETURN_IF_ERROR(FillPaths(read.tx(), hits, query.day, &response));
  return response;
}

}  // namespace qungong::org
