#include "ticket-service/class_handlers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/civil.h"
#include "runtime/page.h"
#include "runtime/status.h"
#include "ticket-service/class_store.h"
#include "ticket-service/ticket_class.h"

namespace qungong::ticket {
namespace {

// The day asked about; today if none is.
absl::StatusOr<int32_t> DayOf(const Read& read, const google::type::Date& date) {
  if (date.year() == 0 && date.month() == 0 && date.day() == 0) return read.call().today;
  const absl::CivilDay day(date.year(), date.month(), date.day());
  if (date.year() < 1900 || date.year() > 9998 || day.month() != date.month() ||
      day.day() != date.day()) {
    return InvalidField("as_of", "is not a day");
  }
  return DayNumber(day);
}

}  // namespace

absl::StatusOr<v1::ListTicketClassesResponse> ClassHandlers::ListTicketClasses(
    Read& read, const v1::ListTicketClassesRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOf(read, request.as_of()));
  const std::string question = absl::StrCat(read.call().principal, "/ListTicketClasses/", day);
  ASSIGN_OR_RETURN(const std::string after, read.pages().Decode(question, request.page_token()));
  const int limit = CoercePageSize(request.page_size());
  ASSIGN_OR_RETURN(auto classes, LoadClasses(read.tx(), day, after, limit + 1));
  v1::ListTicketClassesResponse response;
  if (classes.size() > static_cast<size_t>(limit)) {
    classes.pop_back();
    response.set_next_page_token(read.pages().Encode(question, classes.back().code()));
  }
  *response.mutable_ticket_classes() = {classes.begin(), classes.end()};
  return response;
}

absl::StatusOr<v1::ListDeadlinePoliciesResponse> ClassHandlers::ListDeadlinePolicies(
    Read& read, const v1::ListDeadlinePoliciesRequest& request) {
  ASSIGN_OR_RETURN(const int32_t day, DayOf(read, request.as_of()));
  const std::string question = absl::StrCat(read.call().principal, "/ListDeadlinePolicies/", day);
  ASSIGN_OR_RETURN(const std::string cursor, read.pages().Decode(question, request.page_token()));
  const std::pair<std::string, std::string> after = absl::StrSplit(cursor, absl::MaxSplits('/', 1));
  int urgency = 0;
  if (!cursor.empty() && !absl::SimpleAtoi(after.second, &urgency)) {
    return absl::InternalError("a page cursor cannot be read");
  }
  const int limit = CoercePageSize(request.page_size());
  ASSIGN_OR_RETURN(auto policies, LoadPolicies(read.tx(), day, after.first, urgency, limit + 1));
  v1::ListDeadlinePoliciesResponse response;
  if (policies.size() > static_cast<size_t>(limit)) {
    policies.pop_back();
    const v1::DeadlinePolicy& last = policies.back();
    response.set_next_page_token(read.pages().Encode(
        question, absl::StrCat(ClassCode(last.ticket_class()), "/", last.urgency())));
  }
  *response.mutable_deadline_policies() = {policies.begin(), policies.end()};
  return response;
}

}  // namespace qungong::ticket
