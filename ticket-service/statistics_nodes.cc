#include "ticket-service/statistics_nodes.h"

#include <algorithm>
#include <utility>

#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::ticket {
namespace {

constexpr char kSelectAbove[] =
    "SELECT descendant_id, ancestor_id FROM directory_closure"
    " WHERE tree = ? AND valid_from <= ? AND valid_to > ? AND descendant_id IN (@ids)";
constexpr char kSelectLevels[] = "SELECT id, level FROM directory_nodes WHERE id IN (@ids)";
constexpr size_t kNodeBytes = 17;

using UnitDay = std::pair<int32_t, Uuid>;
using Above = std::map<UnitDay, std::set<Uuid>>;

absl::Status AddAbove(mysql::Tx& tx, int32_t day, const std::vector<Uuid>& units, Above& above) {
  const absl::CivilDay on = FromDayNumber(day);
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   mysql::QueryIn(tx, kSelectAbove, {rpc::v1::ADMINISTRATIVE_TREE, on, on}, units));
  for (const mysql::Row& row : rows) above[{day, row.Id(0)}].insert(row.Id(1));
  return absl::OkStatus();
}

// A past lead may be dissolved by now; it was concerned nonetheless.
absl::Status AddAboveNearest(mysql::Tx& tx, const UnitDay& wanted, Above& above) {
  const auto& [day, unit] = wanted;
  ASSIGN_OR_RETURN(const std::vector<rpc::v1::NodeRecord> records,
                   directory::LoadRecords(tx, {unit}));
  if (records.empty()) {
    return absl::UnavailableError("a unit of a ticket is not in the directory yet");
  }
  const rpc::v1::DateInterval& valid = records.front().valid();
  const int32_t nearest = std::max(valid.from_day(), std::min(day, valid.to_day() - 1));
  ASSIGN_OR_RETURN(const std::vector<Uuid> ids,
                   directory::AncestorIds(tx, rpc::v1::ADMINISTRATIVE_TREE, unit, nearest));
  above[wanted].insert(ids.begin(), ids.end());
  above[wanted].insert(unit);
  return absl::OkStatus();
}

absl::StatusOr<Above> LoadAbove(mysql::Tx& tx, const std::vector<UnitsOnDay>& all) {
  std::map<int32_t, std::set<Uuid>> by_day;
  for (const UnitsOnDay& one : all) by_day[one.day].insert(one.units.begin(), one.units.end());
  Above above;
  for (const auto& [day, units] : by_day) {
    RETURN_IF_ERROR(AddAbove(tx, day, {units.begin(), units.end()}, above));
    for (const Uuid& unit : units) {
      if (above.contains({day, unit})) continue;
      RETURN_IF_ERROR(AddAboveNearest(tx, {day, unit}, above));
    }
  }
  return above;
}

absl::StatusOr<std::map<Uuid, Grain>> LoadGrains(mysql::Tx& tx, const Above& above) {
  std::set<Uuid> ids;
  for (const auto& [unit, nodes] : above) ids.insert(nodes.begin(), nodes.end());
  ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      mysql::QueryIn(tx, kSelectLevels, {}, std::vector<Uuid>(ids.begin(), ids.end())));
  std::map<Uuid, Grain> grains;
  for (const mysql::Row& row : rows) {
    grains[row.Id(0)] = GrainOf(static_cast<rpc::v1::Level>(row.Int32(1)));
  }
  return grains;
}

}  // namespace

std::string EncodeNodes(const CountedNodes& nodes) {
  std::string bytes;
  for (const auto& [id, grain] : nodes) {
    bytes.append(id.View().data(), id.View().size());
    bytes.push_back(static_cast<char>(grain));
  }
  return bytes;
}

absl::StatusOr<CountedNodes> DecodeNodes(absl::string_view bytes) {
  CountedNodes nodes;
  if (bytes.size() % kNodeBytes != 0) return absl::InternalError("stored nodes cannot be read");
  for (; !bytes.empty(); bytes.remove_prefix(kNodeBytes)) {
    ASSIGN_OR_RETURN(const Uuid id, Uuid::FromBytes(bytes.substr(0, kNodeBytes - 1)));
    nodes[id] = static_cast<Grain>(bytes[kNodeBytes - 1]);
  }
  return nodes;
}

absl::StatusOr<std::vector<CountedNodes>> NodesAbove(mysql::Tx& tx,
                                                     const std::vector<UnitsOnDay>& all) {
  ASSIGN_OR_RETURN(const Above above, LoadAbove(tx, all));
  ASSIGN_OR_RETURN(const auto grains, LoadGrains(tx, above));
  std::vector<CountedNodes> result;
  for (const UnitsOnDay& one : all) {
    CountedNodes& nodes = result.emplace_back();
    for (const Uuid& unit : one.units) {
      for (const Uuid& node : above.at({one.day, unit})) nodes[node] = grains.at(node);
    }
  }
  return result;
}

}  // namespace qungong::ticket
