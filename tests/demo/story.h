// The story's cast, stage and plot. What happens is in story.cc, what is seen of it in figures and
// from the neighbouring district in story_figures.cc.
#ifndef QUNGONG_TESTS_DEMO_STORY_H_
#define QUNGONG_TESTS_DEMO_STORY_H_

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "qungong/ticket/v1/ticket_service.pb.h"
#include "tests/demo/cast.h"

namespace qungong::demo {

namespace pb = ticket::v1;
using Figures = std::map<std::string, int64_t>;

class Story {
 public:
  explicit Story(const Stage& stage) : stage_(stage), citizen_(stage.host, stage.port) {}

  int Play();

 private:
  // What a chapter tells; what it expects, with a mark; the story ends at the first thing that is
  // not so.
  void Tell(const std::string& text) { std::printf("\n%s\n", text.c_str()); }
  void Show(const std::string& text) { std::printf("    %s\n", text.c_str()); }
  bool Expect(bool so, const std::string& what) {
    std::printf("    %s %s\n", so ? "✓" : "✗", what.c_str());
    std::fflush(stdout);
    failed_ |= !so;
    return so;
  }
  bool ExpectOk(const Reply& reply, const std::string& what) {
    return Expect(reply.ok(), reply.ok()
                                  ? what
                                  : absl::StrCat(what, ": ", reply.Outcome(), " ", reply.chinese));
  }

  // The clock leaps from chapter to chapter, and a session ends when it is idle for long: sign in
  // anew. A service that has just been started is found again within two seconds.
  Api& As(const std::string& login) {
    Api& api = actors_.at(login);
    for (int i = 0; i < 50 && signed_in_[login] != now_; ++i) {
      if (api.SignIn(login, DemoPassword(stage_)).ok())
        signed_in_[login] = now_;
      else
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return api;
  }
  void At(const std::string& time);
  bool SignInAll();
  // Sends a transition of the ticket and keeps what it became.
  template <typename Request>
  bool Act(const std::string& login, const std::string& verb, Request request,
           const std::string& what);
  int Script(const std::string& command) {
    return std::system(absl::StrCat(stage_.qungong, " ", command, " >/dev/null").c_str());
  }
  Figures Count(const std::string& login, const std::string& node);
  bool ExpectGrowth(const Figures& before, const Figures& after, const std::string& whose);
  void Settle();

  bool Report();
  bool Accept();
  bool UpAndDown();
  bool FirstAnswer();
  bool NotSolved();
  bool WithoutOrgService();
  bool KilledInTheMiddle();
  bool Satisfied();
  bool Dashboards();
  bool Neighbour();
  bool Track(pb::TicketProgress& progress);

  const Stage& stage_;
  Api citizen_;
  std::map<std::string, Api> actors_;
  std::map<std::string, std::string> signed_in_;  // login -> when
  std::string now_;
  Units units_;
  std::string community_code_;
  std::string code_;  // the citizen's tracking code
  pb::Ticket ticket_;
  std::map<std::string, Figures> before_;
  int64_t neighbour_total_ = 0;
  bool failed_ = false;
};

}  // namespace qungong::demo

#endif  // QUNGONG_TESTS_DEMO_STORY_H_
