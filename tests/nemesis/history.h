// What clients asked for and what they were told: the one side of the comparison.
#ifndef QUNGONG_TESTS_NEMESIS_HISTORY_H_
#define QUNGONG_TESTS_NEMESIS_HISTORY_H_

#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace qungong::nemesis {

// What a client knows after an attempt.
enum class Outcome {
  kUnknown,  // no answer, or one that says nothing: the write may have taken effect, or may yet
  kDone,     // acknowledged
  kRefused,  // a definite no
};
Outcome OutcomeOf(const absl::Status& status);

// One sending of a write.
struct Attempt {
  std::string request_id;
  absl::Status status = absl::UnknownError("under way");
  std::string reply;  // canonical bytes, of an acknowledged one
  Outcome outcome = Outcome::kUnknown;
};

// One write that a client wants once.
struct Write {
  int64_t id = 0;
  std::string method;     // "TicketService/AcceptTicket", as idempotency keys name it
  std::string principal;  // "" for a citizen
  std::string marker;     // a text in the request that no other has; "" where there is no text
  std::shared_ptr<const google::protobuf::Message> request;  // without request_id
  std::vector<Attempt> attempts;

  // Done if any attempt was acknowledged. Refused if the last attempt was, and either none before
  // it is unknown or none of those can still be under way.
  Outcome outcome = Outcome::kUnknown;
  // Of the first acknowledged attempt: its reply, and the resource and version in it, if any.
  std::string reply;
  std::string name;
  std::string etag;
};

// Something that must not be.
struct Finding {
  std::string check;
  std::string text;
};

// Thread-safe.
class History {
 public:
  // `log`: a line for each intent and each outcome, for whoever looks into a failure.
  explicit History(const std::string& log);
  ~History();

  // A new write, known before it is sent. Lives as long as the history.
  Write* Intend(Write write);
  // An attempt that is about to be sent.
  void Begin(Write* write, std::string request_id);
  // What came of the attempt begun last; `reply` is null unless it was acknowledged. `quiet`: no
  // earlier one can still be under way.
  void End(Write* write, const absl::Status& status, const google::protobuf::Message* reply,
           bool quiet);

  void Report(absl::string_view check, absl::string_view text);

  // For when no client runs any more.
  const std::deque<Write>& writes() const { return writes_; }
  std::deque<Write>& writes() { return writes_; }
  std::vector<Finding> findings() const;
  // Instants at which a write was acknowledged, in order.
  std::vector<absl::Time> acknowledged() const;

 private:
  void Log(const Write& write, absl::string_view what);

  mutable absl::Mutex mutex_;
  std::FILE* const log_;
  std::deque<Write> writes_;  // grows under the lock; each write belongs to one client
  std::vector<Finding> findings_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Time> acknowledged_ ABSL_GUARDED_BY(mutex_);
};

// The same message always gives the same bytes.
std::string Canonical(const google::protobuf::Message& message);
// A text field of a message; "" if it has none of that name.
std::string FieldOf(const google::protobuf::Message& message, const char* field);

}  // namespace qungong::nemesis

#endif  // QUNGONG_TESTS_NEMESIS_HISTORY_H_
