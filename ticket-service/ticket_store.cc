#include "ticket-service/ticket_store.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "runtime/civil.h"
#include "runtime/crypto.h"
#include "runtime/status.h"
#include "ticket-service/masks.h"
#include "ticket-service/parts_store.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/scope_store.h"
#include "ticket-service/ticket_class.h"

namespace qungong::ticket {
namespace {

using google::protobuf::Timestamp;
using mysql::Param;

constexpr char kColumns[] = R"sql(
  id, number, version, state, class_code, class_name, line, channel, urgency, secrecy, division_id, division_name,
  intake_unit_id, lead_unit_id, dispatching_unit_id, cycle, clock_kind, clock_started_at, clock_due_at,
  clock_provisional, light, accept_due_at, finish_due_at, cycle_started_at, expected_on, expected_provisional,
  submitted_at, accepted_at, dispatched_at, answered_at, closed_at, close_reason, refusal, rating, rated_at,
  texts, key_id, original, original_digest, reporter, phone_index IS NOT NULL, tracking_index, scope_version)sql";
enum Column : size_t {
  kId,
  kNumber,
  kVersion,
  kState,
  kClassCode,
  kClassName,
  kLine,
  kChannel,
  kUrgency,
  kSecrecy,
  kDivision,
  kDivisionName,
  kIntakeUnit,
  kLeadUnit,
  kDispatchingUnit,
  kCycle,
  kClockKind,
  kClockStarted,
  kClockDue,
  kClockProvisional,
  kLight,
  kAcceptDue,
  kFinishDue,
  kCycleStarted,
  kExpectedOn,
  kExpectedProvisional,
  kSubmitted,
  kAccepted,
  kDispatched,
  kAnswered,
  kClosed,
  kCloseReason,
  kRefusal,
  kRating,
  kRated,
  kTexts,
  kKey,
  kOriginal,
  kOriginalDigest,
  kReporter,
  kHasPhone,
  kTrackingIndex,
  kScopeVersion,
};

constexpr char kInsertTicket[] = R"sql(
  INSERT INTO tickets (id, number, version, state, class_code, class_name, line, channel, urgency, secrecy,
    division_id, division_name, intake_unit_id, cycle, clock_kind, clock_started_at, clock_due_at, clock_provisional,
    light, accept_due_at, finish_due_at, expected_on, expected_provisional, submitted_at, close_reason, rating,
    key_id, original, original_digest, reporter, phone_index, tracking_index)
  VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?))sql";
constexpr char kLockTicket[] = "SELECT version, scope_version FROM tickets WHERE id = ? FOR UPDATE";
constexpr char kUpdateTicket[] = R"sql(
  UPDATE tickets SET version = ?, state = ?, class_code = ?, class_name = ?, line = ?, urgency = ?, lead_unit_id = ?,
    dispatching_unit_id = ?, cycle = ?, clock_kind = ?, clock_started_at = ?, clock_due_at = ?, clock_provisional = ?,
    light = ?, accept_due_at = ?, finish_due_at = ?, cycle_started_at = ?, expected_on = ?, expected_provisional = ?,
    accepted_at = ?, dispatched_at = ?, answered_at = ?, closed_at = ?, close_reason = ?, refusal = ?, rating = ?,
    rated_at = ?, texts = ?
  WHERE id = ? AND version = ?)sql";

void Set(const std::optional<absl::Time>& time, Timestamp* (*field)(pb::Ticket&),
         pb::Ticket& ticket) {
  if (time.has_value()) *field(ticket) = ToProto(*time);
}

std::optional<absl::Time> Get(bool has, const Timestamp& timestamp) {
  return has ? std::optional<absl::Time>(FromProto(timestamp)) : std::nullopt;
}

std::optional<absl::Time> Finite(absl::Time time) {
  return time == absl::InfiniteFuture() ? std::nullopt : std::optional<absl::Time>(time);
}

