#include "tests/support/faults/nursery.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/mariadb.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {
namespace {

// One message each, whole: the channel keeps their bounds.
struct Birth {
  int32_t id;
  int32_t life;
  Doom doom;
  int64_t now_us;
  uint64_t seed;
};

constexpr int kPatienceMs = 60000;

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

template <typename T>
void Send(int channel, const T& message) {
  // Nobody reads any more: the test is over.
  if (send(channel, &message, sizeof message, MSG_NOSIGNAL) != sizeof message) std::_Exit(1);
}

void Say(int channel, int32_t id, Nursery::Kind kind, int64_t value) {
  Send(channel, Nursery::News{id, kind, value});
}

// A child of the process that was kept aside.
[[noreturn]] void Live(int channel, const Birth& birth, const Nursery::Life& life) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  Self self(channel, birth.id, birth.doom, absl::FromUnixMicros(birth.now_us), birth.seed);
  const absl::Status status = life(self);
  if (!status.ok()) std::fprintf(stderr, "a life failed: %s\n", status.ToString().c_str());
  std::_Exit(status.ok() ? 0 : 1);
}

// What the process that was kept aside does until the test ends.
[[noreturn]] void Keep(int channel, const std::vector<Nursery::Life>& lives) {
  sigset_t child;
  sigset_t before;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, &before);
  const int ends = signalfd(-1, &child, SFD_CLOEXEC);
  std::map<pid_t, int32_t> ids;
  pollfd waits[] = {{channel, POLLIN, 0}, {ends, POLLIN, 0}};
  while (poll(waits, 2, -1) > 0) {
    if (waits[1].revents != 0) {
      signalfd_siginfo ignored = {};
      if (read(ends, &ignored, sizeof ignored) < 0) std::_Exit(1);
      int status = 0;
      for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0; ids.erase(pid))
        Say(channel, ids[pid], Nursery::Kind::kEnded, status);
    }
    if (waits[0].revents == 0) continue;
    Birth birth = {};
    if (recv(channel, &birth, sizeof birth, 0) != sizeof birth) break;
    const pid_t pid = fork();
    if (pid < 0) Fail("fork");
    if (pid == 0) {
      sigprocmask(SIG_SETMASK, &before, nullptr);
      close(ends);
      Live(channel, birth, lives[static_cast<size_t>(birth.life)]);
    }
    ids[pid] = birth.id;
    Say(channel, birth.id, Nursery::Kind::kBorn, pid);
  }
  std::_Exit(0);
}

Nursery* the_nursery = nullptr;

}  // namespace

mysql::Options Self::Database(absl::string_view user) {
  mysql::Options options = MariaDb::Get().OptionsFor(user);
  options.fault = Fault();
  return options;
}

std::function<absl::Status(absl::string_view, bool)> Self::Fault() {
  return [this](absl::string_view sql, bool after) {
    if (!after) ++seen_;
    if (seen_ == doom_.at && after == doom_.after) {
      kill(getpid(), SIGKILL);
      Wait();
    }
    if (after && sql == "COMMIT") Tell(seen_);
    return absl::OkStatus();
  };
}

void Self::Tell(int64_t value) const { Say(channel_, id_, Nursery::Kind::kTold, value); }

void Self::Wait() {
  while (true) pause();
}

Nursery& Nursery::Begin(const std::map<std::string, Life>& lives) {
  if (the_nursery != nullptr) return *the_nursery;
  // Made here, so that they are this process's and last as long as it.
  MariaDb::Get();
  TokenKeysFile();
  TokenSigningKeyFile();
  std::vector<Life> list;
  std::map<std::string, int32_t> numbers;
  for (const auto& [name, life] : lives) {
    numbers[name] = static_cast<int32_t>(list.size());
    list.push_back(life);
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) Fail("socketpair");
  const pid_t pid = fork();
  if (pid < 0) Fail("fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    Keep(ends[1], list);
  }
  close(ends[1]);
  the_nursery = new Nursery(ends[0], std::move(numbers));
  return *the_nursery;
}

Nursery& Nursery::Get() { return *the_nursery; }

int32_t Nursery::Start(const std::string& life, Doom doom, absl::Time now, uint64_t seed) {
  const auto number = numbers_.find(life);
  if (number == numbers_.end()) Fail(life.c_str());
  const int32_t id = ++last_;
  Send(channel_, Birth{id, number->second, doom, absl::ToUnixMicros(now), seed});
  while (pids_.find(id) == pids_.end()) kept_.push_back(Read());
  return id;
}

void Nursery::Kill(int32_t id) {
  const auto pid = pids_.find(id);
  if (pid != pids_.end()) kill(pid->second, SIGKILL);
}

Nursery::News Nursery::Read() {
  pollfd wait = {channel_, POLLIN, 0};
  if (poll(&wait, 1, kPatienceMs) != 1) Fail("for a minute no process said anything");
  News news;
  if (recv(channel_, &news, sizeof news, 0) != sizeof news) Fail("nursery");
  if (news.kind == Kind::kBorn) pids_[news.id] = static_cast<pid_t>(news.value);
  if (news.kind == Kind::kEnded) pids_.erase(news.id);
  return news;
}

Nursery::News Nursery::Next() {
  if (kept_.empty()) return Read();
  const News news = kept_.front();
  kept_.pop_front();
  return news;
}

Nursery::News Nursery::NextOf(int32_t id) {
  const auto kept =
      std::find_if(kept_.begin(), kept_.end(), [id](const News& n) { return n.id == id; });
  if (kept != kept_.end()) {
    const News news = *kept;
    kept_.erase(kept);
    return news;
  }
  News news = Read();
  while (news.id != id) {
    kept_.push_back(news);
    news = Read();
  }
  return news;
}

std::optional<int64_t> Nursery::Told(int32_t id) {
  News news = NextOf(id);
  while (news.kind == Kind::kBorn) news = NextOf(id);
  if (news.kind == Kind::kTold) return news.value;
  kept_.push_front(news);
  return std::nullopt;
}

int Nursery::Ended(int32_t id, int64_t* said) {
  while (true) {
    const News news = NextOf(id);
    if (news.kind == Kind::kTold && said != nullptr) *said = news.value;
    if (news.kind == Kind::kEnded) return static_cast<int>(news.value);
  }
}

bool Nursery::WasKilled(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }

}  // namespace qungong::testing
