#include "gateway/admission.h"

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace qungong::gateway {
namespace {

constexpr size_t kKiB = 1 << 10;

TEST(AdmissionTest, SeatsAreBoundedInAllAndPerPeerAndGivenBack) {
  Admission admission({.connections = 3, .connections_per_peer = 2, .unread_bytes = 0});
  auto a1 = admission.Enter("a");
  auto a2 = admission.Enter("a");
  EXPECT_NE(a2, nullptr);
  EXPECT_EQ(admission.Enter("a"), nullptr) << "a third of one address";
  auto b = admission.Enter("b");
  EXPECT_NE(b, nullptr);
  EXPECT_EQ(admission.Enter("c"), nullptr) << "a fourth in all";
  EXPECT_EQ(admission.open(), 3u);
  EXPECT_FALSE(admission.AwaitNone(absl::ZeroDuration()));
  a1.reset();
  EXPECT_NE(admission.Enter("a"), nullptr);
  a2.reset();
  b.reset();
  EXPECT_TRUE(admission.AwaitNone(absl::ZeroDuration()));
}

TEST(AdmissionTest, ALargeAnswerNeedsRoomAndASmallOneHasItAlways) {
  Admission admission({.connections = 99, .connections_per_peer = 99, .unread_bytes = 400 * kKiB});
  const auto a1 = admission.Enter("a");
  const auto a2 = admission.Enter("a");
  EXPECT_TRUE(a1->Hold(100 * kKiB));
  EXPECT_FALSE(a2->Hold(17 * kKiB)) << "one address may hold a quarter";
  EXPECT_TRUE(a2->Hold(16 * kKiB));
  a1->Release();
  EXPECT_TRUE(a2->Hold(84 * kKiB));
  EXPECT_TRUE(a2->Hold(100 * kKiB)) << "of one connection the last answer counts";
  std::vector<std::unique_ptr<Admission::Seat>> others;
  for (const char* peer : {"b", "c", "d"}) {
    others.push_back(admission.Enter(peer));
    EXPECT_TRUE(others.back()->Hold(100 * kKiB));
  }
  const auto late = admission.Enter("e");
  EXPECT_FALSE(late->Hold(17 * kKiB)) << "all is held";
  others.pop_back();
  EXPECT_TRUE(late->Hold(100 * kKiB)) << "a connection that ends gives back what it holds";
}

TEST(AdmissionTest, NothingIsLostBetweenThreads) {
  Admission admission({.connections = 8, .connections_per_peer = 8, .unread_bytes = 64 * kKiB});
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&admission, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 20'000; ++i) {
        const auto seat = admission.Enter(absl::StrCat("peer ", random() % 3));
        if (seat == nullptr) continue;
        seat->Hold(random() % (40 * kKiB));
        if (random() % 2 == 0) seat->Release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admission.open(), 0u);
  // All room is there again, for each peer a quarter.
  for (int i = 0; i < 3; ++i) {
    const auto seat = admission.Enter(absl::StrCat("peer ", i));
    EXPECT_TRUE(seat->Hold(16 * kKiB + 0));
    const auto second = admission.Enter(absl::StrCat("peer ", i));
    EXPECT_FALSE(second->Hold(16 * kKiB + 1));
  }
}

}  // namespace
}  // namespace qungong::gateway
