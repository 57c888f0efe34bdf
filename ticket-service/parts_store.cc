#include "ticket-service/parts_store.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "runtime/status.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {
namespace {

using google::protobuf::RepeatedPtrField;
using google::protobuf::Timestamp;

constexpr char kSelectAssignments[] = R"sql(
  SELECT id, kind, state, cycle, unit_id, unit_name, dispatching_unit_id, created_at, acknowledge_due_at,
    acknowledged_at, acknowledger, submitted_at, submitter, contacted_at, ended_at, texts
  FROM assignments WHERE ticket_id = ? ORDER BY ordinal)sql";
constexpr char kInsertAssignment[] = R"sql(
  INSERT INTO assignments (kind, state, cycle, unit_id, unit_name, dispatching_unit_id, created_at,
    acknowledge_due_at, acknowledged_at, acknowledger, submitted_at, submitter, contacted_at, ended_at, texts, id,
    ticket_id, ordinal)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))sql";
constexpr char kUpdateAssignment[] = R"sql(
  UPDATE assignments SET kind = ?, state = ?, cycle = ?, unit_id = ?, unit_name = ?, dispatching_unit_id = ?,
    created_at = ?, acknowledge_due_at = ?, acknowledged_at = ?, acknowledger = ?, submitted_at = ?, submitter = ?,
    contacted_at = ?, ended_at = ?, texts = ?, id = ?
  WHERE ticket_id = ? AND ordinal = ?)sql";

constexpr char kSelectReturns[] = R"sql(
  SELECT id, cycle, unit_id, asker, asked_at, adjudicating_unit_id, ruling, adjudicator, ruled_at, texts
  FROM return_requests WHERE ticket_id = ? ORDER BY asked_at, id)sql";
constexpr char kInsertReturn[] = R"sql(
  INSERT INTO return_requests (asker, asked_at, adjudicating_unit_id, ruling, adjudicator, ruled_at, texts, id,
    ticket_id, cycle, unit_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?))sql";
constexpr char kUpdateReturn[] = R"sql(
  UPDATE return_requests SET asker = ?, asked_at = ?, adjudicating_unit_id = ?, ruling = ?, adjudicator = ?,
    ruled_at = ?, texts = ?, id = ?
  WHERE ticket_id = ? AND cycle = ? AND unit_id = ?)sql";

constexpr char kSelectReviews[] =
    "SELECT id, cycle, decision, reviewer, reviewed_at, texts FROM reviews WHERE ticket_id = ? "
    "ORDER BY ordinal";
constexpr char kInsertReview[] = R"sql(
  INSERT INTO reviews (ticket_id, ordinal, id, cycle, decision, reviewer, reviewed_at, texts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?))sql";

constexpr char kSelectAnswers[] =
    "SELECT cycle, unit_id, unit_name, delivered_at, texts FROM answers WHERE ticket_id = ? ORDER "
    "BY cycle";
constexpr char kInsertAnswer[] = R"sql(
  INSERT INTO answers (ticket_id, cycle, unit_id, unit_name, delivered_at, texts) VALUES (?, ?, ?, ?, ?, ?))sql";

constexpr char kSelectCallbacks[] = R"sql(
  SELECT id, cycle, responded, resolved, satisfaction, caller, called_at, texts
  FROM callbacks WHERE ticket_id = ? ORDER BY ordinal)sql";
constexpr char kInsertCallback[] = R"sql(
  INSERT INTO callbacks (ticket_id, ordinal, id, cycle, responded, resolved, satisfaction, caller, called_at, texts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?))sql";

std::string PartName(absl::string_view kind, int ordinal) {
  return absl::StrCat(kind, "/", ordinal);
}

std::optional<absl::Time> Get(bool has, const Timestamp& timestamp) {
  return has ? std::optional<absl::Time>(FromProto(timestamp)) : std::nullopt;
}

template <typename Part>
void Set(const mysql::Row& row, size_t column, Timestamp* (Part::*field)(), Part& part) {
  if (!row.IsNull(column)) *(part.*field)() = ToProto(row.Time(column));
}

absl::Status LoadAssignments(mysql::Tx& tx, TicketRecord& record) {
  using A = pb::Assignment;
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectAssignments, record.id));
  for (const mysql::Row& row : rows) {
    A& a = *record.ticket.add_assignments();
    RETURN_IF_ERROR(OpenTexts(record, PartName("assignment", record.ticket.assignments_size() - 1),
                              row.String(15), a));
    a.set_id(row.Id(0).ToString());
    a.set_kind(static_cast<A::Kind>(row.Int32(1)));
    a.set_state(static_cast<A::State>(row.Int32(2)));
    a.set_cycle(row.Int32(3));
    a.set_unit(ResourceName(kUnits, row.Id(4)));
    a.set_unit_display_name(row.String(5));
    a.set_dispatching_unit(ResourceName(kUnits, row.Id(6)));
    Set(row, 7, &A::mutable_create_time, a);
    Set(row, 8, &A::mutable_acknowledge_due_time, a);
    Set(row, 9, &A::mutable_acknowledge_time, a);
    a.set_acknowledger(row.String(10));
    Set(row, 11, &A::mutable_submit_time, a);
    a.set_submitter(row.String(12));
    Set(row, 13, &A::mutable_contact_time, a);
    Set(row, 14, &A::mutable_end_time, a);
  }
  return absl::OkStatus();
}

