#include "ticket-service/citizen_handlers.h"

#include <openssl/crypto.h>

#include <optional>
#include <utility>

#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/loops.h"
#include "runtime/status.h"
#include "ticket-service/acts.h"
#include "ticket-service/attempt_store.h"
#include "ticket-service/class_store.h"
#include "ticket-service/deadline_store.h"
#include "ticket-service/progress.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/scope_store.h"
#include "ticket-service/ticket_class.h"
#include "ticket-service/ticket_number.h"
#include "ticket-service/tracking_code.h"

namespace qungong::ticket {
namespace {

constexpr size_t kHashSize = 32;

// What a reporter shows instead of an account.
struct Proof {
  std::string number;  // as stored
  std::string index;   // keyed hash of the tracking hash
};

absl::StatusOr<Proof> ReadProof(const KeyRing& keys, const std::string& number,
                                const std::string& code) {
  Proof proof;
  ASSIGN_OR_RETURN(const TicketNumber parsed, ParseTicketNumber(number));
  ASSIGN_OR_RETURN(proof.number, FormatTicketNumber(parsed));
  ASSIGN_OR_RETURN(const std::string hash, TrackingHash(code));
  proof.index = keys.BlindIndex("tracking", hash);
  return proof;
}

// The ticket, or nullopt for an unknown number and for a wrong code alike: the same statement, the
// same comparison.
absl::StatusOr<std::optional<Uuid>> FindByProof(mysql::Tx& tx, const Proof& proof, absl::Time now) {
  RETURN_IF_ERROR(CheckAttempts(tx, proof.number, now));
  ASSIGN_OR_RETURN(
      const auto row,
      tx.QueryOne("SELECT id, tracking_index FROM tickets WHERE number = ?", proof.number));
  const std::string stored = row.has_value() ? row->String(1) : std::string(kHashSize, '\0');
  const bool same = stored.size() == proof.index.size() &&
                    CRYPTO_memcmp(stored.data(), proof.index.data(), stored.size()) == 0;
  if (!row.has_value() || !same) return std::optional<Uuid>();
  return std::optional<Uuid>(row->Id(0));
}

absl::Status WrongProof(const Proof& proof) {
  return WithChinese(DeniedOrAbsent(proof.number), "编号或查询码不正确。");
}

bool IsSelfService(pb::Ticket::Channel channel) {
  return channel != pb::Ticket::TELEPHONE && channel != pb::Ticket::COUNTER &&
         channel != pb::Ticket::VISIT;
}

absl::Status CheckSubmission(const Call& call, const pb::SubmitTicketRequest& request) {
  std::vector<Violation> violations;
  if (request.tracking_hash().size() != kHashSize)
    violations.push_back({"tracking_hash", "must have 32 bytes"});
  if (request.division().empty() == request.division_code().empty()) {
    violations.push_back({"division", "exactly one of division and division_code must be set"});
  }
  const bool known =
      !request.reporter().display_name().empty() || !request.reporter().phone().empty();
  if (request.secrecy() == pb::Ticket::ANONYMOUS && known) {
    violations.push_back({"reporter", "must be empty for an anonymous ticket"});
  }
  if ((request.secrecy() == pb::Ticket::OPEN || request.secrecy() == pb::Ticket::CONFIDENTIAL) &&
      !known) {
    violations.push_back(
        {"reporter", "needs a name or a phone number unless the ticket is anonymous"});
  }
  if (!violations.empty()) return InvalidFields(violations);
  if (!IsSelfService(request.channel()) && call.principal.empty()) {
    return WithChinese(
        WithReason(absl::UnauthenticatedError("this channel is for staff, who sign in"),
                   pb::ErrorReason_Name(pb::CHANNEL_NEEDS_ACCOUNT)),
        "该渠道由工作人员登录后登记。");
  }
  return absl::OkStatus();
}

// The place, who takes its matters in, and the district that gives the number.
struct Territory {
  directory::Node place;
  Uuid unit;
  std::string district_code{kNoDistrictCode};
};

absl::StatusOr<std::vector<directory::Governed>> FindUpward(
    Mutation& m, const pb::SubmitTicketRequest& request) {
  const int32_t today = m.call().today;
  if (request.division().empty())
    return directory::UpwardFromCode(m.tx(), request.division_code(), today);
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kDivisions, request.division()));
  return directory::UpwardFromDivision(m.tx(), id, today);
}

