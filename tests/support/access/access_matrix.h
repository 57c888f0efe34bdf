// The reviewed table of who may do what, and about what: tests/access_matrix.csv.
//
// One line a method: method,who,where,of,scoped,open,why.
//   who     roles, any one of them; or authenticated, or anonymous
//   where   how the caller must stand to what the call is about, see AccessLine::Where
//   of      whose place counts, in words
//   scoped  fields of the request that must name what is the caller's; empty ones name nothing
//   open    fields of the request that may name any resource, whosever it is
//   why     in words
// Lists within a column are separated by spaces, and only the last column may hold commas.
#ifndef QUNGONG_TESTS_SUPPORT_ACCESS_ACCESS_MATRIX_H_
#define QUNGONG_TESTS_SUPPORT_ACCESS_ACCESS_MATRIX_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace qungong::testing {

struct AccessLine {
  enum class Where {
    kEverywhere,  // no place counts
    kAtOrAbove,   // the grant's node is that of what the call is about, or stands above it
    kAnyLine,     // the same, and a grant of a line (条) gets as far: the answer is of that line
    kTop,         // the grant's node is the municipality
    kShowsOwn,    // a list: whoever has the role sees what lies at or below the grant's node
    kOwn,         // the caller's account
    kBySecret,    // whoever knows the secret
  };
  std::string method;
  std::vector<std::string> who;
  Where where = Where::kEverywhere;
  std::string of;
  std::vector<std::string> scoped;
  std::vector<std::string> open;
  std::string why;

  bool NeedsRole() const { return who != Authenticated() && who != Anonymous(); }
  bool MayBeAnonymous() const { return who == Anonymous(); }
  bool IsAtOrAbove() const { return where == Where::kAtOrAbove || where == Where::kAnyLine; }
  bool Admits(const std::string& role) const;

  static std::vector<std::string> Authenticated() { return {"authenticated"}; }
  static std::vector<std::string> Anonymous() { return {"anonymous"}; }
};

// INVALID_ARGUMENT with the number of the line.
absl::StatusOr<std::vector<AccessLine>> ParseAccessMatrix(absl::string_view csv);
// The repository's; fails the test if it cannot be read.
std::vector<AccessLine> LoadAccessMatrix();

// In which way the table and the contracts of these methods differ, in words; empty: not at all.
std::vector<std::string> CompareWithContracts(const std::vector<AccessLine>& table,
                                              const std::vector<std::string>& methods);

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_ACCESS_ACCESS_MATRIX_H_
