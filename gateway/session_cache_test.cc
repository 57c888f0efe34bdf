#include "gateway/session_cache.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "runtime/status.h"

namespace qungong::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kLife = absl::Minutes(10);

// The cache with an org-service that answers when the test says so.
class SessionCacheTest : public ::testing::Test {
 protected:
  SessionCacheTest() { clock_.Stand(start_); }

  org::v1::SessionToken TokenOf(const std::string& text) const {
    org::v1::SessionToken token;
    token.set_access_token(text);
    *token.mutable_token_expire_time() = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
        absl::ToUnixMicros(clock_.Now() + kLife));
    return token;
  }
  void After(absl::Duration time) { clock_.Stand(start_ + time); }
  // Asks for a token; what comes is added to `got_`.
  void Get(const std::string& secret = "secret") {
    cache_.Get(secret, [this](const SessionResult& result) {
      got_.push_back(result.status.ok() ? result.token.access_token()
                                        : ReasonOf(FromGrpcStatus(result.status)));
    });
  }
  std::vector<std::string> Got() { return std::exchange(got_, {}); }
  // Of org-service, to the oldest question.
  void Answer(const std::string& token) { AnswerWith({grpc::Status::OK, TokenOf(token)}); }
  void Refuse(absl::Status status, const char* reason) {
    AnswerWith({ToGrpcStatus(WithReason(std::move(status), reason), "org.qungong", ""), {}});
  }
  void AnswerWith(const SessionResult& result) {
    ASSERT_FALSE(asked_.empty());
    SessionDone done = std::move(asked_.front().second);
    asked_.erase(asked_.begin());
    done(result);
  }

  const absl::Time start_ = absl::FromUnixSeconds(1438219800);
  Clock clock_;
  std::vector<std::pair<std::string, SessionDone>> asked_;  // secret, whom to answer
  std::vector<std::string> got_;
  SessionCache cache_{clock_, 3, [this](const std::string& secret, SessionDone done) {
                        asked_.emplace_back(secret, std::move(done));
                      }};
};

TEST_F(SessionCacheTest, HoweverManyAskForAnUnknownSessionItIsAskedForOnce) {
  for (int i = 0; i < 3; ++i) Get();
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].first, "secret");
  EXPECT_THAT(Got(), IsEmpty());
  Answer("first");
  EXPECT_THAT(Got(), ElementsAre("first", "first", "first"));
  Get();
  EXPECT_THAT(Got(), ElementsAre("first"));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(SessionCacheTest, WhetherATokenServesAndIsRefreshedDependsOnItsAge) {
  struct Case {
    absl::Duration age;
    bool served;     // at once, with the token that is held
    bool refreshed;  // in the background, or while the caller waits
  };
  const Case cases[] = {
      {absl::ZeroDuration(), true, false},
      {0.75 * kLife, true, false},
      {0.75 * kLife + absl::Seconds(1), true, true},
      {kLife - absl::Seconds(16), true, true},
      {kLife - absl::Seconds(15), false, true},
      {kLife, false, true},
      {2 * kLife, false, true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(absl::FormatDuration(c.age));
    After(absl::ZeroDuration());
    cache_.Put("secret", TokenOf("held"));
    After(c.age);
    Get();
    Get();
    EXPECT_EQ(Got().size(), c.served ? 2u : 0u);
    ASSERT_EQ(asked_.size(), c.refreshed ? 1u : 0u);
    if (!c.refreshed) continue;
    Answer("fresh");
    EXPECT_EQ(Got().size(), c.served ? 0u : 2u);
    Get();
    EXPECT_THAT(Got(), ElementsAre("fresh"));
    EXPECT_THAT(asked_, IsEmpty());
  }
}

TEST_F(SessionCacheTest, WhileNobodyAnswersATokenServesToItsEnd) {
  cache_.Put("secret", TokenOf("held"));
  After(0.9 * kLife);
  Get();
  Refuse(absl::UnavailableError("down"), "UPSTREAM_UNAVAILABLE");
  EXPECT_THAT(Got(), ElementsAre("held"));
  Get();
  EXPECT_THAT(Got(), ElementsAre("held"));
  EXPECT_EQ(asked_.size(), 1u) << "and it is tried again";
  Refuse(absl::UnavailableError("down"), "UPSTREAM_UNAVAILABLE");
  After(kLife);
  Get();
  EXPECT_THAT(Got(), IsEmpty());
  Refuse(absl::UnavailableError("down"), "UPSTREAM_UNAVAILABLE");
  EXPECT_THAT(Got(), ElementsAre("UPSTREAM_UNAVAILABLE"));
}

TEST_F(SessionCacheTest, WhenASessionHasEndedItsTokenServesNoMore) {
  cache_.Put("secret", TokenOf("held"));
  After(0.9 * kLife);
  Get();
  EXPECT_THAT(Got(), ElementsAre("held"));
  Refuse(absl::UnauthenticatedError("over"), "SESSION_ENDED");
  Get();
  EXPECT_THAT(Got(), IsEmpty());
  Refuse(absl::UnauthenticatedError("over"), "SESSION_ENDED");
  EXPECT_THAT(Got(), ElementsAre("SESSION_ENDED"));
}

TEST_F(SessionCacheTest, ASessionThatIsRemovedIsAskedForAnew) {
  cache_.Put("secret", TokenOf("held"));
  cache_.Remove("secret");
  cache_.Remove("unknown");
  Get();
  EXPECT_THAT(Got(), IsEmpty());
  EXPECT_EQ(asked_.size(), 1u);
}

TEST_F(SessionCacheTest, ARefreshThatARemovalOvertakesBringsNothingBack) {
  cache_.Put("secret", TokenOf("held"));
  After(0.9 * kLife);
  Get();
  EXPECT_THAT(Got(), ElementsAre("held"));
  cache_.Remove("secret");
  Get();
  Answer("answered before the session ended");
  EXPECT_THAT(Got(), ElementsAre("SESSION_ENDED"));
  Get();
  EXPECT_THAT(Got(), IsEmpty());
  EXPECT_EQ(asked_.size(), 1u) << "what is true now has to be asked for";
}

TEST_F(SessionCacheTest, TheSessionsUsedLastAreKept) {
  for (const char* secret : {"a", "b", "c"}) cache_.Put(secret, TokenOf(secret));
  Get("a");
  cache_.Put("d", TokenOf("d"));  // in the place of b
  for (const char* secret : {"a", "c", "d"}) Get(secret);
  EXPECT_THAT(Got(), ElementsAre("a", "a", "c", "d"));
  EXPECT_THAT(asked_, IsEmpty());
  Get("b");
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_EQ(asked_[0].first, "b");
}

TEST_F(SessionCacheTest, SessionsAreToldApart) {
  Get("a");
  Get("b");
  ASSERT_EQ(asked_.size(), 2u);
  Answer("of a");
  EXPECT_THAT(Got(), ElementsAre("of a"));
  Answer("of b");
  EXPECT_THAT(Got(), ElementsAre("of b"));
  cache_.Put("a", TokenOf("newer"));
  Get("a");
  EXPECT_THAT(Got(), ElementsAre("newer"));
}

TEST_F(SessionCacheTest, AnAnswerAtOnceIsTakenToo) {
  SessionCache eager(clock_, 1, [this](const std::string& secret, SessionDone done) {
    done({grpc::Status::OK, TokenOf(secret)});
  });
  std::string got;
  eager.Get("now", [&](const SessionResult& result) { got = result.token.access_token(); });
  EXPECT_EQ(got, "now");
}

}  // namespace
}  // namespace qungong::gateway
