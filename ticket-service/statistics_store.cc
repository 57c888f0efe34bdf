#include "ticket-service/statistics_store.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "runtime/status.h"

namespace qungong::ticket {
namespace {

using mysql::Param;

constexpr absl::string_view kDayColumns[] = {"submitted_on", "accepted_on", "answered_on",
                                             "ended_on",     "due_on",      "called_back_on",
                                             "rated_on"};
static_assert(std::size(kDayColumns) == kTicketDays);

// Two ways to a figure's tickets: those of the node, in the order of their numbers, or those of the
// days, each looked up in the other table. A large node has more tickets than a short window has in
// all nodes, so there the window goes first. The order is fixed, because what the optimizer takes
// for cheaper changes with the luck of a LIMIT.
constexpr char kNodeFirst[] =
    "statistic_scopes s STRAIGHT_JOIN statistic_tickets t ON t.number = s.number";
constexpr char kLookUpNode[] = " STRAIGHT_JOIN statistic_scopes s ON s.number = t.number";
constexpr int kShortWindowDays = 31;

std::string TicketsByDay(absl::string_view day) {
  return absl::StrCat("statistic_tickets t FORCE INDEX (ix_statistic_tickets_",
                      absl::StripSuffix(day, "_on"), ")");
}

// Conditions on class, channel and line, each beginning with AND. Parameters refer to the question
// and to `pattern`.
struct Filter {
  explicit Filter(const StatisticsQuestion& question)
      : pattern(absl::StrCat(question.class_prefix, "%")) {
    if (!question.class_prefix.empty()) {
      sql = " AND class_code LIKE ?";
      params.emplace_back(pattern);
    }
    if (question.channel != 0) {
      sql += " AND channel = ?";
      params.emplace_back(question.channel);
    }
    if (!question.lines.empty()) {
      const std::vector<absl::string_view> marks(question.lines.size(), "?");
      absl::StrAppend(&sql, " AND line IN (", absl::StrJoin(marks, ", "), ")");
      params.insert(params.end(), question.lines.begin(), question.lines.end());
    }
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void AppendTo(std::vector<Param>& all) const {
    all.insert(all.end(), params.begin(), params.end());
  }

  const std::string pattern;
  std::string sql;
  std::vector<Param> params;
};

std::string SumOfColumns() {
  std::string sql;
  for (size_t i = 0; i < kFigures; ++i) {
    absl::StrAppend(&sql, i == 0 ? "" : ", ", "COALESCE(SUM(", ColumnOf(FigureAt(i)), "), 0)");
  }
  return sql;
}

std::string CountOfTickets() {
  std::string sql;
  for (size_t i = 0; i < kFigures; ++i) {
    const absl::string_view day = ColumnOf(DayKindOf(FigureAt(i)));
    absl::StrAppend(&sql, i == 0 ? "" : ", ", "COALESCE(SUM((t.figures & ", 1U << i,
                    ") <> 0 AND t.", day, " >= ? AND t.", day, " < ?), 0)");
  }
  return sql;
}

absl::StatusOr<mysql::Rows> SumRows(mysql::Tx& tx, const StatisticsQuestion& question,
                                    absl::string_view table, const Filter& filter) {
  static const std::string kSums = SumOfColumns();
  std::vector<Param> params = {question.node, question.window.from, question.window.to};
  filter.AppendTo(params);
  return tx.Query(absl::StrCat("SELECT ", kSums, " FROM ", table,
                               " WHERE node_id = ? AND day >= ? AND day < ?", filter.sql),
                  absl::MakeConstSpan(params));
}

absl::StatusOr<mysql::Rows> CountRows(mysql::Tx& tx, const StatisticsQuestion& question,
                                      const Filter& filter) {
  static const std::string kCounts = CountOfTickets();
  std::vector<Param> params;
  for (size_t i = 0; i < kFigures; ++i) {
    params.insert(params.end(), {question.window.from, question.window.to});
  }
  params.emplace_back(question.node);
  filter.AppendTo(params);
  return tx.Query(
      absl::StrCat("SELECT ", kCounts, " FROM ", kNodeFirst, " WHERE s.node_id = ?", filter.sql),
      absl::MakeConstSpan(params));
}

// The least number of all tickets with a day in the window, from the key alone: a large node's many
// older tickets need not be looked at. "" if there is none.
absl::StatusOr<std::string> FirstNumber(mysql::Tx& tx, absl::string_view day,
                                        const Window& window) {
  ASSIGN_OR_RETURN(const auto row,
                   tx.QueryOne(absl::StrCat("SELECT MIN(t.number) FROM ", TicketsByDay(day),
                                            " WHERE t.", day, " >= ? AND t.", day, " < ?"),
                               window.from, window.to));
  return row->StringOr(0, "");
}

}  // namespace

const std::string& ColumnOf(Figure figure) {
  static const auto* const kNames = [] {
    auto* all = new std::array<std::string, kFigures>;
    for (size_t i = 0; i < kFigures; ++i) {
      (*all)[i] = absl::AsciiStrToLower(v1::Statistics::Figure_Name(FigureAt(i)));
    }
    return all;
  }();
  return (*kNames)[PlaceOf(figure)];
}

absl::string_view ColumnOf(TicketDay day) { return kDayColumns[static_cast<size_t>(day)]; }

absl::StatusOr<Counts> LoadCounts(mysql::Tx& tx, const StatisticsQuestion& question) {
  const Filter filter(question);
  const bool filtered = !filter.sql.empty();
  absl::StatusOr<mysql::Rows> rows;
  if (question.grain == Grain::kTickets || (filtered && question.grain == Grain::kDays)) {
    rows = CountRows(tx, question, filter);
  } else {
    rows = SumRows(tx, question, filtered ? "statistic_details" : "statistics", filter);
  }
  RETURN_IF_ERROR(rows.status());
  Counts counts;
  for (size_t i = 0; i < kFigures; ++i) counts[i] = rows->front().Int64(i);
  return counts;
}

absl::StatusOr<CountedTickets> ListCounted(mysql::Tx& tx, const StatisticsQuestion& question,
                                           Figure figure, const std::string& after_number,
                                           int limit) {
  const absl::string_view day = ColumnOf(DayKindOf(figure));
  const Filter filter(question);
  const bool large = question.grain == Grain::kDetails;
  const bool window_first = large && question.window.to - question.window.from <= kShortWindowDays;
  std::string first_number;
  if (large && !window_first && after_number.empty()) {
    ASSIGN_OR_RETURN(first_number, FirstNumber(tx, day, question.window));
    if (first_number.empty()) return CountedTickets();
  }
  const std::string from = window_first ? absl::StrCat(TicketsByDay(day), kLookUpNode) : kNodeFirst;
  std::vector<Param> params = {question.node,         after_number,         first_number,
                               1U << PlaceOf(figure), question.window.from, question.window.to};
  filter.AppendTo(params);
  params.emplace_back(limit + 1);
  ASSIGN_OR_RETURN(const mysql::Rows rows,
                   tx.Query(absl::StrCat("SELECT s.number, t.ticket_id FROM ", from,
                                         " WHERE s.node_id = ? AND s.number > ? AND s.number >= ?"
                                         " AND (t.figures & ?) <> 0 AND t.",
                                         day, " >= ? AND t.", day, " < ?", filter.sql,
                                         " ORDER BY s.number LIMIT ?"),
                            absl::MakeConstSpan(params)));
  CountedTickets page;
  for (const mysql::Row& row : rows) {
    if (page.tickets.size() == static_cast<size_t>(limit)) break;
    page.tickets.push_back(row.Id(1));
    if (rows.size() > static_cast<size_t>(limit)) page.last_number = row.String(0);
  }
  return page;
}

absl::StatusOr<int64_t> LoadCountedSequence(mysql::Tx& tx) {
  ASSIGN_OR_RETURN(const auto row,
                   tx.QueryOne("SELECT sequence FROM projections WHERE name = ?", kStatistics));
  return row.has_value() ? row->Int64(0) : 0;
}

}  // namespace qungong::ticket