absl::StatusOr<std::optional<Uuid>> OptUnit(const std::string& name) {
  if (name.empty()) return std::optional<Uuid>();
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, name));
  return std::optional<Uuid>(id);
}

void ReadTimes(const mysql::Row& row, TicketRecord& record) {
  pb::Ticket& ticket = record.ticket;
  *ticket.mutable_submit_time() = ToProto(row.Time(kSubmitted));
  Set(
      row.OptTime(kAccepted), [](pb::Ticket& t) { return t.mutable_accept_time(); }, ticket);
  Set(
      row.OptTime(kDispatched), [](pb::Ticket& t) { return t.mutable_dispatch_time(); }, ticket);
  Set(
      row.OptTime(kAnswered), [](pb::Ticket& t) { return t.mutable_answer_time(); }, ticket);
  Set(
      row.OptTime(kClosed), [](pb::Ticket& t) { return t.mutable_close_time(); }, ticket);
  if (row.Int32(kClockKind) != pb::Deadline::KIND_UNSPECIFIED) {
    pb::Deadline& deadline = *ticket.mutable_deadline();
    deadline.set_kind(static_cast<pb::Deadline::Kind>(row.Int32(kClockKind)));
    *deadline.mutable_start_time() = ToProto(row.Time(kClockStarted));
    *deadline.mutable_due_time() = ToProto(row.Time(kClockDue));
    deadline.set_provisional(row.Bool(kClockProvisional));
    deadline.set_light(static_cast<pb::Deadline::Light>(row.Int32(kLight)));
  }
  if (!row.IsNull(kExpectedOn)) *ticket.mutable_expected_date() = ToDate(row.Day(kExpectedOn));
  ticket.set_expected_date_provisional(row.Bool(kExpectedProvisional));
  record.facts.accept_due = row.OptTime(kAcceptDue).value_or(absl::InfiniteFuture());
  record.facts.finish_due = row.OptTime(kFinishDue).value_or(absl::InfiniteFuture());
  record.facts.cycle_start = row.OptTime(kCycleStarted).value_or(absl::InfiniteFuture());
  record.facts.rated = row.OptTime(kRated).value_or(absl::InfiniteFuture());
}

// Everything that is not sealed.
TicketRecord FromRow(const mysql::Row& row) {
  TicketRecord record;
  pb::Ticket& ticket = record.ticket;
  record.id = row.Id(kId);
  record.version = row.Int64(kVersion);
  record.facts.line = row.String(kLine);
  record.has_phone = row.Bool(kHasPhone);
  record.tracking_index = row.String(kTrackingIndex);
  record.scope_version = row.Int64(kScopeVersion);
  ticket.set_name(ResourceName(kTickets, record.id));
  ticket.set_number(row.String(kNumber));
  ticket.set_state(static_cast<pb::Ticket::State>(row.Int32(kState)));
  ticket.set_etag(EtagOf(record.version));
  ticket.set_ticket_class(ClassName(row.String(kClassCode)));
  ticket.set_ticket_class_display_name(row.String(kClassName));
  ticket.set_channel(static_cast<pb::Ticket::Channel>(row.Int32(kChannel)));
  ticket.set_urgency(static_cast<pb::Ticket::Urgency>(row.Int32(kUrgency)));
  ticket.set_secrecy(static_cast<pb::Ticket::Secrecy>(row.Int32(kSecrecy)));
  ticket.set_division(ResourceName(kDivisions, row.Id(kDivision)));
  ticket.set_division_display_name(row.String(kDivisionName));
  ticket.set_intake_unit(ResourceName(kUnits, row.Id(kIntakeUnit)));
  if (const auto unit = row.OptId(kLeadUnit)) ticket.set_lead_unit(ResourceName(kUnits, *unit));
  if (const auto unit = row.OptId(kDispatchingUnit))
    ticket.set_dispatching_unit(ResourceName(kUnits, *unit));
  ticket.set_cycle(row.Int32(kCycle));
  ticket.set_close_reason(static_cast<pb::Ticket::CloseReason>(row.Int32(kCloseReason)));
  ticket.set_rating(static_cast<pb::Rating>(row.Int32(kRating)));
  ticket.set_original_digest(row.String(kOriginalDigest));
  ReadTimes(row, record);
  return record;
}

