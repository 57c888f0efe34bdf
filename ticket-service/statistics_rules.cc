#include "ticket-service/statistics_rules.h"

#include "runtime/civil.h"
#include "runtime/status.h"
#include "ticket-service/proto_time.h"

namespace qungong::ticket {
namespace {

using v1::Callback;
using v1::Statistics;
using v1::Ticket;

struct FigureRule {
  TicketDay day;
  absl::string_view definition;
};

// By number of the figure less one.
constexpr FigureRule kRules[] = {
    {TicketDay::kSubmitted, "登记量:时段内登记的事项。"},
    {TicketDay::kAccepted, "受理量:时段内受理的事项。"},
    {TicketDay::kEnded, "不予受理量:时段内决定不予受理的事项。"},
    {TicketDay::kAnswered, "答复量:最近一次答复在时段内的事项。"},
    {TicketDay::kEnded, "办结量:时段内办结、至今仍为办结的事项。"},
    {TicketDay::kEnded, "撤回量:时段内由反映人撤回的事项。"},
    {TicketDay::kAccepted, "重办量:时段内受理、至今重办过至少一次的事项。"},
    {TicketDay::kAccepted, "时段内受理、至今已办结的事项。"},
    {TicketDay::kAccepted, "时段内受理的事项,不含已撤回的。"},
    {TicketDay::kDue, "时段内到期、已办结,且最后一次答复不晚于期限的事项。"},
    {TicketDay::kDue, "时段内到期的事项,不含已撤回的。"},
    {TicketDay::kCalledBack, "最近一次回访在时段内,反映人答复“已联系”的事项。"},
    {TicketDay::kCalledBack, "最近一次回访在时段内,反映人对“是否联系”答复是或否的事项。"},
    {TicketDay::kCalledBack, "最近一次回访在时段内,反映人答复“已解决”的事项。"},
    {TicketDay::kCalledBack, "最近一次回访在时段内,反映人对“是否解决”答复是或否的事项。"},
    {TicketDay::kRated, "时段内评价为满意或基本满意的事项。"},
    {TicketDay::kRated, "时段内经回访或由反映人作出有效评价的事项,不含未评价的。"},
    {TicketDay::kRated, "满意量:时段内评价为满意的事项。"},
    {TicketDay::kRated, "基本满意量:时段内评价为基本满意的事项。"},
};
static_assert(std::size(kRules) == kFigures);

// Collects what a ticket counts for.
class Tally {
 public:
  explicit Tally(const Contribution& days) : result_(days) {}

  void Count(Figure figure, bool counts) {
    const bool has_day = result_.days[static_cast<size_t>(DayKindOf(figure))].has_value();
    if (counts && has_day) result_.figures |= 1U << PlaceOf(figure);
  }
  const Contribution& result() const { return result_; }