absl::Status SaveAssignment(mysql::Tx& tx, const TicketRecord& record, int ordinal, bool fresh) {
  const pb::Assignment& a = record.ticket.assignments(ordinal);
  pb::Assignment texts;
  texts.set_instruction(a.instruction());
  texts.set_result(a.result());
  texts.set_reply(a.reply());
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(a.id()));
  ASSIGN_OR_RETURN(const Uuid unit, ParseResourceName(kUnits, a.unit()));
  ASSIGN_OR_RETURN(const Uuid dispatching, ParseResourceName(kUnits, a.dispatching_unit()));
  return tx
      .Execute(fresh ? kInsertAssignment : kUpdateAssignment, a.kind(), a.state(), a.cycle(), unit,
               a.unit_display_name(), dispatching, FromProto(a.create_time()),
               Get(a.has_acknowledge_due_time(), a.acknowledge_due_time()),
               Get(a.has_acknowledge_time(), a.acknowledge_time()), a.acknowledger(),
               Get(a.has_submit_time(), a.submit_time()), a.submitter(),
               Get(a.has_contact_time(), a.contact_time()), Get(a.has_end_time(), a.end_time()),
               SealTexts(record, PartName("assignment", ordinal), texts), id, record.id, ordinal)
      .status();
}

absl::Status LoadReturns(mysql::Tx& tx, TicketRecord& record) {
  using R = pb::ReturnRequest;
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectReturns, record.id));
  for (const mysql::Row& row : rows) {
    R& r = *record.ticket.add_return_requests();
    RETURN_IF_ERROR(
        OpenTexts(record, absl::StrCat("return/", row.Id(0).ToString()), row.String(9), r));
    r.set_id(row.Id(0).ToString());
    r.set_cycle(row.Int32(1));
    r.set_unit(ResourceName(kUnits, row.Id(2)));
    r.set_asker(row.String(3));
    Set(row, 4, &R::mutable_ask_time, r);
    r.set_adjudicating_unit(ResourceName(kUnits, row.Id(5)));
    r.set_ruling(static_cast<R::Ruling>(row.Int32(6)));
    r.set_adjudicator(row.String(7));
    Set(row, 8, &R::mutable_rule_time, r);
  }
  return absl::OkStatus();
}

absl::Status SaveReturn(mysql::Tx& tx, const TicketRecord& record, int ordinal, bool fresh) {
  const pb::ReturnRequest& r = record.ticket.return_requests(ordinal);
  pb::ReturnRequest texts;
  texts.set_basis(r.basis());
  texts.set_ruling_reason(r.ruling_reason());
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(r.id()));
  ASSIGN_OR_RETURN(const Uuid unit, ParseResourceName(kUnits, r.unit()));
  ASSIGN_OR_RETURN(const Uuid adjudicating, ParseResourceName(kUnits, r.adjudicating_unit()));
  return tx
      .Execute(fresh ? kInsertReturn : kUpdateReturn, r.asker(), FromProto(r.ask_time()),
               adjudicating, r.ruling(), r.adjudicator(), Get(r.has_rule_time(), r.rule_time()),
               SealTexts(record, absl::StrCat("return/", r.id()), texts), id, record.id, r.cycle(),
               unit)
      .status();
}

absl::Status LoadReviews(mysql::Tx& tx, TicketRecord& record) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectReviews, record.id));
  for (const mysql::Row& row : rows) {
    pb::Review& r = *record.ticket.add_reviews();
    RETURN_IF_ERROR(
        OpenTexts(record, PartName("review", record.ticket.reviews_size() - 1), row.String(5), r));
    r.set_id(row.Id(0).ToString());
    r.set_cycle(row.Int32(1));
    r.set_decision(static_cast<pb::Review::Decision>(row.Int32(2)));
    r.set_reviewer(row.String(3));
    *r.mutable_review_time() = ToProto(row.Time(4));
  }
  return absl::OkStatus();
}

absl::Status InsertReview(mysql::Tx& tx, const TicketRecord& record, int ordinal) {
  const pb::Review& r = record.ticket.reviews(ordinal);
  pb::Review texts;
  texts.set_reason(r.reason());
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(r.id()));
  return tx
      .Execute(kInsertReview, record.id, ordinal, id, r.cycle(), r.decision(), r.reviewer(),
               FromProto(r.review_time()), SealTexts(record, PartName("review", ordinal), texts))
      .status();
}