absl::Status OpenRow(const mysql::Row& row, TicketRecord& record) {
  pb::Ticket& ticket = record.ticket;
  if (Sha256(row.String(kOriginal)) != ticket.original_digest()) {
    return absl::DataLossError(
        absl::StrCat("the original of ", ticket.name(), " is not what was submitted"));
  }
  RETURN_IF_ERROR(OpenTexts(record, "original", row.String(kOriginal), *ticket.mutable_original()));
  if (!row.IsNull(kReporter) && ticket.secrecy() == pb::Ticket::OPEN) {
    pb::Reporter reporter;
    RETURN_IF_ERROR(OpenTexts(record, "reporter", row.String(kReporter), reporter));
    if (record.key.has_value()) *ticket.mutable_reporter() = MaskReporter(reporter);
  }
  if (!row.IsNull(kRefusal)) {
    RETURN_IF_ERROR(OpenTexts(record, "refusal", row.String(kRefusal), *ticket.mutable_refusal()));
  }
  if (!row.IsNull(kTexts)) {
    pb::Ticket texts;
    RETURN_IF_ERROR(OpenTexts(record, "texts", row.String(kTexts), texts));
    ticket.MergeFrom(texts);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SubjectKey>> FindKey(mysql::Tx& tx, const KeyRing& keys,
                                                  const Uuid& id) {
  ASSIGN_OR_RETURN(auto found, keys.LoadAll(tx, {id}));
  if (found.empty()) return std::optional<SubjectKey>();
  return std::optional<SubjectKey>(std::move(found.begin()->second));
}

void Saved(TicketRecord& record) {
  ++record.version;
  record.ticket.set_etag(EtagOf(record.version));
}

absl::Status UpdateRow(mysql::Tx& tx, const TicketRecord& record) {
  const pb::Ticket& t = record.ticket;
  ASSIGN_OR_RETURN(const auto lead, OptUnit(t.lead_unit()));
  ASSIGN_OR_RETURN(const auto dispatching, OptUnit(t.dispatching_unit()));
  const bool clock = t.has_deadline();
  std::optional<std::string> refusal;
  std::optional<std::string> sealed;
  if (t.has_refusal()) refusal = SealTexts(record, "refusal", t.refusal());
  pb::Ticket texts;
  texts.set_rating_comment(t.rating_comment());
  texts.set_close_explanation(t.close_explanation());
  if (texts.ByteSizeLong() > 0) sealed = SealTexts(record, "texts", texts);
  std::optional<absl::CivilDay> expected;
  if (t.has_expected_date()) expected = FromDate(t.expected_date(), absl::CivilDay());
  ASSIGN_OR_RETURN(
      const int64_t changed,
      tx.Execute(kUpdateTicket, record.version + 1, t.state(), ClassCode(t.ticket_class()),
                 t.ticket_class_display_name(), record.facts.line, t.urgency(), lead, dispatching,
                 t.cycle(), t.deadline().kind(), Get(clock, t.deadline().start_time()),
                 Get(clock, t.deadline().due_time()), t.deadline().provisional() ? 1 : 0,
                 t.deadline().light(), Finite(record.facts.accept_due),
                 Finite(record.facts.finish_due), Finite(record.facts.cycle_start), expected,
                 t.expected_date_provisional() ? 1 : 0, Get(t.has_accept_time(), t.accept_time()),
                 Get(t.has_dispatch_time(), t.dispatch_time()),
                 Get(t.has_answer_time(), t.answer_time()), Get(t.has_close_time(), t.close_time()),
                 t.close_reason(), refusal, t.rating(), Finite(record.facts.rated), sealed,
                 record.id, record.version));
  if (changed != 1)
    return absl::AbortedError(absl::StrCat(t.name(), " was changed at the same time"));
  return absl::OkStatus();
}

}  // namespace

std::string SealTexts(const TicketRecord& record, absl::string_view part,
                      const google::protobuf::Message& texts) {
  if (!record.key.has_value()) return "";
  return record.key->Seal(texts.SerializeAsString(), absl::StrCat(record.id.ToString(), "/", part));
}

absl::Status OpenTexts(const TicketRecord& record, absl::string_view part, absl::string_view sealed,
                       google::protobuf::Message& texts) {
  if (!record.key.has_value() || sealed.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string plain,
                   record.key->Open(sealed, absl::StrCat(record.id.ToString(), "/", part)));
  if (texts.ParseFromString(plain)) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("a sealed text of ", ResourceName(kTickets, record.id), " cannot be read"));
}

