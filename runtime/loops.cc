#include "runtime/loops.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "runtime/log.h"
#include "runtime/status.h"

namespace qungong {
namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kLongestBackoff = absl::Seconds(5);
// A pass costs a transaction, however little it finds: whoever wakes a loop meanwhile shares the
// next.
constexpr absl::Duration kRest = absl::Milliseconds(20);

constexpr char kSchedule[] = R"sql(
INSERT INTO due_rows (kind, subject_id, id, due_at, detail) VALUES (?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE id = VALUES(id), due_at = VALUES(due_at), detail = VALUES(detail))sql";
constexpr char kUnschedule[] = "DELETE FROM due_rows WHERE kind = ? AND subject_id = ?";
constexpr char kSelectDue[] = R"sql(
SELECT id, subject_id, detail, due_at FROM due_rows WHERE kind = ? AND due_at <= NOW(6) ORDER BY due_at LIMIT ?)sql";
// A row that was moved or scheduled anew in the meantime is another one.
constexpr char kClaim[] =
    "DELETE FROM due_rows WHERE kind = ? AND subject_id = ? AND id = ? AND due_at = ?";
constexpr char kPutOff[] = R"sql(
UPDATE due_rows SET due_at = NOW(6) + INTERVAL 1 MINUTE
WHERE kind = ? AND subject_id = ? AND id = ? AND due_at = ?)sql";

absl::StatusOr<std::vector<Due>> LoadDue(mysql::Session& session, absl::string_view kind,
                                         int limit) {
  std::vector<Due> due;
  mysql::TxOptions options;
  options.read_only = true;
  RETURN_IF_ERROR(session.Transact(options, [&](mysql::Tx& tx) -> absl::Status {
    due.clear();
    ASSIGN_OR_RETURN(const mysql::Rows rows, tx.Query(kSelectDue, kind, limit));
    for (const mysql::Row& row : rows) {
      due.push_back({row.Id(0), std::string(kind), row.Id(1), row.String(2), row.Time(3)});
    }
    return absl::OkStatus();
  }));
  return due;
}

// Whether the effect took place here. The claim finds out by itself if an earlier attempt was
// committed.
absl::StatusOr<bool> RunOne(mysql::Session& session, const Due& due,
                            const std::function<absl::Status(mysql::Tx&, const Due&)>& effect) {
  bool claimed = false;
  mysql::TxOptions options;
  options.repeatable = true;
  RETURN_IF_ERROR(session.Transact(options, [&](mysql::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t deleted,
                     tx.Execute(kClaim, due.kind, due.subject, due.id, due.due));
    claimed = deleted == 1;
    return claimed ? effect(tx, due) : absl::OkStatus();
  }));
  return claimed;
}

// What others did at the same time passes by itself: the row stays due, for the next pass. Of a
// database that is away the pass itself fails. Anything else would only fail again.
absl::Status PutOff(mysql::Session& session, const Due& due, const absl::Status& cause) {
  if (absl::IsUnavailable(cause)) return cause;
  const bool in_the_way = absl::IsAborted(cause);
  log::Line(in_the_way ? log::Severity::kWarning : log::Severity::kError, "due effect failed")
      .Set("kind", due.kind)
      .Set("subject", due.subject.ToString())
      .Set("cause", cause.message());
  if (in_the_way) return absl::OkStatus();
  return session.Transact({}, [&](mysql::Tx& tx) {
    return tx.Execute(kPutOff, due.kind, due.subject, due.id, due.due).status();
  });
}

}  // namespace

struct Loops::Loop {
  std::string name;
  absl::Duration period;
  Pass pass;
  bool woken = false;  // guarded by mutex_
  std::thread thread;
};

Loops::Loops(mysql::Options database, Metrics& metrics)
    : database_(std::move(database)), metrics_(metrics) {}

Loops::~Loops() { Stop(); }

void Loops::Add(const std::string& name, absl::Duration period, Pass pass) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  loops_.push_back(std::make_unique<Loop>());
  Loop& loop = *loops_.back();
  loop.name = name;
  loop.period = period;
  loop.pass = std::move(pass);
  loop.thread = std::thread([this, &loop] { Run(loop); });
}

void Loops::Wake(absl::string_view name) {
  absl::MutexLock lock(&mutex_);
  for (const auto& loop : loops_) loop->woken |= loop->name == name;
}

void Loops::Stop() {
  std::list<std::unique_ptr<Loop>> ended;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    ended.swap(loops_);
  }
  for (const auto& loop : ended) loop->thread.join();
}

void Loops::Run(Loop& loop) {
  const mysql::ThreadInit thread_init;
  mysql::Session session(database_);
  absl::Duration backoff = kFirstBackoff;
  const auto roused = [this, &loop] {
    mutex_.AssertReaderHeld();
    return stopping_ || loop.woken;
  };
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      loop.woken = false;  // before the pass: what wakes it from now on is not in this pass
    }
    absl::StatusOr<bool> more = false;
    try {
      more = loop.pass(session);
    } catch (const std::exception& e) {
      more = absl::InternalError(e.what());
    }
    absl::Duration wait = loop.period;
    if (more.ok()) {
      backoff = kFirstBackoff;
      if (*more) continue;
    } else {
      log::Line(log::Severity::kWarning, "loop failed")
          .Set("loop", loop.name)
          .Set("cause", more.status().message());
      metrics_.Add("qungong_loop_failures_total");
      wait = std::exchange(backoff, std::min(backoff * 2, kLongestBackoff));
    }
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stopping_), std::min(kRest, wait));
    mutex_.AwaitWithTimeout(absl::Condition(&roused), wait - std::min(kRest, wait));
  }
}

absl::Status Schedule(mysql::Tx& tx, const Uuid& id, absl::string_view kind, const Uuid& subject,
                      absl::Time due, absl::string_view detail) {
  return tx.Later(kSchedule, kind, subject, id, due, detail);
}

absl::Status Unschedule(mysql::Tx& tx, absl::string_view kind, const Uuid& subject) {
  return tx.Execute(kUnschedule, kind, subject).status();
}

absl::StatusOr<int> RunDue(mysql::Session& session, absl::string_view kind, int limit,
                           const std::function<absl::Status(mysql::Tx&, const Due&)>& effect) {
  ASSIGN_OR_RETURN(const std::vector<Due> all, LoadDue(session, kind, limit));
  int ran = 0;
  for (const Due& due : all) {
    const absl::StatusOr<bool> claimed = RunOne(session, due, effect);
    if (!claimed.ok()) RETURN_IF_ERROR(PutOff(session, due, claimed.status()));
    if (claimed.ok() && *claimed) ++ran;
  }
  return ran;
}

}  // namespace qungong
