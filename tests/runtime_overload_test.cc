// A service that is asked for three times what it can do: it does what it can, says no to the rest
// at once, and works on nothing that nobody waits for. In a process of its own, whose calls cost
// their time in the database.
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/resource_quota.h"
#include "gtest/gtest.h"
#include "runtime/channel.h"
#include "tests/support/matchers.h"
#include "tests/support/note/load.h"
#include "tests/support/note/note_process.h"

namespace qungong::testing {
namespace {

using ::testing::Contains;

namespace pb = note::v1;

constexpr int kWork = 10;  // milliseconds of a call; four workers do 400 a second at most
constexpr absl::Duration kLength = absl::Seconds(2);

// What is wrong with how a process takes three times its peak, or "".
std::string WrongUnderLoad(const NoteProcess& process, const Load& peak,
                           const std::vector<absl::Duration>& deadlines) {
  const double read_before = process.Counter("note_reads");
  const double too_late_before = process.Counter("note_reads_too_late");
  OpenLoop loop(process.target(), kWork, deadlines);
  const Load load = loop.Run(3 * peak.GoodPerSecond(), kLength);
  const double read = process.Counter("note_reads") - read_before;
  const double too_late = process.Counter("note_reads_too_late") - too_late_before;
  std::printf("%s; %.0f worked on, %.0f of them too late\n", load.ToString().c_str(), read,
              too_late);
  std::vector<std::string> wrong;
  if (load.GoodPerSecond() < 0.8 * peak.GoodPerSecond()) wrong.emplace_back("goodput");
  if (load.ShedAt(0.99) > absl::Milliseconds(50)) wrong.emplace_back("shed slowly");
  if (load.otherwise > 0) wrong.emplace_back("refused otherwise");
  if (load.late > load.offered / 20) wrong.emplace_back("answers too late");
  if (too_late > read / 100) wrong.emplace_back("worked on too late");
  return absl::StrJoin(wrong, ", ");
}

class OverloadTest : public ::testing::TestWithParam<std::vector<absl::Duration>> {};

TEST_P(OverloadTest, AtThreeTimesItsPeakAServiceDoesWhatItCanAndRefusesTheRestAtOnce) {
  NoteProcess process({"--max_pending=64"});
  // What else runs on the machine may spoil one measurement.
  std::vector<std::string> wrong;
  for (int attempt = 0; attempt < 3 && (wrong.empty() || !wrong.back().empty()); ++attempt) {
    const Load peak = ClosedLoop(process.target(), 8, kWork, absl::Seconds(1));
    std::printf("peak: %s\n", peak.ToString().c_str());
    wrong.push_back(WrongUnderLoad(process, peak, GetParam()));
  }
  EXPECT_THAT(wrong, Contains(""));
}

// Waiting for a worker takes 160 ms when the queue is full: the first can be served from its end,
// the second cannot.
INSTANTIATE_TEST_SUITE_P(Deadlines, OverloadTest,
                         ::testing::Values(std::vector{absl::Milliseconds(500)},
                                           std::vector{absl::Milliseconds(100)},
                                           std::vector{absl::Milliseconds(60),
                                                       absl::Milliseconds(300), absl::Seconds(2)}));

// The witness: everything is queued, and worked on in its turn.
TEST(NaiveQueueTest, AnUnboundedQueueAnswersTooLate) {
  NoteProcess process({"--max_pending=1000000", "--naive_queue"});
  const Load peak = ClosedLoop(process.target(), 8, kWork, absl::Seconds(1));
  EXPECT_EQ(WrongUnderLoad(process, peak, {absl::Milliseconds(100)}),
            "goodput, answers too late, worked on too late");
}

// A service that blocks the thread it is called on, as gRPC's threads were made for.
class Blocking final : public pb::NoteService::Service {
  grpc::Status ReadNote(grpc::ServerContext*, const pb::ReadNoteRequest* request,
                        pb::Note*) override {
    absl::Notification().WaitForNotificationWithTimeout(absl::Milliseconds(request->times()));
    return grpc::Status::OK;
  }
};

// The codes of a burst of calls that take 200 ms each.
std::vector<absl::StatusCode> CodesOfBurst(const std::string& target) {
  constexpr size_t kCalls = 80;
  std::vector<absl::StatusCode> codes(kCalls);
  std::vector<std::thread> clients;
  clients.reserve(kCalls);
  const std::shared_ptr<grpc::Channel> channel = NoteChannel(target);
  for (absl::StatusCode& code : codes) {
    clients.emplace_back([&] {
      const auto stub = pb::NoteService::NewStub(channel);
      code = ReadNote(*stub, 200, absl::Seconds(20)).status().code();
    });
  }
  for (std::thread& client : clients) client.join();
  return codes;
}

// Clients may repeat what is UNAVAILABLE; RESOURCE_EXHAUSTED is for quotas.
TEST(ThreadQuotaTest, WhatIsShedMayBeTriedAgainUnlikeWithGrpcsOwnLimit) {
  NoteProcess process({"--max_pending=8"});
  const std::vector<absl::StatusCode> codes = CodesOfBurst(process.target());
  EXPECT_THAT(codes, Contains(absl::StatusCode::kUnavailable));
  EXPECT_THAT(codes, ::testing::Each(
                         ::testing::AnyOf(absl::StatusCode::kOk, absl::StatusCode::kUnavailable)));
  // The witness.
  Blocking blocking;
  grpc::ServerBuilder builder;
  grpc::ResourceQuota quota("limited");
  quota.SetMaxThreads(4);
  builder.SetResourceQuota(quota);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&blocking);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  EXPECT_THAT(CodesOfBurst(absl::StrCat("ipv4:127.0.0.1:", port)),
              Contains(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace qungong::testing
