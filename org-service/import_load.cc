#include "org-service/import_load.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "org-service/division_rules.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Param;
using mysql::Row;
using mysql::Rows;
using mysql::Tx;

constexpr char kSelectByCode[] =
    "SELECT DISTINCT n.id FROM directory_labels l JOIN directory_nodes n ON n.id = l.node_id"
    " WHERE n.kind = ? AND l.code IN (@ids)";
constexpr char kSelectOfDivisions[] =
    "SELECT id FROM directory_nodes WHERE kind = ? AND division_id IN (@ids)";
constexpr char kSelectOfUnits[] =
    "SELECT id FROM directory_nodes WHERE kind = ? AND unit_id IN (@ids)";
constexpr char kSelectBelow[] =
    "SELECT DISTINCT child_id FROM directory_edges WHERE tree = ? AND parent_id IN (@ids)";
constexpr char kSelectAllAbove[] =
    "SELECT DISTINCT ancestor_id FROM directory_closure WHERE tree = ? AND descendant_id IN (@ids)";
constexpr char kSelectAbove[] =
    "SELECT DISTINCT parent_id FROM directory_edges WHERE tree = ? AND child_id IN (@ids)";

class Loader {
 public:
  Loader(Tx& tx, NodeBook* book) : tx_(tx), book_(book) {}

  absl::Status Load(std::vector<Uuid> ids) {
    ids.erase(std::remove_if(ids.begin(), ids.end(),
                             [this](const Uuid& id) { return !asked_.insert(id).second; }),
              ids.end());
    ASSIGN_OR_RETURN(std::vector<OrgNode> nodes, LoadNodes(tx_, ids));
    for (OrgNode& node : nodes) book_->AddKnown(std::move(node));
    return absl::OkStatus();
  }

  // Loads what a query for ids finds, and returns it.
  template <typename T>
  absl::StatusOr<std::vector<Uuid>> LoadFound(absl::string_view sql, int first_param,
                                              const std::vector<T>& list) {
    ASSIGN_OR_RETURN(const Rows rows,
                     mysql::QueryIn(tx_, sql, {Param(first_param)}, absl::Span<const T>(list)));
    std::vector<Uuid> found;
    found.reserve(rows.size());
    for (const Row& row : rows) found.push_back(row.Id(0));
    RETURN_IF_ERROR(Load(found));
    return found;
  }

  // The divisions of these codes or keys.
  absl::StatusOr<std::vector<Uuid>> LoadDivisions(const std::vector<std::string>& keys) {
    std::vector<Uuid> ids;
    ids.reserve(keys.size());
    for (const std::string& key : keys) ids.push_back(DivisionId(key));
    ASSIGN_OR_RETURN(const std::vector<Uuid> found,
                     LoadFound(kSelectByCode, rpc::v1::DIVISION_NODE, keys));
    ids.insert(ids.end(), found.begin(), found.end());
    RETURN_IF_ERROR(Load(ids));
    return ids;
  }

  absl::StatusOr<std::vector<Uuid>> LoadUnitsOf(const std::vector<Uuid>& divisions) {
    return LoadFound(kSelectOfDivisions, rpc::v1::UNIT_NODE, divisions);
  }
  absl::Status LoadCentersOf(const std::vector<Uuid>& divisions) {
    return LoadFound(kSelectOfDivisions, rpc::v1::SERVICE_CENTER_NODE, divisions).status();
  }

