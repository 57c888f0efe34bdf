#include "ticket-service/class_store.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "qungong/ticket/v1/errors.pb.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "ticket-service/ticket_class.h"

namespace qungong::ticket {
namespace {

namespace pb = v1;

constexpr char kSelectClasses[] = R"sql(
  SELECT c.code, c.display_name, c.line, c.valid_from, c.valid_to,
    NOT EXISTS (SELECT 1 FROM ticket_classes d WHERE d.code LIKE CONCAT(c.code, '__') AND d.valid_from <= ?
      AND d.valid_to > ?)
  FROM ticket_classes c WHERE c.valid_from <= ? AND c.valid_to > ? AND c.code > ? ORDER BY c.code LIMIT ?)sql";
constexpr char kSelectClass[] = R"sql(
  SELECT c.code, c.display_name, c.line, c.valid_from, c.valid_to,
    NOT EXISTS (SELECT 1 FROM ticket_classes d WHERE d.code LIKE CONCAT(c.code, '__') AND d.valid_from <= ?
      AND d.valid_to > ?)
  FROM ticket_classes c WHERE c.valid_from <= ? AND c.valid_to > ? AND c.code = ?)sql";
constexpr absl::string_view kPolicyColumns = R"sql(
  SELECT class_code, urgency, valid_from, valid_to, accept_clock, accept_amount, dispatch_clock, dispatch_amount,
    acknowledge_clock, acknowledge_amount, finish_clock, finish_amount, yellow_numerator, yellow_denominator,
    yellow_working_days, silence_days, window_days, source
  FROM deadline_policies WHERE valid_from <= ? AND valid_to > ?)sql";

constexpr char kSelectClassAndPolicy[] = R"sql(
  SELECT c.code, c.display_name, c.line, c.valid_from, c.valid_to,
    NOT EXISTS (SELECT 1 FROM ticket_classes d WHERE d.code LIKE CONCAT(c.code, '__') AND d.valid_from <= ?
      AND d.valid_to > ?),
    p.class_code, p.urgency, p.valid_from, p.valid_to, p.accept_clock, p.accept_amount, p.dispatch_clock,
    p.dispatch_amount, p.acknowledge_clock, p.acknowledge_amount, p.finish_clock, p.finish_amount,
    p.yellow_numerator, p.yellow_denominator, p.yellow_working_days, p.silence_days, p.window_days, p.source
  FROM ticket_classes c LEFT JOIN deadline_policies p ON p.valid_from <= ? AND p.valid_to > ? AND p.urgency = ?
    AND p.class_code IN ('', SUBSTRING(c.code, 1, 2), SUBSTRING(c.code, 1, 4), c.code)
  WHERE c.valid_from <= ? AND c.valid_to > ? AND c.code = ? ORDER BY LENGTH(p.class_code) DESC LIMIT 1)sql";

pb::TicketClass ClassFromRow(const mysql::Row& row) {
  pb::TicketClass c;
  c.set_name(ClassName(row.String(0)));
  c.set_code(row.String(0));
  c.set_display_name(row.String(1));
  c.set_line(row.String(2));
  *c.mutable_from_date() = ToDate(row.Day(3));
  if (DayNumber(row.Day(4)) < kNoEndDay) *c.mutable_to_date() = ToDate(row.Day(4));
  c.set_assignable(row.Bool(5));
  return c;
}

void SetLimit(const mysql::Row& row, size_t column, pb::Limit& limit) {
  limit.set_clock(static_cast<pb::Limit::Clock>(row.Int32(column)));
  limit.set_amount(row.Int32(column + 1));
}

// Its columns begin at `at`.
pb::DeadlinePolicy PolicyFromRow(const mysql::Row& row, size_t at = 0) {
  pb::DeadlinePolicy p;
  if (!row.String(at).empty()) p.set_ticket_class(ClassName(row.String(at)));
  p.set_urgency(static_cast<pb::Ticket::Urgency>(row.Int32(at + 1)));
  *p.mutable_from_date() = ToDate(row.Day(at + 2));
  if (DayNumber(row.Day(at + 3)) < kNoEndDay) *p.mutable_to_date() = ToDate(row.Day(at + 3));
  SetLimit(row, at + 4, *p.mutable_accept());
  SetLimit(row, at + 6, *p.mutable_dispatch());
  SetLimit(row, at + 8, *p.mutable_acknowledge());
  SetLimit(row, at + 10, *p.mutable_finish());
  p.set_yellow_numerator(row.Int32(at + 12));
  p.set_yellow_denominator(row.Int32(at + 13));
  p.set_yellow_working_days(row.Int32(at + 14));
  p.set_silence_days(row.Int32(at + 15));
  p.set_window_days(row.Int32(at + 16));
  p.set_source(row.String(at + 17));
  return p;
}