 private:
  Contribution result_;
};

Contribution DaysOf(const v1::TicketChange& change, const Contribution& before) {
  Contribution result;
  const auto set = [&result](TicketDay day, bool has, const google::protobuf::Timestamp& time) {
    if (has) result.days[static_cast<size_t>(day)] = DayNumber(FromProto(time));
  };
  set(TicketDay::kSubmitted, change.has_submit_time(), change.submit_time());
  set(TicketDay::kAccepted, change.has_accept_time(), change.accept_time());
  set(TicketDay::kEnded, change.has_close_time(), change.close_time());
  set(TicketDay::kDue, change.has_finish_due_time(), change.finish_due_time());
  set(TicketDay::kCalledBack, change.has_callback_time(), change.callback_time());
  set(TicketDay::kRated, change.has_satisfaction_time(), change.satisfaction_time());
  constexpr auto kAnswered = static_cast<size_t>(TicketDay::kAnswered);
  result.days[kAnswered] = before.days[kAnswered];
  set(TicketDay::kAnswered, change.has_answer_time(), change.answer_time());
  return result;
}

bool IsAnsweredInTime(const v1::TicketChange& change) {
  return change.has_answer_time() && change.has_finish_due_time() &&
         FromProto(change.answer_time()) <= FromProto(change.finish_due_time());
}

absl::StatusOr<absl::CivilDay> ParseDay(absl::string_view field, const google::type::Date& date) {
  const absl::CivilDay day(date.year(), date.month(), date.day());
  // What the database takes as a date; and a 30 February is not to become 1 March.
  if (date.year() < 1000 || date.year() > 9999 || day.year() != date.year() ||
      day.month() != date.month() || day.day() != date.day()) {
    return InvalidField(field, "must be a day of the calendar");
  }
  return day;
}

}  // namespace

const RateRule kClosureRate = {
    Statistics::CLOSURE, Statistics::CLOSURE_BASE,
    "办结率=时段内受理、至今已办结的事项÷时段内受理的事项(不含已撤回的)。"};
const RateRule kOnTimeClosureRate = {
    Statistics::ON_TIME_CLOSURE, Statistics::ON_TIME_CLOSURE_BASE,
    "按期办结率=时段内到期、已办结且最后一次答复不晚于期限的事项÷时段内到期的事项(不含已撤回的)。"};
const RateRule kResponseRate = {
    Statistics::RESPONSE, Statistics::RESPONSE_BASE,
    "响应率=最近一次回访在时段内且答复“已联系”的事项÷最近一次回访在时段内且对此问作了答复的事项。"};
const RateRule kResolutionRate = {
    Statistics::RESOLUTION, Statistics::RESOLUTION_BASE,
    "解决率=最近一次回访在时段内且答复“已解决”的事项÷最近一次回访在时段内且对此问作了答复的事项。"};
const RateRule kSatisfactionRate = {
    Statistics::SATISFACTION, Statistics::SATISFACTION_BASE,
    "满意率=时段内评价为满意或基本满意的事项÷时段内作出有效评价的事项(不含未评价的)。"};

TicketDay DayKindOf(Figure figure) { return kRules[PlaceOf(figure)].day; }

absl::string_view DefinitionOf(Figure figure) { return kRules[PlaceOf(figure)].definition; }

std::optional<int32_t> Contribution::DayOf(Figure figure) const {
  if (!Has(figure)) return std::nullopt;
  return days[static_cast<size_t>(DayKindOf(figure))];
}

Contribution Contribute(const v1::TicketChange& change, const Contribution& before) {
  const bool closed = change.state() == Ticket::CLOSED;
  const bool withdrawn = change.state() == Ticket::WITHDRAWN;
  const bool satisfied = change.satisfaction() == v1::SATISFIED;
  const bool mostly_satisfied = change.satisfaction() == v1::MOSTLY_SATISFIED;
  const auto valid = [](Callback::Reply reply) {
    return reply == Callback::YES || reply == Callback::NO;
  };

  Tally tally(DaysOf(change, before));
  tally.Count(Statistics::SUBMITTED, true);
  tally.Count(Statistics::ACCEPTED, true);
  tally.Count(Statistics::NOT_ACCEPTED, change.state() == Ticket::NOT_ACCEPTED);
  tally.Count(Statistics::ANSWERED, true);
  tally.Count(Statistics::CLOSED, closed);
  tally.Count(Statistics::WITHDRAWN, withdrawn);
  tally.Count(Statistics::REOPENED, change.cycle() > 1);
  tally.Count(Statistics::CLOSURE, closed);
  tally.Count(Statistics::CLOSURE_BASE, !withdrawn);
  tally.Count(Statistics::ON_TIME_CLOSURE, closed && IsAnsweredInTime(change));
  tally.Count(Statistics::ON_TIME_CLOSURE_BASE, !withdrawn);
  tally.Count(Statistics::RESPONSE, change.responded() == Callback::YES);
  tally.Count(Statistics::RESPONSE_BASE, valid(change.responded()));
  tally.Count(Statistics::RESOLUTION, change.resolved() == Callback::YES);
  tally.Count(Statistics::RESOLUTION_BASE, valid(change.resolved()));
  tally.Count(Statistics::SATISFACTION, satisfied || mostly_satisfied);
  tally.Count(Statistics::SATISFACTION_BASE,
              satisfied || mostly_satisfied || change.satisfaction() == v1::DISSATISFIED);
  tally.Count(Statistics::SATISFIED_ONLY, satisfied);
  tally.Count(Statistics::MOSTLY_SATISFIED_ONLY, mostly_satisfied);
  return tally.result();
}

Grain GrainOf(rpc::v1::Level level) {
  switch (level) {
    case rpc::v1::MUNICIPALITY_LEVEL:
    case rpc::v1::DISTRICT_LEVEL:
      return Grain::kDetails;
    case rpc::v1::TOWNSHIP_LEVEL:
      return Grain::kDays;
    default:
      return Grain::kTickets;
  }
}

absl::StatusOr<Window> ParseWindow(const google::type::Date& from, const google::type::Date& to) {
  Window window;
  ASSIGN_OR_RETURN(window.from, ParseDay("from_date", from));
  ASSIGN_OR_RETURN(window.to, ParseDay("to_date", to));
  if (window.to <= window.from) return InvalidField("to_date", "must lie after from_date");
  const absl::CivilDay last(window.from.year() + kMaxWindowYears, window.from.month(),
                            window.from.day());
  if (window.to > last)
    return InvalidField("to_date", "must lie at most ten years after from_date");
  return window;
}

}  // namespace qungong::ticket
