// State machines as tables: each row is one permitted step. Tests enumerate all pairs.
#ifndef QUNGONG_RUNTIME_TRANSITIONS_H_
#define QUNGONG_RUNTIME_TRANSITIONS_H_

#include <algorithm>
#include <array>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/status.h"

namespace qungong {

// `Action` is an enum of what is asked, `State` a proto enum.
template <typename State, typename Action>
struct Transition {
  State from;
  Action action;
  State to;
};

template <typename State, typename Action, size_t N>
class StateMachine {
 public:
  constexpr explicit StateMachine(std::array<Transition<State, Action>, N> rows) : rows_(rows) {}

  // Where `action` leads from `from`; FAILED_PRECONDITION `reason` with both names if it leads
  // nowhere.
  absl::StatusOr<State> Next(State from, Action action, absl::string_view state_name,
                             absl::string_view action_name, absl::string_view reason) const {
    for (const auto& row : rows_) {
      if (row.from == from && row.action == action) return row.to;
    }
    return WithReason(absl::FailedPreconditionError(
                          absl::StrCat("cannot ", action_name, " in state ", state_name)),
                      reason, {{"state", state_name}, {"action", action_name}});
  }
  constexpr bool Allows(State from, Action action) const {
    for (const auto& row : rows_) {
      if (row.from == from && row.action == action) return true;
    }
    return false;
  }
  // The highest action of the rows, plus one: how many there are if the enum's last is among them.
  // Names and tests of all pairs are held against it.
  constexpr int actions() const {
    int last = -1;
    for (const auto& row : rows_) last = std::max(last, static_cast<int>(row.action));
    return last + 1;
  }
  constexpr const std::array<Transition<State, Action>, N>& rows() const { return rows_; }

 private:
  std::array<Transition<State, Action>, N> rows_;
};

}  // namespace qungong

#endif  // QUNGONG_RUNTIME_TRANSITIONS_H_