absl::StatusOr<Territory> FindTerritory(Mutation& m, const pb::SubmitTicketRequest& request) {
  ASSIGN_OR_RETURN(const auto upward, FindUpward(m, request));
  if (upward.empty()) {
    return WithChinese(InvalidField(request.division().empty() ? "division_code" : "division",
                                    "does not exist today"),
                       "所选地点不存在,请重新选择。");
  }
  Territory territory;
  territory.place = upward.front().division;
  std::optional<Uuid> unit;
  for (const auto& [division, governing] : upward) {
    if (!unit.has_value()) unit = governing;
    if (division.level == rpc::v1::DISTRICT_LEVEL &&
        division.code.size() == territory.district_code.size())
      territory.district_code = division.code;
  }
  if (!unit.has_value()) {
    return WithChinese(WithReason(absl::FailedPreconditionError(
                                      "no unit governs this place or any place above it"),
                                  pb::ErrorReason_Name(pb::PLACE_WITHOUT_UNIT)),
                       "该地点暂无受理单位,请选择上一级地点。");
  }
  territory.unit = *unit;
  return territory;
}

pb::Ticket::Secrecy SecrecyOf(const pb::SubmitTicketRequest& request) {
  if (request.secrecy() != pb::Ticket::SECRECY_UNSPECIFIED) return request.secrecy();
  const bool known =
      !request.reporter().display_name().empty() || !request.reporter().phone().empty();
  return known ? pb::Ticket::OPEN : pb::Ticket::ANONYMOUS;
}

TicketRecord NewRecord(const Uuid& id, absl::Time now, const pb::SubmitTicketRequest& request) {
  TicketRecord record;
  record.id = id;
  pb::Ticket& ticket = record.ticket;
  ticket.set_name(ResourceName(kTickets, id));
  ticket.set_state(pb::Ticket::REGISTERED);
  ticket.set_channel(request.channel());
  ticket.set_urgency(request.urgency() == pb::Ticket::URGENCY_UNSPECIFIED ? pb::Ticket::NORMAL
                                                                          : request.urgency());
  ticket.set_secrecy(SecrecyOf(request));
  ticket.set_cycle(1);
  ticket.set_rating(pb::UNRATED);
  *ticket.mutable_submit_time() = ToProto(now);
  return record;
}

Submission SubmissionOf(const pb::SubmitTicketRequest& request) {
  Submission submission;
  submission.original.set_title(request.title());
  submission.original.set_content(request.content());
  submission.original.set_place_detail(request.place_detail());
  if (request.has_location()) *submission.original.mutable_location() = request.location();
  submission.reporter = request.reporter();
  submission.tracking_hash = request.tracking_hash();
  return submission;
}

