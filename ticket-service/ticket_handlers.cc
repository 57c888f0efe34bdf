#include "ticket-service/ticket_handlers.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/directory.h"
#include "runtime/page.h"
#include "runtime/status.h"
#include "runtime/typed_code.h"
#include "ticket-service/clock_steps.h"
#include "ticket-service/deadline_store.h"
#include "ticket-service/list_store.h"
#include "ticket-service/progress.h"
#include "ticket-service/proto_time.h"
#include "ticket-service/scope_store.h"
#include "ticket-service/ticket_class.h"
#include "ticket-service/ticket_rules.h"
#include "ticket-service/ticket_store.h"

namespace qungong::ticket {
namespace {

absl::StatusOr<TicketRecord> OpenRead(Read& read, const std::string& name) {
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kTickets, name));
  RETURN_IF_ERROR(CheckMaySee(read, id));
  return LoadTicket(read.tx(), read.keys(), id);
}

// The caller's reach, narrowed to a node if one is named.
absl::StatusOr<std::vector<Reach>> ReachFor(Read& read, const std::string& node) {
  const std::vector<Reach> all = ReachOf(read.grants());
  if (node.empty()) return all;
  ASSIGN_OR_RETURN(const Uuid id, ParseResourceName(kUnits, node));
  ASSIGN_OR_RETURN(
      const auto upward,
      directory::AncestorIds(read.tx(), rpc::v1::ADMINISTRATIVE_TREE, id, read.call().today));
  std::vector<directory::Grant> narrowed;
  for (const Reach& reach : all) {
    if (std::find(upward.begin(), upward.end(), reach.node) == upward.end()) continue;
    narrowed.push_back({rpc::v1::ROLE_UNSPECIFIED, id, reach.line});
  }
  if (narrowed.empty()) return DeniedOrAbsent(node);
  return ReachOf(narrowed);
}

// The beginning of a number as people type it, as numbers are stored: QG20150730-500105-000123-7.
std::string NumberPrefix(const std::string& typed) {
  std::string folded = FoldTypedCode(typed);
  if (folded.empty()) return "";
  if (absl::ascii_isdigit(static_cast<unsigned char>(folded[0]))) folded.insert(0, "QG");
  for (const size_t at : {10, 17, 24}) {
    if (folded.size() > at) folded.insert(at, "-");
  }
  // What cannot begin a number finds nothing, not everything.
  for (char& c : folded) {
    if (c == '%' || c == '_' || c == '\\') c = '?';
  }
  return folded;
}

std::string Question(const Read& read, const pb::ListTicketsRequest& request) {
  pb::ListTicketsRequest question = request;
  question.clear_page_size();
  question.clear_page_token();
  question.clear_with_total_size();
  return absl::StrCat(read.call().principal, "/ListTickets/", question.SerializeAsString());
}

absl::Status CheckFilter(const pb::ListTicketsRequest& request) {
  if (!request.ticket_class().empty() && ClassCode(request.ticket_class()).empty()) {
    return InvalidField("ticket_class", "must be ticketClasses/{code}");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::Ticket> TicketHandlers::GetTicket(Read& read,
                                                     const pb::GetTicketRequest& request) {
  ASSIGN_OR_RETURN(TicketRecord record, OpenRead(read, request.name()));
  return std::move(record.ticket);
}

absl::StatusOr<pb::ListTicketsResponse> TicketHandlers::ListTickets(
    Read& read, const pb::ListTicketsRequest& request) {
  RETURN_IF_ERROR(CheckFilter(request));
  ASSIGN_OR_RETURN(const std::vector<Reach> reach, ReachFor(read, request.node()));
  const std::string question = Question(read, request);
  ASSIGN_OR_RETURN(const std::string cursor, read.pages().Decode(question, request.page_token()));
  ASSIGN_OR_RETURN(const TicketPage page,
                   ListWithin(read.tx(), reach, request, NumberPrefix(request.number()),
                              read.call().today, cursor, CoercePageSize(request.page_size())));
  pb::ListTicketsResponse response;
  ASSIGN_OR_RETURN(const std::vector<pb::Ticket> tickets,
                   LoadTicketList(read.tx(), read.keys(), page.tickets));
  *response.mutable_tickets() = {tickets.begin(), tickets.end()};
  if (!page.cursor.empty())
    response.set_next_page_token(read.pages().Encode(question, page.cursor));
  response.set_total_size(page.total_size);
  return response;
}

absl::StatusOr<pb::ListTicketEventsResponse> TicketHandlers::ListTicketEvents(
    Read& read, const pb::ListTicketEventsRequest& request) {
  ASSIGN_OR_RETURN(const TicketRecord record, OpenRead(read, request.parent()));
  const std::string question =
      absl::StrCat(read.call().principal, "/ListTicketEvents/", request.parent());
  ASSIGN_OR_RETURN(const std::string cursor, read.pages().Decode(question, request.page_token()));
  int64_t after = 0;
  if (!cursor.empty() && !absl::SimpleAtoi(cursor, &after))
    return absl::InternalError("a page cursor cannot be read");
  const int limit = CoercePageSize(request.page_size());
  ASSIGN_OR_RETURN(auto changes, LoadChanges(read.tx(), read.keys(), record.id, after, limit + 1));
  pb::ListTicketEventsResponse response;
  if (changes.size() > static_cast<size_t>(limit)) {
    changes.resize(static_cast<size_t>(limit));
    response.set_next_page_token(
        read.pages().Encode(question, absl::StrCat(changes.back().version)));
  }
  for (PastChange& past : changes) {
    pb::TicketEvent& event = *response.add_events();
    event.set_version(past.version);
    *event.mutable_occur_time() = ToProto(past.occurred);
    event.set_actor(past.actor);
    *event.mutable_change() = std::move(past.change);
  }
  return response;
}

absl::StatusOr<pb::DeadlineExplanation> TicketHandlers::ExplainDeadline(
    Read& read, const pb::ExplainDeadlineRequest& request) {
  ASSIGN_OR_RETURN(const TicketRecord record, OpenRead(read, request.name()));
  pb::DeadlineExplanation explanation;
  const pb::Deadline& shown = record.ticket.deadline();
  std::optional<ComputedClock> clock;
  if (record.ticket.has_deadline()) {
    ASSIGN_OR_RETURN(
        clock, ComputeClock(read.tx(), record.ticket, shown.kind(), FromProto(shown.start_time())));
  }
  if (!clock.has_value()) {
    return WithChinese(WithReason(absl::FailedPreconditionError("no clock runs on this ticket"),
                                  pb::ErrorReason_Name(pb::NO_DEADLINE)),
                       "该事项当前没有正在计时的期限。");
  }
  *explanation.mutable_deadline() = shown;
  const pb::DeadlinePolicy& policy = clock->policy;
  explanation.set_policy(absl::StrFormat(
      "%s,%s,自 %04d-%02d-%02d 起施行",
      policy.ticket_class().empty() ? "所有事项" : policy.ticket_class(), policy.source(),
      policy.from_date().year(), policy.from_date().month(), policy.from_date().day()));
  for (const Step& step : clock->deadline.steps) explanation.add_steps(DescribeStep(step));
  return explanation;
}

}  // namespace qungong::ticket