absl::Status LoadAnswers(mysql::Tx& tx, TicketRecord& record) {
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectAnswers, record.id));
  for (const mysql::Row& row : rows) {
    pb::Answer& a = *record.ticket.add_answers();
    RETURN_IF_ERROR(OpenTexts(record, PartName("answer", row.Int32(0)), row.String(4), a));
    a.set_cycle(row.Int32(0));
    a.set_unit(ResourceName(kUnits, row.Id(1)));
    a.set_unit_display_name(row.String(2));
    *a.mutable_deliver_time() = ToProto(row.Time(3));
  }
  return absl::OkStatus();
}

absl::Status InsertAnswer(mysql::Tx& tx, const TicketRecord& record, int ordinal) {
  const pb::Answer& a = record.ticket.answers(ordinal);
  pb::Answer texts;
  texts.set_reply(a.reply());
  ASSIGN_OR_RETURN(const Uuid unit, ParseResourceName(kUnits, a.unit()));
  return tx
      .Execute(kInsertAnswer, record.id, a.cycle(), unit, a.unit_display_name(),
               FromProto(a.deliver_time()), SealTexts(record, PartName("answer", a.cycle()), texts))
      .status();
}

absl::Status LoadCallbacks(mysql::Tx& tx, TicketRecord& record) {
  using C = pb::Callback;
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectCallbacks, record.id));
  for (const mysql::Row& row : rows) {
    C& c = *record.ticket.add_callbacks();
    RETURN_IF_ERROR(OpenTexts(record, PartName("callback", record.ticket.callbacks_size() - 1),
                              row.String(7), c));
    c.set_id(row.Id(0).ToString());
    c.set_cycle(row.Int32(1));
    c.set_responded(static_cast<C::Reply>(row.Int32(2)));
    c.set_resolved(static_cast<C::Reply>(row.Int32(3)));
    c.set_satisfaction(static_cast<pb::Rating>(row.Int32(4)));
    c.set_caller(row.String(5));
    *c.mutable_call_time() = ToProto(row.Time(6));
  }
  return absl::OkStatus();
}

absl::Status InsertCallback(mysql::Tx& tx, const TicketRecord& record, int ordinal) {
  const pb::Callback& c = record.ticket.callbacks(ordinal);
  pb::Callback texts;
  texts.set_note(c.note());
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(c.id()));
  return tx
      .Execute(kInsertCallback, record.id, ordinal, id, c.cycle(), c.responded(), c.resolved(),
               c.satisfaction(), c.caller(), FromProto(c.call_time()),
               SealTexts(record, PartName("callback", ordinal), texts))
      .status();
}

template <typename Part>
bool Changed(const RepeatedPtrField<Part>& now, const RepeatedPtrField<Part>& before, int i) {
  return !google::protobuf::util::MessageDifferencer::Equals(now.Get(i), before.Get(i));
}

}  // namespace

absl::Status LoadParts(mysql::Tx& tx, TicketRecord& record) {
  RETURN_IF_ERROR(LoadAssignments(tx, record));
  RETURN_IF_ERROR(LoadReturns(tx, record));
  RETURN_IF_ERROR(LoadReviews(tx, record));
  RETURN_IF_ERROR(LoadAnswers(tx, record));
  return LoadCallbacks(tx, record);
}

absl::Status SaveParts(mysql::Tx& tx, const TicketRecord& record) {
  const pb::Ticket& now = record.ticket;
  const pb::Ticket& before = record.before;
  // In order: the lead that ends is written before the one that begins.
  for (int i = 0; i < now.assignments_size(); ++i) {
    const bool fresh = i >= before.assignments_size();
    if (fresh || Changed(now.assignments(), before.assignments(), i)) {
      RETURN_IF_ERROR(SaveAssignment(tx, record, i, fresh));
    }
  }
  for (int i = 0; i < now.return_requests_size(); ++i) {
    const bool fresh = i >= before.return_requests_size();
    if (fresh || Changed(now.return_requests(), before.return_requests(), i)) {
      RETURN_IF_ERROR(SaveReturn(tx, record, i, fresh));
    }
  }
  for (int i = before.reviews_size(); i < now.reviews_size(); ++i)
    RETURN_IF_ERROR(InsertReview(tx, record, i));
  for (int i = before.answers_size(); i < now.answers_size(); ++i)
    RETURN_IF_ERROR(InsertAnswer(tx, record, i));
  for (int i = before.callbacks_size(); i < now.callbacks_size(); ++i) {
    RETURN_IF_ERROR(InsertCallback(tx, record, i));
  }
  return absl::OkStatus();
}

}  // namespace qungong::ticket