  // What their moving and ending may touch: what stands directly above and below them, the units
  // and service centers of all these divisions, and what stands directly below those units.
  absl::Status LoadAround(std::vector<Uuid> divisions, const std::vector<Uuid>& named_units) {
    ASSIGN_OR_RETURN(const std::vector<Uuid> above,
                     LoadFound(kSelectAbove, rpc::v1::DIVISION_TREE, divisions));
    ASSIGN_OR_RETURN(const std::vector<Uuid> below,
                     LoadFound(kSelectBelow, rpc::v1::DIVISION_TREE, divisions));
    divisions.insert(divisions.end(), above.begin(), above.end());
    RETURN_IF_ERROR(Load(named_units));
    RETURN_IF_ERROR(LoadCentersOf(divisions));
    ASSIGN_OR_RETURN(std::vector<Uuid> units, LoadUnitsOf(divisions));
    units.insert(units.end(), named_units.begin(), named_units.end());
    RETURN_IF_ERROR(LoadFound(kSelectBelow, rpc::v1::ADMINISTRATIVE_TREE, units).status());
    return LoadFound(kSelectOfUnits, rpc::v1::SERVICE_CENTER_NODE, units).status();
  }

 private:
  Tx& tx_;
  NodeBook* book_;
  absl::flat_hash_set<Uuid> asked_;
};

struct Named {
  std::vector<std::string> divisions;  // keys, units' too
  std::vector<Uuid> units;             // that may govern no division
};

Named NamesOf(const std::vector<Amendment>& amendments) {
  Named named;
  for (const Amendment& amendment : amendments) {
    for (const AmendmentNode* node : {&amendment.node, &amendment.parent, &amendment.successor}) {
      if (node->key.empty()) continue;
      named.divisions.push_back(node->key);
      if (node->is_unit) named.units.push_back(UnitId(node->key));
    }
  }
  return named;
}

// What appointments and grants keep the units of dissolved nodes from ending.
absl::Status LoadObstacles(Tx& tx, const std::vector<Amendment>& amendments, NodeBook* book) {
  for (const Amendment& amendment : amendments) {
    if (amendment.operation != Amendment::Operation::kDissolve) continue;
    const int32_t day = DayNumber(amendment.day);
    const std::string& key = amendment.node.key;
    const NodeRecord* division = book->FindByCode(key, day);
    if (division == nullptr) division = book->Find(ResourceName("divisions", DivisionId(key)));
    const NodeRecord* unit = division != nullptr ? book->GoverningUnit(division->name(), day)
                                                 : book->Find(ResourceName("units", UnitId(key)));
    if (unit == nullptr) continue;
    ASSIGN_OR_RETURN(const std::string obstacle, FindRights(tx, *unit, day));
    if (!obstacle.empty()) book->AddObstacle(unit->name(), obstacle);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status LoadForDivisions(Tx& tx, const std::vector<DivisionRow>& rows, NodeBook* book) {
  Loader loader(tx, book);
  std::vector<std::string> codes;
  absl::flat_hash_set<std::string> parents;
  for (const DivisionRow& row : rows) {
    codes.push_back(row.code);
    if (!row.parent_code.empty()) parents.insert(row.parent_code);
  }
  RETURN_IF_ERROR(loader.LoadDivisions(codes).status());
  ASSIGN_OR_RETURN(const std::vector<Uuid> above,
                   loader.LoadDivisions({parents.begin(), parents.end()}));
  return loader.LoadUnitsOf(above).status();
}

absl::Status LoadForAmendments(Tx& tx, const std::vector<Amendment>& amendments, NodeBook* book) {
  Loader loader(tx, book);
  const Named named = NamesOf(amendments);
  ASSIGN_OR_RETURN(const std::vector<Uuid> divisions, loader.LoadDivisions(named.divisions));
  RETURN_IF_ERROR(loader.LoadAround(divisions, named.units));
  return LoadObstacles(tx, amendments, book);
}

absl::Status LoadAround(Tx& tx, const NamedNodes& named, NodeBook* book) {
  Loader loader(tx, book);
  RETURN_IF_ERROR(loader.LoadFound(kSelectByCode, rpc::v1::DIVISION_NODE, named.codes).status());
  RETURN_IF_ERROR(loader.Load(named.divisions));
  RETURN_IF_ERROR(loader.Load(named.centers));
  RETURN_IF_ERROR(loader.LoadAround(named.divisions, named.units));
  return loader.LoadFound(kSelectAllAbove, rpc::v1::ADMINISTRATIVE_TREE, named.units).status();
}

}  // namespace qungong::org
