#include "org-service/relation_handlers.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "org-service/dates.h"
#include "org-service/listing.h"
#include "org-service/node_store.h"
#include "org-service/relation_store.h"
#include "org-service/unit_in_force.h"
#include "runtime/directory.h"
#include "runtime/status.h"

namespace qungong::org {
namespace {

// The appointment that is to answer for a relation, locked: it may not end meanwhile.
absl::StatusOr<StoredAppointment> LockContact(Mutation& m, const std::string& name,
                                              const Bond& bond) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("appointments", name));
  ASSIGN_OR_RETURN(std::optional<StoredAppointment> appointment,
                   FindAppointment(m.tx(), id, RowLock::kForUpdate));
  // Of another unit and absent are one answer.
  if (appointment.has_value() && appointment->term.unit == bond.from) {
    return *std::move(appointment);
  }
  return DeniedOrAbsent(name);
}

absl::Status CheckContactDays(const StoredAppointment& contact, const Bond& bond) {
  if (contact.term.days.Covers(bond.days)) return absl::OkStatus();
  return WithChinese(WithReason(absl::FailedPreconditionError(
                                    "the contact does not hold the post on all of these days"),
                                "APPOINTMENT_MISMATCH"),
                     "联系人在此期间并非一直任职。");
}

// The caller's own on both sides.
absl::Status AuthorizeBoth(Read& read, const Bond& bond, absl::string_view from,
                           absl::string_view to) {
  RETURN_IF_ERROR(AuthorizeKeeper(read, bond.from, from));
  return AuthorizeKeeper(read, bond.to, to);
}

absl::StatusOr<Bond> ParseBond(const v1::CreateRelationRequest& request) {
  Bond bond;
  bond.kind = request.kind();
  ASSIGN_OR_RETURN(bond.from, ParseResourceName("units", request.from_unit()));
  ASSIGN_OR_RETURN(bond.to, ParseResourceName("units", request.to_unit()));
  ASSIGN_OR_RETURN(bond.days,
                   ParseDays(request.valid_from(), kFirstDay, request.valid_to(), kNoEnd));
  RETURN_IF_ERROR(CheckBond(bond, !request.contact().empty()));
  return bond;
}

// What the registry says of a relation that is asked for.
absl::Status CheckInRegistry(Mutation& m, const Bond& bond) {
  if (bond.kind == v1::Relation::PAIRED_ASSISTANCE) {
    ASSIGN_OR_RETURN(const std::vector<Uuid> above,
                     directory::AncestorIds(m.tx(), rpc::v1::ADMINISTRATIVE_TREE, bond.to,
                                            DayNumber(bond.days.from)));
    RETURN_IF_ERROR(CheckHelper(bond, above));
  }
  ASSIGN_OR_RETURN(const std::vector<Bond> others, BondsTo(m.tx(), bond.to, bond.kind));
  return CheckAgainstBonds(bond, others);
}

absl::Status Ended() {
  return WithChinese(WithReason(absl::FailedPreconditionError("the relation has ended by that day"),
                                "RELATION_ENDED"),
                     "该关系在此日期之前已经终止。");
}

}  // namespace

absl::StatusOr<v1::Relation> RelationHandlers::CreateRelation(
    Mutation& m, const v1::CreateRelationRequest& request) {
  RETURN_IF_ERROR(LockTree(m.tx()));
  ASSIGN_OR_RETURN(Bond bond, ParseBond(request));
  RETURN_IF_ERROR(AuthorizeBoth(m, bond, request.from_unit(), request.to_unit()));
  ASSIGN_OR_RETURN(bond.days, WithinUnit(m.tx(), bond.from, bond.days, request.has_valid_to()));
  ASSIGN_OR_RETURN(bond.days, WithinUnit(m.tx(), bond.to, bond.days, request.has_valid_to()));
  StoredRelation relation;
  if (!request.contact().empty()) {
    ASSIGN_OR_RETURN(const StoredAppointment contact, LockContact(m, request.contact(), bond));
    if (!request.has_valid_to()) bond.days.to = std::min(bond.days.to, contact.term.days.to);
    RETURN_IF_ERROR(CheckContactDays(contact, bond));
    relation.contact = contact.id;
  }
  RETURN_IF_ERROR(CheckInRegistry(m, bond));
  relation.id = m.NewId();
  relation.bond = bond;
  relation.measures = request.measures();
  relation.document = request.document();
  relation.created = m.call().now;
  RETURN_IF_ERROR(InsertRelation(m.tx(), relation));
  m.Emit(relation.MakeEvent("Relation.CREATED"));
  return relation.ToProto();
}

