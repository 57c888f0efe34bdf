// Finds COMMIT in what a client says to MariaDB.
#ifndef QUNGONG_TESTS_NEMESIS_COMMIT_FINDER_H_
#define QUNGONG_TESTS_NEMESIS_COMMIT_FINDER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace qungong::nemesis {

// Cuts the bytes of one connection into pieces, however they were cut before: a COMMIT is a piece
// of its own. A packet is three bytes of length, one number within the command, and the payload; a
// statement is the command 3 and its text.
class CommitFinder {
 public:
  void Feed(absl::string_view bytes) { held_.append(bytes.data(), bytes.size()); }

  // The next piece, or "" until there is more.
  std::string Next(bool* is_commit) {
    *is_commit = false;
    if (rest_ == 0) {
      if (held_.size() < kHeader) return "";
      size_t length = 0;
      for (size_t i = 0; i < 3; ++i)
        length |= size_t{static_cast<unsigned char>(held_[i])} << 8 * i;
      rest_ = kHeader + length;
      if (rest_ == kCommit.size()) {
        if (held_.size() < rest_) return rest_ = 0, "";
        *is_commit = held_.compare(0, rest_, kCommit.data(), rest_) == 0;
      }
    }
    std::string piece = held_.substr(0, rest_);
    held_.erase(0, piece.size());
    rest_ -= piece.size();
    return piece;
  }

 private:
  static constexpr size_t kHeader = 4;
  static constexpr absl::string_view kCommit = {
      "\x07\0\0\0\x03"
      "COMMIT",
      11};

  std::string held_;
  size_t rest_ = 0;  // of a packet that began to pass
};

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_COMMIT_FINDER_H_
