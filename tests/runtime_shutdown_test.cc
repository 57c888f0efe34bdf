// A service that is told to stop, that hangs, or that has run out of descriptors: real processes.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/mariadb.h"
#include "tests/support/matchers.h"
#include "tests/support/note/note_process.h"
#include "tests/support/service_fixture.h"
#include "tests/support/spawn.h"

namespace qungong::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace pb = note::v1;

constexpr absl::Duration kPatience = absl::Seconds(20);

// What a client asked for and what it was told.
struct Written {
  pb::WriteNoteRequest request;
  absl::StatusOr<pb::Note> reply;
};

// Clients that write one note after another, each over a connection of its own and without
// retries, until one is not written.
std::vector<Written> WriteUntilRefused(NoteProcess& process, absl::FunctionRef<void()> meanwhile) {
  constexpr int kClients = 24;
  std::vector<std::vector<Written>> written(kClients);
  std::atomic<int> acknowledged = 0;
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  for (auto& mine : written) {
    clients.emplace_back([&] {
      const auto stub = pb::NoteService::NewStub(NoteChannel(process.target()));
      do {
        const pb::WriteNoteRequest request = Writing(kSlow);
        mine.push_back({request, WriteNote(*stub, request, kPatience)});
        ++acknowledged;
      } while (mine.back().reply.ok());
    });
  }
  EXPECT_TRUE(Eventually([&] { return acknowledged > 5 * kClients; }));
  meanwhile();
  for (std::thread& client : clients) client.join();
  std::vector<Written> all;
  for (auto& mine : written) {
    std::move(mine.begin(), mine.end(), std::back_inserter(all));
  }
  return all;
}

bool HasEffect(const pb::WriteNoteRequest& request) {
  const std::string id = Uuid::Parse(request.request_id())->ToString();
  return MariaDb::Get()
             .Query(absl::StrCat("SELECT COUNT(*) FROM qungong_ticket.idempotency_keys WHERE "
                                 "request_id = UNHEX(REPLACE('",
                                 id, "', '-', ''))"))
             .at(0)
             .Int64(0) == 1;
}

// Calls that took effect although their client was told of an error: replies that were lost.
int LostReplies(const std::vector<Written>& all) {
  int lost = 0;
  for (const Written& w : all) {
    if (w.reply.ok() || !HasEffect(w.request)) continue;
    ++lost;
  }
  return lost;
}

// Everything that was acknowledged is there, and whoever asks again is told the same.
void ExpectTheSameReplies(NoteProcess& process, const std::vector<Written>& all) {
  const auto stub = pb::NoteService::NewStub(NoteChannel(process.target()));
  for (const Written& w : all) {
    const auto again = WriteNote(*stub, w.request, kPatience);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again->version(), 1);
    if (w.reply.ok()) {
      EXPECT_THAT(*again, EqualsProto(*w.reply));
    }
    EXPECT_TRUE(HasEffect(w.request));
  }
}

TEST(ShutdownTest, WhoIsToldToStopUnderLoadLosesNoReply) {
  NoteProcess process({"--drain=5s"});
  absl::Duration took;
  const std::vector<Written> all = WriteUntilRefused(process, [&] {
    const absl::Time told = absl::Now();
    EXPECT_THAT(process.Terminate(absl::Seconds(10)), IsEmpty());
    took = absl::Now() - told;
  });
  EXPECT_LT(took, absl::Seconds(5)) << "there was no call that took so long";
  EXPECT_EQ(LostReplies(all), 0);
  for (const Written& w : all) {
    if (!w.reply.ok()) {
      EXPECT_THAT(w.reply, StatusIs(absl::StatusCode::kUnavailable));
    }
  }
  process.Start();
  ExpectTheSameReplies(process, all);
}

// The witness: calls are cancelled at once while their handlers go on.
TEST(ShutdownTest, WhoStopsAtOnceLosesReplies) {
  NoteProcess process({"--drain=0s"});
  const std::vector<Written> all = WriteUntilRefused(
      process, [&] { EXPECT_THAT(process.Terminate(absl::Seconds(10)), IsEmpty()); });
  EXPECT_GT(LostReplies(all), 0);
  process.Start();
  ExpectTheSameReplies(process, all);
}

