// Real processes that are made to die, at a statement of their own or by a kill.
//
// A process is kept aside before gRPC and the first thread; it forks one more in a few
// milliseconds, as often as the test asks. What such a process may do, its life, is registered by
// name before.
#ifndef QUNGONG_TESTS_SUPPORT_FAULTS_NURSERY_H_
#define QUNGONG_TESTS_SUPPORT_FAULTS_NURSERY_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/mysql.h"

namespace qungong::testing {

// The statement at which a process kills itself, counted from 1 over all that it sends: before the
// statement is sent, or when the server has executed it and the reply was not yet looked at.
struct Doom {
  int32_t at = 0;  // 0: at none
  bool after = false;
};

// What a life is given.
class Self {
 public:
  Self(int channel, int32_t id, Doom doom, absl::Time now, uint64_t seed)
      : channel_(channel), id_(id), doom_(doom), now_(now), seed_(seed) {}

  // Options of a database user, with the statements counted. After each COMMIT the count is told.
  mysql::Options Database(absl::string_view user);
  // The hook alone.
  std::function<absl::Status(absl::string_view sql, bool after)> Fault();
  absl::Time now() const { return now_; }
  uint64_t seed() const { return seed_; }
  // Lets the test know.
  void Tell(int64_t value) const;
  // Until the test kills this process.
  [[noreturn]] static void Wait();

 private:
  const int channel_;
  const int32_t id_;
  const Doom doom_;
  const absl::Time now_;
  const uint64_t seed_;
  int32_t seen_ = 0;
};

// Owned by the test's main thread.
class Nursery {
 public:
  // The process ends when it returns; what it returns is printed if it is not OK.
  using Life = std::function<absl::Status(Self&)>;
  enum class Kind : int32_t { kBorn, kTold, kEnded };
  struct News {
    int32_t id = 0;
    Kind kind = Kind::kBorn;
    int64_t value = 0;  // kBorn: the pid; kEnded: as waitpid gives it
  };

  // Once, before gRPC and the first thread. Starts MariaDb, too.
  static Nursery& Begin(const std::map<std::string, Life>& lives);
  static Nursery& Get();

  // A new process; its id, which is never given again.
  int32_t Start(const std::string& life, Doom doom = {}, absl::Time now = absl::UnixEpoch(),
                uint64_t seed = 0);
  void Kill(int32_t id);

  // The next that happens to any process. Ends the test if for a minute nothing does.
  News Next();
  // The next that this process tells; nothing if it ended instead. What happens to others is kept
  // for Next.
  std::optional<int64_t> Told(int32_t id);
  // Waits for its end, and leaves nothing of it to Next. `said` gets the last that it told.
  int Ended(int32_t id, int64_t* said = nullptr);
  static bool WasKilled(int status);

 private:
  Nursery(int channel, std::map<std::string, int32_t> numbers)
      : channel_(channel), numbers_(std::move(numbers)) {}
  News Read();
  News NextOf(int32_t id);

  const int channel_;
  const std::map<std::string, int32_t> numbers_;
  std::map<int32_t, pid_t> pids_;  // that have not ended
  std::deque<News> kept_;
  int32_t last_ = 0;
};

}  // namespace qungong::testing

#endif  // QUNGONG_TESTS_SUPPORT_FAULTS_NURSERY_H_