absl::StatusOr<TicketRecord> LoadTicket(mysql::Tx& tx, const KeyRing& keys, const Uuid& id) {
  static const std::string kSql = absl::StrCat("SELECT ", kColumns, " FROM tickets WHERE id = ?");
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kSql, id));
  if (!row.has_value()) return DeniedOrAbsent(ResourceName(kTickets, id));
  TicketRecord record = FromRow(*row);
  ASSIGN_OR_RETURN(record.key, FindKey(tx, keys, row->Id(kKey)));
  RETURN_IF_ERROR(OpenRow(*row, record));
  RETURN_IF_ERROR(LoadParts(tx, record));
  record.before = record.ticket;
  return record;
}

absl::StatusOr<TicketRecord> LockTicket(mysql::Tx& tx, const KeyRing& keys, const Uuid& id) {
  ASSIGN_OR_RETURN(const auto locked, tx.QueryOne(kLockTicket, id));
  if (!locked.has_value()) return DeniedOrAbsent(ResourceName(kTickets, id));
  ASSIGN_OR_RETURN(TicketRecord record, LoadTicket(tx, keys, id));
  // The parts were read from the transaction's snapshot. Where the server does not itself refuse to
  // lock what is newer than the snapshot (MySQL), the whole transaction must begin again.
  if (record.version != locked->Int64(0) || record.scope_version != locked->Int64(1))
    return mysql::StatusFromDriver(1020, "HY000", "the ticket has changed");
  return record;
}

absl::StatusOr<std::optional<Uuid>> FindTicketByNumber(mysql::Tx& tx, absl::string_view number) {
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne("SELECT id FROM tickets WHERE number = ?", number));
  if (!row.has_value()) return std::optional<Uuid>();
  return std::optional<Uuid>(row->Id(0));
}

absl::StatusOr<std::vector<pb::Ticket>> LoadTicketList(mysql::Tx& tx, const KeyRing& keys,
                                                       absl::Span<const Uuid> ids) {
  if (ids.empty()) return std::vector<pb::Ticket>();
  const std::vector<Param> params(ids.begin(), ids.end());
  const std::string marks = absl::StrJoin(std::vector<absl::string_view>(ids.size(), "?"), ", ");
  ASSIGN_OR_RETURN(
      const mysql::Rows rows,
      tx.Query(absl::StrCat("SELECT ", kColumns, " FROM tickets WHERE id IN (", marks, ")"),
               absl::MakeConstSpan(params)));
  std::vector<Uuid> key_ids;
  for (const mysql::Row& row : rows) key_ids.push_back(row.Id(kKey));
  ASSIGN_OR_RETURN(const auto found, keys.LoadAll(tx, key_ids));
  std::map<Uuid, pb::Ticket> by_id;
  for (const mysql::Row& row : rows) {
    TicketRecord record = FromRow(row);
    if (const auto key = found.find(row.Id(kKey)); key != found.end()) record.key = key->second;
    pb::Original original;
    RETURN_IF_ERROR(OpenTexts(record, "original", row.String(kOriginal), original));
    record.ticket.mutable_original()->set_title(original.title());
    by_id[record.id] = std::move(record.ticket);
  }
  std::vector<pb::Ticket> tickets;
  for (const Uuid& id : ids) {
    if (const auto it = by_id.find(id); it != by_id.end()) tickets.push_back(std::move(it->second));
  }
  return tickets;
}

