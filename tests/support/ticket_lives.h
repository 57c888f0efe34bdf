// Made-up lives of tickets for tests of the statistics. A life keeps what happened as plain facts,
// tells each step as the ticket's event would, and judges each figure from the facts alone: no rule
// of the project is used, so that a test may take it for the other side of a comparison.
#ifndef QUNGONG_TESTS_SUPPORT_TICKET_LIVES_H_
#define QUNGONG_TESTS_SUPPORT_TICKET_LIVES_H_

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "qungong/ticket/v1/events.pb.h"
#include "qungong/ticket/v1/statistics_service.pb.h"

namespace qungong::testing {

class TicketLife {
 public:
  using Ticket = ticket::v1::Ticket;
  using Change = ticket::v1::TicketChange;
  using Callback = ticket::v1::Callback;
  using Rating = ticket::v1::Rating;
  using Figures = ticket::v1::Statistics;
  using Random = std::mt19937;

  // `units` are those that may be concerned.
  TicketLife(std::string name, int serial, absl::Time born, std::vector<std::string> units)
      : name_(std::move(name)), serial_(serial), now_(born), units_(std::move(units)) {}

  // One more step; nullopt when nothing can happen any more.
  std::optional<Change> Step(Random& random) {
    now_ += absl::Seconds(Between(random, 600, 4 * 86400));
    if (state_ == Ticket::NOT_ACCEPTED || state_ == Ticket::WITHDRAWN) return std::nullopt;
    before_ = state_;
    const Change::Kind kind = Happen(random);
    ++version_;
    return Tell(kind);
  }

  // The civil day in Chongqing on which it counts for a figure, as days since 1970.
  std::optional<int32_t> DayFor(Figures::Figure figure) const {
    const bool closed = state_ == Ticket::CLOSED;
    const bool withdrawn = state_ == Ticket::WITHDRAWN;
    const auto if_so = [](bool so, std::optional<absl::Time> t) {
      return so ? ToDay(t) : std::nullopt;
    };
    const std::optional<absl::Time> due = cycles_.back().due;
    const std::optional<absl::Time> answer = LatestAnswer();
    const std::optional<Word> word = LatestWord();
    const auto said = [&](Rating rating) { return word.has_value() && word->rating == rating; };
    const std::optional<absl::Time> word_time =
        word.has_value() ? std::optional<absl::Time>(word->time) : std::nullopt;
    const Call* call = calls_.empty() ? nullptr : &calls_.back();
    const auto replied = [&](Callback::Reply Call::*question, Callback::Reply reply) {
      return call != nullptr && call->*question == reply;
    };
    const std::optional<absl::Time> call_time =
        call != nullptr ? std::optional<absl::Time>(call->time) : std::nullopt;
    switch (figure) {
      case Figures::SUBMITTED:
        return ToDay(submitted_);
      case Figures::ACCEPTED:
        return ToDay(accepted_);
      case Figures::NOT_ACCEPTED:
        return if_so(state_ == Ticket::NOT_ACCEPTED, ended_);
      case Figures::ANSWERED:
        return ToDay(answer);
      case Figures::CLOSED:
        return if_so(closed, ended_);
      case Figures::WITHDRAWN:
        return if_so(withdrawn, ended_);
      case Figures::REOPENED:
        return if_so(cycles_.size() > 1, accepted_);
      case Figures::CLOSURE:
        return if_so(closed, accepted_);
      case Figures::CLOSURE_BASE:
        return if_so(!withdrawn, accepted_);
      case Figures::ON_TIME_CLOSURE:
        return if_so(closed && due.has_value() && answer <= due, due);
      case Figures::ON_TIME_CLOSURE_BASE:
        return if_so(!withdrawn, due);
      case Figures::RESPONSE:
        return if_so(replied(&Call::responded, Callback::YES), call_time);
      case Figures::RESPONSE_BASE:
        return if_so(
            replied(&Call::responded, Callback::YES) || replied(&Call::responded, Callback::NO),
            call_time);
      case Figures::RESOLUTION:
        return if_so(replied(&Call::resolved, Callback::YES), call_time);
      case Figures::RESOLUTION_BASE:
        return if_so(
            replied(&Call::resolved, Callback::YES) || replied(&Call::resolved, Callback::NO),
            call_time);
      case Figures::SATISFACTION:
        return if_so(said(ticket::v1::SATISFIED) || said(ticket::v1::MOSTLY_SATISFIED), word_time);
      case Figures::SATISFACTION_BASE:
        return ToDay(word_time);
      case Figures::SATISFIED_ONLY:
        return if_so(said(ticket::v1::SATISFIED), word_time);
      case Figures::MOSTLY_SATISFIED_ONLY:
        return if_so(said(ticket::v1::MOSTLY_SATISFIED), word_time);
      default:
        return std::nullopt;
    }
  }