// Ends the child and tells how it ended: its exit code, or minus the signal.
int Reap(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// A process whose log is a pipe that nobody reads, busy until a call hangs in it.
pid_t StartWithFullLog(const NoteProcess& like) {
  const std::string log = absl::StrCat(::testing::TempDir(), "/pipe-", getpid());
  EXPECT_EQ(mkfifo(log.c_str(), 0600), 0);
  static const int kUnread = open(log.c_str(), O_RDONLY | O_NONBLOCK);
  fcntl(kUnread, F_SETPIPE_SZ, 4096);
  std::vector<std::string> command = like.command();
  const int port = FreePort();
  command.push_back(absl::StrCat("--listen=127.0.0.1:", port));
  command.emplace_back("--drain=0s");
  const pid_t pid = Spawn(command, log);
  const auto stub = pb::NoteService::NewStub(NoteChannel(absl::StrCat("ipv4:127.0.0.1:", port)));
  absl::StatusCode code = absl::StatusCode::kOk;
  for (bool served = false; !served || code == absl::StatusCode::kOk;) {
    code = ReadNote(*stub, 0, absl::Seconds(1)).status().code();
    served |= code == absl::StatusCode::kOk;
    if (!served && code == absl::StatusCode::kDeadlineExceeded) break;
  }
  EXPECT_EQ(code, absl::StatusCode::kDeadlineExceeded);
  std::remove(log.c_str());
  return pid;
}

// A handler and a stream that never end, and a log that takes no more.
TEST(ShutdownTest, WhatHangsHoldsNeitherOtherCallsNorTheEndOfItsProcess) {
  NoteProcess process({"--drain=1s"});
  const pid_t silent = StartWithFullLog(process);
  const auto stub = pb::NoteService::NewStub(NoteChannel(process.target()));
  const auto handler = NoteContext(absl::Minutes(1));
  std::thread hanging([&] {
    pb::Note note;
    EXPECT_THAT(stub->WriteNote(handler.get(), Writing(kHanging), &note),
                StatusIs(absl::StatusCode::kUnavailable));
  });
  const auto stream = NoteContext(absl::Minutes(1));
  const auto reader = stub->RepeatNote(stream.get(), Reading(kForgotten));
  reader->WaitForInitialMetadata();
  EXPECT_TRUE(Eventually([&] { return process.Counter("note_hangs") == 1; }));
  for (int i = 0; i < 20; ++i) EXPECT_THAT(ReadNote(*stub, 1, kPatience), IsOk());

  const absl::Time told = absl::Now();
  kill(silent, SIGTERM);
  EXPECT_THAT(process.Terminate(kPatience), HasSubstr("exit code 3"));
  EXPECT_GE(absl::Now() - told, absl::Seconds(6));
  EXPECT_EQ(Reap(silent), -SIGALRM);
  EXPECT_LT(absl::Now() - told, absl::Seconds(10));
  hanging.join();
  pb::Note note;
  EXPECT_FALSE(reader->Read(&note));
  EXPECT_THAT(reader->Finish(), StatusIs(absl::StatusCode::kUnavailable));
}

// What is told to a call without a token, which needs no worker, while so many reads take two
// seconds each.
absl::Status EchoBeside(NoteProcess& process, int reads, int running) {
  const auto stub = AsyncNoteStub(process.target());
  const pb::ReadNoteRequest request = Reading(2000);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<pb::Note> notes(static_cast<size_t>(reads));
  absl::BlockingCounter left(reads);
  for (pb::Note& note : notes) {
    contexts.push_back(NoteContext(absl::Minutes(1)));
    stub->async()->ReadNote(contexts.back().get(), &request, &note,
                            [&](const grpc::Status&) { left.DecrementCount(); });
  }
  EXPECT_TRUE(Eventually([&] { return process.Counter("note_reads") == running; }));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(1)));
  pb::Note note;
  absl::Status echo = FromGrpcStatus(stub->ReadNote(&context, request, &note));
  process.Kill();
  left.Wait();
  return echo;
}

TEST(ShutdownTest, HandlersThatBlockHoldNoThreadOfGrpc) {
  constexpr int kReads = 60;
  NoteProcess process;
  EXPECT_THAT(EchoBeside(process, kReads, 4), StatusIs(absl::StatusCode::kUnauthenticated));
  // The witness. gRPC has half as many threads as there are cores, from 2 to 16.
  NoteProcess naive({"--naive_threads"});
  const int threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 2, 2, 16);
  EXPECT_THAT(EchoBeside(naive, kReads, threads), StatusIs(absl::StatusCode::kDeadlineExceeded));
}

// Open connections to a port of this machine; the kernel takes them whether or not somebody
// accepts.
class Connections {
 public:
  Connections(int port, int count) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; ++i) {
      fds_.push_back(socket(AF_INET, SOCK_STREAM, 0));
      if (connect(fds_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) ++open_;
    }
  }
  ~Connections() {
    for (const int fd : fds_) close(fd);
  }
  int open() const { return open_; }

 private:
  std::vector<int> fds_;
  int open_ = 0;
};

// Sets another process's soft limit of descriptors and returns the old one.
rlim_t LimitDescriptors(pid_t pid, rlim_t most) {
  rlimit limit = {};
  EXPECT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
  const rlim_t before = std::exchange(limit.rlim_cur, most);
  EXPECT_EQ(prlimit(pid, RLIMIT_NOFILE, &limit, nullptr), 0);
  return before;
}

TEST(ShutdownTest, AProcessThatStoppedAcceptingIsNotAlive) {
  NoteProcess process;
  EXPECT_EQ(process.AdminStatus("/livez"), 200);
  const rlim_t before = LimitDescriptors(process.pid(), 8);
  EXPECT_GE(before, 4096u) << "a service raises its soft limit";
  {
    const Connections more(process.port(), 1);
    EXPECT_TRUE(Eventually([&] { return !process.LogLines("accept4").empty(); }));
  }
  LimitDescriptors(process.pid(), before);
  // The trap, and its witness: gRPC does not come back, and a connection opens all the same.
  const auto stub = pb::NoteService::NewStub(NoteChannel(process.target()));
  EXPECT_THAT(ReadNote(*stub, 0, absl::Seconds(1)), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(Connections(process.port(), 1).open(), 1);

  EXPECT_EQ(process.AdminStatus("/livez"), 503);
  process.Kill();
  process.Start();
  EXPECT_EQ(process.AdminStatus("/livez"), 200);
}

}  // namespace
}  // namespace qungong::testing
