#include "ticket-service/ticket_change.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "ticket-service/proto_time.h"

namespace qungong::ticket {
namespace {

struct Said {
  int cycle;
  pb::Rating satisfaction;
};

struct SatisfactionCase {
  const char* name;
  int cycle;
  std::vector<Said> callbacks;  // made on the 1st, 2nd, … second
  pb::Rating rating;            // given on the 100th second
  pb::Rating satisfaction;
  int64_t second;  // 0: no time
};

class SatisfactionTest : public ::testing::TestWithParam<SatisfactionCase> {};

TEST_P(SatisfactionTest, IsWhatTheReporterSaidOfTheNewestAnswer) {
  const SatisfactionCase& c = GetParam();
  pb::Ticket ticket;
  ticket.set_cycle(c.cycle);
  ticket.set_rating(c.rating);
  int64_t second = 0;
  for (const Said& said : c.callbacks) {
    pb::Callback& callback = *ticket.add_callbacks();
    callback.set_cycle(said.cycle);
    callback.set_satisfaction(said.satisfaction);
    *callback.mutable_call_time() = ToProto(absl::FromUnixSeconds(++second));
  }
  TicketFacts facts;
  if (c.rating != pb::UNRATED) facts.rated = absl::FromUnixSeconds(100);
  const pb::TicketChange change =
      ChangeOf(ticket, facts, pb::TicketChange::CALLED_BACK, pb::Ticket::ANSWERED, "");
  EXPECT_EQ(change.satisfaction(), c.satisfaction);
  EXPECT_EQ(change.satisfaction_time().seconds(), c.second);
  EXPECT_EQ(change.has_satisfaction_time(), c.second != 0);
}

INSTANTIATE_TEST_SUITE_P(Satisfaction, SatisfactionTest,
                         ::testing::ValuesIn(std::vector<SatisfactionCase>{
                             {"NothingSaid", 1, {}, pb::UNRATED, pb::UNRATED, 0},
                             {"Rated", 1, {}, pb::DISSATISFIED, pb::DISSATISFIED, 100},
                             {"CalledBack", 1, {{1, pb::SATISFIED}}, pb::UNRATED, pb::SATISFIED, 1},
                             {"TheCallbackGoesBeforeTheRating",
                              1,
                              {{1, pb::DISSATISFIED}},
                              pb::SATISFIED,
                              pb::DISSATISFIED,
                              1},
                             {"ACallbackThatSaysNothingDoesNot",
                              1,
                              {{1, pb::UNRATED}},
                              pb::SATISFIED,
                              pb::SATISFIED,
                              100},
                             {"TheLatestCallbackCounts",
                              1,
                              {{1, pb::DISSATISFIED}, {1, pb::MOSTLY_SATISFIED}},
                              pb::UNRATED,
                              pb::MOSTLY_SATISFIED,
                              2},
                             {"AnUnreachedLatestCallbackTakesBackTheEarlierOne",
                              1,
                              {{1, pb::SATISFIED}, {1, pb::UNRATED}},
                              pb::UNRATED,
                              pb::UNRATED,
                              0},
                             {"ReopeningAloneTakesNothingBack",
                              2,
                              {{1, pb::DISSATISFIED}},
                              pb::UNRATED,
                              pb::DISSATISFIED,
                              1},
                             {"ARatingOfTheNewAnswerGoesBeforeACallbackAboutTheOld",
                              2,
                              {{1, pb::DISSATISFIED}},
                              pb::SATISFIED,
                              pb::SATISFIED,
                              100},
                             {"ACallbackAboutTheNewAnswerGoesBeforeItsRating",
                              2,
                              {{1, pb::DISSATISFIED}, {2, pb::MOSTLY_SATISFIED}},
                              pb::SATISFIED,
                              pb::MOSTLY_SATISFIED,
                              2},
                         }),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace qungong::ticket