  const std::string& name() const { return name_; }
  std::string number() const { return absl::StrFormat("QG20150701-500105-%06d-0", serial_); }
  int version() const { return version_; }
  absl::Time now() const { return now_; }
  bool born() const { return version_ > 0; }
  const std::vector<std::string>& concerned() const { return concerned_; }
  const std::string& class_code() const { return class_code_; }
  const std::string& line() const { return line_; }
  Ticket::Channel channel() const { return channel_; }

 private:
  struct Cycle {
    std::optional<absl::Time> due;
    std::optional<absl::Time> answer;
  };
  struct Call {
    absl::Time time;
    size_t cycle;
    Callback::Reply responded;
    Callback::Reply resolved;
    Rating satisfaction;
  };
  struct Word {
    absl::Time time;
    Rating rating;
  };

  static int Between(Random& random, int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  }
  static bool Chance(Random& random, int percent) { return Between(random, 1, 100) <= percent; }
  static std::optional<int32_t> ToDay(std::optional<absl::Time> t) {
    if (!t.has_value()) return std::nullopt;
    return static_cast<int32_t>(absl::ToUnixSeconds(*t + absl::Hours(8)) / 86400);
  }
  static google::protobuf::Timestamp ToTimestamp(absl::Time t) {
    google::protobuf::Timestamp timestamp;
    timestamp.set_seconds(absl::ToUnixSeconds(t));
    return timestamp;
  }

  std::optional<absl::Time> LatestAnswer() const {
    for (size_t i = cycles_.size(); i-- > 0;) {
      if (cycles_[i].answer.has_value()) return cycles_[i].answer;
    }
    return std::nullopt;
  }
  // The latest callback's, unless it says nothing or the reporter rated a newer answer.
  std::optional<Word> LatestWord() const {
    if (!calls_.empty() && calls_.back().satisfaction != ticket::v1::UNRATED &&
        (calls_.back().cycle == cycles_.size() || !rating_.has_value())) {
      return Word{calls_.back().time, calls_.back().satisfaction};
    }
    return rating_;
  }

  void Concern(Random& random) {
    const std::string& unit =
        units_[static_cast<size_t>(Between(random, 0, static_cast<int>(units_.size()) - 1))];
    if (std::find(concerned_.begin(), concerned_.end(), unit) == concerned_.end())
      concerned_.push_back(unit);
  }
  void Classify(Random& random) {
    static constexpr const char* kClasses[][2] = {{"0101", "urban_management"},
                                                  {"0102", "urban_management"},
                                                  {"0201", "housing"},
                                                  {"12", ""}};
    const auto& [code, line] = kClasses[Between(random, 0, 3)];
    class_code_ = code;
    line_ = line;
  }