absl::Status InsertTicket(mysql::Tx& tx, const KeyRing& keys, const ScopePlan& scopes,
                          const Submission& submission, TicketRecord& record) {
  pb::Ticket& t = record.ticket;
  ASSIGN_OR_RETURN(record.key, keys.Create(tx, record.id, t.name()));
  const std::string original = SealTexts(record, "original", submission.original);
  *t.mutable_original() = submission.original;
  t.set_original_digest(Sha256(original));
  std::optional<std::string> reporter;
  std::optional<std::string> phone_index;
  if (t.secrecy() != pb::Ticket::ANONYMOUS) {
    reporter = SealTexts(record, "reporter", submission.reporter);
    if (t.secrecy() == pb::Ticket::OPEN) *t.mutable_reporter() = MaskReporter(submission.reporter);
    const std::string phone = NormalizePhone(submission.reporter.phone());
    if (!phone.empty()) phone_index = keys.BlindIndex("phone", phone);
  }
  record.has_phone = phone_index.has_value();
  record.tracking_index = keys.BlindIndex("tracking", submission.tracking_hash);
  ASSIGN_OR_RETURN(const Uuid division, ParseResourceName(kDivisions, t.division()));
  ASSIGN_OR_RETURN(const Uuid intake, ParseResourceName(kUnits, t.intake_unit()));
  const bool clock = t.has_deadline();
  std::optional<absl::CivilDay> expected;
  if (t.has_expected_date()) expected = FromDate(t.expected_date(), absl::CivilDay());
  RETURN_IF_ERROR(tx.Later(
      kInsertTicket, record.id, t.number(), t.state(), ClassCode(t.ticket_class()),
      t.ticket_class_display_name(), record.facts.line, t.channel(), t.urgency(), t.secrecy(),
      division, t.division_display_name(), intake, t.cycle(), t.deadline().kind(),
      Get(clock, t.deadline().start_time()), Get(clock, t.deadline().due_time()),
      t.deadline().provisional() ? 1 : 0, t.deadline().light(), Finite(record.facts.accept_due),
      Finite(record.facts.finish_due), expected, t.expected_date_provisional() ? 1 : 0,
      FromProto(t.submit_time()), t.rating(), record.key->id(), original, t.original_digest(),
      reporter, phone_index, record.tracking_index));
  RETURN_IF_ERROR(SaveScopes(tx, scopes, record));
  Saved(record);
  return absl::OkStatus();
}

absl::Status SaveTicket(mysql::Tx& tx, int32_t today, TicketRecord& record) {
  RETURN_IF_ERROR(UpdateRow(tx, record));
  RETURN_IF_ERROR(SaveParts(tx, record));
  ASSIGN_OR_RETURN(const ScopePlan scopes, PlanScopes(tx, today, record));
  RETURN_IF_ERROR(SaveScopes(tx, scopes, record));
  Saved(record);
  return absl::OkStatus();
}

Event EventOf(const TicketRecord& record, pb::TicketChange::Kind kind,
              absl::string_view acting_unit) {
  Event event;
  event.aggregate = record.ticket.name();
  event.version = record.version;
  event.kind = absl::StrCat("Ticket.", pb::TicketChange::Kind_Name(kind));
  if (record.key.has_value()) event.key = record.key->id();
  event.opened_key = record.key;
  event.WithPayload(
      ChangeOf(record.ticket, record.facts, kind, record.before.state(), acting_unit));
  event.image = record.ticket.SerializeAsString();
  return event;
}

}  // namespace qungong::ticket
