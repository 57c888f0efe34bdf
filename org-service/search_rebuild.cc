#include "org-service/search_rebuild.h"

#include <optional>
#include <string>
#include <vector>

#include "org-service/find_rules.h"
#include "org-service/node_store.h"
#include "org-service/search_key_store.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Row;
using mysql::Rows;
using mysql::Tx;

constexpr char kSelectState[] = "SELECT made_by, making, up_to FROM search_state WHERE id = 1";
constexpr char kUpdateState[] =
    "UPDATE search_state SET made_by = ?, making = ?, up_to = ? WHERE id = 1";
constexpr char kDeleteSome[] =
    "DELETE FROM search_keys ORDER BY kind, level, field, key_text, node_id, valid_from"
    " LIMIT 5000";
constexpr char kSelectNext[] = "SELECT id FROM directory_nodes WHERE id > ? ORDER BY id LIMIT 500";

absl::StatusOr<Rebuilt> Step(Tx& tx) {
  const std::string rules = KeysVersion();
  ASSIGN_OR_RETURN(const std::optional<Row> state, tx.QueryOne(kSelectState));
  if (!state.has_value()) return absl::InternalError("search_state is empty");
  if (state->String(0) == rules) return Rebuilt::kAll;
  // What is written here rests on labels that were read: a change of them is decided first or
  // after.
  RETURN_IF_ERROR(LockTree(tx));
  if (state->String(1) != rules) {
    // Whoever changes a label meanwhile writes keys, too; those that are wanted come again.
    ASSIGN_OR_RETURN(const int64_t deleted, tx.Execute(kDeleteSome));
    if (deleted > 0) return Rebuilt::kPart;
    RETURN_IF_ERROR(tx.Execute(kUpdateState, state->String(0), rules, Uuid()).status());
    return Rebuilt::kPart;
  }
  const Uuid from = state->Id(2);
  ASSIGN_OR_RETURN(const Rows rows, tx.Query(kSelectNext, from));
  if (rows.empty()) {
    RETURN_IF_ERROR(tx.Execute(kUpdateState, rules, rules, Uuid()).status());
    return Rebuilt::kAll;
  }
  std::vector<Uuid> ids;
  for (const Row& row : rows) ids.push_back(row.Id(0));
  ASSIGN_OR_RETURN(const std::vector<NodeRecord> records, directory::LoadRecords(tx, ids));
  RETURN_IF_ERROR(AddSearchKeys(tx, records));
  RETURN_IF_ERROR(tx.Execute(kUpdateState, state->String(0), rules, ids.back()).status());
  return Rebuilt::kPart;
}

}  // namespace

absl::StatusOr<Rebuilt> RebuildSearchKeys(mysql::Session& session) {
  Rebuilt rebuilt = Rebuilt::kPart;
  RETURN_IF_ERROR(session.Transact({}, [&](Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(rebuilt, Step(tx));
    return absl::OkStatus();
  }));
  return rebuilt;
}

}  // namespace qungong::org
