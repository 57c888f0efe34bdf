#include "org-service/municipality.h"

#include "org-service/division_rules.h"
#include "org-service/node_store.h"
#include "qungong/org/v1/division_service.pb.h"
#include "qungong/org/v1/unit_service.pb.h"
#include "qungong/rpc/v1/directory.pb.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

// Older than everything below it.
constexpr absl::CivilDay kFounded(1949, 10, 1);

rpc::v1::NodeRecord Record(const std::string& name, rpc::v1::NodeKind kind,
                           const std::string& display_name) {
  rpc::v1::NodeRecord record;
  record.set_name(name);
  record.set_kind(kind);
  record.set_level(rpc::v1::MUNICIPALITY_LEVEL);
  record.mutable_valid()->set_from_day(DayNumber(kFounded));
  record.mutable_valid()->set_to_day(kNoEndDay);
  rpc::v1::NodeLabel* label = record.add_labels();
  *label->mutable_valid() = record.valid();
  label->set_display_name(display_name);
  return record;
}

Event NodeEvent(const rpc::v1::NodeRecord& record, const char* kind) {
  rpc::v1::DirectoryChange change;
  *change.add_nodes() = record;
  Event event;
  event.aggregate = record.name();
  event.version = 1;
  event.kind = kind;
  event.image = record.SerializeAsString();
  return event.WithPayload(change);
}

}  // namespace

absl::StatusOr<Uuid> EnsureMunicipality(mysql::Tx& tx, const v1::BootstrapMunicipality& wanted,
                                        absl::Time now, std::vector<Event>& events) {
  const Uuid division_id = DivisionId(wanted.code());
  const Uuid unit_id = UnitId(wanted.code());
  ASSIGN_OR_RETURN(const auto known, directory::FindNode(tx, unit_id, DayNumber(kFounded)));
  if (known.has_value()) return unit_id;

  rpc::v1::NodeRecord division =
      Record(ResourceName("divisions", division_id), rpc::v1::DIVISION_NODE, wanted.display_name());
  division.mutable_labels(0)->set_code(wanted.code());
  division.set_subkind(v1::Division::MUNICIPALITY);
  rpc::v1::NodeRecord unit =
      Record(ResourceName("units", unit_id), rpc::v1::UNIT_NODE, wanted.unit_display_name());
  unit.set_division(division.name());
  unit.set_subkind(v1::Unit::GOVERNMENT);
  RETURN_IF_ERROR(LockTree(tx));
  RETURN_IF_ERROR(SaveNodes(tx, {{division, 1, now}, {unit, 1, now}}));
  events.push_back(NodeEvent(division, "Division.CREATED"));
  events.push_back(NodeEvent(unit, "Unit.CREATED"));
  return unit_id;
}

}  // namespace qungong::org