absl::Status UnknownClass() {
  return WithChinese(
      WithReason(InvalidField("ticket_class", "is not a class in force without subclasses"),
                 pb::ErrorReason_Name(pb::CLASS_UNKNOWN)),
      "事项分类不存在、已停用或不是最细一级,请重新选择。");
}

absl::Status NoPolicy(absl::string_view class_code) {
  return WithReason(absl::InternalError(absl::StrCat("no deadline policy for class ", class_code)),
                    pb::ErrorReason_Name(pb::POLICY_MISSING));
}

}  // namespace

absl::StatusOr<std::vector<v1::TicketClass>> LoadClasses(mysql::Tx& tx, int32_t day,
                                                         absl::string_view after_code, int limit) {
  const absl::CivilDay d = FromDayNumber(day);
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectClasses, d, d, d, d, after_code, limit));
  std::vector<pb::TicketClass> classes;
  for (const mysql::Row& row : rows) classes.push_back(ClassFromRow(row));
  return classes;
}

absl::StatusOr<v1::TicketClass> LoadAssignableClass(mysql::Tx& tx, absl::string_view name,
                                                    int32_t day) {
  const absl::CivilDay d = FromDayNumber(day);
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kSelectClass, d, d, d, d, ClassCode(name)));
  if (row.has_value() && row->Bool(5)) return ClassFromRow(*row);
  return UnknownClass();
}

absl::StatusOr<ClassAndPolicy> LoadAssignableClassAndPolicy(mysql::Tx& tx, absl::string_view name,
                                                            v1::Ticket::Urgency urgency,
                                                            int32_t day) {
  const std::string code = ClassCode(name);
  const absl::CivilDay d = FromDayNumber(day);
  ASSIGN_OR_RETURN(const auto row,
                   tx.QueryOne(kSelectClassAndPolicy, d, d, d, d, urgency, d, d, code));
  if (!row.has_value() || !row->Bool(5)) return UnknownClass();
  if (row->IsNull(6)) return NoPolicy(code);
  return ClassAndPolicy{ClassFromRow(*row), PolicyFromRow(*row, 6)};
}

absl::StatusOr<std::vector<v1::DeadlinePolicy>> LoadPolicies(mysql::Tx& tx, int32_t day,
                                                             absl::string_view after_code,
                                                             int after_urgency, int limit) {
  static const std::string kSql =
      absl::StrCat(kPolicyColumns, " AND (class_code > ? OR (class_code = ? AND urgency > ?))",
                   " ORDER BY class_code, urgency LIMIT ?");
  const absl::CivilDay d = FromDayNumber(day);
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query(kSql, d, d, after_code, after_code, after_urgency, limit));
  std::vector<pb::DeadlinePolicy> policies;
  for (const mysql::Row& row : rows) policies.push_back(PolicyFromRow(row));
  return policies;
}

absl::StatusOr<v1::DeadlinePolicy> LoadPolicy(mysql::Tx& tx, absl::string_view class_code,
                                              v1::Ticket::Urgency urgency, int32_t day) {
  static const std::string kSql = absl::StrCat(
      kPolicyColumns,
      " AND urgency = ? AND class_code IN ('', ?, ?, ?) ORDER BY LENGTH(class_code) DESC LIMIT 1");
  const absl::CivilDay d = FromDayNumber(day);
  ASSIGN_OR_RETURN(const auto row, tx.QueryOne(kSql, d, d, urgency, class_code.substr(0, 2),
                                               class_code.substr(0, 4), class_code));
  if (row.has_value()) return PolicyFromRow(*row);
  return NoPolicy(class_code);
}

}  // namespace qungong::ticket
