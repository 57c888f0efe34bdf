#include "runtime/ids.h"

#include <set>
#include <thread>

#include "gtest/gtest.h"
#include "tests/support/matchers.h"

namespace qungong {
namespace {

using ::qungong::testing::HasReason;
using ::qungong::testing::IsOkAndHolds;
using ::qungong::testing::StatusIs;

TEST(IdsTest, VersionSevenHoldsMillisecondsVersionAndVariant) {
  // RFC 9562, appendix A.6: 2022-02-22T19:22:22.000Z begins 017f22e2-79b0-7.
  const Uuid id = NewUuidV7(absl::FromUnixMillis(0x017F22E279B0));
  EXPECT_EQ(id.ToString().substr(0, 15), "017f22e2-79b0-7");
  EXPECT_EQ(id.bytes[8] & 0xC0, 0x80);
}

TEST(IdsTest, LaterIdsSortLaterAndNoTwoAreEqual) {
  std::set<Uuid> seen;
  Uuid last;
  for (int ms = 0; ms < 1000; ++ms) {
    const Uuid id = NewUuidV7(absl::FromUnixMillis(1'400'000'000'000 + ms));
    EXPECT_LT(last, id);
    last = id;
    for (int i = 0; i < 10; ++i) seen.insert(NewUuidV7(absl::FromUnixMillis(ms)));
  }
  EXPECT_EQ(seen.size(), 10000u);
}

TEST(IdsTest, VersionFiveAgreesWithAnIndependentImplementation) {
  // Python: uuid5(uuid5(NAMESPACE_DNS, "qungong"), name).
  EXPECT_EQ(NameUuid("divisions/500105").ToString(), "f63c22bd-3de6-5013-819e-6edbbbf60f0c");
  EXPECT_EQ(NameUuid("").ToString(), "dbd09387-f026-535b-ab6a-f9a4d9b8557d");
  EXPECT_EQ(NameUuid("群工").ToString(), "380f6688-e7a9-54c7-834c-228add0442ff");
}

TEST(IdsTest, ParseIsTheInverseOfToString) {
  const Uuid id = NewUuidV7(absl::UnixEpoch());
  EXPECT_THAT(Uuid::Parse(id.ToString()), IsOkAndHolds(id));
  EXPECT_THAT(Uuid::FromBytes(id.View()), IsOkAndHolds(id));
  EXPECT_TRUE(Uuid().IsNil());
  EXPECT_FALSE(id.IsNil());
}

TEST(IdsTest, ParseTakesTheCanonicalFormOnly) {
  for (const char* text :
       {"", "f63c22bd", "F63C22BD-3de6-5013-819e-6edbbbf60f0c",
        "{63c22bd-3de6-5013-819e-6edbbbf60f0c}", "f63c22bd3de65013819e6edbbbf60f0c",
        "f63c22bd-3de6-5013-819e-6edbbbf60f0c ", "f63c22bd-3de6-5013-819e-6edbbbf60f0",
        "f63c22bd-3de6-5013-819e-6edbbbf60f0g", "f63c22bd03de6-5013-819e-6edbbbf60f0c",
        "f63c22bd-3de6-5013-819e-6edbbbf60-0c"}) {
    EXPECT_THAT(Uuid::Parse(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(Uuid::FromBytes("short"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IdsTest, RewoundSourceRepeatsItself) {
  IdSource source(absl::UnixEpoch());
  const Uuid first = source.Next();
  const Uuid second = source.Next();
  EXPECT_NE(first, second);
  source.Rewind();
  EXPECT_EQ(source.Next(), first);
  EXPECT_EQ(source.Next(), second);
  EXPECT_NE(source.Next(), second);
}

TEST(IdsTest, ResourceNamesBelongToOneCollection) {
  const Uuid id = NameUuid("x");
  const std::string name = ResourceName("units", id);
  EXPECT_EQ(name, "units/" + id.ToString());
  EXPECT_THAT(ParseResourceName("units", name), IsOkAndHolds(id));
  for (const std::string& other :
       {std::string("units"), std::string("units/"), "unit/" + id.ToString(), "/" + name,
        name + "/", "units//" + id.ToString(), "unitsx/" + id.ToString()}) {
    EXPECT_THAT(ParseResourceName("units", other),
                StatusIs(absl::StatusCode::kInvalidArgument, HasReason("INVALID_NAME")))
        << other;
  }
}

TEST(IdsTest, IdsAreMadeByManyThreads) {
  std::vector<std::vector<Uuid>> made(4);
  std::vector<std::thread> threads;
  threads.reserve(made.size());
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 1000; ++i) mine.push_back(NewUuidV7(absl::UnixEpoch()));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Uuid> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4000u);
}

}  // namespace
}  // namespace qungong
