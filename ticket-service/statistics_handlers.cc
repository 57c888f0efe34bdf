#include "ticket-service/statistics_handlers.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/civil.h"
#include "runtime/directory.h"
#include "runtime/page.h"
#include "runtime/status.h"
#include "ticket-service/statistics_store.h"
#include "ticket-service/ticket_class.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {
namespace {

using v1::Statistics;

constexpr Figure kVolumes[] = {
    Statistics::SUBMITTED, Statistics::ACCEPTED,       Statistics::NOT_ACCEPTED,
    Statistics::ANSWERED,  Statistics::CLOSED,         Statistics::WITHDRAWN,
    Statistics::REOPENED,  Statistics::SATISFIED_ONLY, Statistics::MOSTLY_SATISFIED_ONLY};

// A unit whose figures the caller may see.
struct VisibleNode {
  directory::Node node;
  std::vector<std::string> lines;  // to which the caller is limited; empty: all
};

absl::StatusOr<VisibleNode> OpenNode(Read& read, const std::string& name) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, name));
  const int32_t today = read.call().today;
  ASSIGN_OR_RETURN(const std::vector<Uuid> upward,
                   directory::AncestorIds(read.tx(), rpc::v1::ADMINISTRATIVE_TREE, id, today));
  std::set<std::string> lines;
  for (const directory::Grant& grant : read.grants()) {
    if (std::find(upward.begin(), upward.end(), grant.node) != upward.end())
      lines.insert(grant.line);
  }
  if (lines.empty()) return DeniedOrAbsent(name);
  ASSIGN_OR_RETURN(auto node, directory::FindNode(read.tx(), id, today));
  if (!node.has_value()) return DeniedOrAbsent(name);
  VisibleNode visible{*std::move(node), {}};
  if (!lines.contains("")) visible.lines = {lines.begin(), lines.end()};
  return visible;
}

// Of GetStatisticsRequest and ListStatisticTicketsRequest alike.
template <typename Request>
absl::StatusOr<StatisticsQuestion> QuestionOf(const VisibleNode& visible, const Request& request) {
  StatisticsQuestion question;
  question.node = visible.node.id;
  question.grain = GrainOf(visible.node.level);
  question.lines = visible.lines;
  ASSIGN_OR_RETURN(question.window, ParseWindow(request.from_date(), request.to_date()));
  question.class_prefix = ClassCode(request.ticket_class());
  if (question.class_prefix.empty() && !request.ticket_class().empty())
    return InvalidField("ticket_class", "must be ticketClasses/{code}");
  question.channel = request.channel();
  return question;
}

v1::Rate RateOf(const RateRule& rule, const Counts& counts, const Window& window) {
  v1::Rate rate;
  rate.set_numerator_figure(rule.numerator);
  rate.set_numerator(counts[PlaceOf(rule.numerator)]);
  rate.set_denominator_figure(rule.denominator);
  rate.set_denominator(counts[PlaceOf(rule.denominator)]);
  *rate.mutable_from_date() = ToDate(window.from);
  *rate.mutable_to_date() = ToDate(window.to);
  rate.set_definition(std::string(rule.definition));
  return rate;
}

}  // namespace

absl::StatusOr<Statistics> StatisticsHandlers::GetStatistics(
    Read& read, const v1::GetStatisticsRequest& request) {
  ASSIGN_OR_RETURN(const VisibleNode visible, OpenNode(read, request.node()));
  ASSIGN_OR_RETURN(const StatisticsQuestion question, QuestionOf(visible, request));
  ASSIGN_OR_RETURN(const Counts counts, LoadCounts(read.tx(), question));
  ASSIGN_OR_RETURN(const int64_t sequence, LoadCountedSequence(read.tx()));
  Statistics statistics;
  statistics.set_node(visible.node.Name());
  statistics.set_node_display_name(visible.node.display_name);
  *statistics.mutable_from_date() = ToDate(question.window.from);
  *statistics.mutable_to_date() = ToDate(question.window.to);
  for (const Figure figure : kVolumes) {
    v1::Volume& volume = *statistics.add_volumes();
    volume.set_figure(figure);
    volume.set_count(counts[PlaceOf(figure)]);
    volume.set_definition(std::string(DefinitionOf(figure)));
  }
  const auto rate = [&](const RateRule& rule) { return RateOf(rule, counts, question.window); };
  *statistics.mutable_closure_rate() = rate(kClosureRate);
  *statistics.mutable_on_time_closure_rate() = rate(kOnTimeClosureRate);
  *statistics.mutable_response_rate() = rate(kResponseRate);
  *statistics.mutable_resolution_rate() = rate(kResolutionRate);
  *statistics.mutable_satisfaction_rate() = rate(kSatisfactionRate);
  statistics.set_sequence(sequence);
  *statistics.mutable_lines() = {question.lines.begin(), question.lines.end()};
  return statistics;
}

absl::StatusOr<v1::ListStatisticTicketsResponse> StatisticsHandlers::ListStatisticTickets(
    Read& read, const v1::ListStatisticTicketsRequest& request) {
  ASSIGN_OR_RETURN(const VisibleNode visible, OpenNode(read, request.node()));
  ASSIGN_OR_RETURN(const StatisticsQuestion question, QuestionOf(visible, request));
  v1::ListStatisticTicketsRequest asked = request;
  asked.clear_page_size();
  asked.clear_page_token();
  const std::string pages_of =
      absl::StrCat(read.call().principal, "/ListStatisticTickets/", asked.SerializeAsString());
  ASSIGN_OR_RETURN(const std::string after, read.pages().Decode(pages_of, request.page_token()));
  ASSIGN_OR_RETURN(const CountedTickets counted,
                   ListCounted(read.tx(), question, request.figure(), after,
                               CoercePageSize(request.page_size())));
  ASSIGN_OR_RETURN(const std::vector<v1::Ticket> tickets,
                   LoadTicketList(read.tx(), read.keys(), counted.tickets));
  v1::ListStatisticTicketsResponse response;
  *response.mutable_tickets() = {tickets.begin(), tickets.end()};
  if (!counted.last_number.empty()) {
    response.set_next_page_token(read.pages().Encode(pages_of, counted.last_number));
  }
  return response;
}

}  // namespace qungong::ticket