absl::StatusOr<v1::Relation> RelationHandlers::GetRelation(Read& read,
                                                           const v1::GetRelationRequest& request) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("relations", request.name()));
  ASSIGN_OR_RETURN(const std::optional<StoredRelation> relation,
                   FindRelation(read.tx(), id, RowLock::kNone));
  const Bond bond = relation.has_value() ? relation->bond : Bond();
  RETURN_IF_ERROR(AuthorizeKeeperOfAny(read, {bond.from, bond.to}, request.name()));
  if (!relation.has_value()) return DeniedOrAbsent(request.name());
  return relation->ToProto();
}

absl::StatusOr<v1::ListRelationsResponse> RelationHandlers::ListRelations(
    Read& read, const v1::ListRelationsRequest& request) {
  ASSIGN_OR_RETURN(const ListPage page, ListPage::Open(read, request));
  ASSIGN_OR_RETURN(const std::vector<Uuid> nodes, read.GrantedNodes());
  Uuid unit;
  Conditions conditions;
  conditions.AndWithin("r.from_unit_id, r.to_unit_id", nodes, FromDayNumber(read.call().today));
  if (!request.unit().empty()) {
    ASSIGN_OR_RETURN(unit, ParseResourceName("units", request.unit()));
    conditions.And("? IN (r.from_unit_id, r.to_unit_id)", unit);
  }
  if (request.kind() != v1::Relation::KIND_UNSPECIFIED)
    conditions.And("r.kind = ?", request.kind());
  if (request.has_as_of()) {
    ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(request.as_of(), "as_of", kFirstDay));
    conditions.And("r.valid_from <= ? AND r.valid_to > ?", day, day);
  }
  if (!page.after().empty()) conditions.And("r.id > ?", page.after());
  ASSIGN_OR_RETURN(std::vector<StoredRelation> relations,
                   ListRelationRows(read.tx(), conditions, page.limit()));
  v1::ListRelationsResponse response;
  if (page.Cut(relations))
    response.set_next_page_token(page.NextToken(read, relations.back().id.View()));
  for (const StoredRelation& relation : relations) *response.add_relations() = relation.ToProto();
  return response;
}

absl::StatusOr<v1::Relation> RelationHandlers::EndRelation(Mutation& m,
                                                           const v1::EndRelationRequest& request) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName("relations", request.name()));
  ASSIGN_OR_RETURN(std::optional<StoredRelation> relation,
                   FindRelation(m.tx(), id, RowLock::kForUpdate));
  const Bond bond = relation.has_value() ? relation->bond : Bond();
  RETURN_IF_ERROR(AuthorizeBoth(m, bond, request.name(), request.name()));
  if (!relation.has_value()) return DeniedOrAbsent(request.name());
  RETURN_IF_ERROR(CheckEtag(request.etag(), relation->version, request.name()));
  ASSIGN_OR_RETURN(const absl::CivilDay end,
                   ParseDay(request.effective_date(), "effective_date", kNoEnd));
  if (end < bond.days.from) return InvalidField("effective_date", "lies before its first day");
  if (end >= bond.days.to) return Ended();
  RETURN_IF_ERROR(EndRelationRow(m.tx(), *relation, end, request.result()));
  m.Emit(relation->MakeEvent("Relation.ENDED"));
  return relation->ToProto();
}

absl::Status EndRelationsOf(Mutation& m, const StoredAppointment& appointment) {
  const absl::CivilDay end = appointment.term.days.to;
  ASSIGN_OR_RETURN(std::vector<StoredRelation> relations,
                   RelationsOfContact(m.tx(), appointment.id));
  for (StoredRelation& relation : relations) {
    const Days& days = relation.bond.days;
    if (days.to <= end) continue;
    RETURN_IF_ERROR(EndRelationRow(m.tx(), relation, std::max(days.from, end), relation.result));
    m.Emit(relation.MakeEvent("Relation.ENDED"));
  }
  return absl::OkStatus();
}

}  // namespace qungong::org
