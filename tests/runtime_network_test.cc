// Two replicas of a service, one of which is cut off or killed: what a client of theirs notices,
// with the channel that our processes have and with gRPC's own.
#include <grpc/support/log.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/nemesis/link.h"
#include "tests/support/matchers.h"
#include "tests/support/note/load.h"
#include "tests/support/note/note_process.h"
#include "tests/support/service_fixture.h"

namespace qungong::testing {
namespace {

namespace pb = note::v1;

constexpr int kWork = 40;                             // milliseconds of a call
constexpr absl::Duration kUsual = absl::Seconds(10);  // of a call that names no deadline

std::string AddressOf(const NoteProcess& process) {
  return absl::StrCat("127.0.0.1:", process.port());
}

// The same load over both channels at the same time, while something happens.
struct Both {
  Load ours;
  Load plain;
};
Both Offer(const std::string& target, double per_second, absl::Duration length,
           absl::FunctionRef<void()> meanwhile) {
  OpenLoop over_ours(target, kWork, {kUsual}, Way::kOurs);
  OpenLoop over_plain(target, kWork, {kUsual}, Way::kPlain);
  Both both;
  std::thread ours([&] { both.ours = over_ours.Run(per_second, length); });
  std::thread plain([&] { both.plain = over_plain.Run(per_second, length); });
  meanwhile();
  ours.join();
  plain.join();
  std::printf("ours: %s\nplain: %s\n", both.ours.ToString().c_str(), both.plain.ToString().c_str());
  return both;
}

TEST(NetworkTest, AReplicaThatIsKilledCostsNoCall) {
  NoteProcess steady({"--db_threads=32"});
  NoteProcess killed({"--db_threads=32"});
  const std::string target = absl::StrCat("ipv4:", AddressOf(steady), ",", AddressOf(killed));
  const Both both = Offer(target, 150, absl::Seconds(3), [&] {
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(Eventually([&] { return killed.Counter("note_reads") > 40; }));
      killed.Kill();
      killed.Start();
    }
  });
  EXPECT_EQ(both.ours.good, both.ours.offered);
  EXPECT_LT(both.plain.good, both.plain.offered);
}

// What gRPC's own log says, for what no call tells.
class GrpcLog {
 public:
  GrpcLog() { gpr_set_log_function(&Take); }
  ~GrpcLog() { gpr_set_log_function(nullptr); }
  static bool Says(absl::string_view what, absl::string_view about) {
    absl::MutexLock lock(&mutex);
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return absl::StrContains(line, what) && absl::StrContains(line, about);
    });
  }

 private:
  static void Take(gpr_log_func_args* line) {
    absl::MutexLock lock(&mutex);
    lines.emplace_back(line->message);
  }
  static inline absl::Mutex mutex;
  static inline std::vector<std::string> lines ABSL_GUARDED_BY(mutex);
};

TEST(NetworkTest, AReplicaThatIsCutOffCostsNoCallAndPingsAreWelcome) {
  const GrpcLog log;
  NoteProcess near;
  NoteProcess far;
  NoteProcess idle;
  nemesis::Link link("", /*database=*/false);
  link.SetBackend(AddressOf(far));
  // A server of gRPC's own, which counts pings as an attack.
  pb::NoteService::Service unimplemented;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&unimplemented);
  const std::unique_ptr<grpc::Server> strict = builder.BuildAndStart();
  const std::string strict_target = absl::StrCat("127.0.0.1:", port);
  const auto to_idle = NoteChannel(idle.target(), Way::kOurs);
  const auto to_strict = NoteChannel("ipv4:" + strict_target, Way::kOurs);
  const absl::Time start = absl::Now();
  for (const auto& channel : {to_idle, to_strict}) {
    EXPECT_TRUE(channel->WaitForConnected(absl::ToChronoTime(start + kUsual)));
  }

  const std::string target = absl::StrCat("ipv4:", AddressOf(near), ",", link.address());
  link.Stall(false);
  const Both both = Offer(target, 40, absl::Seconds(1), [&] { link.Stall(true); });
  EXPECT_GE(absl::Now() - start, kUsual) << "the plain channel waits to the end";
  EXPECT_EQ(both.ours.good, both.ours.offered);
  EXPECT_LT(both.plain.good, both.plain.offered * 3 / 4);
  link.Stall(false);

  // A ping every four seconds, of which the third too many ends the connection.
  const auto too_many = [](absl::string_view about) {
    return GrpcLog::Says("too_many_pings", about);
  };
  EXPECT_TRUE(Eventually([&] { return too_many(strict_target); }));
  EXPECT_FALSE(too_many(AddressOf(idle)));
}

}  // namespace
}  // namespace qungong::testing
