#include "ticket-service/list_store.h"

#include <deque>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/civil.h"
#include "runtime/status.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/ticket_class.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {
namespace {

using mysql::Param;
using Order = pb::ListTicketsRequest;

constexpr char kWithinDivision[] = R"sql(
  EXISTS (SELECT 1 FROM directory_closure c WHERE c.tree = ? AND c.descendant_id = s.division_id
    AND c.ancestor_id = ? AND c.valid_from <= ? AND c.valid_to > ?))sql";

// Conditions joined by AND, with their parameters. Owns the values that the parameters refer to.
class Where {
 public:
  Where() = default;
  Where(const Where&) = delete;
  Where& operator=(const Where&) = delete;

  void Add(absl::string_view sql, std::initializer_list<Param> params = {}) {
    absl::StrAppend(&sql_, sql_.empty() ? "" : " AND ", sql);
    params_.insert(params_.end(), params);
  }
  void AddParam(Param param) { params_.push_back(param); }
  const std::string& Keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  const Uuid& Keep(const Uuid& id) { return ids_.emplace_back(id); }

  const std::string& sql() const { return sql_; }
  const std::vector<Param>& params() const { return params_; }

 private:
  std::string sql_;
  std::vector<Param> params_;
  std::deque<std::string> texts_;  // a deque: what refers to its elements stays valid
  std::deque<Uuid> ids_;
};

void AddReach(const std::vector<Reach>& reach, Where& where) {
  std::vector<absl::string_view> parts;
  parts.reserve(reach.size());
  for (const Reach& r : reach)
    parts.emplace_back(r.line.empty() ? "s.node_id = ?" : "(s.node_id = ? AND s.line = ?)");
  where.Add(absl::StrCat("(", absl::StrJoin(parts, " OR "), ")"));
  for (const Reach& r : reach) {
    where.AddParam(r.node);
    if (!r.line.empty()) where.AddParam(r.line);
  }
}

absl::Status AddFilters(const pb::ListTicketsRequest& filter, const std::string& number,
                        int32_t today, Where& where) {
  if (filter.states_size() > 0) {
    where.Add(absl::StrCat("s.state IN (", absl::StrJoin(filter.states(), ", "), ")"));
  }
  if (!filter.ticket_class().empty()) {
    where.Add("s.class_code LIKE ?",
              {where.Keep(absl::StrCat(ClassCode(filter.ticket_class()), "%"))});
  }
  if (filter.channel() != 0) where.Add("s.channel = ?", {filter.channel()});
  if (filter.light() != 0) where.Add("s.light = ?", {filter.light()});
  if (filter.has_submit_time_from())
    where.Add("s.submitted_at >= ?", {FromProto(filter.submit_time_from())});
  if (filter.has_submit_time_to())
    where.Add("s.submitted_at < ?", {FromProto(filter.submit_time_to())});
  if (!number.empty()) where.Add("s.number LIKE ?", {where.Keep(absl::StrCat(number, "%"))});
  if (!filter.lead_unit().empty()) {
    ASSIGN_OR_RETURN(const Uuid unit, ParseResourceName(kUnits, filter.lead_unit()));
    where.Add("s.lead_unit_id = ?", {where.Keep(unit)});
  }
  if (!filter.division().empty()) {
    ASSIGN_OR_RETURN(const Uuid division, ParseResourceName(kDivisions, filter.division()));
    const absl::CivilDay day = FromDayNumber(today);
    where.Add(kWithinDivision, {rpc::v1::DIVISION_TREE, where.Keep(division), day, day});
  }
  if (filter.order() == Order::DUE_FIRST) where.Add("s.due_at IS NOT NULL");
  return absl::OkStatus();
}

// How an order compares what follows a row.
struct Key {
  absl::string_view column;
  absl::string_view after;  // '<' or '>'
  absl::string_view direction;
};

Key KeyOf(Order::Order order) {
  switch (order) {
    case Order::DUE_FIRST:
      return {"s.due_at", ">", "ASC"};
    case Order::OLDEST_FIRST:
      return {"s.submitted_at", ">", "ASC"};
    default:
      return {"s.submitted_at", "<", "DESC"};
  }
}

absl::Status AddCursor(const Key& key, const std::string& cursor, Where& where) {
  if (cursor.empty()) return absl::OkStatus();
  const std::pair<std::string, std::string> parts = absl::StrSplit(cursor, absl::MaxSplits('/', 1));
  int64_t micros = 0;
  if (!absl::SimpleAtoi(parts.first, &micros))
    return absl::InternalError("a page cursor cannot be read");
  ASSIGN_OR_RETURN(const Uuid id, Uuid::Parse(parts.second));
  const absl::Time time = absl::FromUnixMicros(micros);
  where.Add(absl::StrCat("(", key.column, " ", key.after, " ? OR (", key.column,
                         " = ? AND s.ticket_id ", key.after, " ?))"),
            {time, time, where.Keep(id)});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TicketPage> ListWithin(mysql::Tx& tx, const std::vector<Reach>& reach,
                                      const v1::ListTicketsRequest& filter,
                                      const std::string& number, int32_t today,
                                      const std::string& cursor, int limit) {
  TicketPage page;
  Where where;
  AddReach(reach, where);
  RETURN_IF_ERROR(AddFilters(filter, number, today, where));
  // A ticket has one row per node: only from several nodes can it be met twice.
  const absl::string_view distinct = reach.size() > 1 ? "DISTINCT " : "";
  if (filter.with_total_size()) {
    ASSIGN_OR_RETURN(const mysql::Rows rows,
                     tx.Query(absl::StrCat("SELECT COUNT(", distinct,
                                           "s.ticket_id) FROM ticket_scopes s WHERE ", where.sql()),
                              absl::MakeConstSpan(where.params())));
    page.total_size = rows.front().Int32(0);
  }
  const Key key = KeyOf(filter.order());
  RETURN_IF_ERROR(AddCursor(key, cursor, where));
  where.AddParam(limit + 1);
  const std::string sql = absl::StrCat(
      "SELECT ", distinct, key.column, ", s.ticket_id FROM ticket_scopes s WHERE ", where.sql(),
      " ORDER BY ", key.column, " ", key.direction, ", s.ticket_id ", key.direction, " LIMIT ?");
  ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(sql, absl::MakeConstSpan(where.params())));
  for (const mysql::Row& row : rows) {
    if (static_cast<int>(page.tickets.size()) == limit) break;
    page.tickets.push_back(row.Id(1));
    if (rows.size() > static_cast<size_t>(limit)) {
      page.cursor = absl::StrCat(absl::ToUnixMicros(row.Time(0)), "/", row.Id(1).ToString());
    }
  }
  return page;
}

}  // namespace qungong::ticket