// Until it is dispatched: as if that happened at once.
absl::Status ExpectAnswer(const ClockBasis& basis, absl::Time now, pb::Ticket& ticket) {
  ASSIGN_OR_RETURN(const auto expected, ComputeClockFrom(basis, pb::Deadline::FINISH, now));
  if (!expected.has_value()) return absl::OkStatus();
  *ticket.mutable_expected_date() = ToDate(expected->deadline.LastDay());
  ticket.set_expected_date_provisional(expected->deadline.provisional);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::Ticket> CitizenHandlers::SubmitTicket(Mutation& m,
                                                         const pb::SubmitTicketRequest& request) {
  RETURN_IF_ERROR(CheckSubmission(m.call(), request));
  const absl::Time now = NowOf(m);
  TicketRecord record = NewRecord(m.NewId(), now, request);
  pb::Ticket& ticket = record.ticket;
  ASSIGN_OR_RETURN(const Territory territory, FindTerritory(m, request));
  ASSIGN_OR_RETURN(const ClassAndPolicy chosen,
                   LoadAssignableClassAndPolicy(m.tx(), request.ticket_class(), ticket.urgency(),
                                                m.call().today));
  ticket.set_division(territory.place.Name());
  ticket.set_division_display_name(territory.place.display_name);
  ticket.set_intake_unit(ResourceName(kUnits, territory.unit));
  ticket.set_ticket_class(chosen.ticket_class.name());
  ticket.set_ticket_class_display_name(chosen.ticket_class.display_name());
  record.facts.line = chosen.ticket_class.line();
  ASSIGN_OR_RETURN(const ClockBasis basis, HoldClockBasis(m.tx(), chosen.policy, now));
  ASSIGN_OR_RETURN(const ScopePlan scopes, PlanScopes(m.tx(), m.call().today, record));
  // All is read; what follows is written together.
  RETURN_IF_ERROR(ExpectAnswer(basis, now, ticket));
  RETURN_IF_ERROR(StartClockFrom(m.tx(), m.ids(), basis, pb::Deadline::ACCEPT, now, now, record));
  ASSIGN_OR_RETURN(const std::string number,
                   numbers_.Next(DayOf(now), territory.district_code, m.call().deadline));
  ticket.set_number(number);
  m.ExplainFailure([this](const absl::Status& failed) {
    if (mysql::ViolatedKey(failed) != "uq_tickets_number") return failed;
    numbers_.Forget();
    return mysql::StatusFromDriver(1020, "HY000",
                                   "a ticket number was given before");  // runs again
  });
  RETURN_IF_ERROR(InsertTicket(m.tx(), m.keys(), scopes, SubmissionOf(request), record));
  m.Emit(EventOf(record, pb::TicketChange::SUBMITTED, ""));
  return std::move(record.ticket);
}

absl::StatusOr<pb::TicketProgress> CitizenHandlers::TrackTicket(
    const Call& call, mysql::Session& session, const pb::TrackTicketRequest& request) {
  ASSIGN_OR_RETURN(const Proof proof, ReadProof(keys_, request.number(), request.tracking_code()));
  const absl::Time now = ToMicros(call.now);
  std::optional<pb::TicketProgress> progress;
  RETURN_IF_ERROR(session.Transact(
      {.deadline = call.deadline, .read_only = true}, [&](mysql::Tx& tx) -> absl::Status {
        progress.reset();
        ASSIGN_OR_RETURN(const auto id, FindByProof(tx, proof, now));
        if (!id.has_value()) return absl::OkStatus();
        ASSIGN_OR_RETURN(const TicketRecord record, LoadTicket(tx, keys_, *id));
        ASSIGN_OR_RETURN(progress, ProgressOf(tx, keys_, record, call.today, now));
        return absl::OkStatus();
      }));
  if (progress.has_value()) return *std::move(progress);
  RETURN_IF_ERROR(session.Transact({.deadline = call.deadline}, [&](mysql::Tx& tx) {
    return CountAttempt(tx, proof.number, now);
  }));
  return WrongProof(proof);
}

absl::StatusOr<TicketRecord> CitizenHandlers::LockByCode(Mutation& m, const std::string& number,
                                                         const std::string& code) {
  ASSIGN_OR_RETURN(const Proof proof, ReadProof(keys_, number, code));
  const absl::Time now = NowOf(m);
  ASSIGN_OR_RETURN(const auto id, FindByProof(m.tx(), proof, now));
  if (id.has_value()) return LockTicket(m.tx(), m.keys(), *id);
  RETURN_IF_ERROR(aside_.Transact(
      m.call().deadline, [&](mysql::Tx& tx) { return CountAttempt(tx, proof.number, now); }));
  return WrongProof(proof);
}

absl::StatusOr<pb::TicketProgress> CitizenHandlers::CloseAct(Mutation& m, TicketRecord record,
                                                             pb::TicketChange::Kind kind) {
  RETURN_IF_ERROR(SaveTicket(m.tx(), m.call().today, record));
  m.Emit(EventOf(record, kind, ""));
  const pb::TicketChange change =
      ChangeOf(record.ticket, record.facts, kind, record.before.state(), "");
  return ProgressOf(m.tx(), m.keys(), record, m.call().today, NowOf(m), &change);
}

absl::StatusOr<pb::TicketProgress> CitizenHandlers::RateTicket(
    Mutation& m, const pb::RateTicketRequest& request) {
  if (request.rating() == pb::UNRATED)
    return InvalidField("rating", "must say how satisfied the reporter is");
  ASSIGN_OR_RETURN(TicketRecord record, LockByCode(m, request.number(), request.tracking_code()));
  pb::Ticket& ticket = record.ticket;
  const absl::Time now = NowOf(m);
  const bool good = request.rating() != pb::DISSATISFIED;
  RETURN_IF_ERROR(Advance(good ? TicketAction::kRateGood : TicketAction::kRateBad, ticket));
  ASSIGN_OR_RETURN(
      const pb::DeadlinePolicy policy,
      LoadPolicy(m.tx(), ClassCode(ticket.ticket_class()), ticket.urgency(), m.call().today));
  RETURN_IF_ERROR(CheckWindow(ticket, absl::Hours(24) * policy.window_days(), now));
  ticket.set_rating(request.rating());
  ticket.set_rating_comment(request.comment());
  record.facts.rated = now;
  if (record.before.state() == pb::Ticket::ANSWERED && good) {
    *ticket.mutable_close_time() = ToProto(now);
    ticket.set_close_reason(pb::Ticket::RATED);
    RETURN_IF_ERROR(Unschedule(m.tx(), kSilenceDue, record.id));
  }
  return CloseAct(m, std::move(record), pb::TicketChange::RATED);
}

absl::StatusOr<pb::TicketProgress> CitizenHandlers::WithdrawTicket(
    Mutation& m, const pb::WithdrawTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, LockByCode(m, request.number(), request.tracking_code()));
  const absl::Time now = NowOf(m);
  RETURN_IF_ERROR(Advance(TicketAction::kWithdraw, record.ticket));
  for (pb::Assignment& assignment : *record.ticket.mutable_assignments()) {
    if (!IsLive(assignment.state())) continue;
    RETURN_IF_ERROR(Advance(AssignmentAction::kRecall, assignment));
    End(now, assignment);
  }
  *record.ticket.mutable_close_time() = ToProto(now);
  record.ticket.clear_expected_date();
  RETURN_IF_ERROR(StopClock(m.tx(), record));
  RETURN_IF_ERROR(Unschedule(m.tx(), kSilenceDue, record.id));
  return CloseAct(m, std::move(record), pb::TicketChange::WITHDRAWN);
}

}  // namespace qungong::ticket