  Change::Kind Happen(Random& random) {
    switch (state_) {
      case Ticket::STATE_UNSPECIFIED:
        return Submit(random);
      case Ticket::REGISTERED:
        if (Chance(random, 10)) return End(Ticket::NOT_ACCEPTED, Change::REFUSED);
        if (Chance(random, 10)) return End(Ticket::WITHDRAWN, Change::WITHDRAWN);
        accepted_ = now_;
        state_ = Ticket::ACCEPTED;
        return Change::ACCEPTED;
      case Ticket::ACCEPTED:
        if (Chance(random, 10)) return End(Ticket::WITHDRAWN, Change::WITHDRAWN);
        if (Chance(random, 30)) Classify(random);
        return Begin(random, Change::DISPATCHED);
      case Ticket::IN_PROGRESS:
        return Handle(random);
      default:
        return Evaluate(random);
    }
  }
  Change::Kind Submit(Random& random) {
    submitted_ = now_;
    channel_ = static_cast<Ticket::Channel>(Between(random, 1, 3));
    Classify(random);
    Concern(random);
    cycles_.emplace_back();
    state_ = Ticket::REGISTERED;
    return Change::SUBMITTED;
  }
  Change::Kind End(Ticket::State last, Change::Kind kind) {
    ended_ = now_;
    state_ = last;
    return kind;
  }
  Change::Kind Begin(Random& random, Change::Kind kind) {
    cycles_.back().due = now_ + absl::Hours(Between(random, 1, 200));
    Concern(random);
    state_ = Ticket::IN_PROGRESS;
    return kind;
  }
  Change::Kind Handle(Random& random) {
    if (Chance(random, 5)) return End(Ticket::WITHDRAWN, Change::WITHDRAWN);
    if (Chance(random, 20)) {
      Concern(random);
      return Chance(random, 50) ? Change::DELEGATED : Change::ESCALATED;
    }
    if (Chance(random, 15)) {
      *cycles_.back().due += absl::Hours(Between(random, 1, 72));
      return Change::DEADLINE_CHANGED;
    }
    cycles_.back().answer = now_;
    state_ = Ticket::ANSWERED;
    return Change::ANSWERED;
  }
  Change::Kind Evaluate(Random& random) {
    const int dice = Between(random, 1, 100);
    if (dice <= 40) {
      calls_.push_back({now_, cycles_.size(), static_cast<Callback::Reply>(Between(random, 1, 3)),
                        static_cast<Callback::Reply>(Between(random, 1, 3)),
                        static_cast<Rating>(Between(random, 1, 4))});
      return Change::CALLED_BACK;
    }
    if (dice <= 60) {
      rating_ = Word{now_, static_cast<Rating>(Between(random, 1, 3))};
      if (state_ == Ticket::ANSWERED && rating_->rating != ticket::v1::DISSATISFIED)
        End(Ticket::CLOSED, Change::RATED);
      return Change::RATED;
    }
    if (dice <= 80 && state_ == Ticket::ANSWERED) return End(Ticket::CLOSED, Change::CLOSED);
    cycles_.emplace_back();
    ended_.reset();
    rating_.reset();
    return Begin(random, Change::REOPENED);
  }

  Change Tell(Change::Kind kind) const {
    Change change;
    change.set_kind(kind);
    change.set_ticket(name_);
    change.set_number(number());
    change.set_state_before(before_);
    change.set_state(state_);
    change.set_ticket_class("ticketClasses/" + class_code_);
    change.set_line(line_);
    change.set_channel(channel_);
    for (const std::string& unit : concerned_) change.add_concerned_units(unit);
    change.set_cycle(static_cast<int32_t>(cycles_.size()));
    *change.mutable_submit_time() = ToTimestamp(submitted_);
    if (accepted_) *change.mutable_accept_time() = ToTimestamp(*accepted_);
    if (cycles_.back().due) *change.mutable_finish_due_time() = ToTimestamp(*cycles_.back().due);
    if (cycles_.back().answer) *change.mutable_answer_time() = ToTimestamp(*cycles_.back().answer);
    if (ended_) *change.mutable_close_time() = ToTimestamp(*ended_);
    if (!calls_.empty()) {
      change.set_responded(calls_.back().responded);
      change.set_resolved(calls_.back().resolved);
      *change.mutable_callback_time() = ToTimestamp(calls_.back().time);
    }
    if (rating_) *change.mutable_rate_time() = ToTimestamp(rating_->time);
    change.set_satisfaction(ticket::v1::UNRATED);
    if (const std::optional<Word> word = LatestWord()) {
      change.set_satisfaction(word->rating);
      *change.mutable_satisfaction_time() = ToTimestamp(word->time);
    }
    return change;
  }

  const std::string name_;
  const int serial_;
  absl::Time now_;
  const std::vector<std::string> units_;
  int version_ = 0;
  Ticket::State before_ = Ticket::STATE_UNSPECIFIED;
  Ticket::State state_ = Ticket::STATE_UNSPECIFIED;
  std::string class_code_;
  std::string line_;
  Ticket::Channel channel_ = Ticket::CHANNEL_UNSPECIFIED;
  absl::Time submitted_;
  std::optional<absl::Time> accepted_;
  std::optional<absl::Time> ended_;
  std::vector<Cycle> cycles_;
  std::vector<Call> calls_;
  std::optional<Word> rating_;
  std::vector<std::string> concerned_;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_TICKET_LIVES_H_
