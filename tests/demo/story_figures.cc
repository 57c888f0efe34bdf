// What the dashboards show of the story, and what the neighbouring district does not see.
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "qungong/ticket/v1/statistics_service.pb.h"
#include "tests/demo/story.h"

namespace qungong::demo {
namespace {

constexpr char kWindow[] =
    "fromDate.year=2015&fromDate.month=7&fromDate.day=1&toDate.year=2015&toDate.month=10&toDate."
    "day=1";

}  // namespace

Figures Story::Count(const std::string& login, const std::string& node) {
  pb::Statistics statistics;
  const Reply reply =
      As(login).Get(absl::StrCat("/v1/", node, "/statistics?", kWindow), &statistics);
  if (!reply.ok()) Expect(false, absl::StrCat("figures of ", node, ": ", reply.Outcome()));
  Figures figures;
  for (const pb::Volume& volume : statistics.volumes()) {
    figures[pb::Statistics::Figure_Name(volume.figure())] = volume.count();
  }
  for (const pb::Rate* rate :
       {&statistics.closure_rate(), &statistics.on_time_closure_rate(), &statistics.response_rate(),
        &statistics.resolution_rate(), &statistics.satisfaction_rate()}) {
    figures[pb::Statistics::Figure_Name(rate->numerator_figure())] = rate->numerator();
    figures[pb::Statistics::Figure_Name(rate->denominator_figure())] = rate->denominator();
  }
  return figures;
}

// The projection follows the feed; it is there within moments.
void Story::Settle() {
  for (int i = 0; i < 100; ++i) {
    const Figures now = Count("district-staff", units_[kDistrict]);
    if (now.at("CLOSED") > before_[units_[kDistrict]].at("CLOSED")) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

bool Story::ExpectGrowth(const Figures& before, const Figures& after, const std::string& whose) {
  const Figures grown = {{"SUBMITTED", 1},       {"ACCEPTED", 1},
                         {"NOT_ACCEPTED", 0},    {"CLOSED", 1},
                         {"WITHDRAWN", 0},       {"REOPENED", 1},
                         {"CLOSURE", 1},         {"CLOSURE_BASE", 1},
                         {"ON_TIME_CLOSURE", 1}, {"ON_TIME_CLOSURE_BASE", 1},
                         {"RESPONSE", 1},        {"RESPONSE_BASE", 1},
                         {"RESOLUTION", 1},      {"RESOLUTION_BASE", 1},
                         {"SATISFACTION", 1},    {"SATISFACTION_BASE", 1}};
  bool right = true;
  std::string line;
  for (const auto& [figure, by] : grown) {
    const int64_t difference = after.at(figure) - before.at(figure);
    if (difference != by)
      right =
          Expect(false, absl::StrCat(whose, ": ", figure, " grew by ", difference, ", not ", by));
  }
  const auto rate = [&](const char* name, const char* n, const char* d) {
    absl::StrAppend(&line, name, " ", after.at(n), "/", after.at(d), "  ");
  };
  rate("办结率", "CLOSURE", "CLOSURE_BASE");
  rate("按期办结率", "ON_TIME_CLOSURE", "ON_TIME_CLOSURE_BASE");
  rate("响应率", "RESPONSE", "RESPONSE_BASE");
  rate("解决率", "RESOLUTION", "RESOLUTION_BASE");
  rate("满意率", "SATISFACTION", "SATISFACTION_BASE");
  Show(absl::StrCat(whose, ": 受理 ", after.at("ACCEPTED"), "  办结 ", after.at("CLOSED"),
                    "  重办 ", after.at("REOPENED")));
  Show(absl::StrCat("  ", line));
  return right;
}

bool Story::Dashboards() {
  Tell("The dashboards of the subdistrict and the district, 2015-07-01 to 2015-10-01:");
  Settle();
  for (const auto& [login, place, whose] :
       {std::tuple{"subdistrict-staff", kSubdistrict, "观音桥街道"},
        std::tuple{"district-staff", kDistrict, "江北区"}}) {
    const std::string node = units_[place];
    if (!Expect(ExpectGrowth(before_[node], Count(login, node), whose),
                absl::StrCat("the figures of ", whose, " are right"))) {
      return false;
    }
    bool found = false;
    std::string token;
    do {  // the rows behind the figure
      pb::ListStatisticTicketsResponse rows;
      As(login).Get(absl::StrCat("/v1/", node, "/statistics/tickets?figure=CLOSED&pageSize=500&",
                                 kWindow, "&pageToken=", token),
                    &rows);
      for (const pb::Ticket& row : rows.tickets()) found |= row.number() == ticket_.number();
      token = rows.next_page_token();
    } while (!token.empty());
    Expect(found, "and open to the rows behind them");
  }
  return !failed_;
}

bool Story::Neighbour() {
  Tell("The neighbouring district's clerk can neither see nor infer it:");
  Api& neighbour = As("neighbour-clerk");
  pb::ListTicketsResponse list;
  neighbour.Get("/v1/tickets?withTotalSize=true&pageSize=500", &list);
  bool seen = false;
  for (const pb::Ticket& t : list.tickets()) seen |= t.name() == ticket_.name();
  Expect(!seen && list.total_size() == neighbour_total_, "not in lists, not in their count");
  pb::ListTicketsResponse by_number;
  neighbour.Get(absl::StrCat("/v1/tickets?withTotalSize=true&number=", ticket_.number()),
                &by_number);
  Expect(by_number.total_size() == 0, "not by its number");
  const Reply real = neighbour.Get("/v1/" + ticket_.name());
  const Reply absent = neighbour.Get("/v1/tickets/01900000-0000-7000-8000-000000000000");
  Expect(real.http_status == 403 && real.Outcome() == absent.Outcome(),
         "what is not theirs and what does not exist answer alike: " + real.Outcome());
  Expect(Count("neighbour-clerk", units_[kNeighbour]) == before_[units_[kNeighbour]],
         "their own figures have not moved");
  const Reply figures =
      neighbour.Get(absl::StrCat("/v1/", units_[kDistrict], "/statistics?", kWindow));
  Expect(figures.http_status == 403,
         "the district's figures are closed to them: " + figures.Outcome());
  Expect(
      neighbour.Get(absl::StrCat("/v1/", ticket_.name(), "/events")).Outcome() == absent.Outcome(),
      "so is the timeline");
  pb::TrackTicketRequest guess;
  guess.set_number(ticket_.number());
  guess.set_tracking_code("0000000000000000");
  const Reply wrong = neighbour.Post("/v1/tickets:track", guess);
  guess.set_number("QG20150730-500105-999999-7");
  const Reply none = neighbour.Post("/v1/tickets:track", guess);
  return Expect(
      wrong.http_status == none.http_status && wrong.reason == none.reason,
      "a wrong tracking code and a number that was never given answer alike: " + wrong.Outcome());
}

}  // namespace qungong::demo
