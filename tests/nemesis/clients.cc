#include "tests/nemesis/clients.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "qungong/org/v1/calendar_service.pb.h"
#include "qungong/org/v1/grant_service.pb.h"
#include "qungong/org/v1/person_service.pb.h"
#include "qungong/org/v1/unit_service.pb.h"
#include "runtime/civil.h"

namespace qungong::nemesis {
namespace {

constexpr size_t kMostOpen = 60;  // few enough that clients meet
using ticket::v1::Ticket;

bool IsOver(Ticket::State state) {
  return state == Ticket::NOT_ACCEPTED || state == Ticket::WITHDRAWN;
}

}  // namespace

int64_t VersionOf(const std::string& etag) {
  int64_t version = 0;
  return absl::SimpleAtoi(absl::StrReplaceAll(etag, {{"\"", ""}}), &version) ? version : 0;
}

void Board::Add(const Ticket& ticket, const std::string& code) {
  absl::MutexLock lock(&mutex_);
  Card& card = cards_[ticket.name()];
  card = {ticket, code, nemesis::VersionOf(ticket.etag())};
  open_.push_back(ticket.name());
  if (open_.size() > kMostOpen) open_.pop_front();
}

void Board::Learn(const Ticket& ticket) {
  absl::MutexLock lock(&mutex_);
  const auto card = cards_.find(ticket.name());
  const int64_t version = nemesis::VersionOf(ticket.etag());
  if (card == cards_.end() || version < card->second.version) return;
  card->second.ticket = ticket;
  card->second.version = version;
  card->second.certain = true;
}

void Board::LearnState(const std::string& name, Ticket::State state) {
  absl::MutexLock lock(&mutex_);
  const auto card = cards_.find(name);
  if (card == cards_.end()) return;
  card->second.ticket.set_state(state);
  card->second.certain = false;
}

std::optional<Board::Card> Board::Draw(Random& random) {
  absl::MutexLock lock(&mutex_);
  if (open_.empty()) return std::nullopt;
  const auto at = static_cast<size_t>(Between(random, 0, static_cast<int>(open_.size()) - 1));
  const Card card = cards_[open_[at]];
  if (IsOver(card.ticket.state())) open_.erase(open_.begin() + static_cast<int64_t>(at));
  return card;
}

int64_t Board::VersionOf(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  return cards_[name].version;
}

std::string Client::NewMarker() { return absl::StrCat("<", NewRequestId(), ">"); }

MessagePtr Client::Send(Write write) {
  Write* intended = world_.history.Intend(std::move(write));
  ++world_.calls;
  MessagePtr reply =
      world_.wire.Send(world_.history, intended, NewRequestId(), Deadline(), AnyRoute());
  if (reply != nullptr) {
    Learn(*intended, *reply);
  } else if (intended->outcome == Outcome::kUnknown) {
    unknown_.push_back(intended);
  }
  return reply;
}

// With the same request_id, now or at the end of the run.
void Client::Retry() {
  Write* write = unknown_.front();
  unknown_.pop_front();
  ++world_.calls;
  const std::string id =
      world_.forget_request_id ? NewRequestId() : write->attempts.front().request_id;
  const MessagePtr reply = world_.wire.Send(world_.history, write, id, Deadline(), AnyRoute());
  if (reply != nullptr) {
    Learn(*write, *reply);
  } else if (write->attempts.back().outcome == Outcome::kUnknown) {
    unknown_.push_back(write);
  }
}

absl::StatusOr<MessagePtr> Client::Read(const std::string& method, const std::string& principal,
                                        const google::protobuf::Message& request) {
  ++world_.calls;
  ++world_.reads;
  return world_.wire.Call(method, principal, request, Deadline(), AnyRoute());
}

void Client::Run() {
  while (!world_.stop) {
    if (!unknown_.empty() && Chance(random_, 30)) {
      Retry();
    } else {
      Step();
    }
    absl::SleepFor(absl::Milliseconds(Between(random_, 1, 12)));
  }
}

void OrgClient::Learn(const Write&, const google::protobuf::Message& reply) {
  const std::string name = FieldOf(reply, "name");
  const std::string& full_name = reply.GetTypeName();
  if (full_name == "qungong.org.v1.Person") people_.push_back(name);
  if (full_name == "qungong.org.v1.Grant" &&
      !static_cast<const org::v1::Grant&>(reply).has_valid_to()) {
    grants_.push_back(name);
  }
}

void OrgClient::Step() {
  if (!unmoved_.empty() && Chance(random_, world_.held_up ? 25 : 4)) return MoveUnit();
  absl::SleepFor(absl::Milliseconds(Between(random_, 10, 60)));
  if (world_.tree_moves && Chance(random_, 1)) return PublishCalendar();
  const int dice = Between(random_, 1, 100);
  if (dice <= 30) return CreatePerson();
  if (dice <= 55) return UpdatePerson();
  if (dice <= 75) return RenameUnit();
  Grant();
}

void OrgClient::CreatePerson() {
  org::v1::CreatePersonRequest request;
  request.set_display_name("张三");
  request.set_unit(OneOf(random_, world_.city.units));
  Send(NewWrite("PersonService/CreatePerson", world_.city.registrar, request));
}

void OrgClient::UpdatePerson() {
  if (people_.empty()) return;
  org::v1::UpdatePersonRequest request;
  request.set_name(OneOf(random_, people_));
  request.set_phone(absl::StrCat("138", Between(random_, 10000000, 99999999)));
  Send(NewWrite("PersonService/UpdatePerson", world_.city.registrar, request));
}

// Every follower has to write the scope of the unit's tickets anew.
void OrgClient::RenameUnit() {
  org::v1::RenameUnitRequest request;
  request.set_name(OneOf(random_, world_.city.units));
  request.set_display_name(absl::StrCat("机关", Between(random_, 1, 1000000)));
  Send(NewWrite("UnitService/RenameUnit", world_.city.registrar, request));
}

// To the other subdistrict: who may see the tickets of the unit changes, those that are just being
// written included. Only once, because a second move would mend what the first one missed.
void OrgClient::MoveUnit() {
  const City& city = world_.city;
  const auto at = static_cast<size_t>(Between(random_, 0, static_cast<int>(unmoved_.size()) - 1));
  org::v1::MoveUnitRequest request;
  request.set_name(std::exchange(unmoved_[at], unmoved_.back()));
  unmoved_.pop_back();
  request.set_parent(city.superior.at(request.name()) == city.towns[0] ? city.towns[1]
                                                                       : city.towns[0]);
  Send(NewWrite("UnitService/MoveUnit", city.registrar, request));
}

// Of this year, with another day off each time: the clocks of all tickets are computed again.
void OrgClient::PublishCalendar() {
  const absl::CivilDay today = DayOf(absl::Now());
  absl::CivilDay off(today.year(), 1, Between(random_, 2, 20));
  while (absl::GetWeekday(off) == absl::Weekday::saturday ||
         absl::GetWeekday(off) == absl::Weekday::sunday) {
    ++off;
  }
  org::v1::PublishCalendarRequest request;
  request.set_name(absl::StrCat("calendars/", today.year()));
  *request.add_holidays() = ToDate(off);
  request.set_source("nemesis");
  Send(NewWrite("CalendarService/PublishCalendar", world_.city.registrar, request));
}

void OrgClient::Grant() {
  if (!grants_.empty() && Chance(random_, 50)) {
    org::v1::RevokeGrantRequest request;
    request.set_name(grants_.back());
    grants_.pop_back();
    Send(NewWrite("GrantService/RevokeGrant", world_.city.security_admin, request));
    return;
  }
  org::v1::CreateGrantRequest request;
  request.set_account(OneOf(random_, world_.city.spares));
  request.set_role(rpc::v1::LEADER);
  request.set_node(OneOf(random_, world_.city.units));
  Send(NewWrite("GrantService/CreateGrant", world_.city.security_admin, request));
}

}  // namespace qungong::nemesis
