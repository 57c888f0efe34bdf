#include "org-service/rehoming_store.h"

#include "absl/strings/string_view.h"
#include "runtime/in_list.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

using mysql::Param;
using Rehoming = v1::PreviewReorganizationResponse::Rehoming;

// As HasAppointments, HasRelations and HasGrants.
constexpr char kSelectAppointments[] =
    "SELECT unit_id, id FROM appointments WHERE valid_to > ? AND valid_from < valid_to"
    " AND unit_id IN (@ids) ORDER BY id";
constexpr char kSelectRelationsFrom[] =
    "SELECT from_unit_id, id FROM relations WHERE valid_to > ? AND valid_from < valid_to"
    " AND from_unit_id IN (@ids) ORDER BY id";
constexpr char kSelectRelationsTo[] =
    "SELECT to_unit_id, id FROM relations WHERE valid_to > ? AND valid_from < valid_to"
    " AND to_unit_id IN (@ids) ORDER BY id";
constexpr char kSelectGrants[] =
    "SELECT node_id, id FROM grants WHERE valid_to > ? AND valid_from < valid_to"
    " AND node_id IN (@ids) ORDER BY id";
constexpr char kSelectAccounts[] =
    "SELECT unit_id, id FROM accounts WHERE unit_id IN (@ids) ORDER BY id";
constexpr char kSelectPeople[] =
    "SELECT unit_id, id FROM people WHERE unit_id IN (@ids) ORDER BY id";

absl::Status Add(mysql::Tx& tx, absl::string_view sql, absl::Span<const Param> params,
                 absl::Span<const Uuid> units, Rehoming::Kind kind, absl::string_view collection,
                 RestingByUnit& resting) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, mysql::QueryIn(tx, sql, params, units));
  for (const mysql::Row& row : rows) {
    resting[row.Id(0)][kind].push_back(ResourceName(collection, row.Id(1)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RestingByUnit> LoadRightsOn(mysql::Tx& tx, absl::Span<const Uuid> units,
                                           absl::CivilDay day) {
  RestingByUnit resting;
  RETURN_IF_ERROR(Add(tx, kSelectAppointments, {Param(day)}, units, Rehoming::APPOINTMENTS,
                      "appointments", resting));
  for (const char* sql : {kSelectRelationsFrom, kSelectRelationsTo}) {
    RETURN_IF_ERROR(Add(tx, sql, {Param(day)}, units, Rehoming::RELATIONS, "relations", resting));
  }
  RETURN_IF_ERROR(Add(tx, kSelectGrants, {Param(day)}, units, Rehoming::GRANTS, "grants", resting));
  return resting;
}

absl::Status AddKept(mysql::Tx& tx, absl::Span<const Uuid> units, RestingByUnit& resting) {
  RETURN_IF_ERROR(Add(tx, kSelectAccounts, {}, units, Rehoming::ACCOUNTS, "accounts", resting));
  return Add(tx, kSelectPeople, {}, units, Rehoming::PEOPLE, "people", resting);
}

}  // namespace qungong::org
