#include "ticket-service/acts.h"

#include <utility>

#include "runtime/status.h"
#include "ticket-service/deadline_store.h"
#include "ticket-service/proto_time.h"

namespace qungong::ticket {

absl::Time NowOf(const Read& read) { return ToMicros(read.call().now); }

std::string IntakeUnit(const pb::Ticket& ticket) { return ticket.intake_unit(); }
std::string LeadUnit(const pb::Ticket& ticket) { return ticket.lead_unit(); }
std::string DispatchingUnit(const pb::Ticket& ticket) { return ticket.dispatching_unit(); }
std::string HoldingUnit(const pb::Ticket& ticket) {
  return ticket.lead_unit().empty() ? ticket.intake_unit() : ticket.lead_unit();
}

absl::StatusOr<TicketRecord> OpenAct(Mutation& m, const std::string& name, const std::string& etag,
                                     ActingUnit unit) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kTickets, name));
  RETURN_IF_ERROR(CheckMaySee(m, id));
  ASSIGN_OR_RETURN(TicketRecord record, LockTicket(m.tx(), m.keys(), id));
  const std::string acting = unit(record.ticket);
  if (!acting.empty()) RETURN_IF_ERROR(GrantedAbove(m, record, acting).status());
  RETURN_IF_ERROR(CheckEtag(etag, record.version, name));
  return record;
}

absl::Status CheckMayJudge(Mutation& m, const TicketRecord& record) {
  const pb::Ticket& ticket = record.ticket;
  if (ticket.lead_unit().empty())
    return absl::OkStatus();  // nothing to judge: the rules refuse the act
  RETURN_IF_ERROR(CheckIndependent(ticket, m.call().principal));
  ASSIGN_OR_RETURN(const auto superior, FindSuperior(m, ticket.lead_unit()));
  if (!superior.has_value())
    return absl::OkStatus();  // nobody stands above: another account has to do
  ASSIGN_OR_RETURN(const std::vector<Uuid> granted,
                   GrantedAbove(m, record, ticket.dispatching_unit()));
  std::vector<std::string> units;
  units.reserve(granted.size());
  for (const Uuid& node : granted) units.push_back(ResourceName(kUnits, node));
  return CheckJudgesFrom(units, ticket.lead_unit());
}

absl::Status TargetInvalid(absl::string_view message) {
  return WithChinese(WithReason(absl::FailedPreconditionError(message),
                                pb::ErrorReason_Name(pb::TARGET_UNIT_INVALID)),
                     "承办单位不存在,或不在可交办的范围内。");
}

absl::Status NoSuperior() {
  return WithChinese(WithReason(absl::FailedPreconditionError("there is no unit above"),
                                pb::ErrorReason_Name(pb::NO_SUPERIOR)),
                     "没有可以上报或裁决的上级单位。");
}

absl::StatusOr<directory::Node> FindTarget(Read& read, const std::string& unit) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, unit));
  ASSIGN_OR_RETURN(auto node, directory::FindNode(read.tx(), id, read.call().today));
  if (!node.has_value() || node->kind != rpc::v1::UNIT_NODE)
    return TargetInvalid("the unit does not exist today");
  return *std::move(node);
}

absl::StatusOr<bool> IsAtOrBelow(Read& read, const std::string& unit, const std::string& top) {
  ASSIGN_OR_RETURN(const Uuid lower, ParseResourceName(kUnits, unit));
  ASSIGN_OR_RETURN(const Uuid upper, ParseResourceName(kUnits, top));
  return directory::IsWithin(read.tx(), rpc::v1::ADMINISTRATIVE_TREE, lower, upper,
                             read.call().today);
}

absl::StatusOr<std::optional<directory::Node>> FindSuperior(Read& read, const std::string& unit) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, unit));
  ASSIGN_OR_RETURN(auto nodes, directory::Ancestors(read.tx(), rpc::v1::ADMINISTRATIVE_TREE, id,
                                                    read.call().today));
  if (nodes.size() < 2) return std::optional<directory::Node>();
  return std::optional<directory::Node>(std::move(nodes[1]));
}

absl::Status AssignLead(Mutation& m, TicketRecord& record, const directory::Node& unit,
                        const std::string& dispatching_unit, const std::string& instruction) {
  const absl::Time now = NowOf(m);
  ASSIGN_OR_RETURN(pb::Assignment * lead, AddLead(record.ticket, m.NewId().ToString(), unit.Name(),
                                                  unit.display_name, dispatching_unit, now));
  lead->set_instruction(instruction);
  ASSIGN_OR_RETURN(const absl::Time due, ComputeAcknowledgeDue(m.tx(), record.ticket, now));
  if (due != absl::InfiniteFuture()) *lead->mutable_acknowledge_due_time() = ToProto(due);
  return absl::OkStatus();
}

void End(absl::Time now, pb::Assignment& assignment) {
  *assignment.mutable_end_time() = ToProto(now);
}

absl::StatusOr<pb::Ticket> CloseAct(Mutation& m, TicketRecord record, pb::TicketChange::Kind kind,
                                    absl::string_view acting_unit) {
  RETURN_IF_ERROR(SaveTicket(m.tx(), m.call().today, record));
  m.Emit(EventOf(record, kind, acting_unit));
  return std::move(record.ticket);
}

}  // namespace qungong::ticket
